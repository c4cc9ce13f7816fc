#include "common/record/schema_parse.h"

#include "common/exit_codes.h"
#include "common/record/text.h"
#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"

#define HEAD "schema shipment/1 topic shipments key parcel_id plural shipments\n"

static struct schema *schema;
static struct error error;

static void end(void)
{
    schema_free(schema);
    schema = NULL;
}

static void parse(const char *text)
{
    error = (struct error)ERROR_INIT;
    schema_free(schema);
    schema = schema_new("x.schema", text, strlen(text), &error);
}

static void accepts(const char *text)
{
    parse(text);
    ck_assert_msg(schema != NULL, "%s", error.text);
}

static void refuses(const char *text, const char *why)
{
    parse(text);
    ck_assert_msg(schema == NULL, "accepted: %s", text);
    ck_assert_str_eq(error.text, why);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
}

static const struct field *field(const char *name)
{
    int index = schema_field_index(schema, name, strlen(name));
    ck_assert_msg(index >= 0, "there is no field %s", name);
    return &schema->fields[index];
}

START_TEST(a_schema_is_a_head_and_a_line_a_field)
{
    accepts("# A comment.\n\n" HEAD "parcel_id uuid\n"
            "carrier dhl | ups|inpost\n"
            "weight_g integer 1..70000 # grams\n"
            "note string ..200 \\\n  optional\r\n"
            "shipped_at time ms");
    ck_assert_str_eq(schema->name, "shipment");
    ck_assert_int_eq(schema->major, 1);
    ck_assert_str_eq(schema->topic, "shipments");
    ck_assert_uint_eq(schema->field_count, 5);
    ck_assert_uint_eq(schema->key_field, 0);
    ck_assert_int_eq(field("weight_g")->minimum, 1);
    ck_assert_int_eq(field("weight_g")->maximum, 70000);
    ck_assert_str_eq(field("carrier")->choices[2].text, "inpost");
    ck_assert_ptr_null(field("carrier")->choices[3].text);
    ck_assert(field("note")->optional && field("note")->maximum == 200);
    ck_assert_int_eq(field("shipped_at")->form, FORM_TIME_UNIT);
}
END_TEST

START_TEST(what_the_head_does_not_say_follows_from_the_name)
{
    accepts("schema parcel/3\nid string");
    ck_assert_str_eq(schema->noun_plural, "parcels");
    ck_assert_str_eq(schema->workload, "parcels");
    ck_assert_str_eq(schema->topic, "parcels");
    ck_assert(!schema_has_key(schema));
    accepts("schema parcel/3 key none format json workload w plural p\nid string");
    ck_assert(!schema_has_key(schema));
    ck_assert_int_eq(schema->format, SCHEMA_JSON);
    ck_assert_str_eq(schema->topic, "w");
}
END_TEST

START_TEST(a_path_is_a_map_in_the_record_and_a_column_with_underscores)
{
    accepts("schema s/1\na string\nto.city string\nto.geo.lat number\nto.geo.lon number\nto.zip string\nb "
            "string");
    ck_assert_uint_eq(schema->field_count, 6);
    ck_assert_uint_eq(schema->slot_count, 8);
    ck_assert_str_eq(field("to.geo.lat")->column, "to_geo_lat");
    ck_assert_int_eq(schema->slots[1].form, FORM_MAP);
    ck_assert_uint_eq(schema->slots[1].end, 7);
    ck_assert_uint_eq(schema->slots[3].end, 6);
    ck_assert_uint_eq(schema->slots[1].inside, 0x1e);
    accepts("schema s/1\n\"to.city\" string\nto.\"post code\" string");
    ck_assert_uint_eq(schema->slot_count, 3);
    ck_assert_str_eq(schema->fields[1].label, "to.post code");
}
END_TEST

START_TEST(names_have_up_to_127_bytes_of_any_text)
{
    char text[400];
    char name[129];
    memset(name, 'n', sizeof name);
    name[127] = '\0';
    snprintf(text, sizeof text, "schema s/1\n%s string\nżółć string", name);
    accepts(text);
    ck_assert_uint_eq(schema->slots[0].bytes, 129);
    name[127] = 'n';
    name[128] = '\0';
    snprintf(text, sizeof text, "schema s/1\n%s string", name);
    refuses(text, "x.schema:2:1: a name has at most 127 bytes");
}
END_TEST

START_TEST(says_where_and_what_is_meant)
{
    refuses("", "x.schema: it is empty: the first line of a schema is schema NAME/1 topic TOPIC key FIELD");
    refuses("shipment/1",
            "x.schema:1:1: the first line says which schema it is: schema NAME/1 topic TOPIC key FIELD");
    refuses("schema shipment",
            "x.schema:1:8: expected a name and its major version, such as shipment/1, not 'shipment'");
    refuses("schema s/1 topik t", "x.schema:1:12: 'topik' says nothing here; did you mean topic?");
    refuses("schema s/1", "x.schema: it has no field");
    refuses(HEAD "parcel string",
            "x.schema:1:39: the key 'parcel_id' is none of the fields; did you mean parcel?");
    refuses("schema s/1\nx integr", "x.schema:2:3: there is no type 'integr'; did you mean integer?");
    refuses("schema s/1\nżółć  x integer",
            "x.schema:2:7: there is no type 'x': string, uuid, integer, number, boolean, "
            "money, currency, exponent, time, bytes, any, or a list: a | b");
    refuses("schema s/1\nx string optinal",
            "x.schema:2:10: 'optinal' says nothing of string; did you mean optional?");
    refuses("schema s/1\nx integer 5..1", "x.schema:2:11: the range 5..1 has nothing in it");
    refuses("schema s/1\nx boolean 0..1", "x.schema:2:11: boolean has no range");
    refuses("schema s/1\nx a | a", "x.schema:2:7: 'a' is in the list twice");
    refuses("schema s/1\nx a | \ny string", "x.schema:2:7: expected a word of the list");
    refuses("schema s/1\nx \"a", "x.schema:2:3: the closing quote is missing");
    refuses("schema s/1\nx string\nx string", "x.schema:3:1: x is there twice");
    refuses("schema s/1\na.x string\nb string\na.y string",
            "x.schema:4:1: the fields inside a have to stand one behind the other");
    refuses("schema s/1\na.x string\na string", "x.schema:3:1: a is a field and a map");
    refuses("schema s/1\na.x string\nb string as a",
            "x.schema:3:1: a is a field and a map in JSON: another name for the field is given by 'as'");
    refuses("schema s/1\na.b.c.d.e.f.g.h.i string", "x.schema:2:1: maps may stand in each other 7 deep");
    refuses("schema s/1\na_b string\na.B string",
            "x.schema:3:1: another field has the column a_B too: another name for it is given by 'column'");
    refuses("schema s/1\nkafka_offset integer",
            "x.schema:2:1: a column kafka_offset could be one of our own (kafka_…): "
            "another name for it is given by 'column'");
    refuses("schema s/1\nx string optional default a",
            "x.schema:2:27: with a default it is always there: leave out optional");
    refuses("schema s/1\nx integer default 12x", "x.schema:2:19: '12x' is not a whole number");
    refuses("schema s/1\nx integer 1..5 default 6", "x.schema:2:24: 6 is out of range: 1 to 5");
    refuses("schema s/1 key x\nx time",
            "x.schema:1:16: x cannot be the key: a key is a text, an integer or a UUID");
    refuses("schema s/1\nline \"{y}\"\nyy string",
            "x.schema:2:6: the line shows 'y', which is none of the fields; did you mean yy?");
    refuses("schema s/1\nx \x01", "x.schema:2:3: byte 0x01: a schema is text in UTF-8");
    refuses("schema s/1\nx \xff", "x.schema:2:3: byte 0xff: a schema is text in UTF-8");
}
END_TEST

START_TEST(more_fields_than_a_record_has_are_refused)
{
    char text[2000] = "schema s/1\n";
    for (int i = 0; i < RECORD_FIELDS_MAX; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "f%d string\n", i);
    accepts(text);
    ck_assert_uint_eq(schema->all, UINT64_MAX);
    snprintf(text + strlen(text), sizeof text - strlen(text), "one_more string\n");
    refuses(text, "x.schema:66:1: a record has at most 64 fields");
}
END_TEST

/* What any bytes do is the fuzzer's to find; here, every beginning of a text that is right. */
START_TEST(no_beginning_of_a_schema_and_no_changed_byte_is_dangerous)
{
    const struct schema *known;
    for (size_t i = 0; (known = schema_at(i)) != NULL; i++) {
        char text[2048];
        for (size_t length = 0; length <= known->text_length; length++) {
            memcpy(text, known->text, known->text_length);
            error = (struct error)ERROR_INIT;
            schema_free(schema);
            schema = schema_new("x", text, length, &error);
            if (length < known->text_length)
                text[length] = (char)(text[length] ^ 2);
            schema_free(schema);
            schema = schema_new("x", text, known->text_length, &error);
        }
    }
}
END_TEST

START_TEST(the_text_that_was_read_is_kept)
{
    accepts(HEAD "parcel_id uuid\n");
    ck_assert_str_eq(schema->text, HEAD "parcel_id uuid\n");
    ck_assert_uint_eq(schema->text_length, strlen(schema->text));
}
END_TEST

CHECK_MAIN_WITH("common/record/schema_parse", NULL, end, a_schema_is_a_head_and_a_line_a_field,
                what_the_head_does_not_say_follows_from_the_name,
                a_path_is_a_map_in_the_record_and_a_column_with_underscores,
                names_have_up_to_127_bytes_of_any_text, says_where_and_what_is_meant,
                more_fields_than_a_record_has_are_refused,
                no_beginning_of_a_schema_and_no_changed_byte_is_dangerous, the_text_that_was_read_is_kept)

#include "common/record/forms.h"

#include <math.h>

#include "common/record/schema_parse.h"
#include "common/record/text.h"
#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

static struct schema *schema;
static struct record record;
static struct record_problem problem;

static void end(void)
{
    schema_free(schema);
    schema = NULL;
}

static void open_schema(const char *fields)
{
    char text[4096];
    struct error error = ERROR_INIT;
    snprintf(text, sizeof text, "schema s/1\n%s", fields);
    schema_free(schema);
    schema = schema_new("x", text, strlen(text), &error);
    ck_assert_msg(schema != NULL, "%s", error.text);
}

/* {"x": those bytes} */
static enum record_fault decode_x(const uint8_t *bytes, size_t length)
{
    static uint8_t payload[256] = {0x81, 0xa1, 'x'}; /* the record looks into it */
    memcpy(payload + 3, bytes, length);
    problem = (struct record_problem){.fault = RECORD_OK};
    record_decode(schema, payload, 3 + length, &record, &problem);
    return problem.fault;
}

/* Read, and written as the same bytes again. */
static void keeps(const char *field, const uint8_t *bytes, size_t length)
{
    uint8_t again[256];
    open_schema(field);
    ck_assert_int_eq(decode_x(bytes, length), RECORD_OK);
    size_t written = record_encode(&record, again, sizeof again);
    ck_assert_uint_eq(written, 3 + length);
    ck_assert_mem_eq(again + 3, bytes, length);
}

static const char *json(void)
{
    static char text[4096];
    ck_assert_int_eq(record_json(&record, text, sizeof text), 0);
    return text;
}

START_TEST(each_form_is_read_and_written_as_it_was)
{
    keeps("x boolean", BYTES(0xc3));
    ck_assert_str_eq(json(), "{\"x\":true}");
    keeps("x number", BYTES(0xcb, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a));
    ck_assert_str_eq(json(), "{\"x\":0.1}");
    keeps("x bytes", BYTES(0xc4, 3, 0, 0xff, 'a'));
    ck_assert_str_eq(json(), "{\"x\":\"00ff61\"}");
    keeps("x money text", BYTES(0xa6, '2', '4', '9', '.', '9', '9'));
    ck_assert_int_eq(record.values[0].integer, 24999);
    ck_assert_str_eq(json(), "{\"x\":249.99}");
    keeps("x money digits 3", BYTES(0xcd, 0x61, 0xa7));
    ck_assert_str_eq(json(), "{\"x\":24.999}");
    keeps("x time s", BYTES(0xce, 0x69, 0xa0, 0x18, 0x84));
    ck_assert_int_eq(record.values[0].integer, INT64_C(0x69a01884) * 1000000);
    keeps("x time ms", BYTES(0xcf, 0, 0, 1, 0x9c, 0x98, 0xf9, 0x8c, 0x26));
    keeps("x time ns", BYTES(0xcd, 0x27, 0x10));
    ck_assert_int_eq(record.values[0].integer, 10);
    keeps("x time text",
          BYTES(0xd9, 32, '2', '0', '2', '6', '-', '0', '2', '-', '2', '6', 'T', '0', '9', ':', '5', '2', ':',
                '2', '0', '.', '1', '0', '2', '5', '9', '4', '+', '0', '0', ':', '0', '0'));
    ck_assert_int_eq(record.values[0].integer, SAMPLE_WALL_US);
    keeps("x time timestamp", BYTES(0xd6, 0xff, 0x69, 0xa0, 0x18, 0x84));
    keeps("x time timestamp", BYTES(0xd7, 0xff, 0x00, 0x00, 0x0f, 0xa0, 0x69, 0xa0, 0x18, 0x84));
    ck_assert_int_eq(record.values[0].integer % 1000000, 1);
    keeps("x uuid text", BYTES(0xd9, 36, '0', '0', '1', '1', '2', '2', '3', '3', '-', '4', '4', '5', '5', '-',
                               '4', '6', '7', '7', '-', '8', '8', '9', '9', '-', 'a', 'a', 'b', 'b', 'c', 'c',
                               'd', 'd', 'e', 'e', 'f', 'f'));
    ck_assert_uint_eq(record.values[0].uuid[1], 0x11);
    keeps("x any",
          BYTES(0x82, 0xa1, 'a', 0x93, 1, 0xc0, 0xc2, 0xa1, 'b', 0xcb, 0x40, 0x04, 0, 0, 0, 0, 0, 0));
    ck_assert_str_eq(json(), "{\"x\":{\"a\":[1,null,false],\"b\":2.5}}");
}
END_TEST

START_TEST(a_number_may_be_an_integer_or_a_short_float_and_is_finite)
{
    open_schema("x number 0..10");
    ck_assert_int_eq(decode_x(BYTES(7)), RECORD_OK);
    ck_assert(record.values[0].number == 7);
    ck_assert_int_eq(decode_x(BYTES(0xca, 0x3f, 0x80, 0, 0)), RECORD_OK);
    ck_assert(record.values[0].number == 1);
    ck_assert_int_eq(decode_x(BYTES(0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0)), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(decode_x(BYTES(0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0)), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(decode_x(BYTES(0xcb, 0x7f)), RECORD_TRUNCATED);
    ck_assert_int_eq(decode_x(BYTES(11)), RECORD_OK);
    ck_assert_int_eq(record_validate(&record, &problem), -1);
}
END_TEST

START_TEST(what_is_no_such_value_is_refused)
{
    static const struct {
        const char *field;
        uint8_t bytes[16];
        size_t length;
        enum record_fault fault;
    } cases[] = {
        {"x boolean", {1}, 1, RECORD_WRONG_TYPE},
        {"x money text", {0xa5, '1', '.', '2', '3', '4'}, 6, RECORD_OUT_OF_RANGE},
        {"x money text", {0xa3, '1', 'e', '3'}, 4, RECORD_OUT_OF_RANGE},
        {"x money text", {1}, 1, RECORD_WRONG_TYPE},
        {"x time text", {0xa1, 'x'}, 2, RECORD_OUT_OF_RANGE},
        {"x time s", {0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9, RECORD_OUT_OF_RANGE},
        {"x time timestamp", {0xd6, 1, 0, 0, 0, 0}, 6, RECORD_OUT_OF_RANGE},
        {"x time timestamp", {0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 10, RECORD_OUT_OF_RANGE},
        {"x uuid text", {0xa2, 'a', 'b'}, 3, RECORD_OUT_OF_RANGE},
        {"x uuid text", {0xc4, 1, 'a'}, 3, RECORD_WRONG_TYPE},
        {"x any", {0x92, 1}, 2, RECORD_TRUNCATED},
        {"x any", {0xc1}, 1, RECORD_INVALID_BYTE},
        {"x.y string", {0xa1, 'a'}, 2, RECORD_NOT_A_MAP},
        {"x.y string", {0x80}, 1, RECORD_MISSING_FIELD},
        {"x.y string", {0x81, 0xa1, 'y', 1}, 4, RECORD_WRONG_TYPE},
        {"x.y string", {0x82, 0xa1, 'y', 0xa0, 0xa1, 'y', 0xa0}, 7, RECORD_DUPLICATE_FIELD},
        {"x.y string", {0x81, 1, 1}, 3, RECORD_KEY_NOT_STRING},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        open_schema(cases[i].field);
        enum record_fault fault = decode_x(cases[i].bytes, cases[i].length);
        ck_assert_msg(fault == cases[i].fault, "case %zu, %s: %d", i, cases[i].field, (int)fault);
    }
}
END_TEST

/* Sixteen bytes are compared at once; what follows counts too. */
START_TEST(names_that_begin_alike_are_told_apart)
{
    static const char one[] = "the_same_sixteen_bytes_one";
    static const char two[] = "the_same_sixteen_bytes_two";
    struct handmade handmade;
    open_schema("the_same_sixteen_bytes_one string\nthe_same_sixteen_bytes_two string");
    handmade_init(&handmade, 2);
    handmade_pair(&handmade, two, "2");
    handmade_pair(&handmade, one, "1");
    ck_assert_int_eq(record_decode(schema, handmade.buffer.data, handmade.buffer.size, &record, &problem), 0);
    ck_assert_mem_eq(record.values[0].text.data, "1", 1);
    ck_assert_mem_eq(record.values[1].text.data, "2", 1);
    handmade_release(&handmade);
}
END_TEST

START_TEST(nil_is_as_good_as_absent_where_a_field_is_optional)
{
    open_schema("x string optional");
    ck_assert_int_eq(decode_x(BYTES(0xc0)), RECORD_OK);
    ck_assert_uint_eq(record.present, 0);
    open_schema("x.y string optional");
    ck_assert_int_eq(decode_x(BYTES(0xc0)), RECORD_OK);
    ck_assert_int_eq(decode_x(BYTES(0x80)), RECORD_OK);
    ck_assert_uint_eq(record.present, 0);
    open_schema("x string");
    ck_assert_int_eq(decode_x(BYTES(0xc0)), RECORD_WRONG_TYPE);
}
END_TEST

/* What both sides of a change within a major version see (SCHEMA.md). */
START_TEST(an_old_schema_reads_what_a_new_one_writes_and_back)
{
    static const char older[] = "x string\nmap.a integer optional";
    static const char newer[] =
        "x string\nmap.a integer optional\nmap.b integer optional\nmore any optional\n"
        "level integer 0..9 default 5";
    struct generator generator;
    uint8_t bytes[512];
    open_schema(newer);
    generator_init(&generator, 1);
    generator_next(&generator, schema, 0, &record);
    size_t length = record_encode(&record, bytes, sizeof bytes);
    open_schema(older);
    ck_assert_int_eq(record_decode(schema, bytes, length, &record, &problem), 0);
    ck_assert_uint_eq(record.unknown_fields, 3);
    ck_assert_uint_eq(record.present, 3);
    length = record_encode(&record, bytes, sizeof bytes);
    open_schema(newer);
    ck_assert_int_eq(record_decode(schema, bytes, length, &record, &problem), 0);
    ck_assert_int_eq(record.values[4].integer, 5);
    ck_assert_uint_eq(record.present, 0x13);
}
END_TEST

/* Every type, maps in maps, a long name; each truncation; each changed byte; the same again as JSON. */
START_TEST(a_record_of_everything_survives_bytes_and_json)
{
    static const char fields[] = "id uuid\nid2 uuid text\nn integer\nd number -1..1\nb boolean\nm money\nmt "
                                 "money text digits 4\nt time\n"
                                 "a.a time ms\na.b.t time text\na.b.ts time timestamp\na.c string\nw a | "
                                 "b\nc currency\nraw bytes ..20\nany any\n"
                                 "a_very_long_name_that_does_not_fit_in_sixteen_bytes string "
                                 "1..300\n\"with.dot\" string\nżółć string optional";
    static struct record_storage storage;
    struct generator generator;
    uint8_t bytes[2048];
    uint8_t again[2048];
    open_schema(fields);
    generator_init(&generator, 9);
    for (int i = 0; i < 50; i++) {
        struct error error = ERROR_INIT;
        struct record read;
        generator_next(&generator, schema, SAMPLE_WALL_US / 1000 * 1000 + i, &record);
        ck_assert_int_eq(record_validate(&record, &problem), 0);
        size_t length = record_encode(&record, bytes, sizeof bytes);
        ck_assert_int_eq(record_decode(schema, bytes, length, &read, &problem), 0);
        ck_assert_uint_eq(record_encode(&read, again, sizeof again), length);
        ck_assert_mem_eq(bytes, again, length);
        ck_assert_msg(record_from_json(schema, json(), strlen(json()), &storage, &read, &error) == 0,
                      "%s: %s", error.text, json());
        ck_assert_uint_eq(read.present, record.present);
        for (size_t cut = 0; cut < length; cut++)
            ck_assert_int_eq(record_decode(schema, bytes, cut, &read, &problem), -1);
        for (size_t at = 0; at < length; at++) {
            bytes[at] ^= (uint8_t)(1 + i * 5);
            if (record_decode(schema, bytes, length, &read, &problem) == 0)
                ck_assert_uint_gt(record_encode(&read, again, sizeof again), 0);
            bytes[at] ^= (uint8_t)(1 + i * 5);
        }
    }
}
END_TEST

START_TEST(without_a_schema_a_payload_is_one_value_whatever_it_is)
{
    static const uint8_t payload[] = {0xc1, 0, 'x'};
    uint8_t again[8];
    ck_assert_int_eq(record_decode(schema_raw(), payload, sizeof payload, &record, &problem), 0);
    ck_assert_uint_eq(record.values[0].text.length, sizeof payload);
    ck_assert_uint_eq(record_encode(&record, again, sizeof again), sizeof payload);
    ck_assert_mem_eq(again, payload, sizeof payload);
}
END_TEST

CHECK_MAIN_WITH("common/record/forms", NULL, end, each_form_is_read_and_written_as_it_was,
                a_number_may_be_an_integer_or_a_short_float_and_is_finite, what_is_no_such_value_is_refused,
                names_that_begin_alike_are_told_apart, nil_is_as_good_as_absent_where_a_field_is_optional,
                an_old_schema_reads_what_a_new_one_writes_and_back,
                a_record_of_everything_survives_bytes_and_json,
                without_a_schema_a_payload_is_one_value_whatever_it_is)

#include <jansson.h>

#include "common/record/schema_parse.h"
#include "common/record/text.h"
#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"

static const char own_text[] = "schema shipment/1 key parcel_id\n"
                               "parcel_id   uuid text\n"
                               "carrier     dhl | ups | inpost\n"
                               "weight_g    integer 1..70000\n"
                               "price       money\n"
                               "precise     money text digits 4 optional\n"
                               "to.city     string ..200\n"
                               "to.geo.lat  number -90..90 optional\n"
                               "from.city   string optional\n"
                               "insured     boolean default false\n"
                               "tags        any optional\n"
                               "digest      bytes ..64 optional\n"
                               "at          time ms optional\n"
                               "shipped_at  time\n";

static const char least[] = "\"parcel_id\":\"123e4567-e89b-42d3-a456-426614174000\",\"carrier\":\"ups\","
                            "\"weight_g\":7,\"price\":1.5,\"to\":{\"city\":\"x\"},"
                            "\"shipped_at\":\"2026-02-26T09:52:20.102594Z\"";

static struct schema *own;
static struct record record;
static struct record_problem problem;
static char scratch_bytes[4096];
static struct js_scratch scratch;
static char payload[16384]; /* what the record's views point to */

static void begin(void)
{
    struct error error = ERROR_INIT;
    own = schema_new("own", own_text, strlen(own_text), &error);
    ck_assert_msg(own != NULL, "%s", error.text);
    scratch = (struct js_scratch){scratch_bytes, sizeof scratch_bytes, 0};
}

static void end(void)
{
    schema_free(own);
}

static enum record_fault decode(const struct schema *schema, const char *text, size_t length)
{
    problem = (struct record_problem){.fault = RECORD_OK};
    int result = record_decode_json(schema, text, length, &scratch, &record, &problem);
    ck_assert_int_eq(result, problem.fault == RECORD_OK ? 0 : -1);
    return problem.fault;
}

/* A shipment of what it needs at least, and more behind it. */
static enum record_fault decode_with(const char *more)
{
    int length = snprintf(payload, sizeof payload, "{%s%s%s}", least, more[0] == '\0' ? "" : ",", more);
    return decode(own, payload, (size_t)length);
}

static void expect_text(const char *text, const char *wanted)
{
    char found[256];
    ck_assert_int_ne(decode(own, text, strlen(text)), RECORD_OK);
    record_problem_text(&problem, found, sizeof found);
    ck_assert_str_eq(found, wanted);
}

static const struct value *value_of(const char *label)
{
    int index = schema_label_index(record.schema, label, strlen(label));
    ck_assert(record_has(&record, index));
    return &record.values[index];
}

static bool lacks(const char *label)
{
    return !record_has(&record, schema_label_index(record.schema, label, strlen(label)));
}

static void expect_view(const struct mp_view *view, const char *wanted)
{
    ck_assert_uint_eq(view->length, strlen(wanted));
    ck_assert_mem_eq(view->data, wanted, view->length);
}

static void round_trip(const struct schema *schema, struct generator *generator, int64_t wall_us)
{
    struct record made;
    char json[2048];
    uint8_t bytes[1024];
    uint8_t again[1024];
    generator_next(generator, schema, wall_us, &made);
    size_t length = record_encode(&made, bytes, sizeof bytes);
    ck_assert_int_eq(record_json(&made, json, sizeof json), 0);
    scratch.used = 0;
    ck_assert_msg(decode(schema, json, strlen(json)) == RECORD_OK, "%s", json);
    ck_assert_uint_eq(record.unknown_fields, 0);
    ck_assert_uint_eq(record_encode(&record, again, sizeof again), length);
    ck_assert_mem_eq(again, bytes, length);
}

START_TEST(reads_what_record_json_wrote)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct generator generator;
        generator_init(&generator, 3);
        for (int i = 0; i < 1000; i++)
            round_trip(schema, &generator, SAMPLE_WALL_US + i);
    }
    struct generator generator;
    generator_init(&generator, 3);
    for (int i = 0; i < 1000; i++)
        round_trip(own, &generator, SAMPLE_WALL_US + i * INT64_C(1000));
}
END_TEST

START_TEST(reads_every_type)
{
    static const char text[] =
        "{\"parcel_id\":\"123E4567-e89b-42d3-a456-426614174000\",\"carrier\":\"dhl\",\"weight_g\":70000,"
        "\"price\":24.99,\"precise\":\"-0.0001\",\"to\":{\"city\":\"\xc5\x81\xc3\xb3\x64\xc5\xba\","
        "\"geo\":{\"lat\":-12.5}},\"insured\":true,\"tags\":[1,{\"a\":null}],\"digest\":\"00ff7F\","
        "\"at\":1772099540102,\"shipped_at\":\"2026-02-26T10:52:20.102594+01:00\"}";
    ck_assert_int_eq(decode(own, text, strlen(text)), RECORD_OK);
    ck_assert_uint_eq(value_of("parcel_id")->uuid[1], 0x3e);
    expect_view(&value_of("carrier")->text, "dhl");
    ck_assert_int_eq(value_of("weight_g")->integer, 70000);
    ck_assert_int_eq(value_of("price")->integer, 2499);
    ck_assert_int_eq(value_of("precise")->integer, -1);
    ck_assert(value_of("to.geo.lat")->number == -12.5);
    ck_assert_int_eq(value_of("insured")->integer, 1);
    ck_assert_uint_eq(value_of("digest")->text.length, 3);
    ck_assert_mem_eq(value_of("digest")->text.data, "\0\xff\x7f", 3);
    ck_assert_int_eq(value_of("at")->integer, INT64_C(1772099540102000));
    ck_assert_int_eq(value_of("shipped_at")->integer, SAMPLE_WALL_US);
    ck_assert_int_eq(record_validate(&record, &problem), 0);
}
END_TEST

START_TEST(reads_members_in_any_order_with_blanks_and_escaped_names)
{
    static const char text[] =
        " {\n\"shipped_at\" :\"2026-02-26T09:52:20Z\" ,\"to\": { \"c\\u0069ty\" : \"x\" },\t"
        "\"price\":3,\"weight_g\":1 ,\"carrier\":\"ups\" , \"insured\" : false,"
        "\"parcel_id\":\"123e4567-e89b-42d3-a456-426614174000\" } \r\n";
    ck_assert_int_eq(decode(own, text, strlen(text)), RECORD_OK);
    ck_assert_int_eq(value_of("price")->integer, 300);
    expect_view(&value_of("to.city")->text, "x");
    ck_assert_uint_eq(scratch.used, 0); /* a name needs none in the end */
}
END_TEST

START_TEST(nothing_is_copied_but_what_had_escapes)
{
    ck_assert_int_eq(decode_with("\"from\":{\"city\":\"\\u0141\\u00f3d\\u017a\\n\"}"), RECORD_OK);
    expect_view(&value_of("from.city")->text, "\xc5\x81\xc3\xb3\x64\xc5\xba\n");
    ck_assert_ptr_eq(value_of("from.city")->text.data, scratch_bytes);
    const char *city = value_of("to.city")->text.data;
    ck_assert(city > payload && city < payload + sizeof payload);
}
END_TEST

START_TEST(without_room_for_escapes_it_says_so_and_with_as_much_as_the_payload_it_reads)
{
    static const char more[] = "\"from\":{\"city\":\"\\u0141\"},\"digest\":\"\\u0030\\u0030aabbcc\"";
    scratch.size = 0;
    ck_assert_int_eq(decode_with(more), RECORD_NO_SCRATCH);
    ck_assert_ptr_eq(problem.field, &own->fields[schema_label_index(own, "from.city", 9)]);
    ck_assert_int_eq(record_decode_json(own, payload, strlen(payload), NULL, &record, &problem), -1);
    ck_assert_int_eq(problem.fault, RECORD_NO_SCRATCH);
    for (scratch.size = 0; scratch.size < 6; scratch.size++) { /* two for the city, four for the digest */
        scratch.used = 0;
        ck_assert_int_eq(decode_with(more), RECORD_NO_SCRATCH);
    }
    scratch = (struct js_scratch){scratch_bytes, strlen(payload), 0};
    ck_assert_int_eq(decode_with(more), RECORD_OK);
    ck_assert_mem_eq(value_of("digest")->text.data, "\0\xaa\xbb\xcc", 4);
    ck_assert_uint_eq(scratch.used, 6);
}
END_TEST

START_TEST(null_is_as_good_as_absent_for_what_may_be_absent)
{
    ck_assert_int_eq(decode_with("\"precise\":null,\"from\":null,\"at\":null"), RECORD_OK);
    ck_assert(lacks("precise") && lacks("from.city") && lacks("at"));
    ck_assert_int_eq(value_of("insured")->integer, 0); /* its default */
    ck_assert_int_eq(decode_with("\"insured\":null"), RECORD_WRONG_TYPE);
    static const char null_map[] = "{\"to\":null}";
    expect_text(null_map, "byte 6: field to.city: expected an object, found null");
}
END_TEST

START_TEST(whatever_is_there_is_kept_whole)
{
    ck_assert_int_eq(
        decode_with("\"tags\": { \"a\" : [1e3, \"\\u0142 \\\" b\"], \"n\":12345678901234567890.5} "),
        RECORD_OK);
    expect_view(&value_of("tags")->text,
                "{ \"a\" : [1e3, \"\\u0142 \\\" b\"], \"n\":12345678901234567890.5}");
    char json[256];
    ck_assert_uint_eq(value_json(value_of("tags"), json, sizeof json), strlen(json));
    ck_assert_str_eq(json, "{\"a\":[1e3,\"\\u0142 \\\" b\"],\"n\":12345678901234567890.5}");
    ck_assert_int_eq(decode_with("\"tags\":\"\xe2\x80\xae\x7f\""),
                     RECORD_OK); /* would turn the line around */
    value_json(value_of("tags"), json, sizeof json);
    ck_assert_str_eq(json, "\"\\u202e\\u007f\"");
}
END_TEST

/* Written as MessagePack, and read again, it is printed the same. */
START_TEST(whatever_is_there_goes_into_messagepack)
{
    static const char *const tags[] = {"{\"a\":[1,-7,true,false,null],\"\xc5\x82\":{\"z\":[]}}",
                                       "18446744073709551615",
                                       "0.25",
                                       "[1e400]",
                                       "\"\\u0142\\n\"",
                                       "{\"\\u0061\\\"\":{}}",
                                       "-9223372036854775808",
                                       "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"};
    static const char *const printed[] = {"{\"a\":[1,-7,true,false,null],\"\xc5\x82\":{\"z\":[]}}",
                                          "null",
                                          "0.25",
                                          "[null]",
                                          "\"\xc5\x82\\n\"",
                                          "{\"a\\\"\":{}}",
                                          "-9223372036854775808",
                                          "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        char more[256];
        char json[256];
        uint8_t bytes[1024];
        snprintf(more, sizeof more, "\"tags\":%s", tags[i]);
        ck_assert_int_eq(decode_with(more), RECORD_OK);
        size_t length = record_encode(&record, bytes, sizeof bytes);
        ck_assert_uint_gt(length, 0);
        for (size_t room = 0; room < length; room++)
            ck_assert_uint_eq(record_encode(&record, bytes, room), 0);
        ck_assert_uint_eq(record_encode(&record, bytes, length), length);
        ck_assert_int_eq(record_decode(own, bytes, length, &record, &problem), 0);
        value_json(value_of("tags"), json, sizeof json);
        ck_assert_str_eq(json, printed[i]);
    }
}
END_TEST

/* --- money --------------------------------------------------------------------------------------------- */

static void expect_payment(const char *members, int64_t minor, int64_t exponent)
{
    const struct schema *payment = schema_by_workload("payments");
    int length = snprintf(payload, sizeof payload,
                          "{\"payment_id\":\"123e4567-e89b-42d3-a456-426614174000\",\"user\":\"marek\",%s,"
                          "\"method\":\"blik\",\"timestamp\":\"2026-02-26T09:52:20Z\"}",
                          members);
    ck_assert_msg(decode(payment, payload, (size_t)length) == RECORD_OK, "%s", members);
    ck_assert_int_eq(value_of("amount")->integer, minor);
    ck_assert_int_eq(value_of("exponent")->integer, exponent);
}

START_TEST(an_amount_has_the_digits_of_its_exponent_its_currency_or_its_own)
{
    expect_payment("\"amount\":249.99,\"currency\":\"PLN\"", 24999, 2);
    expect_payment("\"amount\":\"249.9\",\"currency\":\"PLN\"", 24990, 2);
    expect_payment("\"amount\":249,\"currency\":\"JPY\"", 249, 0);
    expect_payment("\"currency\":\"BHD\",\"amount\":0.5", 500, 3);
    expect_payment("\"amount\":0.0001,\"currency\":\"PLN\"", 1, 4);
    expect_payment("\"amount\":1.5,\"currency\":\"XYZ\"", 150, 2);
    expect_payment("\"amount\":1.5,\"currency\":\"PLN\",\"exponent\":4", 15000, 4);
    expect_payment("\"amount\":\"\\u0031.5\",\"currency\":\"PLN\"", 150, 2);
    expect_payment("\"amount\":-92233720368547758.08,\"currency\":\"PLN\"", INT64_MIN, 2);
}
END_TEST

START_TEST(an_amount_that_is_not_exact_is_refused_where_it_stands)
{
    static const char *const amounts[] = {"0.00001", "1e3",   "\"5.\"",
                                          "\"\"",    "\"x\"", "92233720368547758.08"};
    const struct schema *payment = schema_by_workload("payments");
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        snprintf(payload, sizeof payload,
                 "{\"payment_id\":\"123e4567-e89b-42d3-a456-426614174000\",\"user\":\"marek\",\"amount\":%s,"
                 "\"currency\":\"PLN\",\"method\":\"blik\",\"timestamp\":\"2026-02-26T09:52:20Z\"}",
                 amounts[i]);
        ck_assert_msg(decode(payment, payload, strlen(payload)) == RECORD_OUT_OF_RANGE, "%s", amounts[i]);
        ck_assert_str_eq(problem.field->label, "amount");
        size_t at = (size_t)(strstr(payload, "\"amount\":") - payload) + 9;
        ck_assert_uint_eq(problem.offset, at + (amounts[i][0] == '"'));
    }
}
END_TEST

/* --- what is refused ----------------------------------------------------------------------------------- */

START_TEST(rejects_every_truncation)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct generator generator;
        struct record made;
        char json[2048];
        generator_init(&generator, 7);
        generator_next(&generator, schema, SAMPLE_WALL_US, &made);
        ck_assert_int_eq(record_json(&made, json, sizeof json), 0);
        for (size_t length = 0; length < strlen(json); length++) {
            char *exact = malloc(length + 1); /* a sanitizer sees a read past the end */
            ck_assert_ptr_nonnull(exact);
            memcpy(exact + 1, json, length);
            ck_assert_int_eq(decode(schema, exact + 1, length), RECORD_TRUNCATED);
            ck_assert_uint_le(problem.offset, length);
            free(exact);
        }
    }
}
END_TEST

START_TEST(accepts_nothing_that_jansson_refuses_after_any_single_byte_flip)
{
    size_t accepted = 0;
    size_t length =
        (size_t)snprintf(payload, sizeof payload, "{%s,\"tags\":[1,\"\\n\"],\"digest\":\"00ff\"}", least);
    for (size_t at = 0; at < length; at++) {
        for (unsigned flip = 1; flip < 256; flip++) {
            payload[at] = (char)((uint8_t)payload[at] ^ flip);
            scratch.used = 0;
            if (decode(own, payload, length) == RECORD_OK) {
                json_t *value = json_loadb(payload, length, JSON_ALLOW_NUL, NULL);
                ck_assert_msg(value != NULL, "%.*s", (int)length, payload);
                json_decref(value);
                accepted++;
            }
            ck_assert_uint_le(problem.offset, length);
            payload[at] = (char)((uint8_t)payload[at] ^ flip);
        }
    }
    ck_assert_uint_gt(accepted, 1000); /* flips inside of texts and numbers */
}
END_TEST

START_TEST(names_the_field_that_is_missing)
{
    static const char text[] = "{\"parcel_id\":\"123e4567-e89b-42d3-a456-426614174000\",\"carrier\":\"ups\","
                               "\"weight_g\":7,\"price\":1.5,\"to\":{}}";
    expect_text(text, "byte 101: field to.city: missing");
}
END_TEST

START_TEST(rejects_a_member_that_is_there_twice)
{
    ck_assert_int_eq(decode_with("\"carrier\":\"ups\""), RECORD_DUPLICATE_FIELD);
    ck_assert_uint_eq(problem.offset, 1 + strlen(least) + 1);
    ck_assert_int_eq(decode_with("\"to\":{\"city\":\"y\"}"), RECORD_DUPLICATE_FIELD);
    ck_assert_int_eq(decode_with("\"c\\u0061rrier\":\"ups\""), RECORD_DUPLICATE_FIELD);
    expect_text("{\"to\":{\"city\":\"x\",\"city\":\"y\"}}", "byte 18: field to.city: there twice");
}
END_TEST

START_TEST(skips_and_counts_what_it_does_not_know)
{
    ck_assert_int_eq(decode_with("\"colour\":\"red\",\"carrie\":[{\"carrier\":1.5}],\"to.city\":\"\\u0142\""),
                     RECORD_OK);
    ck_assert_uint_eq(record.unknown_fields, 3);
    ck_assert_uint_eq(scratch.used, 0);
    ck_assert_int_eq(decode_with("\"colour\":tru"), RECORD_NOT_JSON);
}
END_TEST

START_TEST(may_nest_only_so_deep)
{
    for (unsigned depth = 1; depth <= 40; depth++) {
        static const char *const names[] = {"bomb", "tags"};
        for (size_t n = 0; n < 2; n++) {
            char more[128];
            int length = snprintf(more, sizeof more, "\"%s\":", names[n]);
            memset(more + length, '[', depth);
            memset(more + length + depth, ']', depth);
            more[(size_t)length + 2 * depth] = '\0';
            ck_assert_int_eq(decode_with(more), depth < JS_DEPTH_MAX ? RECORD_OK : RECORD_TOO_DEEP);
        }
    }
}
END_TEST

START_TEST(rejects_more_members_than_a_record_may_have)
{
    static char more[16384];
    size_t used = 0;
    for (int i = 6; i < RECORD_PAIRS_MAX; i++)
        used += (size_t)snprintf(more + used, sizeof more - used, "%s\"m\":1", i == 6 ? "" : ",");
    ck_assert_int_eq(decode_with(more), RECORD_OK);
    snprintf(more + used, sizeof more - used, ",\"m\":1");
    ck_assert_int_eq(decode_with(more), RECORD_TOO_MANY_FIELDS);
}
END_TEST

START_TEST(rejects_what_is_too_large)
{
    static char large[RECORD_BYTES_MAX + 1];
    ck_assert_int_eq(decode(own, large, sizeof large), RECORD_TOO_LARGE);
}
END_TEST

START_TEST(says_byte_field_and_expectation)
{
    expect_text("{\"weight_g\":\"7\"}", "byte 12: field weight_g: expected an integer, found a string");
    expect_text(
        "{\"weight_g\":7.0}",
        "byte 12: field weight_g: expected an integer, found a number with a fraction or an exponent");
    expect_text("{\"weight_g\":99999999999999999999}", "byte 12: field weight_g: expected 1 to 70000");
    expect_text("{\"price\":true}", "byte 9: field price: expected a number or a string, found a boolean");
    expect_text("{\"price\":1.005}",
                "byte 9: field price: expected a plain decimal such as 249.99, with no more digits "
                "after the point than the amount has");
    expect_text("{\"parcel_id\":\"12\"}",
                "byte 13: field parcel_id: expected a UUID (8-4-4-4-12 hexadecimal digits)");
    expect_text("{\"shipped_at\":\"today\"}", "byte 14: field shipped_at: expected a time such as "
                                              "2026-02-26T09:52:20.102594Z, up to the year 9999");
    expect_text("{\"digest\":\"0\"}", "byte 10: field digest: expected hexadecimal digits, two a byte");
    expect_text("{\"carrier\":\"a\x01\"}",
                "byte 13: field carrier: not JSON: a control character in a string, which must be escaped");
    expect_text("{\"to\":[]}", "byte 6: field to.city: expected an object, found an array");
    expect_text("[]", "byte 0: expected an object, found an array");
    expect_text("{7:1}", "byte 1: expected a string as the name of a field, found a number");
    expect_text("{\"x\":1 \"y\":2}", "byte 7: not JSON: expected a comma or the end of the container");
    decode_with("");
    payload[strlen(payload) + 1] = '\0';
    payload[strlen(payload)] = 'x';
    expect_text(payload, "byte 154: bytes after the end of the record");
}
END_TEST

START_TEST(says_which_other_format_a_payload_has)
{
    static const char avro[] = "\0\0\0\0\x2a\x02xy";
    static const char schema_json[] = "\0\0\0\0\x2a{\"a\":1}";
    struct payload packed = sample_payload(own, 1);
    ck_assert_int_eq(decode(own, (const char *)packed.bytes, packed.length), RECORD_IS_MSGPACK);
    ck_assert_int_eq(decode(own, avro, sizeof avro - 1), RECORD_IS_CONFLUENT);
    ck_assert_int_eq(decode(own, schema_json, sizeof schema_json - 1), RECORD_IS_CONFLUENT);
    ck_assert_int_eq(record_decode(own, avro, sizeof avro - 1, &record, &problem), -1);
    ck_assert_int_eq(problem.fault, RECORD_IS_CONFLUENT);
    ck_assert_int_eq(record_decode(own, "\n{ \"a\":1}", 9, &record, &problem), -1);
    ck_assert_int_eq(problem.fault, RECORD_IS_JSON);
    ck_assert_int_eq(decode(own, "", 0), RECORD_TRUNCATED);
}
END_TEST

CHECK_MAIN_WITH("common/record/decode_json", begin, end, reads_what_record_json_wrote, reads_every_type,
                reads_members_in_any_order_with_blanks_and_escaped_names,
                nothing_is_copied_but_what_had_escapes,
                without_room_for_escapes_it_says_so_and_with_as_much_as_the_payload_it_reads,
                null_is_as_good_as_absent_for_what_may_be_absent, whatever_is_there_is_kept_whole,
                whatever_is_there_goes_into_messagepack,
                an_amount_has_the_digits_of_its_exponent_its_currency_or_its_own,
                an_amount_that_is_not_exact_is_refused_where_it_stands, rejects_every_truncation,
                accepts_nothing_that_jansson_refuses_after_any_single_byte_flip,
                names_the_field_that_is_missing, rejects_a_member_that_is_there_twice,
                skips_and_counts_what_it_does_not_know, may_nest_only_so_deep,
                rejects_more_members_than_a_record_may_have, rejects_what_is_too_large,
                says_byte_field_and_expectation, says_which_other_format_a_payload_has)

/* What a record says and what a row says of it, field by field. */
#include "tools/kaudit/content.h"

#include <jansson.h>

#include "tests/tools/kaudit/sink_case.h"

START_TEST(of_a_record_that_cannot_be_decoded_or_is_a_tombstone_nothing_is_known)
{
    struct content content = {.known = 7};
    const struct schema *schema = schema_at(0);
    ck_assert(!content_of_payload(&content, CONTENT_COLUMNS, schema, NULL, 0));
    ck_assert_uint_eq(content.known, 0);
    ck_assert(!content_of_payload(&content, CONTENT_JSON, schema, "x", 1));
    ck_assert_uint_eq(content.known, 0);
}
END_TEST

START_TEST(an_empty_text_is_not_an_absent_one)
{
    struct content one = {0};
    struct content other = {0};
    content_set(&one, 3, "", 0);
    content_set(&other, 3, NULL, 0);
    ck_assert_uint_eq(content_difference(&one, &other), 8);
    content_set(&other, 3, "", 0);
    ck_assert_uint_eq(content_difference(&one, &other), 0);
    content_set(&other, RECORD_FIELDS_MAX - 1, "x", 1);
    ck_assert_uint_eq(content_difference(&one, &other), 0); /* known on one side alone */
    content_set(&one, RECORD_FIELDS_MAX - 1, "y", 1);
    ck_assert_uint_eq(content_difference(&one, &other), UINT64_C(1) << (RECORD_FIELDS_MAX - 1));
}
END_TEST

/* --- a record and what is told of it ------------------------------------------------------------------- */

static int field_of(const struct schema *schema, const char *name)
{
    int field = schema_field_index(schema, name, strlen(name));
    ck_assert_int_ne(field, -1);
    return field;
}

static void encode(void)
{
    payload_length = record_encode(&record, payload, sizeof payload);
    ck_assert_uint_gt(payload_length, 0);
}

START_TEST(a_field_that_a_record_has_not_is_known_to_be_absent)
{
    const struct schema *schema = schema_by_workload("messages");
    int key = field_of(schema, "key");
    struct content content;
    make_first(schema);
    record.present &= ~(UINT64_C(1) << key);
    encode();
    ck_assert(content_of_payload(&content, CONTENT_COLUMNS, schema, payload, payload_length));
    ck_assert_uint_eq(content.known, (UINT64_C(1) << schema->field_count) - 1);
    ck_assert_uint_eq(content.hash[key], 0);
    struct content row = content;
    content_set(&row, (size_t)key, "marek", 5); /* of a row that has one */
    ck_assert_uint_eq(content_difference(&row, &content), UINT64_C(1) << key);
}
END_TEST

START_TEST(an_exponent_is_told_by_the_digits_of_its_amount_in_json_and_is_a_column)
{
    const struct schema *schema = schema_by_workload("payments");
    uint64_t exponent = UINT64_C(1) << schema_type_index(schema, FIELD_EXPONENT);
    struct content content;
    make_first(schema);
    ck_assert(content_of_payload(&content, CONTENT_COLUMNS, schema, payload, payload_length));
    ck_assert_uint_ne(content.known & exponent, 0);
    ck_assert(content_of_payload(&content, CONTENT_JSON, schema, payload, payload_length));
    ck_assert_uint_eq(content.known & exponent, 0);
    ck_assert_uint_ne(content.known, 0);
}
END_TEST

static void is_said(const struct content *content, int field, const char *text)
{
    struct content expected = {0};
    content_set(&expected, (size_t)field, text, strlen(text));
    ck_assert_uint_ne(content->known & expected.known, 0);
    ck_assert_uint_eq(content_difference(content, &expected), 0);
}

START_TEST(each_type_is_told_as_a_database_tells_it)
{
    const struct schema *schema = schema_by_workload("payments");
    struct content content;
    make_first(schema);
    memcpy(record.values[schema_type_index(schema, FIELD_UUID)].uuid,
           "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
    record.values[schema_type_index(schema, FIELD_MONEY)].integer = -1234;
    record.values[schema_type_index(schema, FIELD_CURRENCY)].text = (struct mp_view){"PLN", 3};
    encode();
    ck_assert(content_of_payload(&content, CONTENT_COLUMNS, schema, payload, payload_length));
    is_said(&content, schema_type_index(schema, FIELD_UUID), "00112233-4455-6677-8899-aabbccddeeff");
    is_said(&content, schema_type_index(schema, FIELD_MONEY), "-1234");
    is_said(&content, schema_type_index(schema, FIELD_CURRENCY), "PLN");
}
END_TEST

START_TEST(a_text_with_a_zero_byte_is_compared_as_a_whole)
{
    const struct schema *schema = schema_by_workload("messages");
    int text = field_of(schema, "content");
    static const enum content_form forms[] = {CONTENT_COLUMNS, CONTENT_JSON};
    struct content one, other;
    make_first(schema);
    for (size_t i = 0; i < 2; i++) {
        record.values[text].text = (struct mp_view){"a\0b", 3};
        encode();
        ck_assert(content_of_payload(&one, forms[i], schema, payload, payload_length));
        record.values[text].text = (struct mp_view){"a\0c", 3};
        encode();
        ck_assert(content_of_payload(&other, forms[i], schema, payload, payload_length));
        ck_assert_uint_eq(content_difference(&one, &other), UINT64_C(1) << text);
    }
}
END_TEST

START_TEST(what_a_line_of_json_lacks_is_absent)
{
    const struct schema *schema = schema_by_workload("messages");
    json_t *line = json_pack("{s:s}", "content", "hello");
    struct content content = {0}, expected = {0};
    content_of_json(&content, schema, line);
    json_decref(line);
    content_set(&expected, (size_t)field_of(schema, "content"), "\"hello\"", 7);
    content_set(&expected, (size_t)field_of(schema, "key"), NULL, 0);
    ck_assert_uint_eq(content.known & expected.known, expected.known);
    ck_assert_uint_eq(content_difference(&content, &expected), 0);
}
END_TEST

CHECK_MAIN("tools/kaudit/content", of_a_record_that_cannot_be_decoded_or_is_a_tombstone_nothing_is_known,
           an_empty_text_is_not_an_absent_one, a_field_that_a_record_has_not_is_known_to_be_absent,
           an_exponent_is_told_by_the_digits_of_its_amount_in_json_and_is_a_column,
           each_type_is_told_as_a_database_tells_it, a_text_with_a_zero_byte_is_compared_as_a_whole,
           what_a_line_of_json_lacks_is_absent)

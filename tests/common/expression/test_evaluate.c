#include "tests/common/expression/support.h"

static struct record message(const char *key)
{
    return key == NULL ? record_of("messages", FIELDS("content", "hello world"))
                       : record_of("messages", FIELDS("content", "hello world", "key", key));
}

START_TEST(a_comparison_with_what_is_absent_is_false)
{
    struct record record = message(NULL);
    ck_assert(!matches(&record, "key == 'a'") && !matches(&record, "key != 'a'"));
    ck_assert(!matches(&record, "key < 'a'") && !matches(&record, "key >= 'a'") &&
              !matches(&record, "key ~ ''"));
    ck_assert(!matches(&record, "key in ('a', 'b')") && !matches(&record, "key not in ('a', 'b')"));
    ck_assert(matches(&record, "not (key == 'a')") && matches(&record, "not key ~ ''"));
    record = message("b");
    ck_assert(matches(&record, "key != 'a' and key ~ '' and key not in ('a', 'c')"));
}
END_TEST

START_TEST(texts_compare_byte_by_byte_and_the_shorter_one_is_less)
{
    struct record record = message("beta");
    ck_assert(
        matches(&record, "key > 'alpha' and key < 'gamma' and key > 'bet' and key < 'betaa' and key >= ''"));
    ck_assert(matches(&record, "key <= 'beta' and key >= 'beta' and not key < 'beta' and not key > 'beta'"));
    ck_assert(matches(&record, "key < 'żaba' and key > 'Beta'"));
}
END_TEST

START_TEST(a_tilde_asks_for_a_part_of_the_text)
{
    struct record record = message(NULL);
    ck_assert(
        matches(&record, "content ~ 'hello' and content ~ 'o w' and content ~ 'world' and content ~ ''"));
    ck_assert(!matches(&record, "content ~ 'Hello'") && !matches(&record, "content ~ 'hello world!'"));
}
END_TEST

START_TEST(a_view_is_not_read_beyond_its_length)
{
    struct record record = message("beta");
    int key = schema_field_index(record.schema, "key", 3);
    record.values[key].text.length = 2;
    ck_assert(matches(&record, "key == 'be' and key < 'beta' and not key ~ 'bet'"));
    record.values[key].text.length = 0;
    ck_assert(matches(&record, "key == '' and key < 'a' and not key ~ 'b'"));
}
END_TEST

START_TEST(a_record_is_found_by_where_it_stands)
{
    struct record record = message(NULL);
    struct expression_coordinates at = {
        .partition = 3, .offset = 1042, .timestamp_us = SUPPORT_WALL_US, .key = {"alphabet", 5}};
    ck_assert(matches_at(&record, "partition = 3 and offset in (1041, 1042) and kafka_key == 'alpha'", &at));
    ck_assert(matches_at(&record,
                         "timestamp >= '2026-02-26T09:52:20Z' and timestamp < '2026-02-26T09:52:21Z'", &at));
    ck_assert(!matches_at(&record, "partition != 3 or offset < 1042 or kafka_key ~ 'bet'", &at));
}
END_TEST

START_TEST(coordinates_that_nobody_knows_are_absent)
{
    struct record record = message(NULL);
    struct expression_coordinates unknown = {.partition = -1, .offset = -1, .timestamp_us = -1};
    static const char *const texts[] = {"partition < 1",  "partition >= 0",
                                        "offset != 7",    "timestamp < '2100-01-01'",
                                        "kafka_key ~ ''", "kafka_key != ''"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_msg(!matches_at(&record, texts[i], &unknown), "%s", texts[i]);
        ck_assert_msg(!matches_at(&record, texts[i], NULL), "%s", texts[i]);
    }
}
END_TEST

START_TEST(a_record_that_could_not_be_decoded_has_no_fields)
{
    struct expression_coordinates at = {.partition = 3, .offset = 1042, .timestamp_us = -1};
    struct expression *fields = parsed("payments", "amount > 0 or user ~ '' or method != 'blik'");
    struct expression *place = parsed("payments", "not amount > 0 and offset = 1042");
    ck_assert(!expression_matches(fields, NULL, &at));
    ck_assert(expression_matches(place, NULL, &at));
    expression_free(fields);
    expression_free(place);
}
END_TEST

START_TEST(an_amount_whose_exponent_cannot_be_is_no_decimal)
{
    struct record record = record_of(
        "payments", FIELDS("user", "marek", "currency", "PLN", "amount", "249.99", "method", "blik"));
    int exponent = schema_field_index(record.schema, "exponent", 8);
    static const int64_t impossible[] = {5, -1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < 4; i++) {
        record.values[exponent].integer = impossible[i];
        ck_assert(!matches(&record, "amount > 0 or amount <= 0 or amount != 1"));
        ck_assert(matches(&record, "amount_minor == 24999"));
    }
    record.present &= ~(UINT32_C(1) << exponent);
    ck_assert(!matches(&record, "amount > 0 or amount <= 0 or amount != 1"));
}
END_TEST

START_TEST(it_says_whether_it_needs_coordinates)
{
    static const struct {
        const char *text;
        bool expected;
    } cases[] = {{"amount > 5 and timestamp > '2026-01-01'", false},
                 {"amount > 5 or offset > 1", true},
                 {"kafka_timestamp > '2026-01-01'", true},
                 {"key == 'x'", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct expression *expression = parsed("payments", cases[i].text);
        ck_assert_int_eq(expression_uses_coordinates(expression), cases[i].expected);
        expression_free(expression);
    }
}
END_TEST

CHECK_MAIN("common/expression/evaluate", a_comparison_with_what_is_absent_is_false,
           texts_compare_byte_by_byte_and_the_shorter_one_is_less, a_tilde_asks_for_a_part_of_the_text,
           a_view_is_not_read_beyond_its_length, a_record_is_found_by_where_it_stands,
           coordinates_that_nobody_knows_are_absent, a_record_that_could_not_be_decoded_has_no_fields,
           an_amount_whose_exponent_cannot_be_is_no_decimal, it_says_whether_it_needs_coordinates)

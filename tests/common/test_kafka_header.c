#include "common/kafka_header.h"

#include "tests/support/check_main.h"

static rd_kafka_headers_t *headers;

static void begin(void)
{
    headers = rd_kafka_headers_new(4);
    rd_kafka_header_add(headers, "schema", -1, "payment/1", -1);
    rd_kafka_header_add(headers, "schema", -1, "payment/2", -1);
    rd_kafka_header_add(headers, "empty", -1, "", 0);
    rd_kafka_header_add(headers, "none", -1, NULL, 0);
}

static void end(void)
{
    rd_kafka_headers_destroy(headers);
}

START_TEST(the_last_of_a_name_is_found)
{
    struct kafka_header found = kafka_header_find(headers, "schema");
    ck_assert_uint_eq(found.length, 9);
    ck_assert_mem_eq(found.data, "payment/2", 9);
}
END_TEST

START_TEST(an_absent_one_is_neither_a_text_nor_empty)
{
    ck_assert_ptr_null(kafka_header_find(headers, "schem").data);
    ck_assert_ptr_null(kafka_header_find(NULL, "schema").data);
    ck_assert_uint_eq(kafka_header_find(NULL, "schema").length, 0);
    ck_assert_ptr_null(kafka_header_find(headers, "none").data);
    ck_assert(!kafka_header_is(kafka_header_find(headers, "none"), ""));
    ck_assert(kafka_header_is(kafka_header_find(headers, "empty"), ""));
}
END_TEST

START_TEST(it_is_a_text_when_all_of_it_is)
{
    struct kafka_header found = kafka_header_find(headers, "schema");
    ck_assert(kafka_header_is(found, "payment/2"));
    ck_assert(!kafka_header_is(found, "payment/1"));
    ck_assert(!kafka_header_is(found, "payment/"));
    ck_assert(!kafka_header_is(found, "payment/2 "));
}
END_TEST

CHECK_MAIN_WITH("common/kafka_header", begin, end, the_last_of_a_name_is_found,
                an_absent_one_is_neither_a_text_nor_empty, it_is_a_text_when_all_of_it_is)

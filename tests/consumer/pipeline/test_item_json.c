#include "consumer/pipeline/item_json.h"

#include "tests/consumer/fake_messages.h"

static struct record_storage storage;
static struct record record;
static struct item item = {.record = &record};
static rd_kafka_message_t message = {.partition = 3, .offset = 41};

static void message_of(const char *content)
{
    item.message = &message;
    fill_record(&record, &storage, schema_by_workload("messages"),
                (const char *const[]){"content", content, "key", "alpha", NULL});
}

START_TEST(a_line_says_where_the_record_stands_and_what_it_is)
{
    char line[256];
    message_of("it's \"fine\"");
    size_t length = item_json(&item, line, sizeof line);
    static const char expected[] =
        "{\"partition\":3,\"offset\":41,\"content\":\"it's \\\"fine\\\"\",\"key\":\"alpha\"}\n";
    ck_assert_uint_eq(length, strlen(expected));
    ck_assert_mem_eq(line, expected, length);
}
END_TEST

START_TEST(a_record_without_fields_is_an_object_too)
{
    char line[256];
    message_of("x");
    record.present = 0;
    size_t length = item_json(&item, line, sizeof line);
    ck_assert_uint_eq(length, strlen("{\"partition\":3,\"offset\":41}\n"));
    ck_assert_mem_eq(line, "{\"partition\":3,\"offset\":41}\n", length);
}
END_TEST

START_TEST(what_does_not_fit_is_not_begun)
{
    char line[256];
    message_of("hello");
    size_t length = item_json(&item, line, sizeof line);
    for (size_t bytes = 0; bytes <= length; bytes++)
        ck_assert_msg(item_json(&item, line, bytes) == 0, "%zu", bytes);
    ck_assert_uint_eq(item_json(&item, line, length + 1), length);
}
END_TEST

START_TEST(the_longest_valid_record_fits_at_the_farthest_offset)
{
    static char content[60001];
    static char line[ITEM_JSON_MAX];
    memset(content, '\x01', sizeof content - 1);
    message_of(content);
    message.partition = INT32_MAX;
    message.offset = INT64_MAX;
    ck_assert_uint_gt(item_json(&item, line, sizeof line), 360000);
}
END_TEST

CHECK_MAIN("consumer/item_json", a_line_says_where_the_record_stands_and_what_it_is,
           a_record_without_fields_is_an_object_too, what_does_not_fit_is_not_begun,
           the_longest_valid_record_fits_at_the_farthest_offset)

#include "consumer/pipeline/item_msgpack.h"

#include "tests/consumer/fake_messages.h"

static struct record_storage storage;
static struct record record;
static struct item item = {.record = &record};
static rd_kafka_message_t message = {.partition = 3, .offset = 41};
static char buffer[ITEM_MSGPACK_MAX];
static const char *why;

static void message_of(const char *content)
{
    item.message = &message;
    fill_record(&record, &storage, schema_by_workload("messages"),
                (const char *const[]){"content", content, "key", "alpha", NULL});
}

/* The bytes, written as a C string: no part of it has a NUL. */
static void becomes(const char *expected)
{
    size_t length = item_msgpack(&item, buffer, sizeof buffer, &why);
    ck_assert_uint_eq(length, strlen(expected));
    ck_assert_mem_eq(buffer, expected, length);
}

START_TEST(a_map_says_where_the_record_stands_and_what_it_is)
{
    message_of("fine");
    becomes("\x84\xa9partition\x03\xa6offset\x29\xa7"
            "content\xa4"
            "fine\xa3key\xa5"
            "alpha");
}
END_TEST

START_TEST(a_record_without_fields_is_a_map_too)
{
    message_of("x");
    record.present = 0;
    becomes("\x82\xa9partition\x03\xa6offset\x29");
}
END_TEST

START_TEST(the_values_are_those_of_the_message)
{
    struct mp_reader reader;
    struct mp_view text;
    uint32_t pairs;
    item.message = &message;
    fill_record(&record, &storage, schema_by_workload("payments"),
                (const char *const[]){"user", "marek", "currency", "PLN", "amount", "249.99", "method",
                                      "blik", NULL});
    size_t length = item_msgpack(&item, buffer, sizeof buffer, &why);
    mp_init(&reader, buffer, length);
    ck_assert(mp_read_map(&reader, &pairs));
    ck_assert_uint_eq(pairs, 2 + record.schema->field_count);
    bool amount = false;
    for (uint32_t i = 0; i < pairs; i++) {
        int64_t number = 0;
        ck_assert(mp_read_str(&reader, &text));
        if (text.length == 12 && memcmp(text.data, "amount_minor", 12) == 0)
            amount = mp_read_int(&reader, &number) && number == 24999;
        else
            ck_assert(mp_skip(&reader, 0));
    }
    ck_assert(amount && mp_at_end(&reader));
}
END_TEST

START_TEST(what_a_newer_producer_wrote_besides_is_not_among_it)
{
    static const char payload[] = "\x82\xa7"
                                  "content\xa2hi\xa6offset\x07";
    struct record_problem problem;
    item.message = &message;
    ck_assert_int_eq(
        record_decode(schema_by_workload("messages"), payload, sizeof payload - 1, &record, &problem), 0);
    ck_assert_uint_eq(record.unknown_fields, 1);
    becomes("\x83\xa9partition\x03\xa6offset\x29\xa7"
            "content\xa2hi");
}
END_TEST

START_TEST(a_text_that_is_not_utf_8_is_not_asked_about)
{
    message_of("x");
    record.values[0].text = (struct mp_view){"a\xff", 2};
    ck_assert_uint_eq(item_msgpack(&item, buffer, sizeof buffer, &why), 0);
    ck_assert_str_eq(why, "a text that is not UTF-8, which a string of MessagePack has to be");
}
END_TEST

START_TEST(the_longest_record_fits_at_the_farthest_offset_and_none_beyond_the_buffer)
{
    static char content[RECORD_BYTES_MAX - 14]; /* the map's byte, the name, the text's head */
    memset(content, 'x', sizeof content);
    message_of("x");
    message.partition = INT32_MAX;
    message.offset = INT64_MAX;
    record.present = 1;
    record.values[0].text = (struct mp_view){content, sizeof content};
    size_t length = item_msgpack(&item, buffer, sizeof buffer, &why);
    ck_assert_uint_gt(length, RECORD_BYTES_MAX);
    ck_assert_uint_eq(item_msgpack(&item, buffer, RECORD_BYTES_MAX, &why), 0);
    ck_assert_str_eq(why, "its MessagePack is longer than 1 MiB");
    ck_assert_uint_eq(item_msgpack(&item, buffer, 10, &why), 0);
}
END_TEST

CHECK_MAIN("consumer/item_msgpack", a_map_says_where_the_record_stands_and_what_it_is,
           a_record_without_fields_is_a_map_too, the_values_are_those_of_the_message,
           what_a_newer_producer_wrote_besides_is_not_among_it, a_text_that_is_not_utf_8_is_not_asked_about,
           the_longest_record_fits_at_the_farthest_offset_and_none_beyond_the_buffer)

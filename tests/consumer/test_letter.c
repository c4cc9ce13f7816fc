#include "tests/consumer/fake_messages.h"
#include "tests/support/fake_clock.h"

#include "consumer/letter.h"

static const struct letter_source source = {"cluster", "gr/oup", "payments"};

/* Of a record at [3] 42, that was given up so. */
static rd_kafka_headers_t *headers_of(struct fake *fake)
{
    const struct letter_failure failure = {"validate", "amount: 0 is below 1", 4, clock_wall_us()};
    fake->message.partition = 3;
    fake->message.offset = 42;
    return letter_headers(&source, &fake->message, &failure);
}

static void has(const rd_kafka_headers_t *headers, const char *name, const char *text)
{
    const void *value;
    size_t size;
    ck_assert_int_eq(rd_kafka_header_get_last(headers, name, &value, &size), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_msg(size == strlen(text) && memcmp(value, text, size) == 0, "%s: '%.*s' instead of '%s'", name,
                  (int)size, (const char *)value, text);
    ck_assert_int_eq(rd_kafka_header_get(headers, 1, name, &value, &size), RD_KAFKA_RESP_ERR__NOENT);
}

static void has_all(const rd_kafka_headers_t *headers)
{
    has(headers, "dlq.cluster", "cluster");
    has(headers, "dlq.group", "gr/oup");
    has(headers, "dlq.topic", "payments");
    has(headers, "dlq.partition", "3");
    has(headers, "dlq.offset", "42");
    has(headers, "dlq.timestamp", "1772099540102");
    has(headers, "dlq.stage", "validate");
    has(headers, "dlq.reason", "amount: 0 is below 1");
    has(headers, "dlq.attempts", "4");
    has(headers, "dlq.first_failure", "2026-02-26T09:52:02.102594+00:00");
    has(headers, "dlq.id", "cluster/gr/oup/payments/3/42/1772099540102");
}

START_TEST(a_letter_says_whose_record_it_was_and_why_it_died)
{
    struct fake *fake = fake_bytes(0, 0, "value", 5);
    rd_kafka_headers_t *headers = headers_of(fake);
    ck_assert_uint_eq(rd_kafka_header_cnt(headers), 11);
    has_all(headers);
    rd_kafka_headers_destroy(headers);
    rd_kafka_message_destroy(&fake->message);
}
END_TEST

START_TEST(the_records_own_headers_come_with_it_and_stay_the_records)
{
    struct fake *fake = with_header(fake_bytes(0, 0, "value", 5), "schema", "payment/1");
    rd_kafka_headers_t *headers = headers_of(fake);
    ck_assert_uint_eq(rd_kafka_header_cnt(headers), 12);
    has(headers, "schema", "payment/1");
    has_all(headers);
    ck_assert_uint_eq(rd_kafka_header_cnt(fake->headers), 1);
    rd_kafka_headers_destroy(headers);
    rd_kafka_message_destroy(&fake->message);
}
END_TEST

START_TEST(a_replayed_letter_that_dies_again_has_the_new_ones)
{
    struct fake *fake = fake_bytes(0, 0, "value", 5);
    with_header(fake, "dlq.reason", "old");
    with_header(fake, "dlq.id", "old");
    rd_kafka_headers_t *headers = headers_of(fake);
    ck_assert_uint_eq(rd_kafka_header_cnt(headers), 11);
    has_all(headers);
    rd_kafka_headers_destroy(headers);
    rd_kafka_message_destroy(&fake->message);
}
END_TEST

START_TEST(a_record_without_a_timestamp_has_minus_one)
{
    struct fake *fake = fake_bytes(0, 0, "value", 5);
    fake->timestamp_ms = -1;
    rd_kafka_headers_t *headers = headers_of(fake);
    has(headers, "dlq.timestamp", "-1");
    has(headers, "dlq.id", "cluster/gr/oup/payments/3/42/-1");
    rd_kafka_headers_destroy(headers);
    rd_kafka_message_destroy(&fake->message);
}
END_TEST

START_TEST(key_and_value_are_the_records)
{
    char key[] = "key";
    struct fake *fake = fake_bytes(3, 42, "value", 5);
    fake->message.key = key;
    fake->message.key_len = 3;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(1);
    struct letter_body body = letter_of(&fake->message, headers);
    ck_assert_int_eq(body.partition, 3);
    ck_assert_int_eq(body.offset, 42);
    ck_assert_int_eq(body.timestamp_ms, 1772099540102);
    ck_assert(body.key == key && body.key_length == 3);
    ck_assert(body.value == fake->message.payload && body.value_length == 5);
    ck_assert_ptr_eq(body.headers, headers);
    fake->message.key = fake->message.payload = NULL; /* none is not empty */
    body = letter_of(&fake->message, headers);
    ck_assert(body.key == NULL && body.value == NULL);
    rd_kafka_headers_destroy(headers);
    rd_kafka_message_destroy(&fake->message);
}
END_TEST

CHECK_MAIN("consumer/letter", a_letter_says_whose_record_it_was_and_why_it_died,
           the_records_own_headers_come_with_it_and_stay_the_records,
           a_replayed_letter_that_dies_again_has_the_new_ones, a_record_without_a_timestamp_has_minus_one,
           key_and_value_are_the_records)

#include "consumer/pipeline/decode.h"

#include "tests/consumer/fake_messages.h"

static struct record record;
static char why[DECODE_WHY_BYTES];
static struct fake *fake;

static enum decoded decode(bool first_of_run)
{
    why[0] = '\0';
    headers_asked = 0;
    return decode_message(schema_by_workload("payments"), &fake->message, first_of_run, &record, why);
}

static void begin(void)
{
    fake = fake_payment(0, 0);
}

static void end(void)
{
    rd_kafka_message_destroy(&fake->message);
}

static void another(struct fake *with)
{
    end();
    fake = with;
}

/* With a last field that our schema has not. */
static struct fake *newer_payment(void)
{
    char bytes[512];
    size_t length = fake->message.len;
    memcpy(bytes, fake->payload, length);
    bytes[0]++;
    memcpy(bytes + length, "\xa3new\x07", 5);
    return fake_bytes(0, 0, bytes, length + 5);
}

START_TEST(a_record_is_decoded_and_its_header_not_asked_for_in_a_run)
{
    ck_assert_int_eq(decode(false), DECODE_OK);
    ck_assert_int_eq(headers_asked, 0);
    ck_assert_int_eq(record.values[schema_type_index(record.schema, FIELD_MONEY)].integer, 24999);
    ck_assert_int_eq(decode(true), DECODE_OK);
    ck_assert_int_eq(headers_asked, 1);
}
END_TEST

START_TEST(the_first_of_a_run_is_what_its_header_says)
{
    with_header(fake, "schema", "payment/1");
    ck_assert_int_eq(decode(true), DECODE_OK);
    another(with_header(fake_payment(0, 0), "schema", "payment/2"));
    ck_assert_int_eq(decode(true), DECODE_UNKNOWN_MAJOR);
    another(with_header(fake_payment(0, 0), "schema", "order/1"));
    ck_assert_int_eq(decode(true), DECODE_DEAD);
    ck_assert_str_eq(why, "its schema header does not say payment/1");
    another(with_header(fake_payment(0, 0), "schema", "nonsense"));
    ck_assert_int_eq(decode(true), DECODE_DEAD);
}
END_TEST

START_TEST(in_a_run_a_header_is_asked_for_where_something_is_new_or_wrong)
{
    another(with_header(newer_payment(), "schema", "payment/2"));
    ck_assert_int_eq(decode(false), DECODE_UNKNOWN_MAJOR);
    another(with_header(fake_bytes(0, 0, "\xc1", 1), "schema", "payment/2"));
    ck_assert_int_eq(decode(false), DECODE_UNKNOWN_MAJOR);
    another(with_header(fake_payment(0, 0), "schema", "payment/2"));
    ck_assert_int_eq(decode(false), DECODE_OK); /* noticed at the next run */
}
END_TEST

START_TEST(fields_of_a_newer_producer_of_our_major_are_passed_over)
{
    another(with_header(newer_payment(), "schema", "payment/1"));
    ck_assert_int_eq(decode(false), DECODE_OK);
    ck_assert_uint_eq(record.unknown_fields, 1);
    ck_assert_int_eq(headers_asked, 1);
}
END_TEST

START_TEST(what_is_no_record_is_dead_with_the_decoders_reason)
{
    another(fake_bytes(0, 0, "\xc1", 1));
    ck_assert_int_eq(decode(false), DECODE_DEAD);
    ck_assert_str_ne(why, "");
    another(fake_bytes(0, 0, "", 0));
    ck_assert_int_eq(decode(true), DECODE_DEAD);
    ck_assert_ptr_null(strstr(why, "tombstone"));
}
END_TEST

START_TEST(a_message_without_a_value_is_a_tombstone_whatever_its_header)
{
    another(with_header(fake_bytes(0, 0, NULL, 0), "schema", "payment/2"));
    fake->message.payload = NULL;
    ck_assert_int_eq(decode(true), DECODE_TOMBSTONE);
    ck_assert_str_eq(why, "a tombstone: the record has no value");
    ck_assert_int_eq(headers_asked, 0);
}
END_TEST

CHECK_MAIN_WITH("consumer/pipeline/decode", begin, end,
                a_record_is_decoded_and_its_header_not_asked_for_in_a_run,
                the_first_of_a_run_is_what_its_header_says,
                in_a_run_a_header_is_asked_for_where_something_is_new_or_wrong,
                fields_of_a_newer_producer_of_our_major_are_passed_over,
                what_is_no_record_is_dead_with_the_decoders_reason,
                a_message_without_a_value_is_a_tombstone_whatever_its_header)

/* Partitions that wait, without a broker: pausing and reading on are librdkafka's, and tested on a real one.
 */
#include "consumer/holds.h"

#include "common/clock.h"
#include "tests/consumer/fake_messages.h"
#include "tests/support/capture.h"

static struct settings settings;
static struct consumer consumer;
static struct error error;

static void open_consumer(void)
{
    settings = (struct settings){.topic = "payments",
                                 .schema = schema_by_workload("payments"),
                                 .retries = 3,
                                 .retry_delay_us = US_PER_SECOND};
    consumer = (struct consumer){.settings = &settings};
    offsets_init(&consumer.offsets, settings.topic, NULL);
    offsets_assign(&consumer.offsets, 0, 10, 10);
    offsets_assign(&consumer.offsets, 1, 20, 20);
}

static void close_consumer(void)
{
    offsets_release(&consumer.offsets);
    ck_assert_int_eq(fakes_alive, 0);
}

static struct partition *row(int32_t partition)
{
    return offsets_assigned(&consumer.offsets, partition);
}

static void in_flight(int32_t partition, int64_t first, int64_t end)
{
    row(partition)->batch_first = first;
    row(partition)->batch_end = end;
}

static bool fails_at(int32_t partition, int64_t offset)
{
    rd_kafka_message_t message = {.partition = partition, .offset = offset};
    capture_begin();
    bool waits = hold_record(&consumer, &message, "stage", "it rains");
    capture_end();
    return waits;
}

static bool covers(int32_t partition, int64_t offset)
{
    rd_kafka_message_t message = {.partition = partition, .offset = offset};
    return hold_covers(&consumer, &message);
}

START_TEST(a_position_goes_no_farther_than_the_record_that_waits)
{
    in_flight(0, 10, 15);
    in_flight(1, 20, 25);
    ck_assert(fails_at(0, 12));
    ck_assert(covers(0, 12) && covers(0, 13) && !covers(0, 11) && !covers(1, 22));
    holds_apply(&consumer);
    offsets_publish_processed(&consumer.offsets, 1);
    ck_assert_int_eq(row(0)->position, 12);
    ck_assert_int_eq(row(1)->position, 25);
    ck_assert_int_gt(row(0)->hold.until_us, 0);
    ck_assert_int_eq(row(1)->hold.until_us, 0);
    ck_assert(!covers(0, 12)); /* of the next batch nothing is held before something fails there */
}
END_TEST

START_TEST(waits_double_and_have_a_quarter_of_jitter)
{
    for (int i = 0; i < 3; i++) {
        in_flight(0, 10, 15);
        int64_t before_us = clock_monotonic_us();
        ck_assert(fails_at(0, 10));
        int64_t wait_us = row(0)->hold.until_us - before_us;
        int64_t nominal_us = US_PER_SECOND << i;
        ck_assert_int_ge(wait_us, nominal_us * 3 / 4);
        ck_assert_int_le(wait_us, nominal_us * 5 / 4 + US_PER_SECOND / 2); /* the call itself took time */
        holds_apply(&consumer);
    }
    ck_assert_ptr_nonnull(strstr(capture.text, "payments [0] offset 10: stage: it rains; again in "));
    ck_assert_ptr_nonnull(strstr(capture.text, "(retry 3 of 3)"));
}
END_TEST

START_TEST(a_record_is_given_up_after_its_retries_and_its_attempts_are_known)
{
    rd_kafka_message_t message = {.partition = 0, .offset = 12};
    int64_t first_us;
    ck_assert_uint_eq(hold_attempts(&consumer, &message, &first_us), 1);
    for (int i = 0; i < 3; i++)
        ck_assert(fails_at(0, 12));
    ck_assert(!fails_at(0, 12));
    ck_assert_uint_eq(hold_attempts(&consumer, &message, &first_us), 4);
    ck_assert_int_eq(first_us, row(0)->hold.first_failure_us);
    ck_assert(fails_at(0, 13)); /* another record begins anew */
    ck_assert_uint_eq(row(0)->hold.attempts, 1);
}
END_TEST

START_TEST(a_batch_that_failed_as_a_whole_is_tried_for_ever_from_its_first_records)
{
    error_set(&error, "the database is away");
    for (int i = 0; i < 50; i++) {
        in_flight(0, 10, 15);
        in_flight(1, 21, 25);
        capture_begin();
        hold_batch(&consumer, &error);
        capture_end();
        holds_apply(&consumer);
        offsets_publish_processed(&consumer.offsets, 1);
    }
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(1)->position, 20); /* not even over the gap before 21 */
    ck_assert_ptr_nonnull(strstr(capture.text, "the database is away; again in "));
    ck_assert_int_le(row(0)->hold.until_us - clock_monotonic_us(), 40 * US_PER_SECOND);
}
END_TEST

START_TEST(the_next_release_is_the_nearest)
{
    ck_assert_int_eq(holds_due_us(&consumer), INT64_MAX);
    in_flight(0, 10, 15);
    in_flight(1, 20, 25);
    ck_assert(fails_at(1, 20));
    holds_apply(&consumer);
    ck_assert(fails_at(1, 20));
    ck_assert(fails_at(0, 10));
    holds_apply(&consumer);
    ck_assert_int_le(holds_due_us(&consumer), US_PER_SECOND * 5 / 4 + 1);
    row(0)->hold.until_us = 0;
    ck_assert_int_gt(holds_due_us(&consumer), US_PER_SECOND * 5 / 4 + 1);
}
END_TEST

START_TEST(a_new_assignment_has_forgotten_the_wait)
{
    in_flight(0, 10, 15);
    ck_assert(fails_at(0, 10));
    holds_apply(&consumer);
    offsets_revoke(&consumer.offsets, 0);
    offsets_assign(&consumer.offsets, 0, 10, 10);
    ck_assert_int_eq(row(0)->hold.until_us, 0);
    ck_assert_int_eq(holds_due_us(&consumer), INT64_MAX);
}
END_TEST

CHECK_MAIN_WITH("consumer/holds", open_consumer, close_consumer,
                a_position_goes_no_farther_than_the_record_that_waits,
                waits_double_and_have_a_quarter_of_jitter,
                a_record_is_given_up_after_its_retries_and_its_attempts_are_known,
                a_batch_that_failed_as_a_whole_is_tried_for_ever_from_its_first_records,
                the_next_release_is_the_nearest, a_new_assignment_has_forgotten_the_wait)

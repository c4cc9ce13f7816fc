/* Partitions that wait because a record, a batch or a letter could not be done for now. */
#include "tests/consumer/fake_consumer.h"
#include "tests/support/capture.h"

#include "consumer/backoff.h"
#include "consumer/retries.h"

static void open_consumer(void)
{
    consumer_begin();
    begin(0, 10);
    begin(1, 20);
}

static bool fails_at(int32_t partition, int64_t offset)
{
    rd_kafka_message_t message = {.partition = partition, .offset = offset};
    capture_begin();
    bool waits = retry_record(&consumer, &message, "stage", "it rains");
    capture_end();
    return waits;
}

static unsigned attempts_at(int32_t partition, int64_t offset, int64_t *first_us)
{
    rd_kafka_message_t message = {.partition = partition, .offset = offset};
    return retry_attempts(&consumer, &message, first_us);
}

static void apply(void)
{
    partitions_apply_stops(&consumer.partitions);
    partitions_move(&consumer.partitions, 1);
}

/* A batch fails at that record of partition 0, and comes again. False: it was tried often enough. */
static bool batch_fails_at(int64_t offset)
{
    table_fly(&consumer.partitions, 0, 15);
    bool waits = fails_at(0, offset);
    apply();
    if (waits)
        partition_event(&consumer.partitions, 0, EVENT_DUE);
    settled();
    return waits;
}

START_TEST(a_record_that_failed_is_tried_again_after_a_wait_that_doubles)
{
    for (unsigned i = 0; i < 3; i++) {
        char line[256];
        int64_t wait_us = backoff_us(&settings, i + 1);
        table_fly(&consumer.partitions, 0, 15);
        ck_assert(fails_at(0, 10));
        snprintf(line, sizeof line,
                 "warning: payments [0] offset 10: stage: it rains; retrying in %lld ms (retry %u of 3)\n",
                 (long long)(wait_us / US_PER_MS), i + 1);
        ck_assert_str_eq(capture.text, line);
        error_ring_says(10, "[0] 10: stage: it rains");
        apply();
        ck_assert_int_eq(row(0)->until_us, clock_monotonic_us() + wait_us);
        ck_assert_int_eq(row(0)->state, STATE_RETRYING);
        fake_clock_advance(wait_us);
        retries_serve(&consumer);
        settled();
    }
    ck_assert_uint_eq(counted(CONSUMER_RETRIED), 3);
}
END_TEST

START_TEST(a_record_is_given_up_after_its_retries_and_its_attempts_are_known)
{
    int64_t first_us;
    ck_assert_uint_eq(attempts_at(0, 12, &first_us), 1);
    ck_assert_int_eq(first_us, clock_wall_us());
    int64_t failed_us = clock_wall_us();
    for (int i = 0; i < 3; i++) {
        ck_assert(batch_fails_at(12));
        fake_clock_advance(5);
    }
    ck_assert_uint_eq(attempts_at(0, 12, &first_us), 4);
    ck_assert_int_eq(first_us, failed_us);
    ck_assert_uint_eq(attempts_at(0, 13, &first_us), 1);
    ck_assert_uint_eq(attempts_at(7, 12, &first_us), 1); /* not ours: nothing is known */
    ck_assert_int_eq(first_us, clock_wall_us());
    table_fly(&consumer.partitions, 0, 15);
    ck_assert(!fails_at(0, 12));
    ck_assert_str_eq(capture.text, "");
    ck_assert(fails_at(0, 13)); /* another record begins anew */
}
END_TEST

START_TEST(a_record_of_a_partition_that_went_meanwhile_is_neither_dead_nor_told)
{
    partition_on_revoked(&consumer.partitions, 0);
    ck_assert(fails_at(0, 12));
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(one_retry_is_one_and_another_record_has_its_own)
{
    settings.retries = 1;
    ck_assert(batch_fails_at(10));
    table_fly(&consumer.partitions, 0, 15);
    ck_assert(!fails_at(0, 10));
    ck_assert(fails_at(0, 11));
}
END_TEST

START_TEST(without_retries_the_first_failure_is_the_last)
{
    settings.retries = 0;
    table_fly(&consumer.partitions, 0, 15);
    ck_assert(!fails_at(0, 10));
    ck_assert_int_eq(row(0)->flight.stop, STATS_UNKNOWN);
}
END_TEST

static void batch_fails(void)
{
    error_set(&error, "the database is away");
    capture_begin();
    retry_batch(&consumer, &error);
    capture_end();
    apply();
}

START_TEST(a_batch_that_failed_as_a_whole_is_tried_for_ever_from_its_first_records)
{
    begin(2, 30);
    consumer.batch.records = 500; /* the slice is what failed */
    consumer.batch.slice_count = 9;
    for (int i = 0; i < 50; i++) {
        table_fly(&consumer.partitions, 0, 15);
        table_fly(&consumer.partitions, 1, 24);
        int64_t longest_us = backoff_us(&settings, (unsigned)i + 1);
        batch_fails();
        char line[256];
        snprintf(line, sizeof line,
                 "warning: 9 payments could not be processed: the database is away; retrying in %lld ms\n",
                 (long long)(longest_us / US_PER_MS));
        ck_assert_str_eq(capture.text, line);
        ck_assert_int_eq(row(0)->until_us, clock_monotonic_us() + longest_us);
        ck_assert_int_eq(row(1)->until_us, row(0)->until_us);
        fake_clock_advance(60 * US_PER_SECOND);
        retries_serve(&consumer);
        settled();
    }
    error_ring_says(9, "the database is away");
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(1)->position, 20);
    ck_assert_uint_eq(row(0)->retry.attempts, 0);   /* no record's */
    ck_assert_int_eq(row(2)->state, STATE_READING); /* nothing of it was in the batch */
    ck_assert_uint_eq(row(2)->retry.batch_attempts, 0);
    consumer.batch.slice_count = 0;
}
END_TEST

START_TEST(the_longest_of_the_partitions_waits_is_told)
{
    table_fly(&consumer.partitions, 1, 24);
    batch_fails();
    partition_event(&consumer.partitions, 1, EVENT_DUE);
    settled();
    table_fly(&consumer.partitions, 0, 15);
    table_fly(&consumer.partitions, 1, 24); /* for the second time */
    char again[64];
    snprintf(again, sizeof again, "retrying in %lld ms", (long long)(backoff_us(&settings, 2) / US_PER_MS));
    batch_fails();
    ck_assert_ptr_nonnull(strstr(capture.text, again));
    ck_assert_int_lt(row(0)->until_us, row(1)->until_us);
}
END_TEST

START_TEST(a_batch_of_which_nothing_is_ours_any_more_is_not_told)
{
    batch_fails();
    ck_assert_str_eq(capture.text, "");
    struct stats_ring_entry last;
    ck_assert_uint_eq(published_ring(STATS_RING_ERRORS, &last), 0);
}
END_TEST

/* --- waiting ------------------------------------------------------------------------------------------- */

START_TEST(only_what_is_due_goes_on)
{
    table_fly(&consumer.partitions, 0, 15);
    ck_assert(fails_at(0, 10));
    apply();
    retries_serve(&consumer);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_uint_eq(counted(CONSUMER_RETRIED), 0);
    fake_clock_advance(row(0)->until_us - clock_monotonic_us());
    retries_serve(&consumer);
    ck_assert_int_eq(row(0)->state, STATE_PLACING); /* nothing was read yet: the group is asked first */
    ck_assert_uint_eq(counted(CONSUMER_RETRIED), 1);
}
END_TEST

START_TEST(all_that_are_due_go_on)
{
    table_fly(&consumer.partitions, 0, 15);
    table_fly(&consumer.partitions, 1, 25);
    ck_assert(fails_at(0, 10) && fails_at(1, 20));
    apply();
    fake_clock_advance(5 * US_PER_SECOND);
    retries_serve(&consumer);
    ck_assert_int_eq(row(0)->state, STATE_PLACING); /* nothing was read yet: the group is asked first */
    ck_assert_int_eq(row(1)->state, STATE_PLACING);
    ck_assert_uint_eq(counted(CONSUMER_RETRIED), 2);
}
END_TEST

START_TEST(a_refused_letter_makes_its_partition_wait_and_no_other)
{
    letters.due_us = 5;
    letters.refused[1] = "too large";
    retries_serve(&consumer);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert_int_eq(row(1)->state, STATE_RETRYING);
    ck_assert_int_eq(row(1)->until_us, clock_monotonic_us() + 250 * US_PER_MS);
    fake_clock_advance(250 * US_PER_MS);
    retries_serve(&consumer);
    ck_assert_int_eq(row(1)->state, STATE_RETRYING); /* for as long as it takes */
    ck_assert_int_eq(row(1)->until_us, clock_monotonic_us() + 250 * US_PER_MS);
    ck_assert_uint_eq(counted(CONSUMER_RETRIED), 0);
    letters.refused[1] = NULL;
    letters.due_us = INT64_MAX;
    fake_clock_advance(250 * US_PER_MS);
    retries_serve(&consumer);
    ck_assert_int_eq(row(1)->state, STATE_PLACING);
}
END_TEST

START_TEST(each_partition_with_a_refused_letter_waits)
{
    letters.due_us = 5;
    letters.refused[0] = letters.refused[1] = "too large";
    retries_serve(&consumer);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_int_eq(row(1)->state, STATE_RETRYING);
}
END_TEST

START_TEST(letters_are_looked_at_only_while_one_is_refused)
{
    letters.refused[1] = "too large"; /* and sent again, and acknowledged: none is due */
    retries_serve(&consumer);
    ck_assert_int_eq(row(1)->state, STATE_READING);
}
END_TEST

CHECK_MAIN_WITH("consumer/retries", open_consumer, consumer_end,
                a_record_that_failed_is_tried_again_after_a_wait_that_doubles,
                a_record_is_given_up_after_its_retries_and_its_attempts_are_known,
                a_record_of_a_partition_that_went_meanwhile_is_neither_dead_nor_told,
                one_retry_is_one_and_another_record_has_its_own,
                without_retries_the_first_failure_is_the_last,
                a_batch_that_failed_as_a_whole_is_tried_for_ever_from_its_first_records,
                the_longest_of_the_partitions_waits_is_told,
                a_batch_of_which_nothing_is_ours_any_more_is_not_told, only_what_is_due_goes_on,
                all_that_are_due_go_on, a_refused_letter_makes_its_partition_wait_and_no_other,
                each_partition_with_a_refused_letter_waits, letters_are_looked_at_only_while_one_is_refused)

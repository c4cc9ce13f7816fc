/* The batch in flight, continued: records and batches that stop it, what moves, and what is published. */
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

static struct partitions table;

enum { WALL_US = 1000000, UNTIL_US = 2000000 };

static void open_table(void)
{
    partitions_init(&table, "payments", segment_open());
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
    ck_assert_int_eq(fakes_alive, 0);
}

static const struct partition *row(int32_t number)
{
    return row_of(&table, number);
}

/* --- stops --------------------------------------------------------------------------------------------- */

START_TEST(a_position_goes_no_farther_than_the_record_that_waits)
{
    table_fly(&table, 0, 15);
    table_fly(&table, 1, 25);
    partition_stop_at_record(&table, 0, 12, UNTIL_US);
    ck_assert(partition_stopped(row(0), 12) && partition_stopped(row(0), 13));
    ck_assert(!partition_stopped(row(0), 11) && !partition_stopped(row(1), 22));
    partitions_apply_stops(&table);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_int_eq(row(0)->until_us, UNTIL_US);
    ck_assert_int_eq(row(1)->state, STATE_READING);
    ck_assert_int_eq(row(0)->flight.stop, STATS_UNKNOWN);
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(row(0)->position, 12);
    ck_assert_int_eq(row(1)->position, 25);
    ck_assert(
        !partition_stopped(row(0), 12)); /* of the next batch nothing is, before something fails there */
}
END_TEST

/* The batch in flight stops at that record, and is over. */
static void fail_at(int64_t offset)
{
    partition_stop_at_record(&table, 0, offset, UNTIL_US);
    partitions_apply_stops(&table);
}

START_TEST(attempts_at_a_record_are_counted_from_its_first_failure)
{
    table_fly(&table, 0, 15);
    ck_assert_uint_eq(partition_attempts(row(0), 12), 0);
    fail_at(12);
    int64_t failed_us = clock_wall_us();
    ck_assert_uint_eq(partition_attempts(row(0), 12), 1);
    fake_clock_advance(5);
    fail_at(12);
    ck_assert_uint_eq(partition_attempts(row(0), 12), 2);
    ck_assert_int_eq(row(0)->retry.first_failure_us, failed_us);
    ck_assert_uint_eq(partition_attempts(row(0), 13), 0);
    fail_at(11); /* another one begins anew */
    ck_assert_uint_eq(partition_attempts(row(0), 11), 1);
    ck_assert_uint_eq(partition_attempts(row(0), 12), 0);
    ck_assert_int_eq(row(0)->retry.first_failure_us, clock_wall_us());
}
END_TEST

START_TEST(a_record_that_failed_behind_one_that_waits_was_not_tried)
{
    table_fly(&table, 0, 15);
    partition_stop_at_record(&table, 0, 13, UNTIL_US); /* a later stage met this one first */
    partition_stop_at_record(&table, 0, 12, UNTIL_US + 1);
    partition_stop_at_record(&table, 0, 14, UNTIL_US + 2);
    partitions_apply_stops(&table);
    ck_assert_uint_eq(partition_attempts(row(0), 12), 1);
    ck_assert_uint_eq(partition_attempts(row(0), 13), 0);
    ck_assert_int_eq(row(0)->until_us, UNTIL_US + 1);
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(row(0)->position, 12);
}
END_TEST

START_TEST(stopping_twice_is_one_attempt)
{
    table_fly(&table, 0, 15);
    fail_at(12);
    partitions_apply_stops(&table); /* after a sink that failed, too */
    ck_assert_uint_eq(partition_attempts(row(0), 12), 1);
}
END_TEST

START_TEST(a_batch_that_is_nobodys_fault_uses_up_no_attempt_of_a_record)
{
    table_fly(&table, 0, 15);
    fail_at(10);
    partition_event(&table, 0, EVENT_DUE);
    table_settle(&table);
    table_fly(&table, 0, 15);
    for (unsigned i = 1; i <= 6; i++)
        ck_assert_uint_eq(partition_stop_at_batch(&table, 0), i);
    ck_assert_int_eq(row(0)->flight.stop, 10);
    partition_stop_until(&table, 0, UNTIL_US);
    partitions_apply_stops(&table);
    ck_assert_uint_eq(partition_attempts(row(0), 10), 1);
    ck_assert_uint_eq(row(0)->retry.batch_attempts, 6);
    ck_assert_int_eq(row(0)->until_us, UNTIL_US);
}
END_TEST

START_TEST(a_batch_that_moved_is_over_with_its_attempts)
{
    table_fly(&table, 0, 15);
    ck_assert_uint_eq(partition_stop_at_batch(&table, 0), 1);
    partitions_apply_stops(&table);
    partitions_move(&table, WALL_US); /* moves nothing */
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_uint_eq(row(0)->retry.batch_attempts, 1);
    partition_event(&table, 0, EVENT_DUE);
    table_settle(&table);
    table_process(&table, 0, 12);
    ck_assert_uint_eq(row(0)->retry.batch_attempts, 0);
}
END_TEST

START_TEST(a_stop_that_is_no_attempt_stops_all_the_same_and_the_first_counts)
{
    table_fly(&table, 0, 15);
    partition_stop_at(&table, 0, 13, UNTIL_US);
    partition_stop_at(&table, 0, 14, UNTIL_US + 1); /* behind it */
    ck_assert_int_eq(row(0)->flight.stop, 13);
    ck_assert_int_eq(row(0)->flight.until_us, UNTIL_US);
    partition_stop_at(&table, 0, 12, UNTIL_US + 2);
    ck_assert_int_eq(row(0)->flight.stop, 12);
    partitions_apply_stops(&table);
    partitions_move(&table, WALL_US);
    ck_assert_uint_eq(partition_attempts(row(0), 12), 0);
    ck_assert_int_eq(row(0)->position, 12);
    ck_assert_int_eq(row(0)->until_us, UNTIL_US + 2);
    partition_stop_at(&table, 7, 12, UNTIL_US); /* not ours: nothing */
}
END_TEST

START_TEST(a_cut_ends_the_batch_and_nothing_has_failed)
{
    table_fly(&table, 0, 15);
    partition_cut(&table, 0, 15); /* its end already */
    ck_assert_int_eq(row(0)->flight.end, 15);
    partition_cut(&table, 0, 16);
    ck_assert_int_eq(row(0)->flight.end, 15);
    partition_cut(&table, 0, 13);
    ck_assert_int_eq(row(0)->flight.end, 13);
    partition_cut(&table, 0, 5); /* but never behind where it is */
    ck_assert_int_eq(row(0)->flight.end, 10);
    ck_assert(!partition_moves(row(0)));
    ck_assert_int_eq(row(0)->state, STATE_READING);
    partition_cut(&table, 1, 5); /* nothing of it is in flight */
    ck_assert_int_eq(row(1)->flight.end, STATS_UNKNOWN);
    partition_cut(&table, 7, 5);
}
END_TEST

START_TEST(a_batch_that_is_dropped_comes_again)
{
    table_fly(&table, 0, 15);
    table_fly(&table, 1, 22);
    partition_stop_at_record(&table, 0, 12, UNTIL_US);
    partitions_drop_flight(&table);
    for (int32_t i = 0; i < 2; i++) {
        ck_assert_int_eq(row(i)->flight.first, STATS_UNKNOWN);
        ck_assert_int_eq(row(i)->flight.end, STATS_UNKNOWN);
        ck_assert_int_eq(row(i)->flight.stop, STATS_UNKNOWN);
        ck_assert(row(i)->fetch.seek);
    }
    ck_assert(!partitions_moving(&table) && table.unsettled);
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(row(0)->position, 10);
}
END_TEST

/* --- moving -------------------------------------------------------------------------------------------- */

/* A slice of records, in this order. */
static rd_kafka_message_t *slice[8];
static size_t slice_count;

static void add(int32_t number, int64_t offset, const char *bytes)
{
    struct fake *fake = fake_bytes(number, offset, bytes, strlen(bytes));
    ck_assert_int_eq(partition_take(&table, &fake->message), TAKEN);
    slice[slice_count++] = &fake->message;
}

static void note_and_move(void)
{
    partitions_apply_stops(&table);
    partitions_note_last(&table, slice, slice_count);
    partitions_move(&table, WALL_US);
    while (slice_count > 0)
        rd_kafka_message_destroy(slice[--slice_count]);
}

static void last_is(int32_t number, int64_t offset, const char *bytes)
{
    const struct witness wanted = witness_at(offset, bytes);
    ck_assert_int_eq(row(number)->last.read.offset, offset);
    ck_assert(witness_equal(&row(number)->last.read, &wanted));
}

START_TEST(the_last_record_of_each_partition_is_noted)
{
    add(0, 10, "a");
    add(1, 20, "b");
    add(0, 11, "c");
    add(1, 21, "d");
    note_and_move();
    last_is(0, 11, "c");
    last_is(1, 21, "d");
    ck_assert_int_eq(row(0)->position, 12);
}
END_TEST

START_TEST(it_is_the_one_before_the_record_that_waits)
{
    add(0, 10, "a");
    add(0, 11, "b");
    add(1, 20, "c");
    add(0, 12, "d");
    partition_stop_at_record(&table, 0, 11, UNTIL_US);
    note_and_move();
    last_is(0, 10, "a");
    last_is(1, 20, "c");
}
END_TEST

START_TEST(a_partition_that_does_not_move_keeps_the_last_record_it_had)
{
    add(0, 10, "a");
    add(1, 20, "b");
    note_and_move();
    add(0, 11, "c");
    partition_stop_at_record(&table, 0, 11, UNTIL_US);
    note_and_move();
    last_is(0, 10, "a");
    last_is(1, 20, "b");
}
END_TEST

START_TEST(one_that_moves_over_a_gap_alone_keeps_it_too)
{
    add(0, 10, "a");
    note_and_move();
    partition_take_end(&table, 0, 13);
    table_settle(&table);
    ck_assert_int_eq(table_take(&table, 0, 10, "a"), TAKEN_LAST);
    ck_assert(partition_take_end(&table, 0, 13));
    add(1, 20, "b");
    note_and_move();
    ck_assert_int_eq(row(0)->position, 13);
    last_is(0, 10, "a");
    last_is(1, 20, "b");
}
END_TEST

/* --- what is published ------------------------------------------------------------------------------------
 */

START_TEST(a_batch_is_in_flight_before_it_is_processed)
{
    table_fly(&table, 0, 15);
    partitions_publish_flight(&table);
    ck_assert_int_eq(published(0, "inflight_first"), 10);
    ck_assert_int_eq(published(0, "inflight_end"), 15);
    ck_assert_int_eq(published(0, "oldest_unprocessed_us"), INT64_C(1772099540102) * US_PER_MS);
    ck_assert_int_eq(published(0, "position"), 10);
    ck_assert_int_eq(published(1, "inflight_first"), STATS_UNKNOWN);
    ck_assert_int_eq(published(1, "inflight_end"), STATS_UNKNOWN);
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(published(0, "position"), 15);
    ck_assert_int_eq(published(0, "position_us"), WALL_US);
    ck_assert_int_eq(published(0, "inflight_first"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "inflight_end"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "oldest_unprocessed_us"), STATS_UNKNOWN);
    ck_assert_int_eq(published(1, "position"), 20);
    ck_assert_int_eq(published(1, "position_us"), STATS_UNKNOWN);
    ck_assert_int_eq(row(0)->flight.end, STATS_UNKNOWN);
}
END_TEST

START_TEST(what_was_read_was_there_whatever_the_watermark_said)
{
    partition_reached(row(0), 12, WALL_US);
    partition_reached(row(1), 100, WALL_US);
    table_process(&table, 0, 15);
    table_process(&table, 1, 25);
    ck_assert_int_eq(published(0, "high"), 15);
    ck_assert_int_eq(published(1, "high"), 100);
}
END_TEST

START_TEST(a_dropped_batch_is_not_in_flight_any_more_once_it_comes_again)
{
    table_fly(&table, 0, 15);
    partitions_publish_flight(&table);
    partitions_drop_flight(&table);
    table_settle(&table);
    table_process(&table, 0, 11);
    ck_assert_int_eq(published(0, "inflight_end"), STATS_UNKNOWN);
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_flight: stops", open_table, close_table,
                a_position_goes_no_farther_than_the_record_that_waits,
                attempts_at_a_record_are_counted_from_its_first_failure,
                a_record_that_failed_behind_one_that_waits_was_not_tried, stopping_twice_is_one_attempt,
                a_batch_that_is_nobodys_fault_uses_up_no_attempt_of_a_record,
                a_batch_that_moved_is_over_with_its_attempts,
                a_stop_that_is_no_attempt_stops_all_the_same_and_the_first_counts,
                a_cut_ends_the_batch_and_nothing_has_failed, a_batch_that_is_dropped_comes_again,
                the_last_record_of_each_partition_is_noted, it_is_the_one_before_the_record_that_waits,
                a_partition_that_does_not_move_keeps_the_last_record_it_had,
                one_that_moves_over_a_gap_alone_keeps_it_too, a_batch_is_in_flight_before_it_is_processed,
                what_was_read_was_there_whatever_the_watermark_said,
                a_dropped_batch_is_not_in_flight_any_more_once_it_comes_again)

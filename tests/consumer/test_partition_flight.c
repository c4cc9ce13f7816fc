/* The batch in flight: which messages are part of it, how far it goes, where it stops. */
#include "common/log.h"
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

static struct partitions table;

enum { WALL_US = 1000000 };

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

static enum taken take(int32_t number, int64_t offset)
{
    return table_take(&table, number, offset, "record");
}

static const struct partition *row(int32_t number)
{
    return row_of(&table, number);
}

/* A gap that was read twice. */
static void believe(int32_t number, int64_t to)
{
    ck_assert_int_eq(take(number, to), NOT_TAKEN);
    table_settle(&table);
    ck_assert_int_eq(take(number, to), TAKEN);
}

/* --- taken --------------------------------------------------------------------------------------------- */

START_TEST(records_are_taken_in_their_order)
{
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert_int_eq(take(0, 11), TAKEN);
    ck_assert_int_eq(take(1, 20), TAKEN);
    ck_assert_int_eq(take(0, 12), TAKEN);
    ck_assert_int_eq(row(0)->flight.first, 10);
    ck_assert_int_eq(row(0)->flight.end, 13);
    ck_assert_int_eq(row(1)->flight.first, 20);
    ck_assert_int_eq(row(1)->flight.end, 21);
    ck_assert_int_eq(row(0)->position, 10); /* nothing is processed */
    ck_assert(partitions_moving(&table));
}
END_TEST

START_TEST(what_is_not_ours_or_was_seen_before_is_not_taken)
{
    ck_assert_int_eq(take(5, 77), NOT_TAKEN);
    ck_assert_int_eq(take(0, 9), NOT_TAKEN);
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert_int_eq(take(0, 10), NOT_TAKEN);
    ck_assert_int_eq(row(0)->flight.end, 11);
}
END_TEST

START_TEST(what_librdkafka_delivers_before_it_has_sought_is_not_taken)
{
    partition_event(&table, 0, EVENT_AGAIN);
    ck_assert_int_eq(take(0, 10), NOT_TAKEN);
    ck_assert(!partition_take_end(&table, 0, 12));
    table_settle(&table);
    ck_assert_int_eq(take(0, 10), TAKEN);
}
END_TEST

START_TEST(a_partition_that_waits_takes_nothing)
{
    partition_event(&table, 0, EVENT_FAILED);
    partition_fetches(&table, 0, (struct fetch){.paused = true, .seek = false});
    ck_assert_int_eq(take(0, 10), NOT_TAKEN);
    ck_assert(!partition_take_end(&table, 0, 12));
    partition_on_assigned(&table, 1);
    partition_fetches(&table, 1, (struct fetch){.paused = false, .seek = false});
    ck_assert_int_eq(take(1, 20), NOT_TAKEN);
    ck_assert(!partition_take_end(&table, 7, 12));
    ck_assert_int_eq(row(0)->flight.first, STATS_UNKNOWN);
}
END_TEST

START_TEST(the_oldest_record_of_the_batch_has_its_time_noted)
{
    struct fake *first = fake_bytes(0, 10, "a", 1);
    first->timestamp_ms = 5;
    struct fake *second = fake_bytes(0, 11, "b", 1);
    second->timestamp_ms = 3;
    struct fake *without = fake_bytes(1, 20, "c", 1);
    without->timestamp_ms = -1;
    partition_take(&table, &first->message);
    partition_take(&table, &second->message);
    partition_take(&table, &without->message);
    ck_assert_int_eq(row(0)->flight.oldest_us, 5000); /* the first, which waits longest */
    ck_assert_int_eq(row(1)->flight.oldest_us, STATS_UNKNOWN);
    first->timestamp_ms = 0;
    partitions_move(&table, WALL_US);
    first->message.offset = 12;
    partition_take(&table, &first->message);
    ck_assert_int_eq(row(0)->flight.oldest_us, 0);
    rd_kafka_message_destroy(&first->message);
    rd_kafka_message_destroy(&second->message);
    rd_kafka_message_destroy(&without->message);
}
END_TEST

START_TEST(a_record_is_counted_as_received_once)
{
    table_fly(&table, 0, 13);
    ck_assert_uint_eq(table.fresh, 3);
    ck_assert_int_eq(row(0)->received, 13);
    partitions_drop_flight(&table);
    table_settle(&table);
    table.fresh = 0;
    table_fly(&table, 0, 14);
    ck_assert_uint_eq(table.fresh, 1);
}
END_TEST

START_TEST(a_record_that_is_acknowledged_already_is_taken_and_done)
{
    table.manual = true;
    table_begin(&table, 2, 30, 30);
    struct error error = ERROR_INIT;
    ck_assert_int_eq(partition_acknowledge(&table, 2, 31, 32, &error), 0);
    ck_assert_int_eq(take(2, 30), TAKEN);
    ck_assert_int_eq(take(2, 31), TAKEN_DONE);
    ck_assert_int_eq(take(2, 32), TAKEN);
    ck_assert_int_eq(row(2)->flight.end, 33);
}
END_TEST

/* --- gaps ---------------------------------------------------------------------------------------------- */

START_TEST(the_first_gap_is_read_twice_and_then_believed)
{
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert_int_eq(take(0, 13), NOT_TAKEN);
    ck_assert(row(0)->fetch.seek && table.unsettled); /* from 11 again */
    ck_assert_int_eq(row(0)->gap.at, 11);
    ck_assert(!row(0)->gap.believed);
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(partition_read_from(row(0)), 11);
    table_settle(&table);
    ck_assert_int_eq(take(0, 13), TAKEN);
    ck_assert_int_eq(take(0, 20), TAKEN); /* from then on in this assignment */
    ck_assert_int_eq(row(0)->flight.end, 21);
}
END_TEST

/* The first records of an assignment, and a gap behind them: before they stood there was nothing to compare.
 */
START_TEST(where_a_gap_is_read_anew_the_record_before_it_is_looked_at)
{
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert_int_eq(take(0, 13), NOT_TAKEN);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    table.rows[0].flight.last = (struct witness){.offset = 10, .timestamp_ms = 7, .hash = 8};
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert_int_eq(partition_read_from(row(0)), 10);
}
END_TEST

START_TEST(a_gap_that_is_none_was_a_jump)
{
    ck_assert_int_eq(take(0, 13), NOT_TAKEN);
    table_settle(&table);
    table_fly(&table, 0, 13);                 /* what was jumped over */
    ck_assert_int_eq(take(0, 15), NOT_TAKEN); /* another one is looked at for itself */
    ck_assert_int_eq(row(0)->gap.at, 13);
}
END_TEST

START_TEST(behind_a_rebalance_a_gap_is_read_twice_again)
{
    believe(0, 12);
    partitions_move(&table, WALL_US);
    partition_event(&table, 0, EVENT_DISTURBED);
    table_settle(&table);
    ck_assert_int_eq(take(0, 20), NOT_TAKEN);
    ck_assert(!row(0)->gap.believed);
}
END_TEST

START_TEST(what_lies_in_a_gap_nobody_has_to_acknowledge)
{
    table.manual = true;
    table_begin(&table, 2, 30, 30);
    ck_assert_int_eq(take(2, 30), TAKEN);
    ck_assert_int_eq(take(2, 33), NOT_TAKEN);
    ck_assert_int_eq(acks_ahead(row(2)->acks), 0); /* not before it is believed */
    partitions_move(&table, WALL_US);
    table_settle(&table);
    ck_assert_int_eq(take(2, 33), TAKEN);
    ck_assert(acks_has(row(2)->acks, 31) && acks_has(row(2)->acks, 32));
    ck_assert(!acks_has(row(2)->acks, 30) && !acks_has(row(2)->acks, 33));
}
END_TEST

/* --- ends ---------------------------------------------------------------------------------------------- */

START_TEST(an_end_behind_a_marker_moves_the_partition_when_it_was_met_twice)
{
    table_fly(&table, 0, 12);
    ck_assert(!partition_take_end(&table, 0, 13)); /* a transaction's marker at 12 */
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(row(0)->position, 12);
    table_settle(&table);
    ck_assert(partition_take_end(&table, 0, 13));
    ck_assert(partitions_moving(&table));
    partitions_move(&table, WALL_US);
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert(partitions_dirty(&table));
}
END_TEST

START_TEST(an_end_extends_the_batch_in_flight)
{
    believe(0, 11);
    ck_assert(partition_take_end(&table, 0, 15));
    ck_assert_int_eq(row(0)->flight.first, 11);
    ck_assert_int_eq(row(0)->flight.end, 15);
}
END_TEST

START_TEST(an_end_alone_begins_where_the_partition_is)
{
    ck_assert(!partition_take_end(&table, 0, 15));
    table_settle(&table);
    ck_assert(partition_take_end(&table, 0, 15));
    ck_assert_int_eq(row(0)->flight.first, 10);
    ck_assert_int_eq(row(0)->flight.end, 15);
    ck_assert_int_eq(row(0)->flight.oldest_us, STATS_UNKNOWN);
}
END_TEST

START_TEST(an_end_where_it_is_moves_nothing)
{
    ck_assert(!partition_take_end(&table, 0, 10));
    ck_assert_int_eq(row(0)->flight.first, STATS_UNKNOWN);
    ck_assert_int_eq(row(0)->gap.at, STATS_UNKNOWN);
    ck_assert(!partitions_moving(&table) && !table.unsettled);
}
END_TEST

START_TEST(an_end_before_it_tells_that_the_topic_is_another_or_was_cut)
{
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert(!partition_take_end(&table, 0, 10)); /* it has been farther */
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert_int_eq(row(0)->until_us, clock_monotonic_us());
    ck_assert(row(0)->last.doubted);
    ck_assert(!partitions_dirty(&table));
    ck_assert_int_eq(row(0)->flight.end, 11); /* what it has is processed */
}
END_TEST

/* --- the last record ----------------------------------------------------------------------------------- */

static void expect_last(void)
{
    const struct witness witness = witness_at(9, "read");
    table_begin_behind(&table, 0, 10, &witness);
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
}

START_TEST(the_last_record_is_seen_and_is_part_of_nothing)
{
    expect_last();
    ck_assert_int_eq(table_take(&table, 0, 8, "before"), NOT_TAKEN); /* of an earlier assignment */
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert_int_eq(table_take(&table, 0, 9, "read"), TAKEN_LAST);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert_int_eq(row(0)->flight.first, STATS_UNKNOWN);
    ck_assert_uint_eq(table.fresh, 0);
    ck_assert_int_eq(table_take(&table, 0, 9, "read"), NOT_TAKEN); /* once more: seen before */
    ck_assert_int_eq(take(0, 10), TAKEN);
}
END_TEST

START_TEST(another_record_in_its_place_is_kept_and_nothing_behind_it_is_taken)
{
    expect_last();
    ck_assert_int_eq(table_take(&table, 0, 9, "another"), TAKEN_LAST);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    const struct witness another = witness_at(9, "another");
    ck_assert(witness_equal(&row(0)->last.found, &another));
    ck_assert(row(0)->last.doubted);
    ck_assert_int_eq(take(0, 10), NOT_TAKEN);
    ck_assert_int_eq(take(1, 20), NOT_TAKEN); /* the others are looked at, too */
    table_settle(&table);
    ck_assert_int_eq(take(1, 20), TAKEN);
}
END_TEST

START_TEST(a_record_behind_the_last_one_where_none_was_is_another_topics)
{
    const struct witness witness = witness_at(9, "read");
    table_begin_behind(&table, 0, 13, &witness); /* markers and aborted records, up to 12 */
    ck_assert_int_eq(table_take(&table, 0, 12, "new"), TAKEN_LAST);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert_int_eq(row(0)->last.found.offset, 12);
    ck_assert(row(0)->last.doubted);
    table_begin_behind(&table, 0, 13, &witness);
    ck_assert_int_eq(take(0, 13), NOT_TAKEN); /* none again, nor the last one */
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
}
END_TEST

START_TEST(with_acknowledgements_a_record_may_lie_behind_the_last_one)
{
    const struct witness witness = witness_at(9, "read");
    table.manual = true;
    table_begin_behind(&table, 2, 13, &witness);
    ck_assert_int_eq(table_take(&table, 2, 12, "acknowledged before it was read"), NOT_TAKEN);
    ck_assert_int_eq(row(2)->state, STATE_VERIFYING);
}
END_TEST

START_TEST(the_same_record_is_not_kept_as_another)
{
    expect_last();
    table_take(&table, 0, 9, "read");
    ck_assert_int_eq(row(0)->last.found.offset, STATS_UNKNOWN);
}
END_TEST

START_TEST(where_the_last_record_is_gone_the_group_is_asked_and_it_goes_on_with_the_next)
{
    expect_last();
    capture_begin();
    log_set_verbose(true);
    ck_assert_int_eq(take(0, 10), NOT_TAKEN);
    ck_assert_ptr_nonnull(
        strstr(capture_end(), "payments [0]: the last record that was read, at 9, is gone"));
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    table_settle(&table);
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert_int_eq(row(0)->last.read.offset, STATS_UNKNOWN);
}
END_TEST

static void go_on_behind_former(void)
{
    const struct place place = {
        .offset = 10, .committed = 5, .doubted = true, .behind = true, .witness = witness_at(9, "read")};
    table_begin_at(&table, 0, &place);
}

START_TEST(where_an_earlier_assignments_is_gone_the_group_says_where_to_go_on)
{
    go_on_behind_former();
    ck_assert_int_eq(take(0, 10), NOT_TAKEN);
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    ck_assert_int_eq(row(0)->until_us, clock_monotonic_us());
    go_on_behind_former();
    ck_assert(!partition_take_end(&table, 0, 12));
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    ck_assert_int_eq(row(0)->flight.end, STATS_UNKNOWN);
    go_on_behind_former();
    ck_assert_int_eq(table_take(&table, 0, 9, "read"), TAKEN_LAST);
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert(!row(0)->last.former);
}
END_TEST

START_TEST(a_gap_behind_a_last_record_that_is_gone_is_read_twice_too)
{
    expect_last();
    ck_assert_int_eq(take(0, 12), NOT_TAKEN);
    table_settle(&table);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert_int_eq(take(0, 12), NOT_TAKEN);
    table_settle(&table);
    ck_assert_int_eq(take(0, 12), TAKEN);
}
END_TEST

START_TEST(where_one_partition_is_anothers_all_are_looked_at_before_more_is_committed)
{
    const struct witness witness = witness_at(19, "read");
    for (int by_end = 0; by_end < 2; by_end++) {
        expect_last();
        table_begin_behind(&table, 1, 20, &witness);
        ck_assert_int_eq(table_take(&table, 1, 19, "read"), TAKEN_LAST);
        if (by_end)
            ck_assert(!partition_take_end(&table, 0, 9));
        else
            ck_assert_int_eq(table_take(&table, 0, 9, "another"), TAKEN_LAST);
        ck_assert_int_eq(row(1)->state, STATE_VERIFYING);
        ck_assert(row(1)->last.doubted && row(0)->last.doubted);
    }
}
END_TEST

START_TEST(an_end_says_too_that_the_last_record_is_gone)
{
    expect_last();
    ck_assert(!partition_take_end(&table, 0, 10));
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    expect_last();
    ck_assert(!partition_take_end(&table, 0, 9)); /* all of it is */
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
}
END_TEST

/* --- the usual record ---------------------------------------------------------------------------------- */

START_TEST(the_usual_record_is_taken_at_a_glance_as_any_other)
{
    ck_assert_int_eq(take(0, 10), TAKEN); /* the first of a batch is looked at */
    ck_assert_int_eq(take(0, 11), TAKEN);
    ck_assert_int_eq(row(0)->flight.end, 12);
    ck_assert_int_eq(row(0)->received, 12);
    ck_assert_uint_eq(table.fresh, 2);
    ck_assert_int_eq(take(0, 13), NOT_TAKEN); /* a gap is none */
    ck_assert_int_eq(take(-1, 12), NOT_TAKEN);
    ck_assert_int_eq(take((int32_t)table.row_count, 12), NOT_TAKEN);
}
END_TEST

START_TEST(the_usual_record_of_a_partition_that_waits_meanwhile_is_not_taken)
{
    ck_assert_int_eq(take(0, 10), TAKEN);
    partition_event(&table, 0, EVENT_AGAIN);
    ck_assert_int_eq(take(0, 11), NOT_TAKEN);
    ck_assert_int_eq(take(1, 20), TAKEN);
    partition_event(&table, 1, EVENT_FAILED);
    partition_fetches(&table, 1, (struct fetch){.paused = true, .seek = false});
    ck_assert_int_eq(take(1, 21), NOT_TAKEN);
    ck_assert_uint_eq(table.fresh, 2);
}
END_TEST

START_TEST(one_that_comes_again_behind_the_first_is_not_counted_again)
{
    table_fly(&table, 0, 13);
    partitions_drop_flight(&table);
    table_settle(&table);
    ck_assert_int_eq(take(0, 10), TAKEN);
    ck_assert_int_eq(take(0, 11), TAKEN);
    ck_assert_uint_eq(table.fresh, 3);
    ck_assert_int_eq(row(0)->received, 13);
    ck_assert_int_eq(row(0)->flight.end, 12);
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_flight", open_table, close_table, records_are_taken_in_their_order,
                what_is_not_ours_or_was_seen_before_is_not_taken,
                what_librdkafka_delivers_before_it_has_sought_is_not_taken,
                a_partition_that_waits_takes_nothing, the_oldest_record_of_the_batch_has_its_time_noted,
                a_record_is_counted_as_received_once, a_record_that_is_acknowledged_already_is_taken_and_done,
                the_first_gap_is_read_twice_and_then_believed,
                where_a_gap_is_read_anew_the_record_before_it_is_looked_at, a_gap_that_is_none_was_a_jump,
                behind_a_rebalance_a_gap_is_read_twice_again, what_lies_in_a_gap_nobody_has_to_acknowledge,
                an_end_behind_a_marker_moves_the_partition_when_it_was_met_twice,
                an_end_extends_the_batch_in_flight, an_end_alone_begins_where_the_partition_is,
                an_end_where_it_is_moves_nothing, an_end_before_it_tells_that_the_topic_is_another_or_was_cut,
                the_last_record_is_seen_and_is_part_of_nothing,
                another_record_in_its_place_is_kept_and_nothing_behind_it_is_taken,
                a_record_behind_the_last_one_where_none_was_is_another_topics,
                with_acknowledgements_a_record_may_lie_behind_the_last_one,
                the_same_record_is_not_kept_as_another,
                where_the_last_record_is_gone_the_group_is_asked_and_it_goes_on_with_the_next,
                where_an_earlier_assignments_is_gone_the_group_says_where_to_go_on,
                a_gap_behind_a_last_record_that_is_gone_is_read_twice_too,
                where_one_partition_is_anothers_all_are_looked_at_before_more_is_committed,
                an_end_says_too_that_the_last_record_is_gone,
                the_usual_record_is_taken_at_a_glance_as_any_other,
                the_usual_record_of_a_partition_that_waits_meanwhile_is_not_taken,
                one_that_comes_again_behind_the_first_is_not_counted_again)

/* The table of partitions: rows, events, places, what is due. Each edge: test_partition_states.c. */
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

static struct partitions table;

static void open_table(void)
{
    partitions_init(&table, "payments", segment_open());
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
}

/* --- rows ---------------------------------------------------------------------------------------------- */

START_TEST(a_row_that_nobody_asked_for_knows_nothing)
{
    ck_assert_int_eq(partition_on_assigned(&table, 2), 0);
    const struct partition *row = &table.rows[1];
    ck_assert(!row->known && row->state == STATE_UNASSIGNED && row->slot == -1);
    ck_assert_int_eq(row->position, STATS_UNKNOWN);
    ck_assert_int_eq(row->begun, STATS_UNKNOWN);
    ck_assert_int_eq(row->former.from, STATS_UNKNOWN);
    ck_assert_int_eq(row->former.to, STATS_UNKNOWN);
    ck_assert_int_eq(row->former.last.offset, STATS_UNKNOWN);
    ck_assert_int_eq(row->received, STATS_UNKNOWN);
    ck_assert_int_eq(row->commit.committed, STATS_UNKNOWN);
    ck_assert_int_eq(row->commit.requested, STATS_UNKNOWN);
    ck_assert_int_eq(row->commit.barrier, STATS_UNKNOWN);
    ck_assert_int_eq(row->flight.first, STATS_UNKNOWN);
    ck_assert_int_eq(row->flight.end, STATS_UNKNOWN);
    ck_assert_int_eq(row->flight.oldest_us, STATS_UNKNOWN);
    ck_assert_int_eq(row->flight.stop, STATS_UNKNOWN);
    ck_assert_int_eq(row->flight.last.offset, STATS_UNKNOWN);
    ck_assert_int_eq(row->retry.offset, STATS_UNKNOWN);
    ck_assert_int_eq(row->last.read.offset, STATS_UNKNOWN);
    ck_assert_int_eq(row->last.found.offset, STATS_UNKNOWN);
    ck_assert_int_eq(row->gap.at, STATS_UNKNOWN);
}
END_TEST

START_TEST(only_what_is_assigned_is_found)
{
    table_begin(&table, 2, 1042, 1042);
    ck_assert_uint_eq(table.assigned_count, 1);
    ck_assert_int_eq(partition_assigned(&table, 2)->position, 1042);
    ck_assert_ptr_null(partition_assigned(&table, 1));
    ck_assert_ptr_null(partition_assigned(&table, 3));
    ck_assert_ptr_null(partition_assigned(&table, -1));
    ck_assert_ptr_null(partition_assigned(&table, (int32_t)table.row_count));
    ck_assert_ptr_null(partition_assigned(&table, 1000000));
}
END_TEST

START_TEST(the_table_grows_and_the_segment_counts_what_it_cannot_hold)
{
    enum { MANY = 100 };
    for (int32_t i = MANY - 1; i >= 0; i--)
        table_begin(&table, i, i, STATS_UNKNOWN);
    ck_assert_uint_eq(table.assigned_count, MANY);
    ck_assert_uint_eq(table.row_count, 128);
    for (int32_t i = 0; i < MANY; i++)
        ck_assert_int_eq(row_of(&table, i)->position, i);
    ck_assert_ptr_null(partition_assigned(&table, MANY));
    ck_assert_uint_eq(counted(CONSUMER_UNTRACKED), MANY - SEGMENT_CAPACITY);
    partition_on_assigned(&table, 0); /* is counted once */
    ck_assert_uint_eq(counted(CONSUMER_UNTRACKED), MANY - SEGMENT_CAPACITY);
}
END_TEST

START_TEST(sixteen_partitions_fit_without_growing)
{
    partition_on_assigned(&table, 15);
    ck_assert_uint_eq(table.row_count, 16);
    partition_on_assigned(&table, 16);
    ck_assert_uint_eq(table.row_count, 32);
    ck_assert(!table.rows[17].known && table.rows[31].position == STATS_UNKNOWN);
}
END_TEST

START_TEST(a_table_without_statistics_works_the_same)
{
    struct partitions alone;
    partitions_init(&alone, "payments", NULL);
    table_begin(&alone, 0, 10, STATS_UNKNOWN);
    table_process(&alone, 0, 12);
    ck_assert_int_eq(row_of(&alone, 0)->position, 12);
    partitions_release(&alone);
    ck_assert_ptr_null(alone.rows);
    ck_assert_uint_eq(alone.row_count, 0);
}
END_TEST

/* --- given and taken ----------------------------------------------------------------------------------- */

START_TEST(an_assignment_is_published_before_anybody_knows_where_it_begins)
{
    ck_assert_int_eq(partition_on_assigned(&table, 2), 0);
    ck_assert_int_eq(row_of(&table, 2)->state, STATE_PLACING);
    ck_assert_int_eq(published(2, "assigned"), 1);
    ck_assert_int_eq(published(2, "assignments"), 1);
    ck_assert_int_eq(published(2, "position"), STATS_UNKNOWN);
    partition_on_revoked(&table, 2);
    ck_assert_int_eq(published(2, "assigned"), 0);
    ck_assert_uint_eq(table.assigned_count, 0);
    partition_on_revoked(&table, 2); /* twice is fine */
    ck_assert_uint_eq(table.assigned_count, 0);
    partition_on_assigned(&table, 2);
    ck_assert_int_eq(published(2, "assigned"), 1);
    ck_assert_int_eq(published(2, "assignments"), 2);
}
END_TEST

START_TEST(what_is_given_twice_counts_once_and_begins_anew)
{
    table_begin(&table, 0, 10, 10);
    partition_on_assigned(&table, 0);
    ck_assert_uint_eq(table.assigned_count, 1);
    ck_assert_int_eq(row_of(&table, 0)->state, STATE_PLACING);
    ck_assert_int_eq(row_of(&table, 0)->position, STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "assignments"), 2);
}
END_TEST

START_TEST(what_is_taken_stays_readable)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    partition_on_revoked(&table, 0);
    ck_assert_int_eq(published(0, "assigned"), 0);
    ck_assert_int_eq(published(0, "position"), 15);
}
END_TEST

/* Processed up to before 15, with that last record, and taken away. */
static void did_behind(int64_t last)
{
    table_begin(&table, 0, 10, 10);
    table_fly(&table, 0, 15);
    table.rows[0].flight.last =
        last != STATS_UNKNOWN ? witness_at(last, "last") : (struct witness)WITNESS_NONE;
    partitions_move(&table, 1);
}

START_TEST(what_was_done_of_it_is_remembered_until_it_has_a_place_again)
{
    did_behind(14);
    partition_on_revoked(&table, 0);
    partition_on_assigned(&table, 0);
    const struct partition *row = row_of(&table, 0);
    ck_assert(partition_did(row, 10));
    ck_assert(!partition_did(row, 9) && !partition_did(row, 15) && !partition_did(row, STATS_UNKNOWN));
    ck_assert(!partition_did(row, 12) && !partition_did(row, 14)); /* nobody here asked for that: a request */
    partition_on_revoked(&table, 0); /* before it had a place: nothing was done */
    partition_on_assigned(&table, 0);
    ck_assert(!partition_did(row, 10));
    table_begin(&table, 0, 10, 10);
    ck_assert(!partition_did(row, 10));
}
END_TEST

/* Its answer may have been lost, and not the commit. */
START_TEST(what_was_asked_for_without_an_answer_may_be_what_the_group_has)
{
    did_behind(14);
    rd_kafka_topic_partition_list_destroy(partitions_to_commit(&table));
    partitions_commit_unanswered(&table);
    table_fly(&table, 0, 17);
    table.rows[0].flight.last = witness_at(16, "last");
    partitions_move(&table, 1);
    partition_on_revoked(&table, 0);
    ck_assert(partition_did(&table.rows[0], 10) && partition_did(&table.rows[0], 15));
    ck_assert(!partition_did(&table.rows[0], 14) && !partition_did(&table.rows[0], 16) &&
              !partition_did(&table.rows[0], 17));
}
END_TEST

START_TEST(what_was_answered_is_what_the_group_has_and_nothing_before)
{
    did_behind(14);
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    partitions_commit_answered(&table, RD_KAFKA_RESP_ERR_NO_ERROR, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(table.rows[0].commit.asked.first, STATS_UNKNOWN);
    partition_on_revoked(&table, 0);
    ck_assert(!partition_did(&table.rows[0], 10) && !partition_did(&table.rows[0], 15));
}
END_TEST

START_TEST(what_was_done_counts_only_with_a_last_record_to_compare)
{
    did_behind(STATS_UNKNOWN);
    partition_on_revoked(&table, 0);
    ck_assert_int_eq(table.rows[0].former.to, 15);
    ck_assert(!partition_did(&table.rows[0], 10));
    did_behind(14);
    partition_lower_barrier(&table, 0, 13); /* the letter of 13 is not acknowledged */
    partition_on_revoked(&table, 0);
    ck_assert_int_eq(table.rows[0].former.to, 13);
    ck_assert(!partition_did(&table.rows[0], 10));
    did_behind(12);
    partition_lower_barrier(&table, 0, 13);
    partition_on_revoked(&table, 0);
    ck_assert(partition_did(&table.rows[0], 10));
}
END_TEST

START_TEST(what_was_committed_of_it_is_no_more_its_own_to_remember)
{
    table_begin(&table, 0, 10, STATS_UNKNOWN);
    table_process(&table, 0, 15);
    partition_on_revoked(&table, 0);
    ck_assert_int_eq(table.rows[0].former.from, 10); /* nothing was: from where it began */
    const struct place behind_former = {
        .offset = 15, .committed = 12, .behind = true, .witness = WITNESS_NONE};
    table_begin_at(&table, 0, &behind_former);
    table_process(&table, 0, 20);
    partition_on_revoked(&table, 0);
    ck_assert_int_eq(table.rows[0].former.from, 12);
    ck_assert_int_eq(table.rows[0].former.to, 20);
}
END_TEST

START_TEST(what_a_move_passed_over_was_not_done)
{
    const struct place reset = {.offset = 25, .committed = 12, .moved = true, .witness = WITNESS_NONE};
    table_begin_at(&table, 0, &reset); /* whose commit is not confirmed */
    table_process(&table, 0, 30);
    partition_on_revoked(&table, 0);
    ck_assert_int_eq(table.rows[0].former.from, 25);
}
END_TEST

START_TEST(what_was_not_acknowledged_was_not_done)
{
    struct error error = ERROR_INIT;
    table.manual = true;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    partition_acknowledge(&table, 0, 10, 12, &error);
    partition_on_revoked(&table, 0);
    ck_assert_int_eq(table.rows[0].former.from, 10);
    ck_assert_int_eq(table.rows[0].former.to, 12);
}
END_TEST

START_TEST(acknowledgements_are_kept_with_commit_manual_alone)
{
    partition_on_assigned(&table, 0);
    ck_assert_ptr_null(row_of(&table, 0)->acks);
    table.manual = true;
    partition_on_assigned(&table, 1);
    const struct acks *acks = row_of(&table, 1)->acks;
    ck_assert_ptr_nonnull(acks);
    partition_on_assigned(&table, 1);
    ck_assert_ptr_eq(row_of(&table, 1)->acks, acks); /* a sanitizer would see a second one */
}
END_TEST

/* --- placed -------------------------------------------------------------------------------------------- */

START_TEST(where_it_begins_is_published)
{
    table_begin(&table, 2, 1042, 1040);
    const struct partition *row = row_of(&table, 2);
    ck_assert_int_eq(row->state, STATE_READING);
    ck_assert_int_eq(row->position, 1042);
    ck_assert_int_eq(row->begun, 1042);
    ck_assert_int_eq(row->commit.committed, 1040);
    ck_assert_int_eq(published(2, "resumed"), 1042);
    ck_assert_int_eq(published(2, "resumed_committed"), 1040);
    ck_assert_int_eq(published(2, "position"), 1042);
    ck_assert_int_eq(published(2, "committed"), 1040);
}
END_TEST

START_TEST(a_place_for_what_is_not_ours_is_nobodys)
{
    const struct place place = {.offset = 10, .committed = 10, .witness = WITNESS_NONE};
    ck_assert(partition_placed(&table, 0, &place));
    ck_assert_ptr_null(partition_assigned(&table, 0));
    partition_event(&table, 0, EVENT_AGAIN);
    partition_own(&table, 0);
    partition_fetches(&table, 0, (struct fetch){true, true});
    ck_assert_uint_eq(partition_count_asking(&table, 0), 1);
    ck_assert_uint_eq(partition_count_asking(&table, 0), 1);
}
END_TEST

START_TEST(reading_begins_at_the_last_record_and_the_position_is_not_its)
{
    const struct witness witness = {9, 1, 2};
    table_begin_behind(&table, 0, 10, &witness);
    const struct partition *row = row_of(&table, 0);
    ck_assert_int_eq(row->state, STATE_VERIFYING);
    ck_assert_int_eq(partition_read_from(row), 9);
    ck_assert_int_eq(row->position, 10);
    ck_assert_int_eq(published(0, "position"), 10);
    partition_event(&table, 0, EVENT_SEEN);
    ck_assert_int_eq(partition_read_from(row), 10);
    ck_assert_int_eq(row->last.read.offset, 9); /* it is asked again after a pause */
}
END_TEST

START_TEST(a_witness_that_is_not_before_the_place_is_none)
{
    static const int64_t offsets[] = {STATS_UNKNOWN, -1, 10, 11};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        const struct witness witness = {offsets[i], 1, 2};
        table_begin_behind(&table, 0, 10, &witness);
        ck_assert_int_eq(row_of(&table, 0)->state, STATE_READING);
        ck_assert_int_eq(row_of(&table, 0)->last.read.offset, STATS_UNKNOWN);
    }
    const struct witness first = {0, 1, 2};
    table_begin_behind(&table, 0, 10, &first);
    ck_assert_int_eq(row_of(&table, 0)->last.read.offset, 0);
}
END_TEST

START_TEST(what_was_received_is_counted_again_when_somebody_moved_it)
{
    const struct place back = {.offset = 10, .committed = 10, .witness = WITNESS_NONE};
    struct place moved = back;
    moved.moved = true;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    ck_assert_uint_eq(table.fresh, 5);
    partition_placed(&table, 0, &back); /* the end of a commit was not known */
    ck_assert_int_eq(row_of(&table, 0)->received, 15);
    partition_placed(&table, 0, &moved); /* kctl reset */
    ck_assert_int_eq(row_of(&table, 0)->received, 10);
}
END_TEST

START_TEST(a_new_assignment_counts_what_it_receives_anew)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    table_begin(&table, 0, 10, 10);
    ck_assert_int_eq(row_of(&table, 0)->received, 10);
    ck_assert(!row_of(&table, 0)->owned);
}
END_TEST

/* --- acknowledgements that a place brings ----------------------------------------------------------------
 */

static bool place_with(const char *metadata, bool moved)
{
    const struct place place = {.offset = 40,
                                .committed = 40,
                                .witness = WITNESS_NONE,
                                .metadata = metadata,
                                .metadata_length = metadata != NULL ? strlen(metadata) : 0,
                                .moved = moved};
    table.manual = true;
    partition_on_assigned(&table, 0);
    return partition_placed(&table, 0, &place);
}

START_TEST(the_groups_commit_says_what_is_acknowledged_beyond_it)
{
    ck_assert(place_with("acks1:1-17,20", false));
    const struct acks *acks = row_of(&table, 0)->acks;
    ck_assert_int_eq(acks->done.next, 40);
    ck_assert_int_eq(acks_ahead(acks), 18);
    ck_assert(acks_has(acks, 41) && acks_has(acks, 60) && !acks_has(acks, 40) && !acks_has(acks, 58));
    ck_assert(!acks->changed);
    ck_assert_int_eq(published(0, "acknowledged_ahead"), 18);
}
END_TEST

START_TEST(metadata_of_somebody_else_acknowledges_nothing_and_is_told)
{
    ck_assert(!place_with("written by hand", false));
    ck_assert_int_eq(acks_ahead(row_of(&table, 0)->acks), 0);
    ck_assert_int_eq(row_of(&table, 0)->acks->done.next, 40);
    ck_assert(place_with("first of 3", false)); /* ours, and of another kind */
    ck_assert_int_eq(acks_ahead(row_of(&table, 0)->acks), 0);
    ck_assert(place_with(NULL, false));
    ck_assert_int_eq(row_of(&table, 0)->acks->done.next, 40);
}
END_TEST

START_TEST(a_move_is_committed_so_that_old_acknowledgements_do_not_outlive_it)
{
    ck_assert(place_with(NULL, true));
    ck_assert(row_of(&table, 0)->acks->changed);
    ck_assert(partitions_dirty(&table));
    ck_assert(place_with(NULL, false));
    ck_assert(!partitions_dirty(&table));
}
END_TEST

START_TEST(where_records_are_gone_acknowledgements_stand)
{
    const struct place gap = {
        .offset = 50, .committed = 40, .witness = WITNESS_NONE, .moved = true, .passed_over = true};
    ck_assert(place_with("acks1:1-17,20", false)); /* 41 to 57, and 60 */
    ck_assert(partition_placed(&table, 0, &gap));
    const struct acks *acks = row_of(&table, 0)->acks;
    ck_assert_int_eq(row_of(&table, 0)->position, 50);
    ck_assert_int_eq(acks->done.next, 40); /* starts.c adds what is gone, but not records of dead letters */
    ck_assert(acks_has(acks, 60) && !acks_has(acks, 58));
    partition_settle(&table, 0, 40, 50);
    ck_assert_int_eq(acks->done.next, 58);
    ck_assert(partitions_dirty(&table));
}
END_TEST

START_TEST(a_place_forgets_the_acknowledgements_of_the_one_before)
{
    ck_assert(place_with("acks1:1-17", false));
    ck_assert(place_with(NULL, false));
    ck_assert_int_eq(acks_ahead(row_of(&table, 0)->acks), 0);
}
END_TEST

/* --- events -------------------------------------------------------------------------------------------- */

START_TEST(an_event_of_all_is_one_of_what_is_assigned)
{
    table_begin(&table, 0, 10, 10);
    partition_on_assigned(&table, 1);
    table_begin(&table, 3, 30, 30);
    partition_on_revoked(&table, 3);
    table_begin(&table, 2, 20, 20);
    partitions_event(&table, EVENT_GONE);
    ck_assert_int_eq(row_of(&table, 0)->state, STATE_LOSING);
    ck_assert_int_eq(row_of(&table, 0)->until_us, clock_monotonic_us()); /* due at once */
    ck_assert_int_eq(row_of(&table, 1)->state, STATE_PLACING);
    ck_assert_int_eq(row_of(&table, 2)->state, STATE_LOSING);
    ck_assert_int_eq(table.rows[3].state, STATE_UNASSIGNED);
}
END_TEST

START_TEST(what_the_database_and_librdkafka_know_is_noted)
{
    table_begin(&table, 0, 10, 10);
    partition_own(&table, 0);
    ck_assert(row_of(&table, 0)->owned);
    partition_fetches(&table, 0, (struct fetch){.paused = true, .seek = true});
    ck_assert(row_of(&table, 0)->fetch.paused && row_of(&table, 0)->fetch.seek);
    ck_assert_uint_eq(partition_count_asking(&table, 0), 1);
    ck_assert_uint_eq(partition_count_asking(&table, 0), 2);
    table_settle(&table);
    table_process(&table, 0, 12); /* what moves was answered */
    ck_assert_uint_eq(partition_count_asking(&table, 0), 1);
}
END_TEST

/* --- what is due --------------------------------------------------------------------------------------- */

START_TEST(only_what_waits_in_that_state_and_whose_time_has_come_is_due)
{
    for (int32_t i = 0; i < 4; i++)
        table_begin(&table, i, 10, 10);
    ck_assert_int_eq(partition_due(&table, STATE_RETRYING, 0), -1);
    ck_assert_int_eq(partitions_due_us(&table), INT64_MAX);
    partition_wait(&table, 1, EVENT_FAILED, clock_monotonic_us() + 100);
    partition_wait(&table, 2, EVENT_GONE, clock_monotonic_us() + 50);
    partition_wait(&table, 3, EVENT_FAILED, clock_monotonic_us() + 200);
    ck_assert_int_eq(partitions_due_us(&table), 50);
    ck_assert_int_eq(partition_due(&table, STATE_LOSING, 0), -1);
    fake_clock_advance(100);
    ck_assert_int_eq(partitions_due_us(&table), 0);
    ck_assert_int_eq(partition_due(&table, STATE_LOSING, 0), 2);
    ck_assert_int_eq(partition_due(&table, STATE_RETRYING, 0), 1);
    ck_assert_int_eq(partition_due(&table, STATE_RETRYING, 1), 1);
    ck_assert_int_eq(partition_due(&table, STATE_RETRYING, 2), -1);
    fake_clock_advance(100);
    ck_assert_int_eq(partition_due(&table, STATE_RETRYING, 2), 3);
}
END_TEST

START_TEST(what_waits_no_more_is_not_due)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 10, 10);
    partition_wait(&table, 0, EVENT_FAILED, clock_monotonic_us() + 100);
    partition_event(&table, 0, EVENT_DUE);
    table_answer(&table, 0);
    ck_assert_uint_eq(table.waiting_count, 0);
    ck_assert_int_eq(partitions_due_us(&table), INT64_MAX);
    partition_wait(&table, 1, EVENT_FAILED, clock_monotonic_us() + 300);
    ck_assert_int_eq(partitions_due_us(&table), 300); /* the other one's old time counts no more */
}
END_TEST

CHECK_MAIN_WITH("consumer/partition", open_table, close_table, a_row_that_nobody_asked_for_knows_nothing,
                only_what_is_assigned_is_found, the_table_grows_and_the_segment_counts_what_it_cannot_hold,
                sixteen_partitions_fit_without_growing, a_table_without_statistics_works_the_same,
                an_assignment_is_published_before_anybody_knows_where_it_begins,
                what_is_given_twice_counts_once_and_begins_anew, what_is_taken_stays_readable,
                what_was_done_of_it_is_remembered_until_it_has_a_place_again,
                what_was_done_counts_only_with_a_last_record_to_compare,
                what_was_asked_for_without_an_answer_may_be_what_the_group_has,
                what_was_answered_is_what_the_group_has_and_nothing_before,
                what_was_committed_of_it_is_no_more_its_own_to_remember, what_a_move_passed_over_was_not_done,
                what_was_not_acknowledged_was_not_done, acknowledgements_are_kept_with_commit_manual_alone,
                where_it_begins_is_published, a_place_for_what_is_not_ours_is_nobodys,
                reading_begins_at_the_last_record_and_the_position_is_not_its,
                a_witness_that_is_not_before_the_place_is_none,
                what_was_received_is_counted_again_when_somebody_moved_it,
                a_new_assignment_counts_what_it_receives_anew,
                the_groups_commit_says_what_is_acknowledged_beyond_it,
                metadata_of_somebody_else_acknowledges_nothing_and_is_told,
                a_move_is_committed_so_that_old_acknowledgements_do_not_outlive_it,
                where_records_are_gone_acknowledgements_stand,
                a_place_forgets_the_acknowledgements_of_the_one_before,
                an_event_of_all_is_one_of_what_is_assigned, what_the_database_and_librdkafka_know_is_noted,
                only_what_waits_in_that_state_and_whose_time_has_come_is_due, what_waits_no_more_is_not_due)

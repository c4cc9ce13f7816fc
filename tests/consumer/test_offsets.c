#include "tests/support/check_main.h"

#include "common/stats/reader.h"
#include "consumer/offsets.h"

/* A real segment behind the table, so that what readers see is checked too. */
static struct offsets offsets;
static struct stats_writer *stats;
static int segment_fd;
static struct error error;

enum { CAPACITY = 4, WALL_US = 1000000 };

static void open_table(void)
{
    struct stats_identity identity = {
        .kind = STATS_KIND_CONSUMER, .partition_capacity = CAPACITY, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "check-%d", (int)getpid());
    snprintf(identity.worker, sizeof identity.worker, "bravo");
    snprintf(identity.client, sizeof identity.client, "bravo");
    segment_fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(segment_fd != -1, "%s", error.text);
    stats_segment_unlink(identity.instance, identity.worker, 1);
    ck_assert_msg(stats_writer_open(&stats, segment_fd, &error) == 0, "%s", error.text);
    offsets_init(&offsets, "payments", stats);
}

static void close_table(void)
{
    offsets_release(&offsets);
    stats_writer_close(stats);
    close(segment_fd);
}

/* What a reader sees of the partition. */
static int64_t published(int32_t partition, const char *name)
{
    struct stats_snapshot *snapshot;
    int64_t value = STATS_UNKNOWN;
    ck_assert_msg(stats_snapshot_take(&snapshot, segment_fd, &error) == 0, "%s", error.text);
    for (size_t i = 0; i < stats_snapshot_partitions(snapshot); i++) {
        int32_t number;
        stats_snapshot_partition_topic(snapshot, i, &number);
        if (number == partition)
            value = stats_snapshot_partition(snapshot, i, name);
    }
    stats_snapshot_free(snapshot);
    return value;
}

/* A batch of the partition that reaches to `end`, processed. */
static void process(int32_t partition, int64_t first, int64_t end)
{
    struct partition *row = offsets_assigned(&offsets, partition);
    ck_assert_ptr_nonnull(row);
    row->batch_first = first;
    row->batch_end = end;
    offsets_publish_batch(&offsets);
    offsets_publish_processed(&offsets, WALL_US);
}

/* The broker's answer to a commit: the offsets as they were asked for, all with this error. */
static size_t answer(rd_kafka_topic_partition_list_t *list, rd_kafka_resp_err_t err)
{
    size_t confirmed = offsets_commit_result(&offsets, err, list, WALL_US);
    rd_kafka_topic_partition_list_destroy(list);
    return confirmed;
}

START_TEST(an_assignment_begins_where_it_is_told)
{
    ck_assert_int_eq(offsets_assign(&offsets, 2, 1042, 1042), 0);
    ck_assert_uint_eq(offsets.assigned_count, 1);
    ck_assert_int_eq(offsets_assigned(&offsets, 2)->position, 1042);
    ck_assert_ptr_null(offsets_assigned(&offsets, 1));
    ck_assert_ptr_null(offsets_assigned(&offsets, -1));
    ck_assert_ptr_null(offsets_assigned(&offsets, 1000000));
    ck_assert_int_eq(published(2, "assigned"), 1);
    ck_assert_int_eq(published(2, "resumed"), 1042);
    ck_assert_int_eq(published(2, "resumed_committed"), 1042);
    ck_assert_int_eq(published(2, "assignments"), 1);
}
END_TEST

START_TEST(what_was_committed_already_is_not_committed_again)
{
    offsets_assign(&offsets, 0, 1042, 1042);
    ck_assert(!offsets_dirty(&offsets));
    ck_assert_ptr_null(offsets_to_commit(&offsets));
}
END_TEST

START_TEST(a_first_start_commits_its_initial_offset)
{
    offsets_assign(&offsets, 0, 0, STATS_UNKNOWN);
    ck_assert(offsets_dirty(&offsets));
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&offsets);
    ck_assert_int_eq(list->cnt, 1);
    ck_assert_int_eq(list->elems[0].offset, 0);
    ck_assert_uint_eq(answer(list, RD_KAFKA_RESP_ERR_NO_ERROR), 1);
    ck_assert(!offsets_dirty(&offsets));
}
END_TEST

START_TEST(a_start_that_is_not_known_commits_nothing)
{
    offsets_assign(&offsets, 0, STATS_UNKNOWN, STATS_UNKNOWN);
    ck_assert(!offsets_dirty(&offsets));
}
END_TEST

START_TEST(a_batch_is_in_flight_before_it_is_processed)
{
    offsets_assign(&offsets, 0, 10, 10);
    offsets_assign(&offsets, 1, 20, 20);
    struct partition *row = offsets_assigned(&offsets, 0);
    row->batch_first = 10;
    row->batch_end = 15;
    row->batch_oldest_us = 77;
    offsets_publish_batch(&offsets);
    ck_assert_int_eq(published(0, "inflight_first"), 10);
    ck_assert_int_eq(published(0, "inflight_end"), 15);
    ck_assert_int_eq(published(0, "oldest_unprocessed_us"), 77);
    ck_assert_int_eq(published(0, "position"), 10);
    ck_assert_int_eq(published(1, "inflight_end"), STATS_UNKNOWN);
    ck_assert(!offsets_dirty(&offsets));

    offsets_publish_processed(&offsets, WALL_US);
    ck_assert_int_eq(published(0, "position"), 15);
    ck_assert_int_eq(published(0, "position_us"), WALL_US);
    ck_assert_int_eq(published(0, "inflight_end"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "oldest_unprocessed_us"), STATS_UNKNOWN);
    ck_assert_int_eq(published(1, "position"), 20);
    ck_assert(offsets_dirty(&offsets));
}
END_TEST

START_TEST(a_commit_is_asked_for_once_and_counts_when_it_is_confirmed)
{
    offsets_assign(&offsets, 0, 10, 10);
    offsets_assign(&offsets, 1, 20, 20);
    process(0, 10, 15);
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&offsets);
    ck_assert_int_eq(list->cnt, 1);
    ck_assert_str_eq(list->elems[0].topic, "payments");
    ck_assert_int_eq(list->elems[0].offset, 15);
    ck_assert(!offsets_dirty(&offsets)); /* it is under way */
    ck_assert_ptr_null(offsets_to_commit(&offsets));
    ck_assert_int_eq(published(0, "committed"), 10);
    ck_assert_uint_eq(answer(list, RD_KAFKA_RESP_ERR_NO_ERROR), 1);
    ck_assert_int_eq(published(0, "committed"), 15);
    ck_assert_int_eq(published(0, "committed_us"), WALL_US);
}
END_TEST

START_TEST(what_is_processed_during_a_commit_is_committed_next)
{
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 15);
    rd_kafka_topic_partition_list_t *first = offsets_to_commit(&offsets);
    process(0, 15, 30);
    ck_assert(offsets_dirty(&offsets));
    ck_assert_uint_eq(answer(first, RD_KAFKA_RESP_ERR_NO_ERROR), 1);
    ck_assert_int_eq(published(0, "committed"), 15);
    rd_kafka_topic_partition_list_t *second = offsets_to_commit(&offsets);
    ck_assert_int_eq(second->elems[0].offset, 30);
    answer(second, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!offsets_dirty(&offsets));
}
END_TEST

START_TEST(a_commit_that_failed_is_asked_for_again)
{
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 15);
    ck_assert_uint_eq(answer(offsets_to_commit(&offsets), RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT), 0);
    ck_assert(offsets_dirty(&offsets));
    ck_assert_int_eq(published(0, "committed"), 10);
}
END_TEST

START_TEST(a_commit_can_fail_for_one_partition_alone)
{
    offsets_assign(&offsets, 0, 10, 10);
    offsets_assign(&offsets, 1, 20, 20);
    process(0, 10, 15);
    process(1, 20, 25);
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&offsets);
    list->elems[0].err = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    ck_assert_uint_eq(answer(list, RD_KAFKA_RESP_ERR_NO_ERROR), 1);
    ck_assert_int_eq(published(0, "committed"), 10);
    ck_assert_int_eq(published(1, "committed"), 25);
    list = offsets_to_commit(&offsets);
    ck_assert_int_eq(list->cnt, 1);
    ck_assert_int_eq(list->elems[0].partition, 0);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
}
END_TEST

START_TEST(an_answer_from_before_a_rebalance_says_nothing_of_the_new_assignment)
{
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 15);
    rd_kafka_topic_partition_list_t *late = offsets_to_commit(&offsets);
    offsets_revoke(&offsets, 0);
    ck_assert_uint_eq(offsets_commit_result(&offsets, RD_KAFKA_RESP_ERR_NO_ERROR, late, WALL_US), 0);
    offsets_assign(&offsets, 0, 12, 12); /* somebody else had it meanwhile */
    ck_assert_uint_eq(answer(late, RD_KAFKA_RESP_ERR_NO_ERROR), 0);
    ck_assert_int_eq(published(0, "committed"), 12);
}
END_TEST

START_TEST(what_is_revoked_is_not_committed_and_stays_readable)
{
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 15);
    offsets_revoke(&offsets, 0);
    offsets_revoke(&offsets, 0); /* twice is fine */
    ck_assert_uint_eq(offsets.assigned_count, 0);
    ck_assert(!offsets_dirty(&offsets));
    ck_assert_int_eq(published(0, "assigned"), 0);
    ck_assert_int_eq(published(0, "position"), 15);
    offsets_assign(&offsets, 0, 15, 15);
    ck_assert_int_eq(published(0, "assignments"), 2);
}
END_TEST

START_TEST(assigning_what_is_assigned_counts_it_once)
{
    offsets_assign(&offsets, 0, 10, 10);
    offsets_assign(&offsets, 0, 20, 10);
    ck_assert_uint_eq(offsets.assigned_count, 1);
    ck_assert_int_eq(offsets_assigned(&offsets, 0)->position, 20);
}
END_TEST

START_TEST(the_table_grows_with_the_partitions_and_the_segment_counts_what_it_cannot_hold)
{
    enum { MANY = 100 };
    for (int32_t i = MANY - 1; i >= 0; i--)
        ck_assert_int_eq(offsets_assign(&offsets, i, i, STATS_UNKNOWN), 0);
    ck_assert_uint_eq(offsets.assigned_count, MANY);
    for (int32_t i = 0; i < MANY; i++)
        ck_assert_int_eq(offsets_assigned(&offsets, i)->position, i);
    ck_assert_uint_eq(stats_get(stats, CONSUMER_UNTRACKED), MANY - CAPACITY);
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&offsets);
    ck_assert_int_eq(list->cnt, MANY); /* what is not shown is committed all the same */
    ck_assert_uint_eq(answer(list, RD_KAFKA_RESP_ERR_NO_ERROR), MANY);
}
END_TEST

START_TEST(low_watermarks_are_taken_where_the_query_brought_one)
{
    offsets_assign(&offsets, 0, 10, 10);
    offsets_assign(&offsets, 1, 20, 20);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = 5;
    rd_kafka_topic_partition_list_add(list, "payments", 1)->err = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    rd_kafka_topic_partition_list_add(list, "payments", 2)->offset = 7; /* not ours */
    offsets_publish_low(&offsets, list, WALL_US);
    ck_assert_int_eq(published(0, "low"), 5);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US);
    ck_assert_int_eq(published(1, "low"), STATS_UNKNOWN);
    rd_kafka_topic_partition_list_destroy(list);
}
END_TEST

START_TEST(a_table_without_statistics_works_the_same)
{
    struct offsets alone;
    offsets_init(&alone, "payments", NULL);
    offsets_assign(&alone, 0, 10, STATS_UNKNOWN);
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&alone);
    ck_assert_uint_eq(offsets_commit_result(&alone, RD_KAFKA_RESP_ERR_NO_ERROR, list, WALL_US), 1);
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert(!offsets_dirty(&alone));
    offsets_release(&alone);
}
END_TEST

/* What would be committed now; STATS_UNKNOWN when nothing. */
static int64_t to_commit(void)
{
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&offsets);
    int64_t offset = list != NULL ? list->elems[0].offset : STATS_UNKNOWN;
    if (list != NULL)
        rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

START_TEST(nothing_beyond_a_barrier_is_committed_until_it_is_lifted)
{
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 20);
    offsets_lower_barrier(&offsets, 0, 15);
    offsets_lower_barrier(&offsets, 0, 17); /* the lowest counts */
    ck_assert_int_eq(to_commit(), 15);
    ck_assert(!offsets_dirty(&offsets)); /* asked for already */
    offsets_lift_barriers(&offsets);
    offsets_lower_barrier(&offsets, 0, 17);
    ck_assert_int_eq(to_commit(), 17);
    offsets_lift_barriers(&offsets);
    ck_assert_int_eq(to_commit(), 20);
}
END_TEST

START_TEST(a_barrier_at_what_is_committed_leaves_nothing_to_commit)
{
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 20);
    offsets_lower_barrier(&offsets, 0, 10);
    ck_assert(!offsets_dirty(&offsets));
    ck_assert_int_eq(to_commit(), STATS_UNKNOWN);
}
END_TEST

START_TEST(a_barrier_belongs_to_the_assignment_that_it_was_set_in)
{
    offsets_lower_barrier(&offsets, 0, 5); /* not ours: nothing */
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 20);
    offsets_lower_barrier(&offsets, 0, 15);
    offsets_revoke(&offsets, 0);
    offsets_assign(&offsets, 0, 15, 15);
    process(0, 15, 30);
    ck_assert_int_eq(to_commit(), 30);
}
END_TEST

START_TEST(a_witness_is_awaited_where_reading_begins_and_the_position_is_not_its)
{
    struct witness witness = {.offset = 9, .timestamp_ms = 1, .hash = 2};
    offsets_assign(&offsets, 0, 10, 10);
    ck_assert_int_eq(offsets_read_from(&offsets.rows[0]), 10);
    offsets_await(&offsets, 0, &witness);
    ck_assert_int_eq(offsets_read_from(&offsets.rows[0]), 9);
    ck_assert_int_eq(offsets.rows[0].position, 10);
    ck_assert_int_eq(published(0, "position"), 10);
    ck_assert(!offsets_dirty(&offsets));
    offsets_assign(&offsets, 0, 10, 10); /* a reset, say */
    ck_assert_int_eq(offsets_read_from(&offsets.rows[0]), 10);
    ck_assert_int_eq(offsets.rows[0].witness.offset, STATS_UNKNOWN);
}
END_TEST

START_TEST(a_partition_that_is_doubted_is_not_committed_until_its_witness_was_seen)
{
    offsets_assign(&offsets, 0, 10, 10);
    process(0, 10, 15);
    ck_assert(offsets_dirty(&offsets));
    offsets.rows[0].doubted = true;
    ck_assert(!offsets_dirty(&offsets));
    ck_assert_ptr_null(offsets_to_commit(&offsets));
    offsets_witnessed(&offsets.rows[0]);
    ck_assert(offsets_dirty(&offsets));
    offsets.rows[0].doubted = true;
    offsets_assign(&offsets, 0, 15, 10);
    ck_assert(offsets_dirty(&offsets));
}
END_TEST

START_TEST(a_witness_that_is_not_before_the_position_is_none)
{
    static const int64_t starts[] = {STATS_UNKNOWN, 0, 8, 9};
    struct witness witness = {.offset = 9, .timestamp_ms = 1, .hash = 2};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        offsets_assign(&offsets, 0, starts[i], STATS_UNKNOWN);
        offsets_await(&offsets, 0, &witness);
        ck_assert_int_eq(offsets_read_from(&offsets.rows[0]), starts[i]);
        ck_assert_int_eq(offsets.rows[0].witness.offset, STATS_UNKNOWN);
    }
}
END_TEST

CHECK_MAIN_WITH("consumer/offsets", open_table, close_table, an_assignment_begins_where_it_is_told,
                what_was_committed_already_is_not_committed_again, a_first_start_commits_its_initial_offset,
                a_start_that_is_not_known_commits_nothing, a_batch_is_in_flight_before_it_is_processed,
                a_commit_is_asked_for_once_and_counts_when_it_is_confirmed,
                what_is_processed_during_a_commit_is_committed_next, a_commit_that_failed_is_asked_for_again,
                a_commit_can_fail_for_one_partition_alone,
                an_answer_from_before_a_rebalance_says_nothing_of_the_new_assignment,
                what_is_revoked_is_not_committed_and_stays_readable,
                assigning_what_is_assigned_counts_it_once,
                the_table_grows_with_the_partitions_and_the_segment_counts_what_it_cannot_hold,
                low_watermarks_are_taken_where_the_query_brought_one,
                a_table_without_statistics_works_the_same,
                nothing_beyond_a_barrier_is_committed_until_it_is_lifted,
                a_barrier_at_what_is_committed_leaves_nothing_to_commit,
                a_barrier_belongs_to_the_assignment_that_it_was_set_in,
                a_witness_is_awaited_where_reading_begins_and_the_position_is_not_its,
                a_partition_that_is_doubted_is_not_committed_until_its_witness_was_seen,
                a_witness_that_is_not_before_the_position_is_none)

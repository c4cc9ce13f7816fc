/* What may be committed, what was asked for, and what the broker said. */
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

static struct partitions table;

enum { WALL_US = 1000000 };

static void open_table(void)
{
    partitions_init(&table, "payments", segment_open());
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
}

static const struct partition *row(int32_t number)
{
    return row_of(&table, number);
}

/* The broker's answer to a commit: the offsets as they were asked for, all with this error. */
static void answer(rd_kafka_topic_partition_list_t *list, rd_kafka_resp_err_t err)
{
    ck_assert_ptr_nonnull(list);
    partitions_commit_answered(&table, err, list, WALL_US);
    rd_kafka_topic_partition_list_destroy(list);
}

/* What would be committed of the first partition now; STATS_UNKNOWN when nothing. */
static int64_t to_commit(void)
{
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    int64_t offset = list != NULL ? list->elems[0].offset : STATS_UNKNOWN;
    if (list != NULL)
        rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

/* --- what is committed --------------------------------------------------------------------------------- */

START_TEST(what_was_committed_already_is_not_committed_again)
{
    table_begin(&table, 0, 1042, 1042);
    ck_assert(!partitions_dirty(&table));
    ck_assert(partition_committed(row(0)));
    ck_assert_ptr_null(partitions_to_commit(&table));
}
END_TEST

START_TEST(a_first_start_commits_its_initial_offset)
{
    table_begin(&table, 0, 0, STATS_UNKNOWN);
    ck_assert(partitions_dirty(&table));
    ck_assert(!partition_committed(row(0)));
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    ck_assert_int_eq(list->cnt, 1);
    ck_assert_int_eq(list->elems[0].offset, 0);
    ck_assert_ptr_null(list->elems[0].metadata);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!partitions_dirty(&table));
    ck_assert(partition_committed(row(0)));
}
END_TEST

START_TEST(nothing_is_committed_of_a_partition_whose_place_is_not_known_or_anothers)
{
    partition_on_assigned(&table, 0);
    ck_assert(!partitions_dirty(&table));
    ck_assert_ptr_null(partitions_to_commit(&table));
    table_begin(&table, 1, 10, 10);
    table_process(&table, 1, 15);
    partition_event(&table, 1, EVENT_OVERRULED);
    ck_assert_ptr_null(partitions_to_commit(&table));
    table_begin(&table, 2, 10, 10);
    table_process(&table, 2, 15);
    partition_event(&table, 2, EVENT_FAILED); /* what it did before it waits is committed */
    ck_assert_int_eq(to_commit(), 15);
}
END_TEST

START_TEST(what_is_not_ours_any_more_is_not_committed)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    partition_on_revoked(&table, 0);
    ck_assert(!partitions_dirty(&table));
    ck_assert_ptr_null(partitions_to_commit(&table));
}
END_TEST

START_TEST(nothing_is_committed_while_the_last_record_is_doubted)
{
    const struct place place = {.offset = 15, .committed = 10, .witness = witness_at(14, "read")};
    table_begin_at(&table, 0, &place);
    ck_assert(partitions_dirty(&table));
    partition_event(&table, 0, EVENT_DOUBTED);
    ck_assert(!partitions_dirty(&table));
    ck_assert_ptr_null(partitions_to_commit(&table));
    ck_assert(!partition_committed(row(0))); /* that is why it waits, not because all is done */
    partition_event(&table, 0, EVENT_SEEN);
    ck_assert_int_eq(to_commit(), 15);
}
END_TEST

START_TEST(a_commit_is_asked_for_once_and_counts_when_it_is_confirmed)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
    table_process(&table, 0, 15);
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    ck_assert_int_eq(list->cnt, 1);
    ck_assert_str_eq(list->elems[0].topic, "payments");
    ck_assert_int_eq(list->elems[0].partition, 0);
    ck_assert_int_eq(list->elems[0].offset, 15);
    ck_assert(!partitions_dirty(&table)); /* it is under way */
    ck_assert(!partition_committed(row(0)));
    ck_assert_ptr_null(partitions_to_commit(&table));
    ck_assert_int_eq(published(0, "committed"), 10);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(row(0)->commit.committed, 15);
    ck_assert_int_eq(row(0)->commit.requested, STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "committed"), 15);
    ck_assert_int_eq(published(0, "committed_us"), WALL_US);
    ck_assert(partition_committed(row(0)));
}
END_TEST

START_TEST(what_is_processed_during_a_commit_is_committed_next)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    rd_kafka_topic_partition_list_t *first = partitions_to_commit(&table);
    table_process(&table, 0, 30);
    ck_assert(partitions_dirty(&table));
    answer(first, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(published(0, "committed"), 15);
    rd_kafka_topic_partition_list_t *second = partitions_to_commit(&table);
    ck_assert_int_eq(second->elems[0].offset, 30);
    answer(second, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!partitions_dirty(&table));
}
END_TEST

/* The last commit of a process was left out so: what is committed was 10, what is asked for 15, and then it
 * was to be 10 again. */
START_TEST(a_commit_is_compared_with_what_was_asked_for)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    ck_assert_int_eq(to_commit(), 15);
    partition_lower_barrier(&table, 0, 10);
    ck_assert(partitions_dirty(&table));
    ck_assert_int_eq(to_commit(), 10);
}
END_TEST

START_TEST(what_is_not_shown_is_committed_all_the_same)
{
    for (int32_t i = 0; i < SEGMENT_CAPACITY + 2; i++)
        table_begin(&table, i, 10, STATS_UNKNOWN);
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    ck_assert_int_eq(list->cnt, SEGMENT_CAPACITY + 2);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!partitions_dirty(&table));
}
END_TEST

/* --- answers ------------------------------------------------------------------------------------------- */

START_TEST(a_commit_that_was_refused_is_asked_for_again)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    answer(partitions_to_commit(&table), RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    ck_assert(partitions_dirty(&table));
    ck_assert_int_eq(row(0)->commit.requested, STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "committed"), 10);
    ck_assert_int_eq(to_commit(), 15);
}
END_TEST

START_TEST(a_commit_can_fail_for_one_partition_alone)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
    table_process(&table, 0, 15);
    table_process(&table, 1, 25);
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    list->elems[0].err = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(published(0, "committed"), 10);
    ck_assert_int_eq(published(1, "committed"), 25);
    list = partitions_to_commit(&table);
    ck_assert_int_eq(list->cnt, 1);
    ck_assert_int_eq(list->elems[0].partition, 0);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
}
END_TEST

START_TEST(what_the_broker_has_is_not_known_after_a_refusal_so_it_is_committed_even_where_nothing_moved)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    answer(partitions_to_commit(&table), RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    partition_lower_barrier(&table, 0, 10); /* back to what was committed: the broker may have 15 */
    ck_assert_int_eq(to_commit(), 10);
    ck_assert(!row(0)->commit.again);
}
END_TEST

START_TEST(an_answer_from_before_a_rebalance_says_nothing_of_the_new_assignment)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    rd_kafka_topic_partition_list_t *late = partitions_to_commit(&table);
    partition_on_revoked(&table, 0);
    partitions_commit_answered(&table, RD_KAFKA_RESP_ERR_NO_ERROR, late, WALL_US);
    table_begin(&table, 0, 12, 12); /* somebody else had it meanwhile */
    answer(late, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(published(0, "committed"), 12);
}
END_TEST

START_TEST(an_answer_without_a_list_says_nothing)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 15);
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    partitions_commit_answered(&table, RD_KAFKA_RESP_ERR_NO_ERROR, NULL, WALL_US);
    partitions_commit_late(&table, NULL);
    ck_assert_int_eq(row(0)->commit.requested, 15);
    ck_assert(!row(0)->commit.again);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
}
END_TEST

START_TEST(what_was_not_answered_is_asked_for_again)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
    table_process(&table, 0, 15);
    rd_kafka_topic_partition_list_destroy(partitions_to_commit(&table));
    partitions_commit_unanswered(&table);
    ck_assert(row(0)->commit.again && !row(1)->commit.again); /* nothing was asked of the other */
    ck_assert_int_eq(to_commit(), 15);
}
END_TEST

START_TEST(an_answer_that_comes_late_may_have_undone_the_commit_after_it)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
    table_process(&table, 0, 15);
    rd_kafka_topic_partition_list_t *late = partitions_to_commit(&table);
    partitions_commit_unanswered(&table);
    answer(partitions_to_commit(&table), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!partitions_dirty(&table));
    rd_kafka_topic_partition_list_add(late, "payments", 7)->offset = 1; /* not ours */
    partitions_commit_late(&table, late);
    rd_kafka_topic_partition_list_destroy(late);
    ck_assert(!partition_committed(row(0)) && partition_committed(row(1)));
    ck_assert_int_eq(to_commit(), 15);
}
END_TEST

START_TEST(all_that_is_assigned_can_be_committed_once_more)
{
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 20, 20);
    table_begin(&table, 2, 30, 30);
    partition_on_revoked(&table, 2);
    ck_assert(!partitions_dirty(&table));
    partitions_commit_all_again(&table);
    ck_assert(!table.rows[2].commit.again);
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    ck_assert_int_eq(list->cnt, 2);
    ck_assert_int_eq(list->elems[1].offset, 20);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!partitions_dirty(&table));
}
END_TEST

START_TEST(what_librdkafka_asked_for_by_itself_is_what_was_requested)
{
    table_begin(&table, 0, 10, 10);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = 0;
    rd_kafka_topic_partition_list_add(list, "payments", 1)->offset = 30; /* not ours */
    partitions_requested(&table, list);
    ck_assert_int_eq(row(0)->commit.requested, 0);
    list->elems[0].offset = RD_KAFKA_OFFSET_INVALID; /* it had nothing of this one */
    partitions_requested(&table, list);
    ck_assert_int_eq(row(0)->commit.requested, 0);
    rd_kafka_topic_partition_list_destroy(list);
}
END_TEST

/* --- barriers ------------------------------------------------------------------------------------------ */

START_TEST(nothing_beyond_a_barrier_is_committed_until_it_is_lifted)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
    partition_lower_barrier(&table, 0, 15);
    partition_lower_barrier(&table, 0, 17); /* the lowest counts */
    ck_assert_int_eq(to_commit(), 15);
    ck_assert(!partitions_dirty(&table)); /* asked for already */
    partitions_lift_barriers(&table);
    partition_lower_barrier(&table, 0, 17);
    ck_assert_int_eq(to_commit(), 17);
    partitions_lift_barriers(&table);
    partition_lower_barrier(&table, 0, 25); /* what lies ahead holds nothing back */
    ck_assert_int_eq(to_commit(), 20);
}
END_TEST

START_TEST(a_barrier_at_what_is_committed_leaves_nothing_to_commit)
{
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
    partition_lower_barrier(&table, 0, 10);
    ck_assert(!partitions_dirty(&table));
    ck_assert_int_eq(to_commit(), STATS_UNKNOWN);
}
END_TEST

START_TEST(a_barrier_belongs_to_the_assignment_that_it_was_set_in)
{
    partition_lower_barrier(&table, 0, 5); /* not ours: nothing */
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
    partition_lower_barrier(&table, 0, 15);
    table_begin(&table, 0, 15, 15);
    table_process(&table, 0, 30);
    ck_assert_int_eq(to_commit(), 30);
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_commits", open_table, close_table,
                what_was_committed_already_is_not_committed_again, a_first_start_commits_its_initial_offset,
                nothing_is_committed_of_a_partition_whose_place_is_not_known_or_anothers,
                what_is_not_ours_any_more_is_not_committed,
                nothing_is_committed_while_the_last_record_is_doubted,
                a_commit_is_asked_for_once_and_counts_when_it_is_confirmed,
                what_is_processed_during_a_commit_is_committed_next,
                a_commit_is_compared_with_what_was_asked_for, what_is_not_shown_is_committed_all_the_same,
                a_commit_that_was_refused_is_asked_for_again, a_commit_can_fail_for_one_partition_alone,
                what_the_broker_has_is_not_known_after_a_refusal_so_it_is_committed_even_where_nothing_moved,
                an_answer_from_before_a_rebalance_says_nothing_of_the_new_assignment,
                an_answer_without_a_list_says_nothing, what_was_not_answered_is_asked_for_again,
                an_answer_that_comes_late_may_have_undone_the_commit_after_it,
                all_that_is_assigned_can_be_committed_once_more,
                what_librdkafka_asked_for_by_itself_is_what_was_requested,
                nothing_beyond_a_barrier_is_committed_until_it_is_lifted,
                a_barrier_at_what_is_committed_leaves_nothing_to_commit,
                a_barrier_belongs_to_the_assignment_that_it_was_set_in)

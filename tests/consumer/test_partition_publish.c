/* What the segment shows of a partition, read back. */
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

static struct partitions table;
static rd_kafka_t *rk = (rd_kafka_t *)&table; /* never looked into */

enum { WALL_US = 1000000 };

/* What librdkafka knows of each partition. */
static struct {
    rd_kafka_resp_err_t err;
    int64_t low, high;
} known[SEGMENT_CAPACITY + 1];
static int asked;

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *handle, const char *topic, int32_t partition,
                                                   int64_t *low, int64_t *high)
{
    ck_assert_ptr_eq(handle, rk);
    ck_assert_str_eq(topic, "payments");
    asked++;
    *low = known[partition].low;
    *high = known[partition].high;
    return known[partition].err;
}

static void open_table(void)
{
    partitions_init(&table, "payments", segment_open());
    asked = 0;
    memset(known, 0, sizeof known);
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
}

START_TEST(a_place_is_shown_with_nothing_in_flight)
{
    table_begin(&table, 0, 10, 8);
    table_fly(&table, 0, 15);
    partitions_publish_flight(&table);
    const struct place place = {.offset = 30, .committed = 25, .witness = WITNESS_NONE};
    partition_placed(&table, 0, &place);
    ck_assert_int_eq(published(0, "resumed"), 30);
    ck_assert_int_eq(published(0, "resumed_committed"), 25);
    ck_assert_int_eq(published(0, "position"), 30);
    ck_assert_int_eq(published(0, "committed"), 25);
    ck_assert_int_eq(published(0, "inflight_first"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "inflight_end"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "oldest_unprocessed_us"), STATS_UNKNOWN);
}
END_TEST

START_TEST(high_watermarks_are_those_that_librdkafka_knows)
{
    for (int32_t i = 0; i < 4; i++)
        table_begin(&table, i, 10, 10);
    partition_on_revoked(&table, 3);
    known[0].high = 40;
    known[1].high = RD_KAFKA_OFFSET_INVALID; /* nothing was fetched yet */
    known[2].high = 60;
    known[2].err = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(published(0, "high"), 40);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US);
    ck_assert_int_eq(published(1, "high"), STATS_UNKNOWN);
    ck_assert_int_eq(published(2, "high"), STATS_UNKNOWN);
    ck_assert_int_eq(published(1, "watermarks_us"), STATS_UNKNOWN);
    ck_assert_int_eq(asked, 3); /* not of what is not ours */
}
END_TEST

START_TEST(an_empty_partition_has_a_watermark)
{
    table_begin(&table, 0, 0, 0);
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(published(0, "high"), 0);
}
END_TEST

START_TEST(what_librdkafka_says_again_is_as_old_as_it_was)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 40;
    partitions_publish_high(&table, rk, WALL_US);
    partitions_publish_high(&table, rk, WALL_US + 1);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US);
    known[0].high = 41;
    partitions_publish_high(&table, rk, WALL_US + 2);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US + 2);
}
END_TEST

START_TEST(a_lower_watermark_of_another_topic_is_believed_after_a_while)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 40;
    partitions_publish_high(&table, rk, WALL_US);
    known[0].high = 12;
    partitions_publish_high(&table, rk, WALL_US + 1);
    ck_assert_int_eq(published(0, "high"), 40);
    partitions_publish_high(&table, rk, WALL_US + BEHIND_SILENCE_US + 1);
    ck_assert_int_eq(published(0, "high"), 12);
    partitions_publish_high(&table, rk, WALL_US + BEHIND_SILENCE_US + 2);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US + BEHIND_SILENCE_US + 1);
}
END_TEST

/* --- since when it is behind --------------------------------------------------------------------------- */

static void commit(int32_t number, int64_t wall_us)
{
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    ck_assert_ptr_nonnull(list);
    ck_assert_int_eq(list->elems[0].partition, number);
    partitions_commit_answered(&table, RD_KAFKA_RESP_ERR_NO_ERROR, list, wall_us);
    rd_kafka_topic_partition_list_destroy(list);
}

START_TEST(it_is_behind_since_the_watermark_passed_what_is_committed)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 10;
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(published(0, "behind_since_us"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "behind_at_least"), 0);
    known[0].high = 15;
    partitions_publish_high(&table, rk, WALL_US + US_PER_SECOND);
    known[0].high = 20;
    partitions_publish_high(&table, rk, WALL_US + 2 * US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_since_us"), WALL_US + US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_at_least"), 0);
    table_process(&table, 0, 15); /* is not committed */
    ck_assert_int_eq(published(0, "behind_since_us"), WALL_US + US_PER_SECOND);
    commit(0, WALL_US + 3 * US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_since_us"), WALL_US + 2 * US_PER_SECOND);
    table_process(&table, 0, 20);
    commit(0, WALL_US + 4 * US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_since_us"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "behind_at_least"), 0);
}
END_TEST

START_TEST(where_it_begins_behind_it_is_so_at_least_since_it_was_first_seen)
{
    table_begin(&table, 0, 10, 10);
    ck_assert_int_eq(published(0, "behind_at_least"), STATS_UNKNOWN);
    known[0].high = 100;
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(published(0, "behind_since_us"), WALL_US);
    ck_assert_int_eq(published(0, "behind_at_least"), 1);
}
END_TEST

/* An earlier process ended behind, at offset 10 of partition 0. */
static void leave_word(void)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 10;
    partitions_publish_high(&table, rk, WALL_US);
    known[0].high = 15;
    partitions_publish_high(&table, rk, WALL_US + US_PER_SECOND);
    struct stats_snapshot *former = segment_look();
    close_table();
    open_table();
    table.former = former;
    known[0].high = 20;
}

START_TEST(what_an_earlier_process_saw_at_the_same_committed_offset_goes_on)
{
    leave_word();
    table_begin(&table, 0, 10, 10);
    ck_assert_int_eq(published(0, "behind_since_us"), WALL_US + US_PER_SECOND);
    ck_assert_int_eq(published(0, "high"), 15);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US + US_PER_SECOND);
    partitions_publish_high(&table, rk, WALL_US + 2 * US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_since_us"), WALL_US + US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_at_least"), 0);
}
END_TEST

START_TEST(at_another_committed_offset_it_begins_anew)
{
    leave_word();
    table_begin(&table, 0, 12, 12);
    ck_assert_int_eq(published(0, "high"), STATS_UNKNOWN);
    table_begin(&table, 1, 10, 10); /* of which nothing was left */
    ck_assert_int_eq(published(1, "high"), STATS_UNKNOWN);
    partitions_publish_high(&table, rk, WALL_US + 2 * US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_since_us"), WALL_US + 2 * US_PER_SECOND);
    ck_assert_int_eq(published(0, "behind_at_least"), 1);
}
END_TEST

START_TEST(without_a_committed_offset_it_is_not_known)
{
    table_begin(&table, 0, 10, STATS_UNKNOWN);
    known[0].high = 100;
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(published(0, "behind_since_us"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "behind_at_least"), STATS_UNKNOWN);
}
END_TEST

START_TEST(what_another_member_had_for_long_has_no_watermark_before_somebody_looks)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 100;
    partitions_publish_high(&table, rk, fake_wall_us);
    partition_on_revoked(&table, 0);
    fake_clock_advance(BEHIND_SILENCE_US);
    table_begin(&table, 0, 90, 90);
    ck_assert_int_eq(published(0, "high"), 100);
    partition_on_revoked(&table, 0);
    fake_clock_advance(1);
    table_begin(&table, 0, 100, 100);
    partitions_publish_high(&table, rk, fake_wall_us);
    ck_assert_int_eq(published(0, "high"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "behind_at_least"), STATS_UNKNOWN);
}
END_TEST

/* --- ends ---------------------------------------------------------------------------------------------- */

/* Asks, and the brokers answer this of each. */
static int answer_ends(bool all, int64_t offset, rd_kafka_resp_err_t err, int64_t wall_us)
{
    rd_kafka_topic_partition_list_t *list = partitions_ends_wanted(&table, all);
    if (list == NULL)
        return 0;
    int count = list->cnt;
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(list->elems[i].offset, RD_KAFKA_OFFSET_END);
        list->elems[i].offset = offset;
        list->elems[i].err = err;
    }
    partitions_publish_ends(&table, list, wall_us);
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

START_TEST(an_end_that_is_not_known_otherwise_is_asked_for)
{
    for (int32_t i = 0; i < 4; i++)
        table_begin(&table, i, 10, 10);
    ck_assert_int_eq(answer_ends(false, 10, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US), 4); /* none is known */
    ck_assert_int_eq(answer_ends(false, 10, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US), 0); /* all read at theirs */
    ck_assert_int_eq(answer_ends(true, 10, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US), 4);
    partition_fetches(&table, 1, (struct fetch){.paused = true});
    partition_wait(&table, 2, EVENT_FAILED, INT64_MAX);
    known[0].high = known[1].high = known[2].high = 10;
    known[3].high = 11;
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(answer_ends(false, 12, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US + 1), 3);
    ck_assert_int_eq(published(0, "high"), 10);
    for (int32_t i = 1; i < 4; i++) {
        ck_assert_int_eq(published(i, "high"), 12);
        ck_assert_int_eq(published(i, "watermarks_us"), WALL_US + 1);
        ck_assert_int_eq(published(i, "last_stable"), STATS_UNKNOWN);
    }
    partition_on_revoked(&table, 3);
    ck_assert_int_eq(answer_ends(true, 12, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US), 3);
}
END_TEST

START_TEST(an_answer_that_is_none_changes_nothing)
{
    table_begin(&table, 0, 10, 10);
    answer_ends(true, 50, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, WALL_US);
    answer_ends(true, RD_KAFKA_OFFSET_END, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US);
    ck_assert_int_eq(published(0, "high"), STATS_UNKNOWN);
    rd_kafka_topic_partition_list_t *list = partitions_ends_wanted(&table, true);
    list->elems[0].offset = 50;
    partition_on_revoked(&table, 0);
    partitions_publish_ends(&table, list, WALL_US); /* not ours any more */
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(published(0, "high"), STATS_UNKNOWN);
}
END_TEST

START_TEST(an_end_below_the_known_watermark_is_where_an_open_transaction_begins)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 40;
    partitions_publish_high(&table, rk, WALL_US);
    answer_ends(false, 25, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US + 1);
    ck_assert_int_eq(published(0, "last_stable"), 25);
    ck_assert_int_eq(published(0, "high"), 40);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US);
    table_process(&table, 0, 25);
    ck_assert_int_eq(published(0, "last_stable"), 25);
    table_process(&table, 0, 26); /* it has ended */
    ck_assert_int_eq(published(0, "last_stable"), STATS_UNKNOWN);
    answer_ends(false, 30, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US + 2);
    ck_assert_int_eq(published(0, "last_stable"), 30);
    answer_ends(false, 41, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US + 3);
    ck_assert_int_eq(published(0, "last_stable"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "high"), 41);
}
END_TEST

START_TEST(who_has_read_all_before_an_open_transaction_is_still_held_back_by_it)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 40;
    partitions_publish_high(&table, rk, WALL_US);
    table_process(&table, 0, 25);
    answer_ends(false, 25, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US + 1);
    ck_assert_int_eq(published(0, "last_stable"), 25);
}
END_TEST

START_TEST(what_came_after_the_question_is_held_back_by_nobody)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 20;
    partitions_publish_high(&table, rk, WALL_US);
    rd_kafka_topic_partition_list_t *list = partitions_ends_wanted(&table, false);
    known[0].high = 30;
    partitions_publish_high(&table, rk, WALL_US);
    list->elems[0].offset = 25;
    partitions_publish_ends(&table, list, WALL_US);
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(published(0, "last_stable"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "high"), 30);
}
END_TEST

START_TEST(an_end_before_what_was_read_is_another_topics)
{
    table_begin(&table, 0, 10, 10);
    known[0].high = 40;
    partitions_publish_high(&table, rk, WALL_US);
    table_process(&table, 0, 30);
    answer_ends(false, 25, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US);
    ck_assert_int_eq(published(0, "last_stable"), STATS_UNKNOWN);
}
END_TEST

START_TEST(of_a_partition_without_a_place_in_the_segment_none_is_asked_for)
{
    for (int32_t i = 0; i <= SEGMENT_CAPACITY; i++)
        table_begin(&table, i, 10, 10);
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(asked, SEGMENT_CAPACITY);
    ck_assert_int_eq(answer_ends(true, 10, RD_KAFKA_RESP_ERR_NO_ERROR, WALL_US), SEGMENT_CAPACITY);
    table_process(&table, SEGMENT_CAPACITY, 12);
}
END_TEST

START_TEST(low_watermarks_are_taken_where_the_query_brought_one)
{
    for (int32_t i = 0; i < 5; i++)
        table_begin(&table, i, 10, 10);
    partition_on_revoked(&table, 2);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = 5;
    rd_kafka_topic_partition_list_add(list, "payments", 1)->err = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    list->elems[1].offset = 6;
    rd_kafka_topic_partition_list_add(list, "payments", 2)->offset = 7; /* not ours any more */
    rd_kafka_topic_partition_list_add(list, "payments", 3)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_topic_partition_list_add(list, "payments", 4)->offset = 0;
    partitions_publish_low(&table, list);
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(published(0, "low"), 5);
    ck_assert_int_eq(published(0, "watermarks_us"), STATS_UNKNOWN); /* of the high ones */
    ck_assert_int_eq(published(1, "low"), STATS_UNKNOWN);
    ck_assert_int_eq(published(2, "low"), STATS_UNKNOWN);
    ck_assert_int_eq(published(3, "low"), STATS_UNKNOWN);
    ck_assert_int_eq(published(4, "low"), 0);
}
END_TEST

START_TEST(low_watermarks_are_known_when_each_assigned_partition_has_one)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    ck_assert(partitions_low_known(&table));
    table_begin(&table, 0, 10, 10);
    table_begin(&table, 1, 10, 10);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = 0;
    partitions_publish_low(&table, list);
    ck_assert(!partitions_low_known(&table));
    rd_kafka_topic_partition_list_add(list, "payments", 1)->offset = 5;
    partitions_publish_low(&table, list);
    ck_assert(partitions_low_known(&table));
    rd_kafka_topic_partition_list_destroy(list);
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_publish", open_table, close_table,
                a_place_is_shown_with_nothing_in_flight, high_watermarks_are_those_that_librdkafka_knows,
                an_empty_partition_has_a_watermark, what_librdkafka_says_again_is_as_old_as_it_was,
                a_lower_watermark_of_another_topic_is_believed_after_a_while,
                it_is_behind_since_the_watermark_passed_what_is_committed,
                where_it_begins_behind_it_is_so_at_least_since_it_was_first_seen,
                what_an_earlier_process_saw_at_the_same_committed_offset_goes_on,
                at_another_committed_offset_it_begins_anew, without_a_committed_offset_it_is_not_known,
                what_another_member_had_for_long_has_no_watermark_before_somebody_looks,
                an_end_that_is_not_known_otherwise_is_asked_for, an_answer_that_is_none_changes_nothing,
                an_end_below_the_known_watermark_is_where_an_open_transaction_begins,
                who_has_read_all_before_an_open_transaction_is_still_held_back_by_it,
                what_came_after_the_question_is_held_back_by_nobody,
                an_end_before_what_was_read_is_another_topics,
                of_a_partition_without_a_place_in_the_segment_none_is_asked_for,
                low_watermarks_are_taken_where_the_query_brought_one,
                low_watermarks_are_known_when_each_assigned_partition_has_one)

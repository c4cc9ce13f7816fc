/* Commits that are waited for: at a revoke, at the end, and before a partition has a place. */
#include "tests/consumer/commit_case.h"

START_TEST(a_first_offset_is_committed_before_its_partition_has_a_place)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    commit_add_first(list, "payments", 2, 50, 3);
    ck_assert_int_eq(commit_first(&committer, list, &error), 0);
    SAID("commit 2@50(first of 3); wait 5000 ms; queue gone");
    kafka.sync = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    ck_assert_int_eq(commit_first(&committer, list, &error), -1);
    ck_assert_str_eq(error.text, "the first offsets could not be committed: Broker: Specified group "
                                 "generation id is not valid");
    kafka.sync_answered = false;
    ck_assert_int_eq(commit_first(&committer, list, &error), -1);
    rd_kafka_topic_partition_list_destroy(list);
}
END_TEST

START_TEST(a_synchronous_commit_waits_for_its_answer_on_a_queue_of_its_own)
{
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("commit 0@15; wait 5000 ms; queue gone");
    ck_assert_int_eq(row()->commit.committed, 15);
    ck_assert_uint_eq(counted(CONSUMER_COMMITS), 1);
    ck_assert(!committer.outstanding);
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0); /* nothing is left */
    SAID("");
}
END_TEST

START_TEST(without_anything_under_way_nothing_is_asked_for_once_more)
{
    commit_sync(&committer, COMMIT_SYNC_US, &error);
    kafka_said();
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = 15;
    partitions_requested(&table, list); /* somebody else's */
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("");
}
END_TEST

START_TEST(one_that_is_refused_says_why)
{
    kafka.sync = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), -1);
    ck_assert_str_eq(error.text, "the offsets could not be committed: Broker: Specified group generation id "
                                 "is not valid");
    ck_assert(partitions_dirty(&table));
    kafka.sync = RD_KAFKA_RESP_ERR_NO_ERROR;
    kafka.sync_one = RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "Unknown member"));
}
END_TEST

START_TEST(one_that_cannot_be_asked_for_is_not_waited_for)
{
    kafka.commit = RD_KAFKA_RESP_ERR__STATE;
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), -1);
    SAID("commit 0@15; queue gone");
    ck_assert_ptr_nonnull(strstr(error.text, "Local: Erroneous state"));
    ck_assert(!committer.outstanding && partitions_dirty(&table));
}
END_TEST

START_TEST(one_that_is_not_answered_in_time_is_made_again)
{
    kafka.sync_answered = false;
    ck_assert_int_eq(commit_sync(&committer, 2 * COMMIT_SYNC_US, &error), -1);
    SAID("commit 0@15; wait 10000 ms; queue gone");
    ck_assert_str_eq(error.text, "the offsets could not be committed: Local: Timed out");
    ck_assert(!committer.outstanding && partitions_dirty(&table));
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 1);
    kafka.sync_answered = true;
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("commit 0@15; wait 5000 ms; queue gone");
}
END_TEST

/* What an asynchronous one has asked for is not known to be done. */
START_TEST(what_is_under_way_already_is_asked_for_once_more)
{
    commit_async(&committer);
    rd_kafka_topic_partition_list_t *earlier = rd_kafka_topic_partition_list_copy(kafka.list);
    const void *number = kafka.opaque;
    kafka_said();
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("commit 0@15; wait 5000 ms; queue gone");
    ck_assert_int_eq(row()->commit.committed, 15);
    commit_answered(&committer, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, earlier, number);
    rd_kafka_topic_partition_list_destroy(earlier);
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 0); /* nobody waits for it */
}
END_TEST

static rd_kafka_topic_partition_list_t *earlier_list;
static const void *earlier_number;

static void earlier_is_answered(void)
{
    commit_answered(&committer, RD_KAFKA_RESP_ERR_NO_ERROR, earlier_list, earlier_number);
    ck_assert(committer.outstanding);
}

START_TEST(what_is_under_way_already_is_waited_for_beside_what_is_new)
{
    commit_async(&committer);
    table_begin(&table, 1, 20, 20);
    table_process(&table, 1, 25);
    kafka_said();
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("commit 0@15 1@25; wait 5000 ms; queue gone");
}
END_TEST

/* Its answer is nobody's any more, and may never come. */
START_TEST(what_is_under_way_when_a_first_offset_is_committed_is_asked_for_again)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    commit_add_first(list, "payments", 2, 50, 3);
    commit_async(&committer);
    ck_assert_int_eq(commit_first(&committer, list, &error), 0);
    rd_kafka_topic_partition_list_destroy(list);
    kafka_said();
    ck_assert_int_eq(row()->commit.committed, 10);
    ck_assert(!partition_committed(row()) && partitions_dirty(&table));
    commit_async(&committer);
    SAID("commit 0@15");
}
END_TEST

START_TEST(an_earlier_answer_meanwhile_does_not_end_the_wait)
{
    commit_async(&committer);
    earlier_list = rd_kafka_topic_partition_list_copy(kafka.list);
    earlier_number = kafka.opaque;
    kafka.while_waiting = earlier_is_answered;
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    rd_kafka_topic_partition_list_destroy(earlier_list);
}
END_TEST

CHECK_MAIN_WITH("consumer/commit: waited for", open_table, close_table,
                a_first_offset_is_committed_before_its_partition_has_a_place,
                a_synchronous_commit_waits_for_its_answer_on_a_queue_of_its_own,
                without_anything_under_way_nothing_is_asked_for_once_more, one_that_is_refused_says_why,
                one_that_cannot_be_asked_for_is_not_waited_for,
                one_that_is_not_answered_in_time_is_made_again,
                what_is_under_way_when_a_first_offset_is_committed_is_asked_for_again,
                what_is_under_way_already_is_waited_for_beside_what_is_new,
                what_is_under_way_already_is_asked_for_once_more,
                an_earlier_answer_meanwhile_does_not_end_the_wait)

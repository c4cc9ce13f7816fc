/* Commits: asked for, answered, late, given up; by a librdkafka that only listens, and a clock moved by hand.
 */
#include "tests/consumer/commit_case.h"
#include "tests/support/capture.h"

#include "common/log.h"

enum { RETRY_US = 100000, LATE_US = 10000000 };

static void confirm(void)
{
    kafka_answer(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void refuse(rd_kafka_resp_err_t err)
{
    kafka_answer(err, err);
}

/* --- asynchronously ------------------------------------------------------------------------------------ */

START_TEST(one_commit_is_outstanding_and_the_next_waits_for_its_answer)
{
    ck_assert_int_eq(commit_due_us(&committer), 0);
    commit_async(&committer);
    SAID("commit 0@15");
    ck_assert_ptr_eq(kafka.commit_queue, OUR_QUEUE);
    ck_assert(committer.outstanding);
    table_process(&table, 0, 20);
    commit_async(&committer);
    SAID("");
    confirm();
    ck_assert(!committer.outstanding);
    ck_assert_int_eq(row()->commit.committed, 15);
    commit_async(&committer);
    SAID("commit 0@20");
}
END_TEST

START_TEST(nothing_to_commit_is_asked_nothing)
{
    commit_async(&committer);
    confirm();
    kafka_said();
    commit_async(&committer);
    SAID("");
    ck_assert_int_eq(commit_due_us(&committer), INT64_MAX);
}
END_TEST

START_TEST(a_confirmed_commit_is_counted_with_how_long_it_took)
{
    commit_async(&committer);
    fake_clock_advance(3000);
    confirm();
    ck_assert_uint_eq(counted(CONSUMER_COMMITS), 1);
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 0);
    struct stats_summary took = published_histogram("commit_us");
    ck_assert_uint_eq(took.count, 1);
    ck_assert_int_eq(took.sum, 3000);
}
END_TEST

START_TEST(a_refused_commit_is_made_again_after_a_while)
{
    commit_async(&committer);
    kafka_said();
    log_set_verbose(true);
    capture_begin();
    refuse(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    ck_assert_str_eq(capture_end(), "commit failed: Broker: Request timed out\n");
    log_set_verbose(false);
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 1);
    ck_assert_uint_eq(counted(CONSUMER_COMMITS), 0);
    error_ring_says(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, "commit: Broker: Request timed out");
    ck_assert_int_eq(commit_due_us(&committer), RETRY_US);
    fake_clock_advance(RETRY_US - 1);
    commit_async(&committer);
    SAID("");
    ck_assert_int_eq(commit_due_us(&committer), 1);
    fake_clock_advance(1);
    ck_assert_int_eq(commit_due_us(&committer), 0);
    commit_async(&committer);
    SAID("commit 0@15");
    confirm();
    ck_assert_int_eq(committer.retry_us, 0); /* the next one need not wait */
}
END_TEST

START_TEST(a_commit_that_failed_for_one_partition_failed)
{
    commit_async(&committer);
    kafka_answer(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 1);
    ck_assert_uint_eq(counted(CONSUMER_COMMITS), 0);
    ck_assert_int_eq(row()->commit.committed, 10);
    ck_assert(partitions_dirty(&table));
}
END_TEST

START_TEST(for_want_of_anything_to_commit_is_no_success)
{
    commit_async(&committer);
    refuse(RD_KAFKA_RESP_ERR__NO_OFFSET);
    ck_assert_uint_eq(counted(CONSUMER_COMMITS), 0);
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 1);
    ck_assert_int_eq(row()->commit.committed, 10);
    ck_assert_int_eq(published(0, "committed"), 10);
}
END_TEST

START_TEST(one_that_cannot_even_be_asked_for_has_failed)
{
    kafka.commit = RD_KAFKA_RESP_ERR__STATE;
    commit_async(&committer);
    ck_assert(!committer.outstanding);
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 1);
    ck_assert(partitions_dirty(&table));
    ck_assert_int_eq(commit_due_us(&committer), RETRY_US);
}
END_TEST

START_TEST(one_that_is_not_answered_in_ten_seconds_is_given_up_and_made_again)
{
    commit_async(&committer);
    kafka_said();
    ck_assert_int_eq(commit_due_us(&committer), LATE_US);
    fake_clock_advance(LATE_US - 1);
    commit_async(&committer);
    ck_assert(committer.outstanding);
    ck_assert_int_eq(commit_due_us(&committer), 1);
    fake_clock_advance(1);
    commit_async(&committer);
    ck_assert(!committer.outstanding);
    SAID(""); /* not in the same turn */
    error_ring_says(RD_KAFKA_RESP_ERR__TIMED_OUT, "commit: Local: Timed out");
    fake_clock_advance(RETRY_US);
    commit_async(&committer);
    SAID("commit 0@15");
}
END_TEST

START_TEST(an_answer_that_comes_late_is_not_the_one_that_is_waited_for)
{
    commit_async(&committer);
    rd_kafka_topic_partition_list_t *late = rd_kafka_topic_partition_list_copy(kafka.list);
    const void *number = kafka.opaque;
    fake_clock_advance(LATE_US);
    commit_async(&committer);
    fake_clock_advance(RETRY_US);
    table_process(&table, 0, 20);
    commit_async(&committer);
    ck_assert_ptr_ne(kafka.opaque, number);
    commit_answered(&committer, RD_KAFKA_RESP_ERR_NO_ERROR, late, number);
    rd_kafka_topic_partition_list_destroy(late);
    ck_assert(committer.outstanding);
    ck_assert_int_eq(row()->commit.committed, 10);
    ck_assert_uint_eq(counted(CONSUMER_COMMITS), 0);
    confirm();
    ck_assert_int_eq(row()->commit.committed, 20);
    kafka_said();
    commit_async(&committer);
    SAID("commit 0@20"); /* the late one may have undone it */
}
END_TEST

START_TEST(an_answer_after_it_was_given_up_confirms_nothing_though_it_has_the_number)
{
    commit_async(&committer);
    fake_clock_advance(LATE_US);
    commit_async(&committer);
    confirm();
    ck_assert_int_eq(row()->commit.committed, 10);
    ck_assert(!partition_committed(row()));
}
END_TEST

START_TEST(one_that_is_fenced_commits_nothing_more)
{
    commit_async(&committer);
    kafka_said();
    refuse(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(committer.fenced, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    fake_clock_advance(RETRY_US);
    ck_assert_int_eq(commit_due_us(&committer), INT64_MAX);
    commit_async(&committer);
    SAID("");
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "nothing can be committed any more: Broker: Static consumer "));
    SAID("");
}
END_TEST

START_TEST(what_the_group_has_taken_is_not_committed_though_we_are_still_to_be_told)
{
    kafka.lost = true;
    commit_async(&committer);
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), -1);
    SAID("");
    kafka.lost = false;
    commit_async(&committer);
    SAID("commit 0@15");
}
END_TEST

START_TEST(any_other_refusal_is_no_fence)
{
    commit_async(&committer);
    refuse(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    ck_assert_int_eq(committer.fenced, RD_KAFKA_RESP_ERR_NO_ERROR);
}
END_TEST

START_TEST(while_the_member_joins_nothing_is_committed_but_at_a_revoke)
{
    enum { LOOK_US = 20000 };
    ck_assert(!commit_waits_for_join(&committer));
    joining.since_us = clock_monotonic_us();
    ck_assert(commit_waits_for_join(&committer));
    commit_async(&committer);
    SAID("");
    ck_assert_int_eq(commit_due_us(&committer), LOOK_US); /* to look again */
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("commit 0@15; wait 5000 ms; queue gone");
    table_process(&table, 0, 20);
    joining.since_us = 0;
    ck_assert_int_eq(commit_due_us(&committer), 0);
    commit_async(&committer);
    SAID("commit 0@20");
    joining.since_us = clock_monotonic_us();
    ck_assert_int_eq(commit_due_us(&committer), LATE_US); /* its answer is waited for all the same */
    committer.joining = NULL;
    ck_assert(!commit_waits_for_join(&committer));
}
END_TEST

START_TEST(one_that_is_quiet_begins_no_commit)
{
    committer.quiet = true;
    commit_async(&committer);
    SAID("");
    ck_assert_int_eq(commit_due_us(&committer), INT64_MAX);
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("commit 0@15; wait 5000 ms; queue gone");
}
END_TEST

/* It may land behind a later one all the same. */
START_TEST(a_minute_after_a_commit_was_given_up_all_is_committed_once_more)
{
    enum { SEAL_US = 60000000 };
    commit_async(&committer);
    fake_clock_advance(LATE_US);
    commit_async(&committer);
    fake_clock_advance(RETRY_US);
    commit_async(&committer);
    confirm();
    kafka_said();
    fake_clock_advance(SEAL_US - RETRY_US - 1);
    commit_async(&committer);
    SAID("");
    fake_clock_advance(1);
    commit_async(&committer);
    SAID("commit 0@15");
    confirm();
    fake_clock_advance(SEAL_US);
    commit_async(&committer);
    SAID(""); /* once */
}
END_TEST

START_TEST(one_that_was_answered_needs_no_second)
{
    commit_async(&committer);
    refuse(RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    fake_clock_advance(RETRY_US);
    commit_async(&committer);
    confirm();
    ck_assert_int_eq(committer.seal_us, 0);
}
END_TEST

/* --- by librdkafka itself ------------------------------------------------------------------------------ */

static void librdkafka_commits(int64_t offset, rd_kafka_resp_err_t err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = offset;
    commit_made(&committer, err, list);
    rd_kafka_topic_partition_list_destroy(list);
}

START_TEST(with_commit_auto_only_librdkafka_commits)
{
    committer.automatic = true;
    commit_async(&committer);
    ck_assert_int_eq(commit_sync(&committer, COMMIT_SYNC_US, &error), 0);
    SAID("");
    ck_assert_int_eq(commit_due_us(&committer), INT64_MAX);
    librdkafka_commits(14, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(row()->commit.committed, 14);
    ck_assert_uint_eq(counted(CONSUMER_COMMITS), 1);
    librdkafka_commits(15, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    ck_assert_int_eq(row()->commit.committed, 14);
    ck_assert_uint_eq(counted(CONSUMER_COMMIT_ERRORS), 1);
}
END_TEST

START_TEST(its_timer_that_found_nothing_is_neither_success_nor_failure)
{
    committer.automatic = true;
    librdkafka_commits(14, RD_KAFKA_RESP_ERR__NO_OFFSET);
    commit_made(&committer, RD_KAFKA_RESP_ERR_NO_ERROR, NULL);
    ck_assert_int_eq(row()->commit.committed, 10);
    ck_assert_int_eq(row()->commit.requested, STATS_UNKNOWN);
    ck_assert_uint_eq(counted(CONSUMER_COMMITS) + counted(CONSUMER_COMMIT_ERRORS), 0);
}
END_TEST

CHECK_MAIN_WITH("consumer/commit", open_table, close_table,
                one_commit_is_outstanding_and_the_next_waits_for_its_answer,
                nothing_to_commit_is_asked_nothing, a_confirmed_commit_is_counted_with_how_long_it_took,
                a_refused_commit_is_made_again_after_a_while, a_commit_that_failed_for_one_partition_failed,
                for_want_of_anything_to_commit_is_no_success, one_that_cannot_even_be_asked_for_has_failed,
                one_that_is_not_answered_in_ten_seconds_is_given_up_and_made_again,
                an_answer_that_comes_late_is_not_the_one_that_is_waited_for,
                an_answer_after_it_was_given_up_confirms_nothing_though_it_has_the_number,
                one_that_is_fenced_commits_nothing_more, any_other_refusal_is_no_fence,
                what_the_group_has_taken_is_not_committed_though_we_are_still_to_be_told,
                while_the_member_joins_nothing_is_committed_but_at_a_revoke,
                one_that_is_quiet_begins_no_commit,
                a_minute_after_a_commit_was_given_up_all_is_committed_once_more,
                one_that_was_answered_needs_no_second, with_commit_auto_only_librdkafka_commits,
                its_timer_that_found_nothing_is_neither_success_nor_failure)

/* A partition that was ours before: what it does again, what not, and what is told of that. */
#include "tests/consumer/starts_case.h"

/* Partition 0 was ours from 10 to 15, and comes back. */
static void come_back(int64_t committed_meanwhile)
{
    const struct witness last = witness_at(14, "record");
    begin(0, 10);
    table_fly(&consumer.partitions, 0, 15);
    consumer.partitions.rows[0].flight.last = last;
    partitions_move(&consumer.partitions, 1);
    partition_on_revoked(&consumer.partitions, 0);
    commit_is(0, committed_meanwhile, NULL);
    give(1);
    serve();
}

START_TEST(what_this_process_has_done_itself_it_does_not_do_again)
{
    consumer.end.left = 5; /* from 10 on */
    come_back(10);         /* its last commit did not get through */
    ck_assert_int_eq(consumer.end.left, 0);
    ck_assert_int_eq(row(0)->position, 15);
    ck_assert_int_eq(row(0)->commit.committed, 10);
    ck_assert_int_eq(row(0)->last.read.offset, 14);
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING); /* is it the same topic? */
    ck_assert_str_eq(capture.text, "");
    ck_assert(!partitions_dirty(&consumer.partitions)); /* before that is seen, nothing is committed */
    partition_event(&consumer.partitions, 0, EVENT_SEEN);
    ck_assert(partitions_dirty(&consumer.partitions));
}
END_TEST

/* Asked for 15, and not answered; then up to 18; and it comes back. */
static void come_back_unanswered(int64_t committed)
{
    consumer.end.left = 8; /* from 10 on */
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    rd_kafka_topic_partition_list_destroy(partitions_to_commit(&consumer.partitions));
    partitions_commit_unanswered(&consumer.partitions);
    table_fly(&consumer.partitions, 0, 18);
    consumer.partitions.rows[0].flight.last = witness_at(17, "record");
    partitions_move(&consumer.partitions, 1);
    partition_on_revoked(&consumer.partitions, 0);
    commit_is(0, committed, NULL);
    give(1);
    serve();
}

START_TEST(what_was_committed_without_an_answer_is_nobodys_to_do_again_either)
{
    come_back_unanswered(15);
    ck_assert_int_eq(row(0)->position, 18);
    ck_assert_int_eq(consumer.end.left, 0);
    come_back_unanswered(18); /* another member did the rest */
    ck_assert_int_eq(row(0)->position, 18);
    ck_assert_int_eq(consumer.end.left, 8);
}
END_TEST

static void ask_in_vain(int64_t position)
{
    table_process(&consumer.partitions, 0, position);
    rd_kafka_topic_partition_list_destroy(partitions_to_commit(&consumer.partitions));
    partitions_commit_unanswered(&consumer.partitions);
}

/* The answer to the first was lost, and to the next ones nobody listened any more. */
START_TEST(of_several_commits_without_an_answer_the_first_may_have_been_done)
{
    begin(0, 10);
    ask_in_vain(12);
    ask_in_vain(14);
    ask_in_vain(16);
    table_fly(&consumer.partitions, 0, 18);
    consumer.partitions.rows[0].flight.last = witness_at(17, "record");
    partitions_move(&consumer.partitions, 1);
    partition_on_revoked(&consumer.partitions, 0);
    commit_is(0, 12, NULL);
    give(1);
    serve();
    ck_assert_int_eq(row(0)->position, 18);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(a_last_commit_that_got_through_without_an_answer_leaves_nothing_behind)
{
    consumer.end.left = 5;
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    rd_kafka_topic_partition_list_destroy(partitions_to_commit(&consumer.partitions));
    partitions_commit_unanswered(&consumer.partitions);
    partition_on_revoked(&consumer.partitions, 0);
    commit_is(0, 15, NULL);
    give(1);
    serve();
    begins_at(0, 15, 15);
    ck_assert_int_eq(consumer.end.left, 0);
}
END_TEST

START_TEST(where_its_last_record_is_gone_it_does_it_again)
{
    consumer.end.left = 5;
    come_back(10);
    partition_fetches(&consumer.partitions, 0, (struct fetch){.paused = false, .seek = false});
    ck_assert(!partition_take_end(&consumer.partitions, 0, 15));
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    serve();
    begins_at(0, 10, 10);
    ck_assert_str_eq(capture.text, "warning: payments [0] begins again at 10, after 15 had been reached: 5 "
                                   "records will be delivered again\n");
    error_ring_says(5, "[0] begins again at 10, after 15");
    ck_assert_int_eq(consumer.end.left, 5); /* and are done again after all */
}
END_TEST

#define TOLD                                                                                                 \
    "warning: payments [0] was assigned again at 11, after 15 had been reached: 4 records will be "          \
    "delivered again\n"

START_TEST(where_somebody_else_has_got_farther_or_was_farther_back_that_counts)
{
    come_back(15);
    begins_at(0, 15, 15);
    come_back(20);
    begins_at(0, 20, 20);
    ck_assert_str_eq(capture.text, "");
    come_back(9); /* somebody has reset it */
    begins_at(0, 9, 9);
    come_back(11); /* this, too, is nobody's commit here: somebody wants it again from there */
    begins_at(0, 11, 11);
    ck_assert_str_eq(capture.text, TOLD);
}
END_TEST

START_TEST(a_reset_meanwhile_is_not_overruled)
{
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    ck_assert_int_eq(commit_sync(&consumer.committer, COMMIT_SYNC_US, &error), 0);
    partition_on_revoked(&consumer.partitions, 0);
    commit_is(0, 12, NULL); /* all was committed, and then somebody wanted it again from there */
    give(1);
    serve();
    begins_at(0, 12, 12);
    ck_assert_ptr_nonnull(strstr(capture.text, "3 records will be delivered again"));
}
END_TEST

/* Without a last record the group is asked. */
static void ask_whether_it_is_the_same(int64_t committed)
{
    commit_is(0, committed, NULL);
    partition_event(&consumer.partitions, 0, EVENT_UNSURE);
    serve();
}

START_TEST(one_that_only_asked_whether_the_topic_is_the_same_goes_on_where_it_is)
{
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    ask_whether_it_is_the_same(10);
    begins_at(0, 15, 10);
    rd_kafka_topic_partition_list_destroy(partitions_to_commit(&consumer.partitions));
    partitions_commit_unanswered(&consumer.partitions);
    settled();
    table_process(&consumer.partitions, 0, 18);
    ask_whether_it_is_the_same(15); /* the answer was lost, not the commit */
    begins_at(0, 18, 15);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(it_does_so_too_where_the_first_of_several_commits_was_done_and_not_answered)
{
    begin(0, 10);
    ask_in_vain(12);
    ask_in_vain(16);
    ask_whether_it_is_the_same(12);
    begins_at(0, 16, 12);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(a_commit_that_was_confirmed_is_nobodys_lost_answer)
{
    begin(0, 10);
    ask_in_vain(12);
    table_process(&consumer.partitions, 0, 16);
    ck_assert_int_eq(commit_sync(&consumer.committer, COMMIT_SYNC_US, &error), 0);
    ask_whether_it_is_the_same(12); /* somebody's request */
    begins_at(0, 12, 12);
}
END_TEST

START_TEST(a_reset_that_it_hears_of_then_is_not_overruled)
{
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    ask_whether_it_is_the_same(12);
    begins_at(0, 12, 12);
    ck_assert_str_eq(capture.text, "warning: payments [0] begins again at 12, after 15 had been reached: 3 "
                                   "records will be delivered again\n");
}
END_TEST

START_TEST(what_waited_for_a_dead_letter_comes_again_and_all_of_it_is_told)
{
    begin(0, 10);
    table_process(&consumer.partitions, 0, 30);
    partition_lower_barrier(&consumer.partitions, 0, 12);
    partition_on_revoked(&consumer.partitions, 0);
    commit_is(0, 12, NULL);
    give(1);
    serve();
    begins_at(0, 12, 12);
    ck_assert_ptr_nonnull(
        strstr(capture.text, "at 12, after 30 had been reached: 18 records will be delivered again"));
}
END_TEST

START_TEST(where_offsets_do_not_say_what_was_processed_it_comes_again_and_is_told)
{
    settings.commit = COMMIT_AUTO;
    come_back(11);
    begins_at(0, 11, 11);
    ck_assert_str_eq(capture.text, TOLD);
    error_ring_says(4, "[0] was assigned again at 11, after 15");
    come_back(15);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(where_the_groups_offset_was_deleted_they_may_be_another_topics)
{
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    ck_assert_int_eq(commit_sync(&consumer.committer, COMMIT_SYNC_US, &error), 0);
    partition_on_revoked(&consumer.partitions, 0);
    commit_is(0, STATS_UNKNOWN, NULL);
    give(1);
    serve();
    ck_assert_ptr_nonnull(strstr(capture.text,
                                 "records will be delivered again, if it is the same topic: the "
                                 "group's offset was deleted\n"));
}
END_TEST

CHECK_MAIN_WITH("consumer/starts: coming back", begin_starts, consumer_end,
                what_this_process_has_done_itself_it_does_not_do_again,
                what_was_committed_without_an_answer_is_nobodys_to_do_again_either,
                of_several_commits_without_an_answer_the_first_may_have_been_done,
                a_last_commit_that_got_through_without_an_answer_leaves_nothing_behind,
                where_its_last_record_is_gone_it_does_it_again,
                where_somebody_else_has_got_farther_or_was_farther_back_that_counts,
                a_reset_meanwhile_is_not_overruled,
                one_that_only_asked_whether_the_topic_is_the_same_goes_on_where_it_is,
                it_does_so_too_where_the_first_of_several_commits_was_done_and_not_answered,
                a_commit_that_was_confirmed_is_nobodys_lost_answer,
                a_reset_that_it_hears_of_then_is_not_overruled,
                what_waited_for_a_dead_letter_comes_again_and_all_of_it_is_told,
                where_offsets_do_not_say_what_was_processed_it_comes_again_and_is_told,
                where_the_groups_offset_was_deleted_they_may_be_another_topics)

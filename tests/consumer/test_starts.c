/* Where partitions begin without a database: the group and the topic are fakes. */
#include "tests/consumer/starts_case.h"

/* --- the group ----------------------------------------------------------------------------------------- */

START_TEST(a_partition_goes_on_at_the_groups_offset_whatever_from_says)
{
    settings.from = FROM_LATEST;
    commit_is(0, 12, NULL);
    commit_is(1, 0, NULL);
    give(2);
    serve();
    SAID("committed 0 1");
    begins_at(0, 12, 12);
    begins_at(1, 0, 0);
    ck_assert_str_eq(capture.text, "");
    ck_assert(!partitions_dirty(&consumer.partitions));
}
END_TEST

START_TEST(what_has_its_place_is_not_asked_for)
{
    starts_serve(&consumer);
    SAID("");
    begin(0, 10);
    partition_given(&consumer.partitions, 1);
    commit_is(1, 20, NULL);
    serve();
    SAID("committed 1");
    begins_at(0, 10, 10);
    begins_at(1, 20, 20);
}
END_TEST

START_TEST(a_group_that_has_nothing_begins_at_the_first_record)
{
    give(2);
    kafka.low[1] = 0;
    serve();
    SAID("committed 0 1; edge 0@-2 1@-2"); /* one question */
    begins_at(0, 5, STATS_UNKNOWN);
    begins_at(1, 0, STATS_UNKNOWN);
    ck_assert(partitions_dirty(&consumer.partitions)); /* the initial offset */
}
END_TEST

START_TEST(the_groups_acknowledgements_come_with_its_offset)
{
    consumer.partitions.manual = true;
    commit_is(0, 12, "acks1:2-3");
    commit_is(1, 20, "by hand");
    give(2);
    serve();
    ck_assert_int_eq(acks_ahead(row(0)->acks), 2);
    ck_assert_int_eq(acks_ahead(row(1)->acks), 0);
    ck_assert_str_eq(capture.text, "warning: payments [1]: the commit's metadata is not ours; nothing counts "
                                   "as acknowledged beyond 20\n");
}
END_TEST

/* --- --from latest ------------------------------------------------------------------------------------- */

/* The offsets are committed before anything is read: a successor that found none would begin at its own
 * latest. */
START_TEST(from_latest_begins_at_the_end_where_the_group_is_new)
{
    settings.from = FROM_LATEST;
    give(2);
    serve();
    SAID("committed 0 1; partitions?; committed 0 1 2; edge 0@-1 1@-1; commit 0@50(first of 3) 1@50(first of "
         "3); wait 5000 ms; queue gone");
    begins_at(0, 50, 50);
    begins_at(1, 50, 50);
    ck_assert(!partitions_dirty(&consumer.partitions));
}
END_TEST

START_TEST(where_that_commit_fails_nothing_is_read_yet)
{
    settings.from = FROM_LATEST;
    kafka.sync = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    commit_is(2, 33, "first of 3");
    give(3);
    serve();
    waits(0, 1);
    waits(1, 1);
    begins_at(2, 33, 33); /* it has a place */
    ck_assert_ptr_nonnull(strstr(capture.text, "the first offsets could not be committed: Broker: "));
}
END_TEST

START_TEST(a_partition_that_is_new_to_a_group_with_offsets_begins_at_its_first_record)
{
    settings.from = FROM_LATEST;
    commit_is(2, 33, NULL);
    give(2);
    serve();
    begins_at(0, 5, STATS_UNKNOWN);
    begins_at(1, 5, STATS_UNKNOWN);
    ck_assert_str_eq(capture.text, "payments [0] is new to the group: it begins at its first record, not at "
                                   "the latest\npayments [1] is new to the group: it begins at its first "
                                   "record, not at the latest\n");
}
END_TEST

START_TEST(a_group_whose_other_members_begin_right_now_is_new)
{
    settings.from = FROM_LATEST;
    commit_is(0, 50, "first of 2");
    kafka.topic_partitions = 4;
    kafka.high[3] = 70;
    kafka.low[3] = 7;
    partition_given(&consumer.partitions, 1);
    partition_given(&consumer.partitions, 2); /* came after that first commit: new */
    partition_given(&consumer.partitions, 3);
    serve();
    SAID("committed 1 2 3; partitions?; committed 0 1 2 3; edge 2@-2 3@-2; edge 1@-1; commit 1@50(first of "
         "4); wait 5000 ms; queue gone");
    begins_at(1, 50, 50);
    begins_at(2, 5, STATS_UNKNOWN);
    begins_at(3, 7, STATS_UNKNOWN);
}
END_TEST

/* The leader did not know of it: nobody is given it yet, and whoever is begins at its first record. */
START_TEST(a_partition_that_was_added_since_the_group_was_joined_is_not_among_those_that_begin)
{
    settings.from = FROM_LATEST;
    kafka.topic_partitions = 3;
    starts_look(&consumer);
    kafka.topic_partitions = 4;
    give(2);
    serve();
    ck_assert_ptr_nonnull(strstr(kafka_said(), "commit 0@50(first of 3) 1@50(first of 3)"));
}
END_TEST

START_TEST(one_partition_that_went_on_tells_that_the_group_is_not_new)
{
    settings.from = FROM_LATEST;
    commit_is(0, 50, "first of 3");
    commit_is(2, 60, NULL);
    partition_given(&consumer.partitions, 1);
    serve();
    begins_at(1, 5, STATS_UNKNOWN);
}
END_TEST

START_TEST(while_the_whole_group_cannot_be_asked_for_nothing_is_passed_over)
{
    settings.from = FROM_LATEST;
    kafka.topic_partitions = 0;
    give(1);
    serve();
    waits(0, 1);
    ck_assert_ptr_nonnull(strstr(capture.text, "the broker does not say how many partitions the topic has"));
    SAID("committed 0; partitions?");
    kafka.topic_partitions = 3;
    kafka.group[2].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR; /* another's, and it counts */
    fake_clock_advance(US_PER_SECOND * 2);
    serve();
    waits(0, 2);
    ck_assert_ptr_nonnull(strstr(capture.text, "the group's offsets: Broker: Not coordinator"));
    kafka.group[2].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(US_PER_SECOND * 4);
    serve();
    begins_at(0, 50, 50);
}
END_TEST

START_TEST(it_is_not_asked_for_when_a_place_is_known_or_cannot_be)
{
    settings.from = FROM_LATEST;
    commit_is(0, 12, NULL);
    kafka.group[1].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    give(2);
    serve();
    SAID("committed 0 1");
    begins_at(0, 12, 12);
    waits(1, 1);
}
END_TEST

/* --- what cannot be asked ------------------------------------------------------------------------------ */

START_TEST(an_error_of_one_partition_is_its_own_and_not_nothing_committed)
{
    kafka.group[0].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    commit_is(1, 20, NULL);
    give(3);
    serve();
    waits(0, 1);
    begins_at(1, 20, 20);
    begins_at(2, 5, STATS_UNKNOWN);
    char line[256];
    snprintf(line, sizeof line,
             "warning: payments [0]: where to go on is not known: the group's offset: Broker: Not "
             "coordinator; again in %lld ms\n",
             (long long)(backoff_us(&settings, 1) / US_PER_MS));
    ck_assert_str_eq(capture.text, line);
}
END_TEST

START_TEST(an_error_of_the_whole_question_is_all_partitions)
{
    kafka.committed = RD_KAFKA_RESP_ERR__TIMED_OUT;
    give(2);
    serve();
    SAID("committed 0 1"); /* no edges are asked for */
    waits(0, 1);
    waits(1, 1);
    serve();
    SAID(""); /* not before its time */
    kafka.committed = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    begins_at(0, 5, STATS_UNKNOWN);
}
END_TEST

START_TEST(an_edge_that_nobody_says_is_asked_for_again)
{
    kafka.edges = RD_KAFKA_RESP_ERR__TIMED_OUT;
    give(1);
    serve();
    waits(0, 1);
    ck_assert_ptr_nonnull(
        strstr(capture.text, "the broker does not say where the topic begins: Local: Timed out; again in "));
    kafka.edges = RD_KAFKA_RESP_ERR_NO_ERROR;
    kafka.low[0] = RD_KAFKA_OFFSET_INVALID; /* an answer without an offset */
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    waits(0, 2);
    ck_assert(!partitions_dirty(&consumer.partitions));
}
END_TEST

/* --- coming back --------------------------------------------------------------------------------------- */

/* Partition 0 was ours from 10 to 15, and comes back. */
static void come_back(int64_t committed_meanwhile)
{
    const struct witness last = witness_at(14, "record");
    begin(0, 10);
    table_fly(&consumer.partitions, 0, 15);
    consumer.partitions.rows[0].flight.last = last;
    partitions_move(&consumer.partitions, 1);
    partition_taken(&consumer.partitions, 0);
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
    partition_taken(&consumer.partitions, 0);
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

START_TEST(a_last_commit_that_got_through_without_an_answer_leaves_nothing_behind)
{
    consumer.end.left = 5;
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    rd_kafka_topic_partition_list_destroy(partitions_to_commit(&consumer.partitions));
    partitions_commit_unanswered(&consumer.partitions);
    partition_taken(&consumer.partitions, 0);
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
    partition_taken(&consumer.partitions, 0);
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
    partition_taken(&consumer.partitions, 0);
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
    partition_taken(&consumer.partitions, 0);
    commit_is(0, STATS_UNKNOWN, NULL);
    give(1);
    serve();
    ck_assert_ptr_nonnull(strstr(capture.text,
                                 "records will be delivered again, if it is the same topic: the "
                                 "group's offset was deleted\n"));
}
END_TEST

CHECK_MAIN_WITH("consumer/starts", begin_starts, consumer_end,
                where_the_groups_offset_was_deleted_they_may_be_another_topics,
                a_partition_goes_on_at_the_groups_offset_whatever_from_says,
                what_has_its_place_is_not_asked_for, a_group_that_has_nothing_begins_at_the_first_record,
                the_groups_acknowledgements_come_with_its_offset,
                from_latest_begins_at_the_end_where_the_group_is_new,
                where_that_commit_fails_nothing_is_read_yet,
                a_partition_that_is_new_to_a_group_with_offsets_begins_at_its_first_record,
                a_group_whose_other_members_begin_right_now_is_new,
                one_partition_that_went_on_tells_that_the_group_is_not_new,
                while_the_whole_group_cannot_be_asked_for_nothing_is_passed_over,
                it_is_not_asked_for_when_a_place_is_known_or_cannot_be,
                an_error_of_one_partition_is_its_own_and_not_nothing_committed,
                an_error_of_the_whole_question_is_all_partitions, an_edge_that_nobody_says_is_asked_for_again,
                what_was_committed_without_an_answer_is_nobodys_to_do_again_either,
                a_last_commit_that_got_through_without_an_answer_leaves_nothing_behind,
                what_this_process_has_done_itself_it_does_not_do_again,
                where_its_last_record_is_gone_it_does_it_again,
                where_somebody_else_has_got_farther_or_was_farther_back_that_counts,
                one_that_only_asked_whether_the_topic_is_the_same_goes_on_where_it_is,
                a_reset_that_it_hears_of_then_is_not_overruled, a_reset_meanwhile_is_not_overruled,
                what_waited_for_a_dead_letter_comes_again_and_all_of_it_is_told,
                where_offsets_do_not_say_what_was_processed_it_comes_again_and_is_told,
                a_partition_that_was_added_since_the_group_was_joined_is_not_among_those_that_begin)

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
    partition_on_assigned(&consumer.partitions, 1);
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
    partition_on_assigned(&consumer.partitions, 1);
    partition_on_assigned(&consumer.partitions, 2); /* came after that first commit: new */
    partition_on_assigned(&consumer.partitions, 3);
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
    partition_on_assigned(&consumer.partitions, 1);
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
             "warning: payments [0]: where to continue is not known: the group's offset: Broker: Not "
             "coordinator; retrying in %lld ms\n",
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
    kafka.list_offsets = RD_KAFKA_RESP_ERR__TIMED_OUT;
    give(1);
    serve();
    waits(0, 1);
    ck_assert_ptr_nonnull(strstr(
        capture.text, "the broker does not say where the topic begins: Local: Timed out; retrying in "));
    kafka.list_offsets = RD_KAFKA_RESP_ERR_NO_ERROR;
    kafka.low[0] = RD_KAFKA_OFFSET_INVALID; /* an answer without an offset */
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    waits(0, 2);
    ck_assert(!partitions_dirty(&consumer.partitions));
}
END_TEST

CHECK_MAIN_WITH("consumer/starts", begin_starts, consumer_end,
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
                a_partition_that_was_added_since_the_group_was_joined_is_not_among_those_that_begin)

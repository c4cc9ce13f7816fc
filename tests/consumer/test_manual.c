/* --commit manual: kctl ack, and partitions that are full. The set itself: test_acks.c. */
#include "tests/consumer/fake_consumer.h"
#include "tests/support/capture.h"

#include "common/log.h"
#include "consumer/manual.h"

/* Partition 0 has 10 to 20 delivered, partition 1 is at 20; five may be unacknowledged, but for the cases
 * that are about that. */
static void open_consumer(void)
{
    consumer_begin();
    settings.max_unacknowledged = 100;
    consumer.partitions.manual = true;
    begin(0, 10);
    begin(1, 20);
    kafka.group[0].offset = 10;
    kafka.group[1].offset = 20;
    table_process(&consumer.partitions, 0, 20);
}

/* The request, both halves of it. */
static int ack(const char *text)
{
    error = (struct error)ERROR_INIT;
    capture_begin();
    int result = manual_ack(&consumer, text, &error);
    if (result == 0)
        result = manual_ack_commit(&consumer, text, &error);
    capture_end();
    return result;
}

static void refuses(const char *text, const char *why)
{
    ck_assert_int_eq(ack(text), -1);
    ck_assert_str_eq(error.text, why);
}

static int64_t next(int32_t partition)
{
    return row(partition)->acks->done.next;
}

/* --- acknowledging ------------------------------------------------------------------------------------- */

START_TEST(a_record_is_acknowledged_told_and_committed)
{
    ck_assert_int_eq(ack("0:10"), 0);
    SAID("result 'payments [0] acknowledged before 11, and 0 beyond; 9 not'; commit 0@11; wait "
         "5000 ms; queue gone");
    ck_assert_int_eq(next(0), 11);
    ck_assert(partition_committed(row(0)));
    ck_assert_int_eq(published(0, "unacknowledged"), 9);
}
END_TEST

START_TEST(a_range_has_its_last_and_may_lie_ahead)
{
    ck_assert_int_eq(ack("0:12-14"), 0);
    SAID("result 'payments [0] acknowledged before 10, and 3 beyond; 7 not'; commit "
         "0@10(acks1:2-4); wait 5000 ms; queue gone");
    ck_assert_int_eq(ack("0:10-11,0:15"), 0);
    SAID("result 'payments [0] acknowledged before 15, and 0 beyond; 5 not'; result "
         "'payments [0] acknowledged before 16, and 0 beyond; 4 not'; commit 0@16; wait 5000 ms; queue gone");
}
END_TEST

START_TEST(all_is_what_was_delivered_of_every_partition_of_ours)
{
    begin(2, 30);
    partition_on_revoked(&consumer.partitions, 2);
    table_process(&consumer.partitions, 1, 23);
    ck_assert_int_eq(ack("0:12,all"), 0);
    ck_assert_int_eq(next(0), 20);
    ck_assert_int_eq(next(1), 23);
    SAID("result 'payments [0] acknowledged before 10, and 1 beyond; 9 not'; result "
         "'payments [0] acknowledged before 20, and 0 beyond; 0 not'; result 'payments [1] "
         "acknowledged before 23, and 0 beyond; 0 not'; commit 0@20 1@23; wait 5000 ms; queue gone");
}
END_TEST

START_TEST(what_was_acknowledged_already_is_committed_and_asked_nobody)
{
    ck_assert_int_eq(ack("0:10"), 0);
    kafka_said();
    ck_assert_int_eq(ack("0:10"), 0);
    SAID("result 'payments [0] acknowledged before 11, and 0 beyond; 9 not'");
}
END_TEST

START_TEST(a_partition_that_is_not_ours_is_passed_over)
{
    ck_assert_int_eq(ack("5:3,0:10"), 0);
    ck_assert_int_eq(next(0), 11);
    ck_assert_int_eq(ack("5:3"), 0);
}
END_TEST

START_TEST(what_was_not_delivered_yet_cannot_be_acknowledged)
{
    ck_assert_int_eq(ack("0:19"), 0);
    refuses("0:20", "payments [0] 20 was not delivered yet: the position is 20");
    refuses("0:15-22", "payments [0] 22 was not delivered yet: the position is 20");
    ck_assert_int_eq(acks_ahead(row(0)->acks), 1);
}
END_TEST

START_TEST(nothing_is_acknowledged_where_the_start_is_not_known)
{
    static const char why[] = "payments [2]: its start offset is not known yet; nothing was acknowledged";
    partition_on_assigned(&consumer.partitions, 2);
    refuses("2:5", why);
    ck_assert_str_eq(kafka_said(), "");
    refuses("all", why);
    begin(2, 30);
    partition_event(&consumer.partitions, 2, EVENT_UNSURE); /* it has a position, but is that so? */
    refuses("2:5", why);
}
END_TEST

START_TEST(what_the_metadata_cannot_hold_is_refused_with_its_partition)
{
    begin(2, 0);
    kafka.group[2].offset = 0;
    table_process(&consumer.partitions, 2, 3000);
    for (int64_t i = 1; partition_acknowledge(&consumer.partitions, 2, i, i + 1, &error) == 0; i += 2)
        ck_assert_int_lt(i, 2990);
    refuses("2:2990", "payments [2]: too many separate acknowledgements beyond 0, the first unacknowledged "
                      "record: acknowledge that first");
}
END_TEST

START_TEST(words_that_are_none_are_refused)
{
    static const char *const bad[] = {"",     "0",     "0:",       ":1",     "0:1-",  "0:5-3", "x:1",
                                      "0:x",  "0:1 ",  "0:1-2x",   "0:-1",   "0: 1",  "all ",  "-1:3",
                                      "0;10", "0:1:2", "0:10--11", "0:10-x", "0:10,", "ALL"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *last = strcmp(bad[i], "0:10,") == 0 ? "" : bad[i];
        char why[128];
        snprintf(why, sizeof why, "'%s' is not PARTITION:OFFSET, PARTITION:FIRST-LAST or all", last);
        refuses(bad[i], why);
    }
}
END_TEST

START_TEST(the_largest_offsets_are_read)
{
    refuses("0:9223372036854775806",
            "payments [0] 9223372036854775806 was not delivered yet: the position is 20");
    refuses("0:9223372036854775807",
            "'0:9223372036854775807' is not PARTITION:OFFSET, PARTITION:FIRST-LAST or all");
    refuses("0:1-9223372036854775806",
            "payments [0] 9223372036854775806 was not delivered yet: the position is 20");
    ck_assert_int_eq(ack("2147483647:1"), 0);
    refuses("2147483648:1", "'2147483648:1' is not PARTITION:OFFSET, PARTITION:FIRST-LAST or all");
}
END_TEST

START_TEST(one_bad_word_ends_it_and_what_came_before_stands)
{
    refuses("0:10,bad,0:11", "'bad' is not PARTITION:OFFSET, PARTITION:FIRST-LAST or all");
    ck_assert_int_eq(next(0), 11);
    ck_assert(partitions_dirty(&consumer.partitions)); /* and is committed with the next commit */
}
END_TEST

START_TEST(it_is_for_commit_manual_alone)
{
    consumer.partitions.manual = false;
    refuses("0:10", "records are acknowledged one by one only with --commit manual");
    ck_assert_int_eq(next(0), 10);
}
END_TEST

/* --- success means that it is committed ---------------------------------------------------------------- */

START_TEST(a_commit_that_failed_is_no_success)
{
    kafka.sync = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    refuses("0:10", "the offsets could not be committed: Broker: Specified group generation id is not valid; "
                    "acknowledged here; the commit is retried");
    ck_assert_int_eq(next(0), 11);
    ck_assert(partitions_dirty(&consumer.partitions));
}
END_TEST

START_TEST(during_a_rebalance_it_is_committed_later)
{
    consumer.joining.since_us = clock_monotonic_us();
    refuses("0:10", "a rebalance is under way: acknowledged here, and committed after it");
    ck_assert_ptr_null(strstr(kafka_said(), "commit"));
    ck_assert_int_eq(next(0), 11);
    refuses("bad", "'bad' is not PARTITION:OFFSET, PARTITION:FIRST-LAST or all");
}
END_TEST

START_TEST(in_doubt_nothing_is_acknowledged)
{
    static const char why[] = "payments [1]: it is not known yet whether the topic was recreated: try again; "
                              "nothing was acknowledged";
    const struct place place = {.offset = 20, .committed = 20, .witness = {19, 1, 2}};
    table_begin_at(&consumer.partitions, 1, &place);
    partition_event(&consumer.partitions, 1, EVENT_SEEN);
    table_fly(&consumer.partitions, 1, 23);
    consumer.partitions.rows[1].flight.last = place.witness;
    partitions_move(&consumer.partitions, 1);
    partition_event(&consumer.partitions, 1, EVENT_DOUBTED); /* the topic was away for a moment */
    refuses("1:20-22", why);
    ck_assert_ptr_null(strstr(kafka_said(), "commit"));
    partition_event(&consumer.partitions, 1, EVENT_SEEN);
    ck_assert_int_eq(ack("1:20-22"), 0);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "commit 1@23; wait"));
}
END_TEST

START_TEST(a_dead_letter_under_way_acknowledges_itself_and_the_others_are_acknowledged)
{
    letters.next[0] = 12;
    refuses("0:10-14", "payments [0]: 12 is a dead letter on its way, and is acknowledged when topic "
                       "payments.dlq has it; the others are acknowledged");
    ck_assert_int_eq(next(0), 12);
    ck_assert_int_eq(acks_ahead(row(0)->acks), 2); /* 13 and 14 */
    letters.next[0] = 17;
    ck_assert_int_eq(ack("0:13-16"), 0); /* it is behind those that are meant */
    ck_assert_int_eq(ack("0:18"), 0);
    letters.next[0] = 19;
    refuses("0:19", "payments [0]: 19 is a dead letter on its way, and is acknowledged when topic "
                    "payments.dlq has it; the others are acknowledged");
    ck_assert(!acks_has(row(0)->acks, 19));
}
END_TEST

START_TEST(what_is_not_ours_has_nothing_to_be_committed)
{
    ck_assert_int_eq(ack("0:10"), 0);
    table_process(&consumer.partitions, 1, 23);
    partition_acknowledge(&consumer.partitions, 1, 20, 23, &error);
    partition_on_revoked(&consumer.partitions, 1);
    ck_assert_int_eq(ack("0:11"), 0);
}
END_TEST

/* --- full ---------------------------------------------------------------------------------------------- */

static void serve(void)
{
    capture_begin();
    manual_serve(&consumer);
    capture_end();
}

START_TEST(too_many_unacknowledged_records_fill_a_partition_and_no_other)
{
    settings.max_unacknowledged = 11;
    serve();
    ck_assert_int_eq(row(0)->state, STATE_READING);
    settings.max_unacknowledged = 10;
    serve();
    ck_assert_int_eq(row(0)->state, STATE_FULL);
    ck_assert_int_eq(row(1)->state, STATE_READING);
    ck_assert_str_eq(capture.text, "warning: payments [0] waits: 10 records are not acknowledged "
                                   "(--max-unacknowledged), the first is 10\n");
    serve();
    ck_assert_str_eq(capture.text, ""); /* told once */
    ck_assert_int_eq(published(0, "unacknowledged"), 10);
    ck_assert_int_eq(published(1, "unacknowledged"), 0);
}
END_TEST

/* A slice is no larger, so the bound is never exceeded. */
START_TEST(room_is_what_the_fullest_partition_that_is_read_has_left)
{
    ck_assert_uint_eq(manual_room(&consumer), 90);
    settings.max_unacknowledged = 11;
    ck_assert_uint_eq(manual_room(&consumer), 1);
    settings.max_unacknowledged = 10;
    serve(); /* full, and waits: the other has all of it */
    ck_assert_uint_eq(manual_room(&consumer), 10);
    consumer.partitions.manual = false;
    ck_assert_uint_gt(manual_room(&consumer), UINT32_MAX);
}
END_TEST

START_TEST(of_a_topic_that_was_made_anew_nothing_is_acknowledged)
{
    kafka.group[0].offset = RD_KAFKA_OFFSET_INVALID; /* Kafka has deleted it with the topic */
    refuses("0:10-15", "payments [0]: the topic was deleted and recreated; nothing was acknowledged");
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert_int_eq(next(0), 10);
    ck_assert_ptr_null(strstr(kafka_said(), "commit"));
}
END_TEST

START_TEST(nothing_is_acknowledged_while_the_group_does_not_say_whether_the_topic_is_the_same)
{
    kafka.committed = RD_KAFKA_RESP_ERR__TRANSPORT;
    ck_assert_int_eq(ack("0:10"), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "nothing was acknowledged: cannot tell"));
    ck_assert_int_eq(next(0), 10);
}
END_TEST

START_TEST(an_acknowledgement_makes_room)
{
    settings.max_unacknowledged = 10;
    serve();
    ck_assert_int_eq(ack("0:12"), 0); /* any of them */
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert(row(0)->fetch.seek);
}
END_TEST

START_TEST(one_that_waits_for_something_else_is_not_full)
{
    settings.max_unacknowledged = 10;
    partition_event(&consumer.partitions, 0, EVENT_FAILED);
    serve();
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(without_commit_manual_nothing_is_full)
{
    settings.max_unacknowledged = 0;
    consumer.partitions.manual = false;
    serve();
    ck_assert_int_eq(row(0)->state, STATE_READING);
}
END_TEST

START_TEST(what_nobody_has_to_acknowledge_is_not_lost_though_the_metadata_cannot_hold_it)
{
    int64_t last = 0;
    for (int64_t i = 1; partition_acknowledge(&consumer.partitions, 0, 9 + 2 * i, 10 + 2 * i, &error) == 0;
         i++)
        last = 9 + 2 * i;
    int64_t before = row(0)->acks->done.next;
    partition_settle(&consumer.partitions, 0, last + 2, last + 4); /* apart from all: no room for its text */
    ck_assert(acks_has(row(0)->acks, last + 3));
    ck_assert_int_eq(row(0)->acks->done.next, before);
    ck_assert_int_eq(partition_acknowledge(&consumer.partitions, 0, before, last + 2, &error), 0);
    ck_assert_int_eq(row(0)->acks->done.next,
                     last + 4); /* entered when the first unacknowledged came to it */
    ck_assert(row(0)->acks->changed);
}
END_TEST

START_TEST(what_nobody_has_to_acknowledge_is_settled)
{
    partition_settle(&consumer.partitions, 0, 10, 12);
    ck_assert_int_eq(next(0), 12);
    ck_assert(partitions_dirty(&consumer.partitions));
    partition_settle(&consumer.partitions, 7, 10, 12); /* not ours: nothing */
}
END_TEST

CHECK_MAIN_WITH("consumer/manual", open_consumer, consumer_end, a_record_is_acknowledged_told_and_committed,
                a_range_has_its_last_and_may_lie_ahead, all_is_what_was_delivered_of_every_partition_of_ours,
                what_was_acknowledged_already_is_committed_and_asked_nobody,
                a_partition_that_is_not_ours_is_passed_over,
                what_was_not_delivered_yet_cannot_be_acknowledged,
                nothing_is_acknowledged_where_the_start_is_not_known,
                what_the_metadata_cannot_hold_is_refused_with_its_partition, words_that_are_none_are_refused,
                the_largest_offsets_are_read, one_bad_word_ends_it_and_what_came_before_stands,
                it_is_for_commit_manual_alone, a_commit_that_failed_is_no_success,
                during_a_rebalance_it_is_committed_later, in_doubt_nothing_is_acknowledged,
                of_a_topic_that_was_made_anew_nothing_is_acknowledged,
                nothing_is_acknowledged_while_the_group_does_not_say_whether_the_topic_is_the_same,
                a_dead_letter_under_way_acknowledges_itself_and_the_others_are_acknowledged,
                what_is_not_ours_has_nothing_to_be_committed,
                too_many_unacknowledged_records_fill_a_partition_and_no_other,
                room_is_what_the_fullest_partition_that_is_read_has_left, an_acknowledgement_makes_room,
                one_that_waits_for_something_else_is_not_full, without_commit_manual_nothing_is_full,
                what_nobody_has_to_acknowledge_is_not_lost_though_the_metadata_cannot_hold_it,
                what_nobody_has_to_acknowledge_is_settled)

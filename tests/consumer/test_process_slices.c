/* A batch in slices: retries, failures, the pace, and what ends it early. */
#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_queue.h"
#include "tests/consumer/scripted_stage.h"
#include "tests/support/capture.h"

#include "common/exit_codes.h"

/* --- retries ------------------------------------------------------------------------------------------- */

START_TEST(a_record_that_waits_holds_its_partition_and_no_other)
{
    script.verdict = VERDICT_RETRY;
    script.offset = 11;
    for (int64_t i = 10; i < 14; i++)
        add(fake_payment(0, i));
    add(fake_payment(1, 20));
    ck_assert_uint_eq(process(), 2);
    ck_assert_int_eq(row(0)->position, 11);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_int_eq(row(1)->position, 21);
    ck_assert_uint_eq(script.seen, 3); /* not those behind it */
    ck_assert_int_eq(row(0)->last.read.offset, 10);
    ck_assert_uint_eq(counted(CONSUMER_RECEIVED), 5);
    ck_assert_uint_eq(counted(CONSUMER_PROCESSED), 2);
    ck_assert_uint_eq(published_histogram("process_us").count, 2);
}
END_TEST

START_TEST(each_record_is_counted_once_however_often_it_comes)
{
    script.verdict = VERDICT_RETRY;
    script.offset = 10;
    add(fake_payment(0, 10));
    ck_assert_uint_eq(process(), 0);
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_TIME), 0);
    partition_event(&consumer.partitions, 0, EVENT_DUE);
    settled();
    script.offset = -1;
    add(fake_payment(0, 10));
    ck_assert_uint_eq(process(), 1);
    ck_assert_uint_eq(counted(CONSUMER_RECEIVED), 1);
    ck_assert_uint_eq(counted(CONSUMER_PROCESSED), 1);
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_TIME), 1);
}
END_TEST

START_TEST(one_that_was_tried_often_enough_is_dead_with_its_attempts)
{
    script.verdict = VERDICT_RETRY;
    script.offset = 10;
    for (int i = 0; i < 4; i++) {
        add(fake_payment(0, 10));
        process();
        if (i < 3)
            partition_event(&consumer.partitions, 0, EVENT_DUE);
        settled();
    }
    SAID("letter 0@10");
    ck_assert_int_eq(row(0)->position, 11);
    ck_assert_uint_eq(consumer.deaths.list[0].attempts, 4);
    ck_assert_int_eq(consumer.deaths.list[0].first_failure_us, clock_wall_us());
    ck_assert_str_eq(letters.reason, "it rains");
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 1);
}
END_TEST

START_TEST(nothing_of_a_batch_that_failed_as_a_whole_is_done)
{
    script.batch_end_fails = true;
    add(fake_bytes(0, 10, "poison", 6));
    add(fake_payment(0, 11));
    consumer.batch.records = 2;
    ck_assert_uint_eq(process(), 0);
    SAID(""); /* no letter leaves before its batch stands */
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
    ck_assert_uint_eq(counted(CONSUMER_FAILED) + counted(CONSUMER_PROCESSED), 0);
    ck_assert_uint_eq(counted(CONSUMER_BYTES), 0);
    ck_assert_ptr_nonnull(strstr(capture.text, "2 payments could not be processed: scripted: the program "
                                               "died; retrying in "));
}
END_TEST

START_TEST(a_letter_behind_a_record_that_waits_does_not_leave)
{
    script.verdict = VERDICT_RETRY;
    script.offset = 11;
    add(fake_bytes(0, 10, "poison", 6));
    add(fake_payment(0, 11));
    add(fake_bytes(0, 12, "poison", 6));
    ck_assert_uint_eq(process(), 1);
    SAID("letter 0@10");
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 1);
    ck_assert_uint_eq(counted(CONSUMER_PROCESSED), 0);
}
END_TEST

/* --- partitions that may be another member's ------------------------------------------------------------ */

static void two_records(void)
{
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
}

static void nothing_was_done_and_it_reads_again(void)
{
    ck_assert_uint_eq(process(), 0);
    ck_assert_uint_eq(script.seen, 0);
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert(row(0)->fetch.seek);
    settled();
}

START_TEST(what_was_taken_before_a_heartbeat_came_late_is_not_processed)
{
    consumer.joining.long_us = US_PER_SECOND;
    consumer.joining.lapses = 1;
    two_records();
    nothing_was_done_and_it_reads_again();
    two_records(); /* once */
    ck_assert_uint_eq(process(), 2);
}
END_TEST

START_TEST(while_the_coordinator_is_silent_nothing_is_processed_but_not_for_long)
{
    consumer.joining.long_us = US_PER_SECOND;
    consumer.joining.heard_us = clock_monotonic_us() - 2 * US_PER_SECOND - 1;
    two_records();
    nothing_was_done_and_it_reads_again();
    fake_clock_advance(2 * US_PER_SECOND - 1);
    two_records();
    nothing_was_done_and_it_reads_again();
    fake_clock_advance(1);
    two_records();
    ck_assert_uint_eq(process(), 2);
}
END_TEST

START_TEST(another_silence_is_waited_for_as_the_first_was)
{
    consumer.joining.long_us = US_PER_SECOND;
    consumer.joining.heard_us = clock_monotonic_us() - 2 * US_PER_SECOND - 1;
    two_records();
    nothing_was_done_and_it_reads_again();
    consumer.joining.heard_us = clock_monotonic_us(); /* in time after all */
    add(fake_payment(1, 20));
    ck_assert_uint_eq(process(), 1);
    script.seen = 0;
    fake_clock_advance(2 * US_PER_SECOND + 1);
    two_records();
    nothing_was_done_and_it_reads_again();
}
END_TEST

START_TEST(nor_is_what_an_assignment_held_that_is_lost)
{
    kafka.lost = true;
    two_records();
    nothing_was_done_and_it_reads_again();
}
END_TEST

/* --- --commit manual ----------------------------------------------------------------------------------- */

static void drop_one_and_kill_one(void)
{
    consumer.partitions.manual = true;
    begin(0, 10);
    script.verdict = VERDICT_DROP;
    script.offset = 11;
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    add(fake_bytes(0, 12, "poison", 6));
    ck_assert_uint_eq(process(), 3);
}

START_TEST(what_a_stage_drops_nobody_has_to_acknowledge_and_a_letter_is_its_records_when_it_is_taken)
{
    drop_one_and_kill_one();
    SAID("letter 0@12");
    ck_assert_int_eq(acks_ahead(row(0)->acks), 1);
    ck_assert(acks_has(row(0)->acks, 11));
    ck_assert_uint_eq(counted(CONSUMER_PROCESSED), 2);
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 1);
    ck_assert_int_eq(published(0, "unacknowledged"), 2);
}
END_TEST

START_TEST(with_dead_letters_off_what_dies_is_done)
{
    letters.topic = NULL;
    drop_one_and_kill_one();
    ck_assert_int_eq(acks_ahead(row(0)->acks), 2);
}
END_TEST

START_TEST(what_was_acknowledged_before_is_not_processed_again)
{
    consumer.partitions.manual = true;
    begin(0, 10);
    partition_acknowledge(&consumer.partitions, 0, 11, 12, &error);
    for (int64_t i = 10; i < 13; i++)
        add(fake_payment(0, i));
    ck_assert_uint_eq(process(), 2);
    ck_assert_uint_eq(script.seen, 2);
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert_uint_eq(counted(CONSUMER_SKIPPED), 1);
}
END_TEST

/* --- what ends it -------------------------------------------------------------------------------------- */

START_TEST(an_unknown_major_version_stops_before_it_and_nothing_moves_past_it)
{
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    add(with_header(fake_payment(1, 20), "schema", "payment/2"));
    add(fake_payment(1, 21));
    add(fake_payment(0, 12));
    ck_assert_uint_eq(process(), 2);
    ck_assert(consumer.end.must_stop);
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_CONFIG);
    ck_assert_int_eq(row(0)->position, 12);
    ck_assert_int_eq(row(1)->position, 20);
    ck_assert_ptr_nonnull(strstr(capture.text, "payments [1] offset 20 has a schema with a major version "
                                               "that this build does not know: upgrade ksupervise"));
    ck_assert_uint_eq(counted(CONSUMER_FAILED), 0);
}
END_TEST

START_TEST(an_unknown_major_version_in_the_first_record_moves_nothing)
{
    add(with_header(fake_payment(0, 10), "schema", "payment/2"));
    add(fake_payment(0, 11));
    ck_assert_uint_eq(process(), 0);
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert(!partitions_dirty(&consumer.partitions));
}
END_TEST

START_TEST(after_an_error_that_ends_it_nothing_of_the_array_is_processed)
{
    add(fake_payment(0, 10));
    add(fake_error(0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
    add(fake_payment(0, 11));
    ck_assert_uint_eq(process(), 0);
    ck_assert(consumer.end.must_stop);
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_CONFIG);
    ck_assert_uint_eq(script.seen, 0);
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(0)->flight.first, STATS_UNKNOWN);
    ck_assert_uint_eq(counted(CONSUMER_RECEIVED), 0);
}
END_TEST

START_TEST(errors_move_nothing_and_records_end_an_outage)
{
    consumer.outage.since_us = 1;
    consumer.topic_missing_said = true;
    add(fake_error(0, RD_KAFKA_RESP_ERR__TRANSPORT));
    ck_assert_uint_eq(process(), 0);
    ck_assert_int_eq(consumer.outage.since_us, 1);
    ck_assert(consumer.topic_missing_said);
    add(fake_payment(0, 10));
    process();
    ck_assert_int_eq(consumer.outage.since_us, 0);
    ck_assert(!consumer.topic_missing_said);
}
END_TEST

/* --- slices -------------------------------------------------------------------------------------------- */

static int polls_before[64];

static void note_polls(int64_t offset)
{
    polls_before[offset] = queue.polls;
}

START_TEST(a_slow_stage_gets_slices_of_a_second_with_a_poll_between_them)
{
    script.takes_us = 250 * US_PER_MS;
    script.on_record = note_polls;
    consumer.pace.records = 2;
    for (int64_t i = 0; i < 14; i++)
        add(fake_payment(0, 10 + i));
    ck_assert_uint_eq(process(), 14);
    ck_assert_int_eq(row(0)->position, 24);
    ck_assert_uint_eq(consumer.pace.records, 4);
    for (int64_t i = 10; i < 24; i++) /* 2 records, then 4 at a time */
        ck_assert_int_eq(polls_before[i], i < 12 ? 0 : 1 + (int)(i - 12) / 4);
    ck_assert_int_eq(queue.polls, 3);                        /* none behind the last */
    ck_assert_uint_eq(counted(CONSUMER_BATCHES_BY_TIME), 1); /* one batch, all the same */
    ck_assert_int_eq(published_histogram("batch_us").sum, 14 * script.takes_us);
}
END_TEST

START_TEST(the_pace_begins_low_and_grows_eightfold)
{
    add(fake_payment(0, 10));
    process();
    ck_assert_uint_eq(consumer.pace.records, 32); /* eight of one are less than that */
    script.takes_us = 1;
    consumer.pace.records = 0;
    add(fake_payment(0, 11));
    process();
    ck_assert_uint_eq(consumer.pace.records, 8);
    for (int64_t i = 0; i < 8; i++)
        add(fake_payment(0, 12 + i));
    process();
    ck_assert_uint_eq(consumer.pace.records, 64);
}
END_TEST

START_TEST(the_first_slice_is_one_record_however_large_the_batch_is)
{
    script.takes_us = 40 * US_PER_SECOND;
    script.on_record = note_polls;
    consumer.pace.records = 0;
    for (int64_t i = 0; i < 3; i++)
        add(fake_payment(0, 10 + i));
    process();
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(polls_before[10 + i], i);
}
END_TEST

START_TEST(a_record_of_many_seconds_is_a_slice_of_its_own)
{
    script.takes_us = 3300 * US_PER_MS;
    consumer.pace.records = 1;
    for (int64_t i = 0; i < 3; i++)
        add(fake_payment(0, 10 + i));
    ck_assert_uint_eq(process(), 3);
    ck_assert_uint_eq(consumer.pace.records, 1);
    ck_assert_int_eq(queue.polls, 2);
    ck_assert_int_eq(queue.timeout_ms, 0);
}
END_TEST

START_TEST(what_is_done_is_committed_between_two_slices)
{
    script.takes_us = US_PER_SECOND;
    consumer.pace.records = 1;
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    process();
    SAID("commit 0@11"); /* the second is the turn's */
    ck_assert_int_eq(published(0, "position"), 12);
}
END_TEST

static void take_away(void)
{
    partition_on_revoked(&consumer.partitions, 0);
}

START_TEST(a_partition_that_goes_between_two_slices_is_not_processed_on)
{
    script.takes_us = US_PER_SECOND;
    consumer.pace.records = 1;
    queue.on_poll = take_away;
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    add(fake_payment(1, 20));
    ck_assert_uint_eq(process(), 2);
    ck_assert_uint_eq(counted(CONSUMER_SKIPPED), 1);
    ck_assert_int_eq(row(1)->position, 21);
}
END_TEST

START_TEST(a_message_that_comes_with_a_poll_is_worked_off_with_the_rest)
{
    consumer.pace.records = 1;
    script.takes_us = US_PER_SECOND;
    add(fake_payment(0, 10));
    add(fake_payment(0, 11));
    queue_put(fake_payment(0, 12));
    ck_assert_uint_eq(process(), 3);
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert_int_eq(consumer.pace.polled_us, clock_monotonic_us() - script.takes_us);
}
END_TEST

START_TEST(one_that_is_to_end_does_not_finish_a_slow_batch)
{
    consumer.pace.records = 1;
    control.wanted = WORKER_DRAIN_LEAVE;
    script.takes_us = US_PER_SECOND / 2;
    for (int64_t i = 0; i < 8; i++)
        add(fake_payment(0, 10 + i));
    ck_assert_uint_eq(process(), 3); /* one, then two: that is over a second */
    ck_assert(consumer.end.hurried);
    ck_assert_int_eq(row(0)->position, 13);
}
END_TEST

START_TEST(a_stage_that_works_long_keeps_the_member_alive_without_taking_anything)
{
    consumer.pace.polled_us = clock_monotonic_us();
    fake_clock_advance(2 * US_PER_SECOND - 1);
    process_keep_alive(&consumer);
    ck_assert_int_eq(queue.empty_polls, 0);
    fake_clock_advance(1);
    process_keep_alive(&consumer);
    ck_assert_int_eq(queue.empty_polls, 1);
    process_keep_alive(&consumer);
    ck_assert_int_eq(queue.empty_polls, 1);
    fake_clock_advance(2 * US_PER_SECOND);
    add(fake_payment(0, 10));
    process(); /* a batch has just been polled for */
    process_keep_alive(&consumer);
    ck_assert_int_eq(queue.empty_polls, 1);
}
END_TEST

CHECK_MAIN_WITH("consumer/process: slices", open_consumer, close_consumer,
                a_record_that_waits_holds_its_partition_and_no_other,
                each_record_is_counted_once_however_often_it_comes,
                one_that_was_tried_often_enough_is_dead_with_its_attempts,
                nothing_of_a_batch_that_failed_as_a_whole_is_done,
                a_letter_behind_a_record_that_waits_does_not_leave,
                what_was_taken_before_a_heartbeat_came_late_is_not_processed,
                while_the_coordinator_is_silent_nothing_is_processed_but_not_for_long,
                another_silence_is_waited_for_as_the_first_was, nor_is_what_an_assignment_held_that_is_lost,
                what_a_stage_drops_nobody_has_to_acknowledge_and_a_letter_is_its_records_when_it_is_taken,
                with_dead_letters_off_what_dies_is_done, what_was_acknowledged_before_is_not_processed_again,
                an_unknown_major_version_stops_before_it_and_nothing_moves_past_it,
                an_unknown_major_version_in_the_first_record_moves_nothing,
                after_an_error_that_ends_it_nothing_of_the_array_is_processed,
                errors_move_nothing_and_records_end_an_outage,
                a_slow_stage_gets_slices_of_a_second_with_a_poll_between_them,
                the_pace_begins_low_and_grows_eightfold,
                the_first_slice_is_one_record_however_large_the_batch_is,
                a_record_of_many_seconds_is_a_slice_of_its_own, what_is_done_is_committed_between_two_slices,
                a_partition_that_goes_between_two_slices_is_not_processed_on,
                a_message_that_comes_with_a_poll_is_worked_off_with_the_rest,
                one_that_is_to_end_does_not_finish_a_slow_batch,
                a_stage_that_works_long_keeps_the_member_alive_without_taking_anything)

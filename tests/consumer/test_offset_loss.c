/* Where to go on is not there: what the topic holds is a fake's word. */
#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_sink.h"
#include "tests/support/capture.h"

#include "common/exit_codes.h"
#include "consumer/offset_loss.h"

/* Partition 0 is at 10 and the topic holds 30 to 50. */
static void open_consumer(void)
{
    consumer_begin();
    sink_begin();
    begin(0, 10);
    kafka.low[0] = kafka.low[1] = 30;
    kafka.high[0] = kafka.high[1] = 50;
}

/* librdkafka says so of this offset. */
static void is_gone(int32_t partition, int64_t offset)
{
    rd_kafka_message_t message = {
        .partition = partition, .offset = offset, .err = RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET};
    offset_loss_gone(&consumer, &message);
}

static void serve(void)
{
    capture_begin();
    offset_loss_serve(&consumer);
    capture_end();
}

static void waits_a_second(void)
{
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert_int_eq(row(0)->until_us, clock_monotonic_us() + US_PER_SECOND);
}

/* --- what is met --------------------------------------------------------------------------------------- */

START_TEST(an_offset_that_is_gone_stops_its_partition_until_that_is_settled)
{
    begin(1, 10);
    is_gone(0, 10);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert_int_eq(row(0)->until_us, clock_monotonic_us()); /* in this turn */
    ck_assert_int_eq(row(1)->state, STATE_READING);
}
END_TEST

START_TEST(a_report_about_an_offset_that_is_left_behind_only_reads_on)
{
    is_gone(0, 9);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert(row(0)->fetch.seek);
    is_gone(0, 10); /* nor does one from before it was sought */
    ck_assert_int_eq(row(0)->state, STATE_READING);
    settled();
    is_gone(0, 11); /* nor one from beyond: it is read again up to there, and told again */
    ck_assert_int_eq(row(0)->state, STATE_READING);
    settled();
    is_gone(0, 10);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
}
END_TEST

START_TEST(the_last_record_may_be_what_is_gone)
{
    const struct witness witness = {8, 1, 2};
    table_begin_behind(&consumer.partitions, 0, 10, &witness);
    is_gone(0, 7);
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    settled();
    is_gone(0, 8);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
}
END_TEST

START_TEST(of_what_is_not_ours_or_waits_nothing_is_gone)
{
    is_gone(7, 10);
    partition_event(&consumer.partitions, 0, EVENT_FAILED);
    partition_fetches(&consumer.partitions, 0, (struct fetch){.paused = true, .seek = false});
    is_gone(0, 10);
    ck_assert_int_eq(row(0)->state, STATE_RETRYING);
}
END_TEST

START_TEST(nothing_is_asked_while_nothing_is_lost)
{
    serve();
    SAID("");
}
END_TEST

/* --- gone ---------------------------------------------------------------------------------------------- */

START_TEST(it_stops_and_nothing_is_skipped)
{
    is_gone(0, 10);
    serve();
    SAID("edge 0@-2; edge 0@-1");
    ck_assert(consumer.end.must_stop);
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_OFFSETS_LOST);
    ck_assert_str_eq(capture.text,
                     "error: payments [0]: offset 10 is not there: the topic holds 30 to 50; nothing was "
                     "skipped. --on-offset-loss earliest continues at the first record that is there\n");
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_uint_eq(counted(CONSUMER_LOST), 0);
    serve(); /* once that is so, nobody is asked any more */
    SAID("");
    waits_a_second();
}
END_TEST

START_TEST(an_offset_beyond_the_end_asks_whether_the_topic_is_another)
{
    const struct witness witness = witness_at(19, "seen");
    begin(0, 60);
    table_begin_behind(&consumer.partitions, 1, 20, &witness);
    is_gone(0, 60);
    serve();
    ck_assert_ptr_nonnull(strstr(capture.text, "the topic holds 30 to 50 (was it recreated?); nothing"));
    ck_assert(row(1)->last.doubted); /* as it ends, no other partition is committed unseen */
}
END_TEST

START_TEST(or_it_goes_on_at_the_first_record_that_is_there)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    is_gone(0, 10);
    serve();
    ck_assert(!consumer.end.must_stop);
    ck_assert_str_eq(capture.text, "warning: payments [0]: 20 records are gone, offsets 10 to 29; 10 → 30, 0 "
                                   "existing records are skipped\n");
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert_int_eq(row(0)->position, 30);
    ck_assert_uint_eq(counted(CONSUMER_LOST), 20);
    SAID("edge 0@-2; edge 0@-1; gone before 0@30; notify committed-gap 0 10 30 20");
}
END_TEST

START_TEST(or_behind_the_last_one_and_all_that_is_passed_over_is_lost)
{
    settings.on_offset_loss = OFFSET_LOSS_LATEST;
    is_gone(0, 10);
    serve();
    ck_assert_str_eq(capture.text, "warning: payments [0]: 20 records are gone, offsets 10 to 29; 10 → 50, "
                                   "20 existing records are skipped\n");
    ck_assert_int_eq(row(0)->position, 50);
    ck_assert_uint_eq(counted(CONSUMER_LOST), 40);
}
END_TEST

START_TEST(a_dead_letter_that_is_under_way_is_still_waited_for)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    letters.table = &consumer.partitions;
    letters.next[0] = 7;
    partition_lower_barrier(&consumer.partitions, 0, 7);
    is_gone(0, 10);
    serve();
    ck_assert_int_eq(row(0)->position, 30);
    ck_assert_int_eq(partition_committable(row(0)), 7);
}
END_TEST

/* 0 to 9 were delivered; 2 is acknowledged, 4 is a dead letter on its way. */
START_TEST(what_was_delivered_and_is_gone_unacknowledged_is_told_and_a_letter_is_not_acknowledged)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    settings.commit = COMMIT_MANUAL;
    consumer.partitions.manual = true;
    begin(0, 0);
    table_process(&consumer.partitions, 0, 10);
    settled();
    partition_settle(&consumer.partitions, 0, 2, 3);
    letters.next[0] = 4;
    is_gone(0, 10);
    serve();
    ck_assert_ptr_nonnull(
        strstr(capture.text, "20 records are gone, offsets 10 to 29; 10 → 30, 0 existing records"));
    ck_assert_ptr_nonnull(strstr(capture.text, "8 records that were delivered, from offset 0 on, are gone "
                                               "too, unacknowledged: they count as acknowledged"));
    ck_assert_int_eq(row(0)->position, 30);
    ck_assert_int_eq(row(0)->acks->done.next, 4);
    ck_assert_int_eq(acks_ahead(row(0)->acks), 25);
    partition_settle(&consumer.partitions, 0, 4, 5); /* the letter is out */
    ck_assert_int_eq(partition_committable(row(0)), 30);
}
END_TEST

START_TEST(a_topic_that_is_no_more_leaves_its_letters_behind_and_they_are_sent)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    begin(0, 60);
    is_gone(0, 60);
    serve();
    ck_assert_ptr_nonnull(strstr(kafka_said(), "gone 0; forget 0"));
}
END_TEST

START_TEST(one_beyond_the_end_begins_the_other_topic_at_its_first_record)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    begin(0, 60);
    is_gone(0, 60);
    serve();
    ck_assert_str_eq(
        capture.text,
        "warning: payments [0]: the topic ends before the offset: it was recreated or truncated; 60 → 30, 0 "
        "records of the new one are skipped; how many the old one still had is unknown\n");
    ck_assert_int_eq(row(0)->position, 30);
    ck_assert_uint_eq(counted(CONSUMER_LOST), 0);
}
END_TEST

START_TEST(or_behind_its_last)
{
    settings.on_offset_loss = OFFSET_LOSS_LATEST;
    begin(0, 60);
    is_gone(0, 60);
    serve();
    ck_assert_ptr_nonnull(strstr(capture.text, "60 → 50, 20 records of the new one are skipped"));
    ck_assert_uint_eq(counted(CONSUMER_LOST), 20);
}
END_TEST

START_TEST(a_database_that_does_not_say_that_it_went_on_is_asked_again_and_nothing_counts)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    sink.move = SINK_UNKNOWN;
    is_gone(0, 10);
    serve();
    ck_assert_ptr_nonnull(strstr(capture.text, "are skipped (the sink is asked again)\n"));
    ck_assert_uint_eq(counted(CONSUMER_LOST), 0);
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    SAID("edge 0@-2; edge 0@-1; move 0 10→30");
}
END_TEST

START_TEST(a_broker_that_does_not_answer_is_asked_again_in_a_second)
{
    kafka.list_offsets = RD_KAFKA_RESP_ERR__TIMED_OUT;
    is_gone(0, 10);
    serve();
    ck_assert_str_eq(capture.text, "");
    waits_a_second();
    serve();
    SAID("edge 0@-2"); /* once */
    kafka.list_offsets = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(US_PER_SECOND);
    serve();
    ck_assert(consumer.end.must_stop);
}
END_TEST

START_TEST(an_edge_that_one_broker_does_not_say_makes_only_its_partition_wait)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    begin(1, 20);
    is_gone(0, 10);
    is_gone(1, 20);
    kafka.low[0] = STATS_UNKNOWN;
    serve();
    waits_a_second();
    ck_assert_int_eq(row(1)->position, 30);
    kafka.low[0] = 30;
    kafka.high[0] = STATS_UNKNOWN;
    fake_clock_advance(US_PER_SECOND);
    serve();
    waits_a_second();
    ck_assert_int_eq(row(0)->position, 10);
}
END_TEST

START_TEST(when_one_stops_it_the_others_wait_and_nothing_is_said_of_them)
{
    begin(1, 10);
    is_gone(1, 10);
    is_gone(0, 10);
    serve();
    ck_assert_ptr_nonnull(strstr(capture.text, "payments [0]: offset 10 is not there"));
    ck_assert_int_eq(row(1)->state, STATE_LOSING);
    ck_assert_int_eq(row(1)->until_us, clock_monotonic_us() + US_PER_SECOND);
    struct stats_ring_entry last;
    ck_assert_uint_eq(published_ring(STATS_RING_ERRORS, &last), 1);
}
END_TEST

START_TEST(all_that_are_lost_are_settled)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    begin(1, 20);
    is_gone(0, 10);
    is_gone(1, 20);
    serve();
    ck_assert_int_eq(row(0)->position, 30);
    ck_assert_int_eq(row(1)->position, 30);
    ck_assert_uint_eq(counted(CONSUMER_LOST), 30);
}
END_TEST

/* --- another topic, or an offset that has expired --------------------------------------------------------
 */

static void may_have_expired(int64_t offset)
{
    const struct place place = {.offset = offset, .committed = STATS_UNKNOWN, .witness = WITNESS_NONE};
    partition_placed(&consumer.partitions, 0, &place);
    partition_expired(&consumer.partitions, 0);
    serve();
}

START_TEST(whether_the_offset_expired_is_asked_of_the_operator_whatever_the_setting)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    may_have_expired(40);
    ck_assert(consumer.end.must_stop);
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_OFFSETS_LOST);
    ck_assert_ptr_nonnull(strstr(capture.text, "--partition 0 --to offset 40'"));
    ck_assert_int_eq(row(0)->position, 40);
}
END_TEST

START_TEST(what_is_the_same_for_both_is_done)
{
    static const int64_t offsets[] = {10, 30, 60}; /* before the first, the first, beyond the end */
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    for (size_t i = 0; i < 3; i++) {
        may_have_expired(offsets[i]);
        ck_assert(!consumer.end.must_stop);
        ck_assert_int_eq(row(0)->state, STATE_READING);
        ck_assert_int_eq(row(0)->position, 30);
    }
}
END_TEST

/* --- there after all ----------------------------------------------------------------------------------- */

START_TEST(what_is_there_after_all_is_read_and_asked_again_only_after_a_second)
{
    static const int64_t offsets[] = {30, 40, 50}; /* the first, one between, the end */
    for (size_t i = 0; i < 3; i++) {
        begin(0, offsets[i]);
        is_gone(0, offsets[i]);
        serve();
        ck_assert(!consumer.end.must_stop);
        ck_assert_int_eq(row(0)->state, STATE_READING);
        ck_assert_int_eq(row(0)->position, offsets[i]);
        settled();
        is_gone(0, offsets[i]);
        serve();
        waits_a_second();
        fake_clock_advance(US_PER_SECOND);
        serve();
        ck_assert_int_eq(row(0)->state, STATE_READING);
    }
}
END_TEST

/* The last record was at `offset`; the position is 31. */
static void last_was(int64_t offset)
{
    const struct witness witness = {offset, 1, 2};
    table_begin_behind(&consumer.partitions, 0, 31, &witness);
    is_gone(0, offset);
    serve();
}

START_TEST(where_only_the_last_record_is_gone_what_is_left_before_the_position_is_looked_at)
{
    last_was(29);
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert_int_eq(partition_read_from(row(0)), 30);
    settled();
    ck_assert_int_eq(table_take(&consumer.partitions, 0, 31, "next"), NOT_TAKEN); /* as before: nothing */
    settled();
    ck_assert_int_eq(table_take(&consumer.partitions, 0, 31, "next"), TAKEN);
    ck_assert_int_eq(row(0)->last.read.offset, STATS_UNKNOWN);
    last_was(29);
    settled();
    ck_assert_int_eq(table_take(&consumer.partitions, 0, 30, "where none was"), TAKEN_LAST);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    last_was(30); /* it is the first that is there */
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert_int_eq(partition_read_from(row(0)), 30);
}
END_TEST

/* --- another topic of the same name -------------------------------------------------------------------- */

static void meet_another(void)
{
    const struct witness witness = witness_at(9, "read");
    table_begin_behind(&consumer.partitions, 0, 10, &witness);
    kafka.low[0] = 0;
    ck_assert_int_eq(table_take(&consumer.partitions, 0, 9, "another"), TAKEN_LAST);
    serve();
}

#define MADE_AGAIN                                                                                           \
    "the topic was deleted and recreated: at offset 9 the record of 2026-02-26T09:52:20.102000+00:00 "       \
    "(%016llx) was read, now there is one of 2026-02-26T09:52:20.102000+00:00 (%016llx)"

static void says(const char *before, const char *after)
{
    char line[1024];
    snprintf(line, sizeof line, "%s" MADE_AGAIN "%s", before, (unsigned long long)witness_at(9, "read").hash,
             (unsigned long long)witness_at(9, "another").hash, after);
    ck_assert_str_eq(capture.text, line);
}

START_TEST(another_record_in_the_last_ones_place_stops)
{
    meet_another();
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_OFFSETS_LOST);
    says("error: payments [0]: ", "; nothing was skipped. --on-offset-loss earliest continues at its first "
                                  "record, 'kctl reset' at an offset of your choice\n");
    ck_assert_int_eq(row(0)->position, 10);
}
END_TEST

START_TEST(so_does_one_where_none_was)
{
    const struct witness witness = witness_at(9, "read");
    table_begin_behind(&consumer.partitions, 0, 12, &witness);
    ck_assert_int_eq(table_take(&consumer.partitions, 0, 11, "another"), TAKEN_LAST);
    serve();
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_OFFSETS_LOST);
    ck_assert_ptr_nonnull(strstr(capture.text, "recreated: after offset 9 no record was read, now there is "
                                               "one of 2026-02-26T09:52:20.102000+00:00 ("));
    ck_assert_ptr_nonnull(strstr(capture.text, ") at 11; nothing was skipped."));
}
END_TEST

START_TEST(or_begins_the_new_topic)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    meet_another();
    says("warning: payments [0]: ",
         "; 10 → 0, 0 records of the new one are skipped; how many the old one still had is unknown\n");
    ck_assert_int_eq(row(0)->position, 0);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    ck_assert_int_eq(row(0)->last.found.offset, STATS_UNKNOWN);
}
END_TEST

START_TEST(then_the_last_records_of_the_others_are_looked_at_before_more_is_committed)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    const struct witness witness = witness_at(19, "seen");
    table_begin_behind(&consumer.partitions, 1, 20, &witness);
    ck_assert_int_eq(table_take(&consumer.partitions, 1, 19, "seen"), TAKEN_LAST);
    meet_another();
    ck_assert_int_eq(row(1)->state, STATE_VERIFYING);
    ck_assert(row(1)->last.doubted);
    ck_assert(!row(0)->last.doubted);
}
END_TEST

START_TEST(or_passes_all_of_it_over)
{
    settings.on_offset_loss = OFFSET_LOSS_LATEST;
    meet_another();
    ck_assert_int_eq(row(0)->position, 50);
    ck_assert_uint_eq(counted(CONSUMER_LOST), 50);
}
END_TEST

CHECK_MAIN_WITH(
    "consumer/offset_loss", open_consumer, consumer_end,
    an_offset_that_is_gone_stops_its_partition_until_that_is_settled,
    a_report_about_an_offset_that_is_left_behind_only_reads_on, the_last_record_may_be_what_is_gone,
    of_what_is_not_ours_or_waits_nothing_is_gone, nothing_is_asked_while_nothing_is_lost,
    it_stops_and_nothing_is_skipped, an_offset_beyond_the_end_asks_whether_the_topic_is_another,
    or_it_goes_on_at_the_first_record_that_is_there,
    or_behind_the_last_one_and_all_that_is_passed_over_is_lost,
    a_dead_letter_that_is_under_way_is_still_waited_for,
    what_was_delivered_and_is_gone_unacknowledged_is_told_and_a_letter_is_not_acknowledged,
    a_topic_that_is_no_more_leaves_its_letters_behind_and_they_are_sent,
    one_beyond_the_end_begins_the_other_topic_at_its_first_record, or_behind_its_last,
    a_database_that_does_not_say_that_it_went_on_is_asked_again_and_nothing_counts,
    a_broker_that_does_not_answer_is_asked_again_in_a_second,
    an_edge_that_one_broker_does_not_say_makes_only_its_partition_wait,
    when_one_stops_it_the_others_wait_and_nothing_is_said_of_them, all_that_are_lost_are_settled,
    whether_the_offset_expired_is_asked_of_the_operator_whatever_the_setting,
    what_is_the_same_for_both_is_done, what_is_there_after_all_is_read_and_asked_again_only_after_a_second,
    where_only_the_last_record_is_gone_what_is_left_before_the_position_is_looked_at,
    another_record_in_the_last_ones_place_stops, so_does_one_where_none_was, or_begins_the_new_topic,
    then_the_last_records_of_the_others_are_looked_at_before_more_is_committed, or_passes_all_of_it_over)

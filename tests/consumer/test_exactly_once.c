/* The consumer's side of a sink, by a database in memory. */
#include "tests/consumer/exactly_once_case.h"

#include "common/exit_codes.h"
#include "consumer/pipeline/stages/stages.h"

/* --- opening ------------------------------------------------------------------------------------------- */

static void refuses(int commit, const struct stage *stage, const char *why)
{
    error = (struct error)ERROR_INIT;
    settings.commit = commit;
    ck_assert_int_eq(exactly_once_check(&settings, stage, &error), -1);
    ck_assert_str_eq(error.text, why);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
}

START_TEST(commit_has_to_agree_with_where_the_pipeline_ends)
{
    const struct stage sqlite = {&stage_sqlite, NULL};
    refuses(
        COMMIT_SINK, NULL,
        "--commit: sink is for a pipeline that ends in a database (sqlite:FILE) or a topic (kafka:TOPIC)");
    settings.commit = COMMIT_BATCH;
    ck_assert_int_eq(exactly_once_check(&settings, NULL, &error), 0);
    ck_assert_int_eq(exactly_once_check(&settings, &sqlite, &error), 0); /* the default gives way */
    settings.commit = COMMIT_SINK;
    ck_assert_int_eq(exactly_once_check(&settings, &sqlite, &error), 0);
    char *argv[] = {(char *)"kconsume", (char *)"--commit=manual"};
    struct settings said = {0};
    ck_assert_int_eq(options_parse(&consumer_program, &said, 2, argv, NULL, &error), 0);
    ck_assert_int_eq(exactly_once_check(&said, &sqlite, &error), -1);
    ck_assert_str_eq(error.text, "--commit: sqlite commits offsets with what it writes: leave --commit out");
    ck_assert_int_eq(exactly_once_check(&said, NULL, &error), 0);
    options_release(&consumer_program, &said);
}
END_TEST

START_TEST(a_pipeline_that_ends_in_no_database_has_no_sink)
{
    exactly_once_close(&consumer);
    ck_assert_int_eq(exactly_once_open(&consumer, &error), 0);
    ck_assert(!exactly_once_is(&consumer));
    SAID("");
    settings.commit = COMMIT_SINK;
    ck_assert_int_eq(exactly_once_open(&consumer, &error), -1);
}
END_TEST

START_TEST(one_that_does_has_the_stages_sink_and_keeps_places)
{
    exactly_once_close(&consumer);
    consumer.pipeline.stages[0] = (struct stage){&stage_sqlite, FAKE_SINK};
    consumer.pipeline.stage_count = 1;
    ck_assert_int_eq(exactly_once_open(&consumer, &error), 0);
    ck_assert_ptr_eq(consumer.sink.class, stage_sqlite.sink);
    ck_assert_ptr_eq(consumer.sink.state, FAKE_SINK);
    ck_assert(exactly_once_is(&consumer) && consumer.sink.deaths != NULL && consumer.sink.ranges != NULL);
    SAID("keep places");
}
END_TEST

/* The sanitizers ask these at their start; without them, they end a process that wants too much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(a_batch_that_memory_cannot_hold_names_the_flag)
{
    exactly_once_close(&consumer);
    consumer.pipeline.stages[0] = (struct stage){&stage_sqlite, FAKE_SINK};
    consumer.pipeline.stage_count = 1;
    size_t size = consumer.batch.size;
    consumer.batch.size = SIZE_MAX / 1024;
    ck_assert_int_eq(exactly_once_open(&consumer, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--batch-size is too large"));
    consumer.batch.size = size;
}
END_TEST

/* --- where to go on ------------------------------------------------------------------------------------ */

static int place(struct sink_position *found)
{
    *found = (struct sink_position)SINK_POSITION_NONE;
    capture_begin();
    int result = exactly_once_position(&consumer, 0, found, &error);
    capture_end();
    return result;
}

START_TEST(a_partition_is_taken_over_and_from_then_on_asked_for)
{
    struct sink_position found;
    sink.positions[0] = (struct sink_position){42, {41, 1, 2}, STATS_UNKNOWN};
    sink.outbox_letters = 2;
    ck_assert_int_eq(place(&found), 0);
    SAID("take 0; forget 0; outbox 0; letter 0@90 kept; letter 0@91 kept");
    ck_assert_int_eq(found.next_offset, 42);
    ck_assert(row(0)->owned && !row(1)->owned);
    ck_assert(!row(0)->letters_left);
    ck_assert_int_eq(place(&found), 0);
    SAID("reread 0");
    ck_assert(row(0)->letters_left); /* the outbox is looked at when those under way have come back */
}
END_TEST

START_TEST(nothing_is_taken_before_the_clusters_id_is_known)
{
    struct sink_position found;
    letters.source.cluster = "unknown";
    ck_assert_int_eq(place(&found), -1);
    ck_assert_str_eq(error.text, "the cluster's id is not known yet");
    SAID("");
    ck_assert(!row(0)->owned);
}
END_TEST

START_TEST(what_cannot_be_taken_is_not_ours)
{
    struct sink_position found;
    sink.takes_fail = 1;
    ck_assert_int_eq(place(&found), -1);
    ck_assert(!row(0)->owned);
    SAID("take 0");
    sink.outbox = -1;
    ck_assert_int_eq(place(&found), -1);
    ck_assert_str_eq(error.text, "the outbox is away");
    ck_assert(row(0)->owned); /* it is: next time it is only asked */
}
END_TEST

START_TEST(one_that_another_process_has_waits_for_the_group_to_say_so)
{
    struct sink_position found;
    place(&found);
    sink.reread = SINK_LOST;
    kafka_said();
    ck_assert_int_eq(place(&found), -1);
    SAID("reread 0; forget 0");
    ck_assert_int_eq(row(0)->state, STATE_DISPOSSESSED);
    ck_assert_int_eq(row(0)->until_us, clock_monotonic_us() + settings.session_timeout_us);
    ck_assert_str_eq(capture.text, "warning: payments [0]: the database is away; nothing was written; "
                                   "waiting for the group to say who owns it\n");
    struct stats_ring_entry last;
    ck_assert_uint_eq(published_ring(STATS_RING_REBALANCES, &last), 1);
    ck_assert_str_eq(last.text, "[0] taken over");
    ck_assert_int_eq(last.number, 1);
}
END_TEST

START_TEST(one_that_cannot_be_asked_now_is_ours_still)
{
    struct sink_position found;
    place(&found);
    sink.reread = SINK_AGAIN;
    ck_assert_int_eq(place(&found), -1);
    ck_assert(row(0)->owned);
    ck_assert_int_eq(row(0)->state, STATE_READING);
}
END_TEST

START_TEST(letters_of_the_outbox_go_nowhere_with_dead_letters_off)
{
    struct sink_position found;
    letters.topic = NULL;
    sink.outbox_letters = 2;
    ck_assert_int_eq(place(&found), 0);
    SAID("take 0; forget 0; outbox 0");
}
END_TEST

START_TEST(what_the_outbox_has_beyond_the_room_there_is_follows_when_the_others_are_out)
{
    struct sink_position found;
    sink.outbox_letters = 3;
    letters.refused_sends = 2;
    ck_assert_int_eq(place(&found), 0);
    ck_assert_str_eq(capture.text, "warning: payments [0]: no producer; the outbox is sent later\n");
    kafka_said();
    letters.next[0] = 92; /* one is under way */
    exactly_once_serve(&consumer);
    SAID("");
    letters.next[0] = 0;
    letters.origin_count = 1;
    exactly_once_serve(&consumer); /* and taken out */
    SAID("forwarded 1; let go 1; outbox 0; letter 0@90 kept; letter 0@91 kept; letter 0@92 kept");
    fake_clock_advance(US_PER_SECOND);
    exactly_once_serve(&consumer);
    SAID(""); /* all are on their way */
}
END_TEST

START_TEST(an_outbox_that_cannot_be_read_again_is_tried_a_second_later)
{
    struct sink_position found;
    sink.outbox_letters = 1;
    letters.refused_sends = 1;
    ck_assert_int_eq(place(&found), 0);
    kafka_said();
    sink.outbox = -1;
    letters.refused_sends = 1;
    capture_begin();
    exactly_once_serve(&consumer);
    SAID("outbox 0; letter 0@90 kept");
    exactly_once_serve(&consumer);
    capture_end();
    SAID("");
    sink.outbox = 0;
    fake_clock_advance(US_PER_SECOND);
    exactly_once_serve(&consumer);
    SAID("outbox 0; letter 0@90 kept");
}
END_TEST

START_TEST(a_letter_that_is_not_even_kept_stays_in_the_outbox)
{
    struct sink_position found;
    sink.outbox_letters = 2;
    letters.refused_sends = 1;
    ck_assert_int_eq(place(&found), 0);
    SAID("take 0; forget 0; outbox 0; letter 0@90 kept; letter 0@91 kept");
    ck_assert_str_eq(capture.text, "warning: payments [0]: no producer; the outbox is sent later\n");
}
END_TEST

static enum sink_result move(int64_t from, int64_t committed, bool delete_rows)
{
    const struct exactly_once_move move = {0, from, 15, committed, delete_rows};
    return exactly_once_move(&consumer, &move, &error);
}

START_TEST(a_move_says_when_the_group_was_known_to_have_an_offset)
{
    ck_assert_int_eq(move(10, 10, false), SINK_DONE);
    ck_assert_int_eq(sink.group_had_ms[0], clock_wall_us() / US_PER_MS);
    ck_assert_int_eq(move(10, STATS_UNKNOWN, false), SINK_DONE);
    ck_assert_int_eq(sink.group_had_ms[0], STATS_UNKNOWN);
}
END_TEST

START_TEST(a_move_says_what_the_database_says)
{
    ck_assert_int_eq(move(10, 10, true), SINK_DONE);
    SAID("move 0 10→15 without rows");
    sink.move = SINK_UNKNOWN;
    ck_assert_int_eq(move(STATS_UNKNOWN, STATS_UNKNOWN, false), SINK_UNKNOWN);
    ck_assert_int_eq(row(0)->state, STATE_READING);
    sink.move = SINK_LOST;
    capture_begin();
    ck_assert_int_eq(move(10, 10, false), SINK_LOST);
    capture_end();
    ck_assert_int_eq(row(0)->state, STATE_DISPOSSESSED);
}
END_TEST

/* --- acknowledged letters ------------------------------------------------------------------------------ */

START_TEST(acknowledged_letters_leave_the_outbox)
{
    exactly_once_serve(&consumer);
    SAID("");
    letters.origin_count = 3;
    exactly_once_serve(&consumer);
    SAID("forwarded 3; let go 3");
    exactly_once_serve(&consumer);
    SAID("");
}
END_TEST

START_TEST(many_leave_five_hundred_at_a_time_and_all_leave)
{
    letters.origin_count = 1100;
    for (int i = 0; i < 3; i++)
        exactly_once_serve(&consumer);
    SAID("forwarded 500; let go 500; forwarded 500; let go 500; forwarded 100; let go 100");
    ck_assert_uint_eq(letters.origin_count, 0);
}
END_TEST

START_TEST(an_outbox_that_cannot_be_emptied_is_left_alone_for_a_second)
{
    sink.forwarded = -1;
    letters.origin_count = 3;
    exactly_once_serve(&consumer);
    SAID("forwarded 3");
    ck_assert_uint_eq(letters.origin_count, 3);
    fake_clock_advance(US_PER_SECOND - 1);
    exactly_once_serve(&consumer);
    SAID("");
    sink.forwarded = 0;
    fake_clock_advance(1);
    exactly_once_serve(&consumer);
    SAID("forwarded 3; let go 3");
}
END_TEST

CHECK_MAIN_WITH(
    "consumer/exactly_once", begin_exactly_once, end_exactly_once,
    commit_has_to_agree_with_where_the_pipeline_ends, a_pipeline_that_ends_in_no_database_has_no_sink,
    one_that_does_has_the_stages_sink_and_keeps_places, a_batch_that_memory_cannot_hold_names_the_flag,
    a_partition_is_taken_over_and_from_then_on_asked_for, nothing_is_taken_before_the_clusters_id_is_known,
    what_cannot_be_taken_is_not_ours, one_that_another_process_has_waits_for_the_group_to_say_so,
    one_that_cannot_be_asked_now_is_ours_still, letters_of_the_outbox_go_nowhere_with_dead_letters_off,
    a_letter_that_is_not_even_kept_stays_in_the_outbox,
    what_the_outbox_has_beyond_the_room_there_is_follows_when_the_others_are_out,
    an_outbox_that_cannot_be_read_again_is_tried_a_second_later,
    a_move_says_when_the_group_was_known_to_have_an_offset, a_move_says_what_the_database_says,
    acknowledged_letters_leave_the_outbox, many_leave_five_hundred_at_a_time_and_all_leave,
    an_outbox_that_cannot_be_emptied_is_left_alone_for_a_second)

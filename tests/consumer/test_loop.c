/* The consumer's life: made, turned, ended. Callbacks of librdkafka: test_loop_callbacks.c. */
#include "tests/consumer/loop_case.h"

#include "common/exit_codes.h"

/* --- opening ------------------------------------------------------------------------------------------- */

START_TEST(it_joins_its_topics_group_and_says_so)
{
    settings.commit = COMMIT_MANUAL;
    ck_assert_int_eq(loop_open(&consumer, &error), 0);
    SAID("notify joining 0; letters open; subscribe -1");
    ck_assert_int_eq(published_status("phase"), PHASE_JOINING);
    ck_assert(consumer.rk == FAKE_RK && consumer.queue == FAKE_QUEUE && consumer.fetching.rk == FAKE_RK);
    ck_assert(consumer.partitions.manual && !consumer.committer.automatic);
    ck_assert_ptr_eq(consumer.committer.joining, &consumer.joining);
    ck_assert_ptr_eq(consumer.committer.queue, FAKE_QUEUE);
    ck_assert_ptr_eq(consumer.fetching.partitions, &consumer.partitions);
    ck_assert_ptr_eq(consumer.trouble.control, &control);
    ck_assert_ptr_eq(consumer.trouble.stats, consumer.stats);
    ck_assert_ptr_eq(consumer.outage.control, &control);
    ck_assert_str_eq(consumer.outage.brokers.bootstrap, "127.0.0.1:9092");
    ck_assert_ptr_eq(consumer.pipeline.alive_context, &consumer);
    ck_assert_ptr_eq(handle.opaque, &consumer);
    consumer.pipeline.alive(&consumer);
    ck_assert_int_eq(queue.empty_polls, 1);
    control.wake(control.context);
    ck_assert_int_eq(kafka.yields, 1);
}
END_TEST

START_TEST(from_latest_it_looks_how_many_partitions_there_are_before_it_joins)
{
    settings.from = FROM_LATEST;
    ck_assert_int_eq(loop_open(&consumer, &error), 0);
    SAID("notify joining 0; letters open; partitions?; subscribe -1");
    ck_assert_int_eq(consumer.topic_partitions, FAKE_TOPIC_PARTITIONS);
}
END_TEST

START_TEST(with_commit_auto_librdkafka_commits)
{
    settings.commit = COMMIT_AUTO;
    open_loop();
    ck_assert(consumer.committer.automatic && !consumer.partitions.manual);
}
END_TEST

START_TEST(one_that_is_there_to_reset_joins_nothing)
{
    settings.reset = "latest";
    ck_assert_int_eq(loop_open(&consumer, &error), 0);
    SAID("notify joining 0; letters open");
}
END_TEST

START_TEST(what_cannot_be_made_says_why)
{
    handle.refused = true;
    ck_assert_int_eq(loop_open(&consumer, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "it rains"));
    ck_assert_ptr_null(consumer.rk);
    handle.refused = false;
    handle.watermarks_failed = true;
    ck_assert_int_eq(loop_open(&consumer, &error), -1);
    ck_assert_str_eq(error.text, "no thread");
    char bad[] = "no.such=1";
    char *properties[] = {bad};
    handle_end();
    handle.conf = NULL;
    settings.properties = (struct option_list){.items = properties, .count = 1};
    ck_assert_int_eq(loop_open(&consumer, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no.such"));
    ck_assert_int_eq(loop_check(&settings, &error), -1);
}
END_TEST

/* --- turns --------------------------------------------------------------------------------------------- */

START_TEST(records_are_received_processed_and_committed)
{
    STEPS_ARE(give_one, put_three, NULL, NULL);
    ck_assert_int_eq(run_loop(), EXIT_CODE_OK);
    ck_assert_uint_eq(seen_records, 3);
    ck_assert_int_eq(row(0)->position, 13);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "commit 0@13"));
    ck_assert_ptr_nonnull(strstr(capture.text, "Received batch of 3 payments\n"));
    ck_assert(finished);
    ck_assert_uint_eq(counted(CONSUMER_RECEIVED), 3);
    ck_assert_int_eq(published_status("phase"), PHASE_DRAINING);
}
END_TEST

START_TEST(the_supervisor_hears_of_an_assignment_once)
{
    STEPS_ARE(give_two, NULL, put_one);
    run_loop();
    const char *said = kafka_said();
    const char *ready = strstr(said, "notify ready 2");
    ck_assert_ptr_nonnull(ready);
    ck_assert_ptr_null(strstr(ready + 1, "notify ready"));
}
END_TEST

START_TEST(while_candidates_are_ahead_batches_are_of_one_record)
{
    ck_assert_int_eq(candidates_open(&consumer.candidates, "0:10-12", NULL, &error), 0);
    STEPS_ARE(give_one, put_three, NULL, NULL, NULL);
    run_loop();
    candidates_close(&consumer.candidates);
    const char *said = kafka_said();
    const char *first = strstr(said, "notify quarantining 1");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first, "notify ready 1")); /* they are behind */
    ck_assert_uint_eq(seen_records, 3);
    ck_assert_ptr_nonnull(strstr(capture.text, "Received batch of 1 payment\n"));
}
END_TEST

START_TEST(without_a_partition_no_candidate_is_its_own)
{
    ck_assert_int_eq(candidates_open(&consumer.candidates, "0:10-12", NULL, &error), 0);
    STEPS_ARE(NULL, NULL);
    run_loop();
    candidates_close(&consumer.candidates);
    ck_assert_ptr_null(strstr(kafka_said(), "notify quarantining"));
}
END_TEST

static void stop_all(void)
{
    control.paused = true;
}

static void go_on(void)
{
    control.paused = false;
}

START_TEST(a_pause_is_kept_to_until_its_end)
{
    STEPS_ARE(give_one, stop_all, NULL, go_on, NULL);
    run_loop();
    ck_assert_ptr_nonnull(strstr(capture.text, "paused\nresumed\n"));
    const char *said = kafka_said();
    const char *pause = strstr(said, "pause 0");
    ck_assert_ptr_nonnull(pause);
    ck_assert_ptr_nonnull(strstr(pause, "resume 0; seek 0@10"));
}
END_TEST

static void overrule(void)
{
    partition_wait(&consumer.partitions, 0, EVENT_OVERRULED, clock_monotonic_us() + 2 * US_PER_SECOND);
}

START_TEST(a_partition_that_is_ours_still_after_a_session_is_placed_again)
{
    STEPS_ARE(give_one, overrule, NULL, NULL, NULL, NULL);
    run_loop();
    ck_assert_int_eq(row(0)->state, STATE_READING);
    const char *said = kafka_said();
    ck_assert_ptr_nonnull(strstr(strstr(said, "committed 0") + 1, "committed 0")); /* asked again */
}
END_TEST

static void leave_topic(void)
{
    handle.on_error(FAKE_RK, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "gone", handle.opaque);
}

START_TEST(when_the_topic_was_away_the_last_records_are_looked_at)
{
    STEPS_ARE(give_one, put_one, NULL, leave_topic, NULL);
    run_loop();
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert(row(0)->last.doubted);
    ck_assert(!consumer.topic_left);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "seek 0@10"));
}
END_TEST

/* --- how long it waits --------------------------------------------------------------------------------- */

static void fail_the_partition(void)
{
    partition_wait(&consumer.partitions, 0, EVENT_FAILED, clock_monotonic_us() + 300 * US_PER_MS);
    queue.yields = true;
}

START_TEST(it_waits_for_a_record_until_something_is_due)
{
    STEPS_ARE(give_one, fail_the_partition, NULL, NULL, NULL);
    run_loop();
    ck_assert_int_eq(steps.idle_ms[1], 1000);
    ck_assert_int_eq(steps.idle_ms[2], 300);
}
END_TEST

START_TEST(a_letter_that_is_due_ends_the_wait)
{
    letters.due_us = 40 * US_PER_MS;
    STEPS_ARE(give_one, NULL);
    run_loop();
    ck_assert_int_eq(steps.idle_ms[1], 40);
}
END_TEST

START_TEST(the_first_records_of_a_process_do_not_wait_for_their_batch)
{
    STEPS_ARE(give_one, put_one, NULL, put_one, NULL);
    run_loop();
    ck_assert_int_eq(steps.idle_ms[2], 0);
    ck_assert_int_eq(steps.idle_ms[4], 50);
}
END_TEST

/* --- watermarks ---------------------------------------------------------------------------------------- */

START_TEST(watermarks_are_asked_for_each_second_and_low_ones_and_all_each_five)
{
    kafka.high[0] = 77;
    handle.low_comes = true;
    STEPS_ARE(give_one, NULL, NULL, NULL, NULL, NULL, NULL);
    run_loop(); /* a second a turn */
    ck_assert_int_eq(published(0, "high"), 77);
    ck_assert_int_ge(handle.watermarks_published, 6);
    ck_assert_int_eq(handle.watermarks_asked, 2);
    ck_assert_int_ge(handle.ends_asked, 4);
    ck_assert_int_eq(handle.all_ends_asked, 2);
}
END_TEST

START_TEST(a_low_watermark_that_did_not_come_is_asked_for_again_in_turn_with_the_ends)
{
    STEPS_ARE(give_one, NULL, NULL, NULL, NULL, NULL, NULL);
    run_loop();
    ck_assert_int_eq(handle.watermarks_asked, 4);
    ck_assert_int_ge(handle.ends_asked, 3);
}
END_TEST

static void crowd(void)
{
    queue.length = 2000;
    queue.yields = true;
}

static void thin_out(void)
{
    queue.length = 1001;
    queue.yields = true;
}

static void be_half(void)
{
    queue.length = 1000;
    queue.yields = true;
}

START_TEST(a_queue_that_has_shrunk_to_half_asks_so_that_librdkafka_fills_it)
{
    STEPS_ARE(give_one, crowd, thin_out, be_half, be_half);
    open_loop();
    capture_begin();
    loop_run(&consumer);
    capture_end();
    int asked = handle.watermarks_asked;
    ck_assert_int_eq(asked, 2); /* at the assignment, and once for the queue */
}
END_TEST

/* --- ends ---------------------------------------------------------------------------------------------- */

static void drain_and_leave(void)
{
    control.wanted = WORKER_DRAIN_LEAVE;
}

START_TEST(one_that_leaves_commits_and_gives_its_partitions_up)
{
    settings.supervised = false;
    settings.quiet = true;
    STEPS_ARE(give_one, put_three, drain_and_leave);
    ck_assert_int_eq(run_loop(), EXIT_CODE_OK);
    const char *said = kafka_said();
    const char *left = strstr(said, "unsubscribe");
    ck_assert_ptr_nonnull(left);
    ck_assert_ptr_nonnull(strstr(left, "forget 0; assign nothing"));
    ck_assert(consumer.end.leaving);
    ck_assert_uint_eq(consumer.partitions.assigned_count, 0);
    ck_assert_ptr_nonnull(strstr(capture.text, "3 payments received in 0.000 s (0/s); committed up to "));
}
END_TEST

static void refuse_commits(void)
{
    kafka.commit = RD_KAFKA_RESP_ERR__FAIL;
    drain_and_leave();
}

START_TEST(a_total_tells_whether_it_is_committed)
{
    settings.supervised = false;
    settings.quiet = true;
    STEPS_ARE(give_one, put_three, refuse_commits);
    ck_assert_int_eq(run_loop(), EXIT_CODE_FAILED);
    ck_assert_ptr_nonnull(strstr(capture.text,
                                 "3 payments received in 0.000 s (0/s); the last commit failed: "
                                 "some of them will be delivered again"));
}
END_TEST

START_TEST(with_commit_manual_a_total_does_not_say_that_all_is_committed)
{
    settings.supervised = false;
    settings.quiet = true;
    settings.commit = COMMIT_MANUAL;
    STEPS_ARE(give_one, put_three, drain_and_leave);
    ck_assert_int_eq(run_loop(), EXIT_CODE_OK);
    ck_assert_ptr_nonnull(
        strstr(capture.text, "; only acknowledged records are committed (--commit manual)"));
}
END_TEST

START_TEST(one_that_keeps_its_membership_only_commits)
{
    STEPS_ARE(give_one, put_three);
    run_loop();
    const char *said = kafka_said();
    ck_assert_ptr_null(strstr(said, "unsubscribe"));
    ck_assert_ptr_nonnull(strstr(said, "flush; commit 0@13; wait 5000 ms"));
    ck_assert_uint_eq(consumer.partitions.assigned_count, 1);
    ck_assert_ptr_null(strstr(capture.text, "committed up to there"));
}
END_TEST

START_TEST(what_was_on_its_way_is_taken_and_then_nothing_more)
{
    STEPS_ARE(give_one, drain_and_leave, put_one, NULL, NULL, put_one);
    run_loop();
    ck_assert_int_eq(steps.idle_ms[4], 150);
    ck_assert_uint_eq(seen_records, 1); /* the last one came too late */
}
END_TEST

static void read_anew(void)
{
    partition_event(&consumer.partitions, 0, EVENT_AGAIN);
}

START_TEST(what_is_to_be_compared_then_is)
{
    STEPS_ARE(give_one, put_three, drain_and_leave, read_anew);
    run_loop();
    ck_assert_ptr_nonnull(strstr(kafka_said(), "seek 0@12"));
}
END_TEST

static void drain_in_a_hurry(void)
{
    control.wanted = WORKER_DRAIN_LEAVE;
    consumer.end.hurried = true;
}

START_TEST(but_nothing_is_taken_behind_a_batch_whose_rest_was_dropped)
{
    STEPS_ARE(give_one, put_three, drain_in_a_hurry, put_one);
    run_loop();
    ck_assert_uint_eq(seen_records, 3);
    ck_assert_uint_eq(steps.at, 3);
}
END_TEST

START_TEST(one_that_counts_ends_by_itself)
{
    settings.count = 4;
    STEPS_ARE(give_one, put_three, NULL, put_three, NULL, NULL, NULL, NULL);
    ck_assert_int_eq(run_loop(), EXIT_CODE_OK);
    ck_assert_uint_eq(seen_records, 4); /* not the whole last batch */
    ck_assert(consumer.end.must_stop);
}
END_TEST

static void be_fenced(void)
{
    consumer.committer.fenced = RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
}

static void (*fence)(void) = be_fenced;

static void ends_without_a_word(int exit_code)
{
    STEPS_ARE(give_one, fence, NULL);
    settings.instance_id = "main.host.bravo";
    ck_assert_int_eq(run_loop(), exit_code);
    const char *said = kafka_said();
    ck_assert_ptr_null(strstr(said, "unsubscribe"));
    ck_assert_ptr_null(strstr(said, "flush"));
    ck_assert_ptr_nonnull(
        strstr(capture.text, "fenced: another process has taken the group.instance.id 'main.host.bravo'"));
}

START_TEST(one_that_is_fenced_neither_commits_nor_leaves)
{
    ends_without_a_word(EXIT_CODE_FENCED);
}
END_TEST

START_TEST(nor_one_that_a_broker_has_forgotten)
{
    consumer.outage.over_us = clock_monotonic_us();
    ends_without_a_word(EXIT_CODE_FORGOTTEN);
}
END_TEST

static void be_expelled(void)
{
    consumer.pace.interval_exceeded = true;
    be_fenced();
}

START_TEST(nor_one_that_its_group_has_expelled)
{
    fence = be_expelled;
    ends_without_a_word(EXIT_CODE_POLL_INTERVAL);
}
END_TEST

/* How often `what` was said. */
static int times(const char *said, const char *what)
{
    int count = 0;
    for (const char *at = said; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

START_TEST(a_static_member_joins_again_when_partitions_were_added_while_it_was_away)
{
    settings.instance_id = "main.host.bravo";
    snprintf(settings.group_name, sizeof settings.group_name, "auditors");
    handle.added = 4;
    STEPS_ARE(give_one, NULL, NULL, NULL);
    run_loop();
    const char *said = kafka_said();
    ck_assert_int_eq(times(said, "look for added payments of auditors"), 1);
    ck_assert_int_eq(times(said, "subscribe"), 1);
    ck_assert_ptr_nonnull(strstr(capture.text, "partitions were added to topic payments, which now has 4"));
}
END_TEST

START_TEST(one_that_finds_none_stays_as_it_is)
{
    settings.instance_id = "main.host.bravo";
    STEPS_ARE(give_one, NULL, NULL);
    run_loop();
    ck_assert_int_eq(times(kafka_said(), "subscribe"), 0);
}
END_TEST

START_TEST(a_dynamic_member_does_not_look)
{
    handle.added = 4;
    STEPS_ARE(give_one, NULL, NULL);
    run_loop();
    ck_assert_int_eq(times(kafka_said(), "look for added"), 0);
}
END_TEST

START_TEST(it_is_closed_in_order)
{
    STEPS_ARE(give_one, NULL);
    run_loop();
    kafka_said();
    loop_close(&consumer);
    SAID("watermarks closed; letters closed; close; flush; forget 0; assign nothing; notify revoked 1; queue "
         "gone; destroy");
    ck_assert(consumer.end.closing);
    ck_assert_ptr_null((void *)(uintptr_t)control.wake);
    ck_assert_int_eq(published_status("phase"), PHASE_STOPPED);
    ck_assert(!consumer.end.abandoned);
    consumer.rk = NULL;
    consumer.queue = NULL;
    consumer.watermarks = NULL;
}
END_TEST

START_TEST(where_the_group_does_not_answer_the_handle_is_left_and_that_is_told)
{
    STEPS_ARE(give_one, NULL);
    run_loop();
    kafka_said();
    handle.stays_open = true;
    capture_begin();
    loop_close(&consumer);
    ck_assert_str_eq(
        capture_end(),
        "warning: the group does not answer: it may keep this member until its session expires\n");
    SAID("watermarks closed; letters closed; close; flush; forget 0; assign nothing; notify revoked 1; queue "
         "gone");
    ck_assert(consumer.end.abandoned);
    ck_assert_int_eq(published_status("phase"), PHASE_STOPPED);
    consumer.rk = NULL;
    consumer.queue = NULL;
    consumer.watermarks = NULL;
}
END_TEST

START_TEST(a_handle_that_does_not_end_is_left_and_the_end_is_published)
{
    STEPS_ARE(give_one, NULL);
    run_loop();
    handle.lives_on = true;
    loop_close(&consumer);
    ck_assert(consumer.end.abandoned);
    ck_assert_int_eq(published_status("phase"), PHASE_STOPPED);
    consumer.rk = NULL;
    consumer.queue = NULL;
    consumer.watermarks = NULL;
}
END_TEST

CHECK_MAIN_WITH(
    "consumer/loop", begin_loop, end_loop, it_joins_its_topics_group_and_says_so,
    with_commit_auto_librdkafka_commits, from_latest_it_looks_how_many_partitions_there_are_before_it_joins,
    one_that_is_there_to_reset_joins_nothing, what_cannot_be_made_says_why,
    records_are_received_processed_and_committed, the_supervisor_hears_of_an_assignment_once,
    while_candidates_are_ahead_batches_are_of_one_record, without_a_partition_no_candidate_is_its_own,
    a_pause_is_kept_to_until_its_end, a_partition_that_is_ours_still_after_a_session_is_placed_again,
    when_the_topic_was_away_the_last_records_are_looked_at, it_waits_for_a_record_until_something_is_due,
    a_letter_that_is_due_ends_the_wait, the_first_records_of_a_process_do_not_wait_for_their_batch,
    watermarks_are_asked_for_each_second_and_low_ones_and_all_each_five,
    a_low_watermark_that_did_not_come_is_asked_for_again_in_turn_with_the_ends,
    a_queue_that_has_shrunk_to_half_asks_so_that_librdkafka_fills_it,
    one_that_leaves_commits_and_gives_its_partitions_up, a_total_tells_whether_it_is_committed,
    with_commit_manual_a_total_does_not_say_that_all_is_committed, one_that_keeps_its_membership_only_commits,
    what_was_on_its_way_is_taken_and_then_nothing_more, what_is_to_be_compared_then_is,
    but_nothing_is_taken_behind_a_batch_whose_rest_was_dropped, one_that_counts_ends_by_itself,
    one_that_is_fenced_neither_commits_nor_leaves, nor_one_that_a_broker_has_forgotten,
    nor_one_that_its_group_has_expelled,
    a_static_member_joins_again_when_partitions_were_added_while_it_was_away,
    one_that_finds_none_stays_as_it_is, a_dynamic_member_does_not_look, it_is_closed_in_order,
    where_the_group_does_not_answer_the_handle_is_left_and_that_is_told,
    a_handle_that_does_not_end_is_left_and_the_end_is_published)

/* What librdkafka calls back with: errors, commits; and lines, and the end of the output. */
#include "tests/consumer/loop_case.h"

#include "common/exit_codes.h"

static void meet(rd_kafka_resp_err_t err)
{
    capture_begin();
    handle.on_error(FAKE_RK, err, "it rains", handle.opaque);
    capture_end();
}

static size_t ring(void)
{
    struct stats_ring_entry last;
    return published_ring(STATS_RING_ERRORS, &last);
}

START_TEST(errors_that_pass_by_themselves_are_counted_and_not_told)
{
    static const rd_kafka_resp_err_t passing_ones[] = {
        RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__FATAL};
    open_loop();
    for (size_t i = 0; i < 3; i++) {
        meet(passing_ones[i]);
        ck_assert_str_eq(capture.text, "");
        SAID("");
        ck_assert_uint_eq(counted(CONSUMER_BROKER_ERRORS), i + 1);
    }
    ck_assert_uint_eq(ring(), 0);
    ck_assert_int_eq(kafka.yields, 0);
    ck_assert_uint_gt(consumer.outage.unanswered, 0); /* but it is looked into */
}
END_TEST

START_TEST(that_all_brokers_are_down_is_in_the_ring_once)
{
    open_loop();
    meet(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    error_ring_says(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "it rains");
    meet(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    ck_assert_uint_eq(ring(), 1);
    SAID("");
}
END_TEST

START_TEST(any_other_error_is_trouble)
{
    open_loop();
    meet(RD_KAFKA_RESP_ERR__AUTHENTICATION);
    ck_assert_str_eq(capture.text, "warning: Kafka: it rains\n");
    SAID("notify trouble 'it rains'");
}
END_TEST

START_TEST(a_topic_that_is_away_ends_the_batch_so_that_what_comes_next_is_looked_at)
{
    static const rd_kafka_resp_err_t away[] = {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                                               RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION};
    open_loop();
    for (size_t i = 0; i < 2; i++) {
        consumer.topic_left = consumer.topic_missing_said = false;
        meet(away[i]);
        ck_assert(consumer.topic_left);
        ck_assert_int_eq(kafka.yields, (int)i + 1);
        ck_assert_ptr_nonnull(strstr(capture.text, "topic 'payments' does not exist"));
        SAID(""); /* it is no trouble */
    }
}
END_TEST

START_TEST(one_that_ends_is_not_woken_for_it)
{
    open_loop();
    control.wanted = WORKER_DRAIN_LEAVE;
    meet(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    control.wanted = WORKER_RUN;
    consumer.end.must_stop = true;
    meet(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    ck_assert_int_eq(kafka.yields, 0); /* a yield would end a close's own wait */
}
END_TEST

/* --- commits ------------------------------------------------------------------------------------------- */

START_TEST(what_was_processed_during_a_commit_is_committed_with_its_answer)
{
    open_loop();
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    commit_async(&consumer.committer);
    SAID("commit 0@15");
    table_process(&consumer.partitions, 0, 20);
    consumer.outage.since_us = 1;
    capture_begin();
    kafka_answer(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_NO_ERROR);
    capture_end();
    ck_assert_int_eq(row(0)->commit.committed, 15);
    SAID("commit 0@20; notify outage 0");
    ck_assert_int_eq(consumer.outage.since_us, 0); /* a broker answers */
}
END_TEST

START_TEST(a_refusal_is_no_sign_of_life_and_is_not_repeated_at_once)
{
    open_loop();
    begin(0, 10);
    table_process(&consumer.partitions, 0, 15);
    commit_async(&consumer.committer);
    kafka_said();
    consumer.outage.since_us = 1;
    kafka_answer(RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__TRANSPORT);
    SAID("");
    ck_assert_int_eq(consumer.outage.since_us, 1);
    consumer.outage.since_us = 0;
}
END_TEST

START_TEST(librdkafkas_own_commits_count)
{
    settings.commit = COMMIT_AUTO;
    open_loop();
    begin(0, 10);
    consumer.outage.since_us = 1;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = 14;
    handle.on_commit(FAKE_RK, RD_KAFKA_RESP_ERR__TRANSPORT, list, handle.opaque);
    ck_assert_int_eq(consumer.outage.since_us, 1);
    capture_begin();
    handle.on_commit(FAKE_RK, RD_KAFKA_RESP_ERR_NO_ERROR, list, handle.opaque);
    capture_end();
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(row(0)->commit.committed, 14);
    ck_assert_int_eq(consumer.outage.since_us, 0);
}
END_TEST

/* --- lines --------------------------------------------------------------------------------------------- */

START_TEST(a_quiet_one_and_one_that_prints_records_say_nothing_of_batches)
{
    settings.quiet = true;
    STEPS_ARE(give_one, put_three, NULL, NULL);
    run_loop();
    ck_assert_ptr_null(strstr(capture.text, "Received"));
    ck_assert_uint_eq(seen_records, 3);
    loop_close(&consumer);
    settings.quiet = false;
    settings.print = true;
    control.wanted = WORKER_RUN;
    consumer.end = (struct consumer_end){0};
    handle_end();
    STEPS_ARE(give_one, put_three, NULL, NULL);
    run_loop();
    ck_assert_ptr_null(strstr(capture.text, "Received"));
    ck_assert_uint_eq(seen_records, 6);
}
END_TEST

static void leave_two(void)
{
    consumer.end.left = 2;
}

START_TEST(the_total_says_what_went_with_partitions_before_it_was_committed)
{
    settings.supervised = false;
    settings.quiet = true;
    STEPS_ARE(give_one, put_three, leave_two, NULL);
    run_loop();
    ck_assert_ptr_nonnull(strstr(
        capture.text,
        "; 2 of them lost their partition before they were committed: other members process them again\n"));
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_OK);
}
END_TEST

static void put_and_wait(void)
{
    put_three();
    fake_clock_advance(1500 * US_PER_MS);
}

START_TEST(one_that_is_run_by_hand_tells_the_total_and_its_speed)
{
    settings.supervised = false;
    settings.quiet = true;
    STEPS_ARE(give_one, put_three, NULL, put_and_wait, NULL);
    run_loop();
    /* from the first batch taken to the last one done: 1.5 s, and the wait for the rest of the second batch
     */
    ck_assert_ptr_nonnull(
        strstr(capture.text, "6 payments received in 1.550 s (4/s); committed up to there"));
}
END_TEST

static void lose_the_reader(void)
{
    fclose(stdout); /* as if nobody read it: flushing fails from here on */
    stdout = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(stdout);
    fputs("unread", stdout);
}

START_TEST(without_a_reader_it_ends)
{
    STEPS_ARE(give_one, lose_the_reader, NULL, NULL);
    open_loop();
    capture_begin();
    ck_assert_int_eq(loop_run(&consumer), EXIT_CODE_FAILED);
    capture_end();
    ck_assert(consumer.end.must_stop);
}
END_TEST

static void be_away(void)
{
    handle.on_error(FAKE_RK, RD_KAFKA_RESP_ERR__AUTHENTICATION, "no right", handle.opaque);
    handle.on_error(FAKE_RK, RD_KAFKA_RESP_ERR__TRANSPORT, "lost", handle.opaque);
}

static void let_half_a_minute_pass(void)
{
    fake_clock_advance(31 * US_PER_SECOND);
}

START_TEST(each_turn_looks_after_trouble_and_outages_and_gives_a_sign_of_life)
{
    kafka.metadata = RD_KAFKA_RESP_ERR__TRANSPORT;
    STEPS_ARE(give_one, be_away, let_half_a_minute_pass, NULL);
    open_loop();
    capture_begin();
    loop_run(&consumer);
    capture_end();
    const char *said = kafka_said();
    ck_assert_ptr_nonnull(strstr(said, "notify trouble 'no right'"));
    ck_assert_ptr_nonnull(strstr(said, "notify trouble ''"));
    ck_assert_ptr_nonnull(strstr(said, "partitions?")); /* does a broker answer? */
    struct stats_snapshot *snapshot = segment_look();
    struct stats_liveness liveness;
    stats_snapshot_liveness(snapshot, &liveness);
    stats_snapshot_free(snapshot);
    ck_assert_int_gt(liveness.heartbeat_us, clock_wall_us() - 2 * US_PER_SECOND);
}
END_TEST

CHECK_MAIN_WITH("consumer/loop: callbacks", begin_loop, end_loop,
                errors_that_pass_by_themselves_are_counted_and_not_told,
                that_all_brokers_are_down_is_in_the_ring_once, any_other_error_is_trouble,
                a_topic_that_is_away_ends_the_batch_so_that_what_comes_next_is_looked_at,
                one_that_ends_is_not_woken_for_it,
                what_was_processed_during_a_commit_is_committed_with_its_answer,
                a_refusal_is_no_sign_of_life_and_is_not_repeated_at_once, librdkafkas_own_commits_count,
                a_quiet_one_and_one_that_prints_records_say_nothing_of_batches,
                the_total_says_what_went_with_partitions_before_it_was_committed,
                one_that_is_run_by_hand_tells_the_total_and_its_speed, without_a_reader_it_ends,
                each_turn_looks_after_trouble_and_outages_and_gives_a_sign_of_life)

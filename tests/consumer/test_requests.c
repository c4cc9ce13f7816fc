/* What the supervisor asks for, and how it is answered. The requests themselves: test_manual.c, test_reset.c.
 * A reset is stood in for here. */
#include "tests/consumer/fake_consumer.h"
#include "tests/support/capture.h"

#include "consumer/requests.h"
#include "consumer/reset.h"

static int reset_answers;

int reset_owned(struct consumer *of, const struct reset_spec *spec, int64_t *partitions, struct error *why)
{
    ck_assert_ptr_eq(of, &consumer);
    kafka_note_call("reset");
    kafka_note(" to %d, partition %d%s", (int)spec->to, (int)spec->partition, spec->dry_run ? ", dry" : "");
    *partitions = 1;
    return reset_answers == 0 ? 0 : error_set(why, "members outside");
}

int reset_stopped(struct consumer *of, struct error *why)
{
    (void)of;
    (void)why;
    return -1;
}

static void open_consumer(void)
{
    consumer_begin();
    kafka.group[0].offset = 10;
    reset_answers = 0;
}

START_TEST(nothing_is_done_when_nobody_asks)
{
    requests_run(&consumer);
    SAID("");
}
END_TEST

START_TEST(a_reset_is_carried_out_once_and_answered_with_its_number)
{
    control_ask("reset", "latest,partition=2,dry-run");
    requests_run(&consumer);
    SAID("reset to 1, partition 2, dry; done 1");
    requests_run(&consumer);
    SAID("");
    control_ask("reset", "earliest");
    requests_run(&consumer);
    SAID("reset to 0, partition -1; done 2");
}
END_TEST

START_TEST(one_that_failed_says_why)
{
    reset_answers = -1;
    control_ask("reset", "latest");
    requests_run(&consumer);
    SAID("reset to 1, partition -1; failed 'members outside'");
}
END_TEST

START_TEST(one_that_comes_during_a_rebalance_is_refused_and_changes_nothing)
{
    consumer.joining.since_us = clock_monotonic_us();
    control_ask("reset", "latest");
    requests_run(&consumer);
    SAID("failed 'a rebalance is under way: try again; nothing was changed'");
}
END_TEST

START_TEST(a_place_that_is_none_resets_nothing)
{
    control_ask("reset", "somewhere");
    requests_run(&consumer);
    ck_assert_ptr_nonnull(strstr(kafka_said(), "failed ''somewhere' is not a reset target: earliest"));
}
END_TEST

static void have_ten_records(void)
{
    consumer.partitions.manual = true;
    begin(0, 10);
    table_process(&consumer.partitions, 0, 20);
    settings.max_unacknowledged = 100;
}

START_TEST(an_acknowledgement_is_an_request)
{
    have_ten_records();
    control_ask("ack", "0:10");
    requests_run(&consumer);
    SAID("result 'payments [0] acknowledged before 11, and 0 beyond; 9 not'; commit 0@11; wait "
         "5000 ms; queue gone; done 1");
    ck_assert(!consumer.request_waits && !consumer.committer.quiet);
}
END_TEST

/* A record is acknowledged, and its commit under way. */
static void commit_one(void)
{
    have_ten_records();
    partition_acknowledge(&consumer.partitions, 0, 10, 11, &error);
    commit_async(&consumer.committer);
    kafka_said();
}

static void it_is_answered(void)
{
    kafka_answer(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_NO_ERROR);
}

START_TEST(it_is_taken_at_once_and_answered_when_no_other_commit_is_under_way)
{
    commit_one();
    control_ask("ack", "0:11");
    requests_run(&consumer);
    SAID("result 'payments [0] acknowledged before 12, and 0 beyond; 8 not'");
    ck_assert(consumer.request_waits && consumer.committer.quiet);
    requests_run(&consumer);
    SAID("");
    it_is_answered();
    requests_run(&consumer);
    SAID("commit 0@12; wait 5000 ms; queue gone; done 1");
    requests_run(&consumer);
    SAID("");
}
END_TEST

START_TEST(a_rebalance_in_between_undoes_an_acknowledgement_and_is_told)
{
    commit_one();
    control_ask("ack", "0:11");
    requests_run(&consumer);
    it_is_answered();
    begin(1, 20);
    kafka_said();
    requests_run(&consumer);
    SAID("failed 'a rebalance interrupted it: try again'");
    ck_assert(!consumer.request_waits && !consumer.committer.quiet);
}
END_TEST

START_TEST(but_not_a_reset_which_is_of_what_is_ours_then)
{
    commit_one();
    control_ask("reset", "latest");
    requests_run(&consumer);
    SAID("");
    begin(1, 20);
    it_is_answered();
    requests_run(&consumer);
    SAID("reset to 1, partition -1; done 1");
}
END_TEST

START_TEST(one_that_cannot_begin_is_answered_at_once)
{
    commit_one();
    control_ask("ack", "bad");
    requests_run(&consumer);
    SAID("failed ''bad' is not PARTITION:OFFSET, PARTITION:FIRST-LAST or all'");
    ck_assert(!consumer.request_waits && !consumer.committer.quiet);
}
END_TEST

START_TEST(a_request_that_it_does_not_know_is_refused)
{
    control_ask("dance", "");
    requests_run(&consumer);
    SAID("failed 'a consumer has no verb 'dance''");
}
END_TEST

/* --- consumer.h ---------------------------------------------------------------------------------------- */

START_TEST(only_the_first_failure_is_remembered)
{
    capture_begin();
    consumer_fail(&consumer, 81, "first %d", 1);
    consumer_fail(&consumer, 1, "second");
    ck_assert_str_eq(capture_end(), "error: first 1\n");
    ck_assert(consumer.end.must_stop);
    ck_assert_int_eq(consumer.end.exit_code, 81);
    error_ring_says(1, "second"); /* but the ring has both */
}
END_TEST

START_TEST(who_asked_is_answered_the_supervisor_or_the_terminal)
{
    capture_begin();
    consumer_say(&consumer, 0, 3, 5, "%d lines", 2);
    ck_assert_str_eq(capture_end(), "");
    SAID("result '2 lines'");
    settings.supervised = false;
    capture_begin();
    consumer_say(&consumer, 0, 3, 5, "%d lines", 2);
    ck_assert_str_eq(capture_end(), "2 lines\n");
    SAID("");
}
END_TEST

START_TEST(between_two_batches_it_polls_or_is_paused)
{
    ck_assert_int_eq(consumer_idle_phase(&consumer), PHASE_POLLING);
    consumer.fetching.paused = true;
    ck_assert_int_eq(consumer_idle_phase(&consumer), PHASE_PAUSED);
}
END_TEST

CHECK_MAIN_WITH("consumer/requests", open_consumer, consumer_end, nothing_is_done_when_nobody_asks,
                a_reset_is_carried_out_once_and_answered_with_its_number, one_that_failed_says_why,
                one_that_comes_during_a_rebalance_is_refused_and_changes_nothing,
                a_place_that_is_none_resets_nothing, an_acknowledgement_is_an_request,
                it_is_taken_at_once_and_answered_when_no_other_commit_is_under_way,
                a_rebalance_in_between_undoes_an_acknowledgement_and_is_told,
                but_not_a_reset_which_is_of_what_is_ours_then, one_that_cannot_begin_is_answered_at_once,
                a_request_that_it_does_not_know_is_refused, only_the_first_failure_is_remembered,
                who_asked_is_answered_the_supervisor_or_the_terminal,
                between_two_batches_it_polls_or_is_paused)

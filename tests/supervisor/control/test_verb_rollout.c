/* What is carried out step by step, as who asked for it sees it. */
#include "tests/supervisor/verb_stage.h"

START_TEST(a_rolling_restart_is_done_when_each_consumer_has_another_process)
{
    waits("rolling-restart", "all", "1000");
    ck_assert_int_eq(bravo->state, WORKER_STOPPING);
    ck_assert_int_eq(zulu->state, WORKER_READY);
    ends(bravo, 0);
    fleet_becomes_ready(bravo);
    for (int i = 0; i < 3; i++)
        fleet_turn();
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    is_refused("rolling-restart", "all", "", "");
    ck_assert_int_eq(producer->state, WORKER_READY);
}
END_TEST

START_TEST(a_rolling_restart_of_who_does_not_run_is_refused)
{
    static const enum worker_state not_there[] = {WORKER_DOWN, WORKER_DONE, WORKER_STOPPING};
    for (size_t i = 0; i < 3; i++) {
        bravo->state = not_there[i];
        is_refused("rolling-restart", "bravo", "", "no consumer of 'bravo' runs");
    }
    bravo->state = WORKER_READY;
    bravo->retired = true;
    is_refused("rolling-restart", "bravo", "", "no consumer of 'bravo' runs");
    bravo->retired = false;
    is_refused("rolling-restart", "producer", "", "no consumer of 'producer' runs");
    is_refused("rolling-restart", "yank", "", "there is no client or worker 'yank'");
    is_refused("rolling-restart", "bravo", "few", "rolling-restart bravo: records behind");
    ck_assert(!fleet.rollout->under_way);
}
END_TEST

START_TEST(a_rolling_restart_that_fails_says_why)
{
    waits("rolling-restart", "bravo", "");
    ends(bravo, 0);
    ends(bravo, EXIT_CODE_USAGE);
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "bravo"));
    ck_assert_ptr_nonnull(strstr(lines(), "bravo: "));
    packed(request.verb->result);
}
END_TEST

START_TEST(a_reload_without_a_file_is_refused)
{
    is_refused("reload", "", "", "there is no file to read again");
}
END_TEST

START_TEST(before_the_first_rollout_nothing_has_changed)
{
    begins("reload", "", "");
    ck_assert_str_eq(lines(), "nothing has changed for any worker\n");
    const char *bytes = packed(request.verb->result);
    ck_assert(packed_length == 1 && bytes[0] == '\x90');
    snprintf(fleet.reload->reason, sizeof fleet.reload->reason, "line 3 is wrong");
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_str_eq(error.text, "line 3 is wrong");
    fleet.reload->reason[0] = '\0';
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

CHECK_MAIN_WITH("supervisor/verb_rollout", set_up, tear_down,
                a_rolling_restart_is_done_when_each_consumer_has_another_process,
                a_rolling_restart_of_who_does_not_run_is_refused, a_rolling_restart_that_fails_says_why,
                a_reload_without_a_file_is_refused, before_the_first_rollout_nothing_has_changed)

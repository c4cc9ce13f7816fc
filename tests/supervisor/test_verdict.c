/* Which policy a death meets: by the kind of worker, what it was to do, and how it ended. */
#include "supervisor/verdict.h"

#include <signal.h>

#include "tests/supervisor/fleet_stage.h"

static void ends(const char *name, int exit_status)
{
    fake_ends(&fleet_worker(name)->process, exit_status, 0);
    fleet_turn();
}

static void is(const char *name, enum worker_state state)
{
    ck_assert_msg(fleet_worker(name)->state == state, "%s is %s", name,
                  worker_state_name(fleet_worker(name)->state));
}

static void opens(const char *restart, const char *count)
{
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--restart", restart, "--count", count,
               "--session-timeout", "20s", "--hang-after", "24h");
    fleet_begin();
    fleet_all_ready();
}

START_TEST(work_without_an_end_is_started_again_whatever_it_ended_with)
{
    opens("always", "0");
    ends("bravo", 0);
    is("bravo", WORKER_STARTING);
    ck_assert_str_eq(fleet_worker("bravo")->reason, "");
    ends(PRODUCER_WORKER, 0);
    is(PRODUCER_WORKER, WORKER_STARTING);
    ck_assert(fleet_has_said("ended; restarting at once"));
}
END_TEST

START_TEST(work_that_has_an_end_is_done_with_it)
{
    opens("always", "5");
    ends(PRODUCER_WORKER, 0);
    is(PRODUCER_WORKER, WORKER_DONE);
    ck_assert_str_eq(fleet_worker(PRODUCER_WORKER)->reason, "");
    is("provision", WORKER_DONE);
    ck_assert(!fleet_has_said("provision (pid")); /* a topic that is there needs no line */
}
END_TEST

START_TEST(work_that_has_an_end_is_not_done_by_dying)
{
    opens("always", "5");
    ends(PRODUCER_WORKER, 1);
    is(PRODUCER_WORKER, WORKER_STARTING);
}
END_TEST

START_TEST(a_producer_that_dies_after_its_last_acknowledgement_has_done_its_work)
{
    opens("always", "5");
    struct stats_writer *writer = fleet_writer(fleet_worker(PRODUCER_WORKER));
    stats_add(writer, PRODUCER_ACKNOWLEDGED, 5);
    stats_writer_close(writer);
    ends(PRODUCER_WORKER, 1);
    is(PRODUCER_WORKER, WORKER_DONE);
}
END_TEST

START_TEST(on_failure_means_not_after_a_good_end)
{
    opens("on-failure", "0");
    ends("bravo", 0);
    is("bravo", WORKER_DONE);
    ck_assert_str_eq(fleet_worker("bravo")->reason, "");
    ends(PRODUCER_WORKER, 1);
    is(PRODUCER_WORKER, WORKER_STARTING);
}
END_TEST

START_TEST(never_means_never_and_says_so)
{
    opens("never", "5");
    ends("bravo", 1);
    is("bravo", WORKER_DONE);
    ck_assert_str_eq(fleet_worker("bravo")->reason, "not restarted: --restart is never");
    ck_assert_int_eq(fleet_worker("bravo")->deadline_us, INT64_MAX);
    ends(PRODUCER_WORKER, 0);
    is(PRODUCER_WORKER, WORKER_DONE);
    ck_assert_str_eq(fleet_worker(PRODUCER_WORKER)->reason, ""); /* it has done its work */
    ck_assert(fleet_has_said("bravo is not restarted: --restart is never"));
}
END_TEST

START_TEST(the_topics_are_asked_for_again_and_again_however_long_no_broker_answers)
{
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--restart", "never", "--max-deaths", "2");
    fleet_start(&fleet);
    fleet_turn();
    struct worker *provision = fleet_worker("provision");
    for (int i = 0; i < 20; i++) {
        ck_assert_int_ne(provision->process.pid, 0);
        ck_assert_int_eq(provision->deadline_us, INT64_MAX); /* it is done, never ready */
        ends("provision", EXIT_CODE_FAILED);
        fake_clock_advance(40 * US_PER_SECOND);
        fleet_turn();
    }
    ck_assert(!fleet.stopping);
}
END_TEST

START_TEST(the_embedded_broker_is_not_started_again)
{
    FLEET_OPEN("--clients", "bravo");
    fleet_start(&fleet);
    fleet_turn();
    ends("kbroker", 0);
    is("kbroker", WORKER_HELD);
}
END_TEST

/* A member whose place in the group is taken by its own predecessor. */
START_TEST(one_whose_place_is_still_taken_waits_for_the_session_s_end)
{
    opens("always", "0");
    struct worker *bravo = fleet_worker("bravo");
    const struct exit_code_def *def = NULL;
    for (size_t i = 0; (def = exit_code_at(i)) != NULL && def->policy != EXIT_POLICY_WAIT; i++)
        ;
    ck_assert_ptr_nonnull(def);
    ends("bravo", def->code);
    is("bravo", WORKER_STARTING); /* at once, to take it over */
    ck_assert(bravo->takes_over);
    ends("bravo", def->code);
    is("bravo", WORKER_BACKING_OFF);
    ck_assert_int_eq(bravo->deadline_us, clock_monotonic_us() + 20 * US_PER_SECOND);
    ck_assert_int_eq(bravo->next_restart_us, clock_wall_us() + 20 * US_PER_SECOND);
    ck_assert_uint_eq(bravo->history.death_count, 0);
}
END_TEST

START_TEST(the_jitter_is_another_one_each_time)
{
    int64_t delays[3];
    opens("always", "0");
    for (int i = 0; i < 3; i++) {
        struct worker *bravo = fleet_worker("bravo");
        ends("bravo", 1);
        ends("bravo", 1);
        is("bravo", WORKER_BACKING_OFF);
        delays[i] = bravo->deadline_us - clock_monotonic_us();
        fleet_start_worker(bravo);
        bravo->history = (struct restart_history){0};
    }
    ck_assert(delays[0] != delays[1] || delays[1] != delays[2]);
}
END_TEST

START_TEST(a_start_that_fails_leaves_no_descriptor_open)
{
    opens("always", "0");
    struct worker *bravo = fleet_worker("bravo");
    int before = fleet_open_descriptors();
    for (int i = 0; i < 5; i++) {
        bravo->history = (struct restart_history){.consecutive = 5};
        fake_spawn_errno = EAGAIN;
        ends("bravo", 1);
        for (int starts = 0; starts < 2; starts++) { /* one that fails, one that does not */
            is("bravo", WORKER_BACKING_OFF);
            fake_clock_advance(60 * US_PER_SECOND);
            fleet_turn();
        }
        is("bravo", WORKER_STARTING);
    }
    ck_assert_int_eq(fleet_open_descriptors(), before);
}
END_TEST

CHECK_MAIN_WITH("supervisor/verdict", NULL, fleet_close,
                work_without_an_end_is_started_again_whatever_it_ended_with,
                work_that_has_an_end_is_done_with_it, work_that_has_an_end_is_not_done_by_dying,
                a_producer_that_dies_after_its_last_acknowledgement_has_done_its_work,
                on_failure_means_not_after_a_good_end, never_means_never_and_says_so,
                the_topics_are_asked_for_again_and_again_however_long_no_broker_answers,
                the_embedded_broker_is_not_started_again,
                one_whose_place_is_still_taken_waits_for_the_session_s_end,
                the_jitter_is_another_one_each_time, a_start_that_fails_leaves_no_descriptor_open)

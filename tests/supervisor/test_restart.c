#include "tests/support/check_main.h"

#include "supervisor/restart.h"

/* Round numbers: first wait 100, cap 1000, healthy after 5000, 5 deaths within 60000 hold. */
static struct restart_policy policy = {.mode = RESTART_MODE_ON_FAILURE,
                                       .first_us = 100,
                                       .cap_us = 1000,
                                       .healthy_us = 5000,
                                       .window_us = 60000,
                                       .deaths_max = 10,
                                       .session_us = 45000};
static struct restart_history history;
static int64_t delay_us;

/* Jitter is wait × 3/4 + random % (wait/2 + 1): this one gives exactly the wait. */
static uint64_t no_jitter(int64_t wait_us)
{
    return (uint64_t)(wait_us / 4);
}

static void forget(void)
{
    history = (struct restart_history){0};
}

static enum restart_verdict die(int exit_status, int64_t ready_us, int64_t now_us, uint64_t random)
{
    return restart_decide(&policy, &history, exit_status, ready_us, now_us, random, &delay_us);
}

START_TEST(the_first_death_is_followed_by_a_restart_at_once)
{
    ck_assert_int_eq(die(-1, 1, 1000, 0), RESTART_NOW);
    ck_assert_int_eq(delay_us, 0);
}
END_TEST

START_TEST(each_further_death_doubles_the_wait_up_to_the_cap)
{
    static const int64_t waits[] = {100, 200, 400, 800, 1000, 1000, 1000};
    ck_assert_int_eq(die(1, 0, 1000, 0), RESTART_NOW);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        ck_assert_int_eq(die(1, 0, 1000, no_jitter(waits[i])), RESTART_LATER);
        ck_assert_int_eq(delay_us, waits[i]);
    }
}
END_TEST

START_TEST(what_the_machine_had_no_room_for_is_tried_again_for_as_long_as_it_takes)
{
    static const int64_t waits[] = {100, 200, 400, 800, 1000};
    for (size_t i = 0; i < 100; i++) {
        int64_t wait_us = waits[i < 4 ? i : 4];
        ck_assert_int_eq(die(EXIT_CODE_RESOURCES, 0, 1000, no_jitter(wait_us)), RESTART_LATER);
        ck_assert_int_eq(delay_us, wait_us);
    }
    ck_assert_uint_eq(history.death_count, 0);
}
END_TEST

START_TEST(jitter_stays_within_a_quarter_either_way_and_reaches_both_ends)
{
    int64_t least = INT64_MAX, most = 0;
    for (uint64_t random = 0; random < 200; random++) {
        forget();
        die(1, 0, 1000, 0);
        ck_assert_int_eq(die(1, 0, 1000, random), RESTART_LATER);
        least = delay_us < least ? delay_us : least;
        most = delay_us > most ? delay_us : most;
    }
    ck_assert_int_eq(least, 75);
    ck_assert_int_eq(most, 125);
    forget();
    die(1, 0, 1000, 0);
    die(1, 0, 1000, UINT64_MAX);
    ck_assert_int_ge(delay_us, 75);
    ck_assert_int_le(delay_us, 125);
}
END_TEST

START_TEST(a_healthy_time_starts_over)
{
    die(1, 0, 1000, 0);
    ck_assert_int_eq(die(1, 0, 1000, 0), RESTART_LATER);
    ck_assert_int_eq(die(1, 2000, 6999, 0), RESTART_LATER); /* 4999: not healthy */
    ck_assert_int_eq(die(1, 7000, 12000, 0), RESTART_NOW);
    ck_assert_int_eq(die(1, 0, 12001, no_jitter(100)), RESTART_LATER);
    ck_assert_int_eq(delay_us, 100);
}
END_TEST

START_TEST(a_worker_that_never_was_ready_is_never_healthy)
{
    die(1, 0, 1000, 0);
    ck_assert_int_eq(die(1, 0, 1000000, 0), RESTART_LATER);
}
END_TEST

START_TEST(too_many_deaths_within_the_window_hold_it)
{
    for (unsigned i = 1; i < policy.deaths_max; i++)
        ck_assert_int_ne(die(1, 0, 1000 + i, 0), RESTART_HOLD);
    ck_assert(!restart_budget_spent(&policy, &history, 1010));
    ck_assert_int_eq(die(1, 0, 2000, 0), RESTART_HOLD);
    ck_assert(restart_budget_spent(&policy, &history, 2000));
}
END_TEST

START_TEST(deaths_that_are_further_apart_than_the_window_hold_nothing)
{
    int64_t apart = policy.window_us / (policy.deaths_max - 1) + 1;
    for (int64_t i = 0; i < 100; i++)
        ck_assert_int_ne(die(1, 0, 1000 + i * apart, 0), RESTART_HOLD);
    /* and a burst after them does */
    unsigned burst = 0;
    while (die(1, 0, 1000 + 100 * apart, 0) != RESTART_HOLD)
        ck_assert_uint_lt(burst++, policy.deaths_max);
}
END_TEST

START_TEST(the_largest_budget_uses_the_whole_ring)
{
    struct restart_policy generous = policy;
    generous.deaths_max = RESTART_DEATHS_MAX;
    for (int round = 0; round < 3; round++) {
        int64_t now = 1000 + round * 1000000;
        for (unsigned i = 1; i < RESTART_DEATHS_MAX; i++)
            ck_assert_int_ne(restart_decide(&generous, &history, 1, 0, now, 0, &delay_us), RESTART_HOLD);
        ck_assert_int_eq(restart_decide(&generous, &history, 1, 0, now, 0, &delay_us), RESTART_HOLD);
    }
}
END_TEST

START_TEST(a_budget_of_one_holds_at_the_first_death)
{
    struct restart_policy strict = policy;
    strict.deaths_max = 1;
    ck_assert_int_eq(restart_decide(&strict, &history, 1, 0, 1000, 0, &delay_us), RESTART_HOLD);
}
END_TEST

START_TEST(without_a_window_no_number_of_deaths_holds)
{
    struct restart_policy patient = policy;
    patient.window_us = 0;
    patient.deaths_max = 1;
    for (int i = 0; i < 100; i++)
        ck_assert_int_ne(restart_decide(&patient, &history, 1, 0, 1000, 0, &delay_us), RESTART_HOLD);
}
END_TEST

START_TEST(always_restarts_also_what_says_that_it_is_done)
{
    struct restart_policy always = policy;
    always.mode = RESTART_MODE_ALWAYS;
    ck_assert_int_eq(restart_decide(&always, &history, 0, 1, 1000, 0, &delay_us), RESTART_NOW);
    ck_assert_int_eq(restart_decide(&always, &history, 0, 1, 1001, 0, &delay_us), RESTART_LATER);
    ck_assert_int_eq(restart_decide(&always, &history, EXIT_CODE_CONFIG, 1, 1002, 0, &delay_us),
                     RESTART_HOLD);
}
END_TEST

START_TEST(never_restarts_nothing)
{
    struct restart_policy never = policy;
    never.mode = RESTART_MODE_NEVER;
    for (int status = -1; status < 256; status++)
        ck_assert_int_eq(restart_decide(&never, &history, status, 1, 1000, 0, &delay_us), RESTART_NEVER);
    ck_assert_uint_eq(history.death_count, 0);
}
END_TEST

static enum restart_verdict expected_verdict(enum exit_policy meaning)
{
    static const enum restart_verdict verdicts[] = {[EXIT_POLICY_DONE] = RESTART_NEVER,
                                                    [EXIT_POLICY_RESTART] = RESTART_NOW,
                                                    [EXIT_POLICY_HOLD] = RESTART_HOLD,
                                                    [EXIT_POLICY_RETRY] = RESTART_LATER,
                                                    [EXIT_POLICY_WAIT] = RESTART_LATER};
    return verdicts[meaning];
}

START_TEST(every_exit_code_gets_the_verdict_of_its_policy)
{
    for (int status = 0; status < 256; status++) {
        forget();
        enum exit_policy meaning = exit_code_find(status)->policy;
        ck_assert_int_eq(die(status, 1, 2, 0), expected_verdict(meaning));
        ck_assert_uint_eq(history.death_count, meaning == EXIT_POLICY_RESTART ? 1 : 0);
    }
}
END_TEST

START_TEST(a_fenced_worker_is_held_but_not_one_whose_poll_interval_ran_out)
{
    ck_assert_int_eq(die(EXIT_CODE_FENCED, 1, 1000, 0), RESTART_HOLD);
    ck_assert_int_eq(die(EXIT_CODE_POLL_INTERVAL, 1, 1000, 0), RESTART_NOW);
    forget();
    ck_assert_int_eq(die(EXIT_CODE_FORGOTTEN, 1, 1000, 0), RESTART_NOW);
}
END_TEST

START_TEST(a_member_that_is_not_released_waits_for_the_session_uncharged)
{
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(die(EXIT_CODE_UNRELEASED, 0, 1000, 7), RESTART_LATER);
        ck_assert_int_eq(delay_us, policy.session_us);
    }
    policy.session_us = 0; /* its place can be taken over */
    ck_assert_int_eq(die(EXIT_CODE_UNRELEASED, 0, 1000, 7), RESTART_NOW);
    ck_assert_uint_eq(history.death_count, 0);
    ck_assert_int_eq(die(1, 0, 1000, 0), RESTART_NOW);
}
END_TEST

START_TEST(thousands_of_deaths_overflow_nothing)
{
    struct restart_policy patient = RESTART_POLICY_DEFAULT;
    for (int64_t i = 0; i < 5000; i++) {
        restart_decide(&patient, &history, 1, 0, i * 3600000000, UINT64_MAX - (uint64_t)i, &delay_us);
        ck_assert_int_ge(delay_us, 0);
        ck_assert_int_le(delay_us, patient.cap_us * 5 / 4);
    }
    ck_assert_int_ge(delay_us, patient.cap_us * 3 / 4);
}
END_TEST

/* The first three of the published sequence from 0. */
START_TEST(random_numbers_are_those_of_splitmix64)
{
    static const uint64_t published[] = {UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
                                         UINT64_C(0x06c45d188009454f)};
    uint64_t state = 0;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++)
        ck_assert_uint_eq(restart_random(&state), published[i]);
}
END_TEST

CHECK_MAIN_WITH("supervisor/restart", forget, NULL, always_restarts_also_what_says_that_it_is_done,
                never_restarts_nothing, the_first_death_is_followed_by_a_restart_at_once,
                each_further_death_doubles_the_wait_up_to_the_cap,
                what_the_machine_had_no_room_for_is_tried_again_for_as_long_as_it_takes,
                jitter_stays_within_a_quarter_either_way_and_reaches_both_ends, a_healthy_time_starts_over,
                a_worker_that_never_was_ready_is_never_healthy, too_many_deaths_within_the_window_hold_it,
                deaths_that_are_further_apart_than_the_window_hold_nothing,
                the_largest_budget_uses_the_whole_ring, a_budget_of_one_holds_at_the_first_death,
                without_a_window_no_number_of_deaths_holds, every_exit_code_gets_the_verdict_of_its_policy,
                a_fenced_worker_is_held_but_not_one_whose_poll_interval_ran_out,
                a_member_that_is_not_released_waits_for_the_session_uncharged,
                thousands_of_deaths_overflow_nothing, random_numbers_are_those_of_splitmix64)

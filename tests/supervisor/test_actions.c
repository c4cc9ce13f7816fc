/* What the edges of the state table do to a process, from its start to its burial. */
#include <signal.h>

#include "supervisor/actions.h"
#include "tests/supervisor/fleet_stage.h"

static struct worker *bravo;

static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo", "--no-producer", "--bootstrap", "h:1", "--stop-timeout", "10s",
               "--start-timeout", "60s", "--hang-after", "8s", "--restart-delay", "1s", "--max-deaths", "3");
    fleet_begin();
    bravo = fleet_worker("bravo");
}

/* A process whose segment says what it is at. */
static void is_at(enum stats_phase phase, int64_t first, int64_t end)
{
    struct stats_writer *writer = fleet_writer(bravo);
    stats_phase(writer, phase, clock_wall_us());
    int slot = stats_partition_slot(writer, "payments", 1);
    stats_partition_set(writer, slot, PARTITION_INFLIGHT_FIRST, first);
    stats_partition_set(writer, slot, PARTITION_INFLIGHT_END, end);
    stats_partition_publish(writer, slot);
    stats_heartbeat(writer, clock_wall_us());
    stats_writer_close(writer);
}

static void dies(int exit_status, int signal)
{
    fake_ends(&bravo->process, exit_status, signal);
    fleet_turn();
}

/* The next process is there and works. */
static void comes_back(void)
{
    fake_clock_advance(2 * US_PER_SECOND);
    for (int turn = 0; turn < 3 && bravo->process.pid == 0; turn++)
        fleet_turn();
    ck_assert_int_eq(bravo->state, WORKER_STARTING);
    fleet_becomes_ready(bravo);
}

/* --- what a new process begins with -------------------------------------------------------------------- */

START_TEST(a_first_process_is_no_restart_and_the_second_is_one)
{
    ck_assert_uint_eq(bravo->generation, 1);
    ck_assert_uint_eq(bravo->restarts, 0);
    fleet_becomes_ready(bravo);
    dies(1, 0);
    ck_assert_uint_eq(bravo->generation, 2);
    ck_assert_uint_eq(bravo->restarts, 1);
}
END_TEST

START_TEST(a_crash_after_one_of_a_hang_is_held_against_no_hang)
{
    fleet_becomes_ready(bravo);
    is_at(PHASE_PROCESSING, 40, 50);
    bravo->hung = true;
    dies(-1, SIGKILL);
    comes_back();
    ck_assert(!bravo->hung);
    is_at(PHASE_PROCESSING, 40, 50);
    dies(1, 0); /* an exit that is no crash: no record's fault */
    ck_assert_ptr_null(strstr(fleet_printed(), "killed bravo twice"));
    ck_assert_uint_eq(fleet.poison.count, 1);
}
END_TEST

START_TEST(a_crash_after_one_of_an_operator_s_signal_is_held_against_its_records)
{
    fleet_becomes_ready(bravo);
    is_at(PHASE_PROCESSING, 40, 50);
    bravo->signalled = true;
    dies(-1, SIGSEGV);
    ck_assert_uint_eq(fleet.poison.count, 0);
    comes_back();
    ck_assert(!bravo->signalled);
    is_at(PHASE_PROCESSING, 40, 50);
    dies(-1, SIGSEGV);
    ck_assert_uint_eq(fleet.poison.count, 1);
}
END_TEST

START_TEST(a_new_process_has_a_start_deadline_of_its_own)
{
    ck_assert_int_eq(bravo->deadline_us, clock_monotonic_us() + 60 * US_PER_SECOND);
    ck_assert_int_eq(bravo->spawned_us, clock_monotonic_us());
    fleet_becomes_ready(bravo);
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
    ck_assert_int_eq(bravo->ready_us, clock_monotonic_us());
    fake_clock_advance(US_PER_SECOND);
    dies(1, 0);
    ck_assert_int_eq(bravo->ready_us, 0);
    ck_assert_int_eq(bravo->deadline_us, clock_monotonic_us() + 60 * US_PER_SECOND);
    ck_assert_int_eq(bravo->next_restart_us, STATS_UNKNOWN);
}
END_TEST

START_TEST(a_pause_is_told_to_the_next_process_which_has_no_start_deadline)
{
    struct rpc_message message;
    fleet_becomes_ready(bravo);
    fleet_pause_worker(bravo, true);
    ck_assert_str_eq(fake_hears(bravo, &message), "pause");
    dies(1, 0);
    bool paused = false;
    ck_assert_str_eq(fake_hears(bravo, &message), "pause");
    ck_assert(mp_read_bool(&message.params, &paused) && paused);
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
}
END_TEST

START_TEST(a_process_that_is_not_paused_is_told_nothing)
{
    struct rpc_message message;
    ck_assert_str_eq(fake_hears(bravo, &message), "");
}
END_TEST

START_TEST(one_that_cannot_be_started_is_tried_again_after_a_delay_with_the_reason)
{
    fleet_becomes_ready(bravo);
    fake_clock_advance(US_PER_SECOND);
    fake_spawn_errno = EAGAIN;
    dies(1, 0); /* restarted at once, which fails: a second death */
    ck_assert_int_eq(bravo->state, WORKER_BACKING_OFF);
    ck_assert_int_eq(bravo->process.pid, 0);
    ck_assert_int_eq(bravo->channel_watch.fd, -1);
    ck_assert_int_eq(bravo->output.watch.fd, -1);
    ck_assert_int_eq(bravo->exit_watch.fd, -1);
    ck_assert_int_eq(bravo->died_us, clock_monotonic_us());
    ck_assert_int_gt(bravo->deadline_us, clock_monotonic_us());
    comes_back();
    ck_assert(fleet_has_said("bravo: cannot start /nowhere/kconsume"));
}
END_TEST

/* --- its end ------------------------------------------------------------------------------------------- */

START_TEST(what_a_dying_process_has_said_last_counts)
{
    fleet_becomes_ready(bravo);
    FAKE_SAYS(bravo, "trouble", "s", "the disk is full");
    FAKE_SAYS(bravo, "quarantining", "");
    fake_ends(&bravo->process, 78, 0);
    states_dispatch(bravo, EVENT_EXITED); /* the pidfd is looked at before the channel */
    ck_assert_str_eq(bravo->trouble, "the disk is full");
    ck_assert_int_eq(bravo->channel_watch.fd, -1);
}
END_TEST

START_TEST(a_death_is_written_down_with_all_that_is_known_of_it)
{
    fleet_becomes_ready(bravo);
    is_at(PHASE_PROCESSING, 40, 50);
    fake_clock_advance(3 * US_PER_SECOND);
    struct process_end *end = &fake_process(&bravo->process)->end;
    end->usage.ru_utime = (struct timeval){.tv_sec = 2, .tv_usec = 5};
    end->usage.ru_stime = (struct timeval){.tv_sec = 1, .tv_usec = 7};
    end->usage.ru_maxrss = 9;
    end->core_dumped = 1;
    pid_t pid = bravo->process.pid;
    dies(-1, SIGSEGV);
    const struct directory_death *death = &bravo->last_death;
    ck_assert_int_eq(death->time_us, clock_wall_us());
    ck_assert_int_eq(death->exit_status, STATS_UNKNOWN);
    ck_assert_int_eq(death->signal, SIGSEGV);
    ck_assert_int_eq(death->core_dumped, 1);
    ck_assert_int_eq(death->generation, 1);
    ck_assert_int_eq(death->pid, pid);
    ck_assert_int_eq(death->user_us, 2000005);
    ck_assert_int_eq(death->system_us, 1000007);
    ck_assert_int_eq(death->max_rss_bytes, 9 * 1024);
    ck_assert_int_eq(death->phase, PHASE_PROCESSING);
    ck_assert_int_eq(death->heartbeat_age_us, 3 * US_PER_SECOND);
    ck_assert_int_eq(bravo->died_us, clock_monotonic_us());
}
END_TEST

START_TEST(the_age_of_a_heartbeat_that_is_of_the_future_is_not_known)
{
    fleet_becomes_ready(bravo);
    is_at(PHASE_POLLING, 0, 0);
    fake_clock_set(clock_monotonic_us(), clock_wall_us() - US_PER_SECOND);
    dies(0, 0);
    ck_assert_int_eq(bravo->last_death.heartbeat_age_us, STATS_UNKNOWN);
    ck_assert_int_eq(bravo->last_death.exit_status, 0);
    ck_assert_int_eq(bravo->last_death.phase, PHASE_POLLING);
}
END_TEST

START_TEST(one_that_has_not_ended_after_all_is_not_reaped)
{
    fleet_becomes_ready(bravo);
    action_reap(bravo);
    ck_assert_int_ne(bravo->process.pid, 0);
    ck_assert_int_ne(bravo->channel_watch.fd, -1);
    action_reap_stopped(bravo);
    ck_assert_int_ne(bravo->process.pid, 0);
    ck_assert_int_eq(bravo->last_death.time_us, STATS_UNKNOWN);
}
END_TEST

START_TEST(too_many_deaths_hold_it_and_say_how_many)
{
    fleet_becomes_ready(bravo);
    for (int death = 1; death < 3; death++) {
        dies(1, 0);
        fake_clock_advance(3 * US_PER_SECOND);
        fleet_turn();
        fleet_turn();
        ck_assert_int_eq(bravo->state, WORKER_STARTING);
    }
    dies(1, 0);
    ck_assert_int_eq(bravo->state, WORKER_HELD);
    ck_assert_str_eq(bravo->reason, "3 deaths within 60 s");
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
    ck_assert(fleet_has_said("bravo is held: 3 deaths within 60 s"));
}
END_TEST

START_TEST(the_second_death_in_a_row_waits_about_the_restart_delay)
{
    fleet_becomes_ready(bravo);
    dies(1, 0);
    ck_assert_int_eq(bravo->state, WORKER_STARTING);
    dies(1, 0);
    ck_assert_int_eq(bravo->state, WORKER_BACKING_OFF);
    int64_t delay_us = bravo->deadline_us - clock_monotonic_us();
    ck_assert_int_ge(delay_us, 750000);
    ck_assert_int_le(delay_us, 1250000);
    ck_assert_int_eq(bravo->next_restart_us, clock_wall_us() + delay_us);
    states_dispatch(bravo, EVENT_STOP);
    ck_assert_int_eq(bravo->state, WORKER_DOWN);
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
    ck_assert_int_eq(bravo->next_restart_us, STATS_UNKNOWN);
    ck_assert(fleet_has_said("; restarting in "));
}
END_TEST

START_TEST(an_exit_code_that_a_restart_would_not_mend_holds_it_at_once)
{
    fleet_becomes_ready(bravo);
    dies(EXIT_CODE_USAGE, 0);
    ck_assert_int_eq(bravo->state, WORKER_HELD);
    ck_assert_ptr_eq(strstr(bravo->reason, "exit code 2: "), bravo->reason);
    ck_assert_str_eq(bravo->reason + strlen("exit code 2: "), exit_code_find(EXIT_CODE_USAGE)->meaning);
}
END_TEST

START_TEST(one_that_ended_badly_in_its_group_is_followed_by_one_that_takes_its_place)
{
    fleet_becomes_ready(bravo);
    dies(1, 0);
    ck_assert(bravo->takes_over);
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    dies(0, 0); /* it left */
    ck_assert_int_eq(bravo->state, WORKER_DOWN);
    ck_assert(!bravo->takes_over);
}
END_TEST

START_TEST(one_that_is_started_again_keeps_that_it_takes_a_place_over)
{
    fleet_becomes_ready(bravo);
    dies(1, 0);
    fleet_becomes_ready(bravo);
    fleet_restart_worker(bravo);
    dies(0, 0);
    ck_assert_int_eq(bravo->state, WORKER_STARTING);
    ck_assert(bravo->takes_over);
    ck_assert(!bravo->start_again);
    bravo->moves = true; /* it goes to another group: nothing is kept */
    fleet_becomes_ready(bravo);
    fleet_restart_worker(bravo);
    bravo->moves = true;
    dies(0, 0);
    ck_assert(!bravo->takes_over);
}
END_TEST

/* --- asked to end -------------------------------------------------------------------------------------- */

/* True: it is to leave its group. */
static bool hears_drain(void)
{
    struct rpc_message message;
    bool leave = false;
    ck_assert_str_eq(fake_hears(bravo, &message), "drain");
    ck_assert(mp_read_bool(&message.params, &leave));
    return leave;
}

START_TEST(one_that_is_stopped_is_asked_to_leave_and_one_that_is_restarted_to_stay)
{
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    ck_assert(hears_drain());
    ck_assert_int_eq(bravo->deadline_us, clock_monotonic_us() + 10 * US_PER_SECOND);
    ck_assert_uint_eq(fake_process(&bravo->process)->signals, 0);
    dies(0, 0);
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
    fleet_start_worker(bravo);
    fleet_becomes_ready(bravo);
    fleet_restart_worker(bravo);
    ck_assert(!hears_drain());
}
END_TEST

START_TEST(one_that_goes_to_another_group_leaves_this_one_though_it_is_started_again)
{
    fleet_becomes_ready(bravo);
    bravo->moves = true;
    fleet_restart_worker(bravo);
    ck_assert(hears_drain());
}
END_TEST

START_TEST(one_that_does_not_listen_is_asked_to_end_by_a_signal)
{
    fleet_becomes_ready(bravo);
    fake_close(&fake_process(&bravo->process)->channel_fd);
    states_dispatch(bravo, EVENT_STOP);
    ck_assert_int_eq(fake_process(&bravo->process)->signal, SIGTERM);
    ck_assert_uint_eq(fake_process(&bravo->process)->signals, 1);
}
END_TEST

START_TEST(a_channel_that_is_full_is_no_excuse_either)
{
    fleet_becomes_ready(bravo);
    while (send(bravo->channel_watch.fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == 1)
        ;
    states_dispatch(bravo, EVENT_STOP);
    ck_assert_int_eq(fake_process(&bravo->process)->signal, SIGTERM);
}
END_TEST

START_TEST(one_that_does_not_end_in_time_is_killed_with_its_group)
{
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    fake_clock_advance(10 * US_PER_SECOND - 1);
    fleet_turn();
    ck_assert_uint_eq(fake_process(&bravo->process)->group_kills, 0);
    fake_clock_advance(1);
    fleet_turn();
    ck_assert_uint_eq(fake_process(&bravo->process)->group_kills, 1);
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
    fleet_turn();
    ck_assert_int_eq(bravo->state, WORKER_DOWN);
    ck_assert(fleet_has_said("bravo has not ended in 10.0 s: killed"));
}
END_TEST

START_TEST(a_start_that_is_asked_for_while_it_ends_comes_after_its_end)
{
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    bravo->trouble[0] = 'x';
    states_dispatch(bravo, EVENT_START);
    ck_assert(bravo->start_again);
    dies(0, 0);
    ck_assert_int_eq(bravo->state, WORKER_STARTING);
    ck_assert(!bravo->start_again);
    ck_assert_str_eq(bravo->trouble, "");
}
END_TEST

START_TEST(a_bad_end_of_one_that_was_asked_to_end_is_told_and_a_good_one_is_not)
{
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    dies(0, 0);
    fleet_start_worker(bravo);
    fleet_becomes_ready(bravo);
    states_dispatch(bravo, EVENT_STOP);
    dies(-1, SIGSEGV);
    ck_assert_ptr_null(strstr(fleet_printed(), "generation 1) ended"));
    ck_assert(fleet_has_said("generation 2) was killed by SIGSEGV"));
}
END_TEST

/* --- deadlines ----------------------------------------------------------------------------------------- */

START_TEST(one_that_is_not_ready_in_time_is_killed_and_why_is_told)
{
    is_at(PHASE_JOINING, 0, 0);
    fake_clock_advance(60 * US_PER_SECOND);
    bravo->tick_us = clock_monotonic_us(); /* it moves: it does not hang */
    fleet_timers(&fleet, clock_monotonic_us());
    ck_assert_uint_eq(fake_process(&bravo->process)->group_kills, 1);
    ck_assert_str_eq(bravo->reason, "start deadline: not ready after 60.0 s, while joining");
    ck_assert(fleet_has_said("bravo: start deadline: not ready after 60.0 s, while joining: killed"));
}
END_TEST

START_TEST(one_that_is_paused_may_take_its_time)
{
    bravo->paused = true;
    action_kill_unready(bravo);
    ck_assert_uint_eq(fake_process(&bravo->process)->group_kills, 0);
}
END_TEST

START_TEST(without_a_broker_the_start_deadline_waits_and_begins_anew_with_it)
{
    FAKE_SAYS(bravo, "outage", "i", (int64_t)1);
    fleet_turn();
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX);
    ck_assert_str_eq(bravo->reason, "no broker answers");
    fake_clock_advance(5 * US_PER_SECOND);
    FAKE_SAYS(bravo, "outage", "i", (int64_t)0);
    fleet_turn();
    ck_assert_str_eq(bravo->reason, "");
    ck_assert_int_eq(bravo->deadline_us, clock_monotonic_us() + 60 * US_PER_SECOND);
    fleet_becomes_ready(bravo);
    FAKE_SAYS(bravo, "outage", "i", (int64_t)1);
    FAKE_SAYS(bravo, "outage", "i", (int64_t)0);
    fleet_turn();
    ck_assert_int_eq(bravo->deadline_us, INT64_MAX); /* it was ready once */
    const char *said = strstr(fleet_printed(), "bravo is not ready, because no broker answers");
    ck_assert_ptr_nonnull(said);
    ck_assert_ptr_null(strstr(said + 1, "bravo is not ready, because no broker answers"));
}
END_TEST

START_TEST(one_in_which_nothing_moves_is_killed_as_hung_and_its_batch_is_told)
{
    fleet_becomes_ready(bravo);
    is_at(PHASE_PROCESSING, 40, 50);
    fleet_turn();
    fake_clock_advance(8 * US_PER_SECOND);
    fleet_turn();
    fake_clock_advance(8 * US_PER_SECOND + 1);
    fleet_turn();
    ck_assert_uint_eq(fake_process(&bravo->process)->group_kills, 1);
    ck_assert(bravo->hung);
    ck_assert(fleet_has_said("while processing, in the batch from 1:40 to 1:50: killed"));
}
END_TEST

START_TEST(one_that_hangs_outside_of_a_batch_is_told_without_one)
{
    fleet_becomes_ready(bravo);
    is_at(PHASE_POLLING, 40, 50);
    bravo->tick_us = clock_monotonic_us() - 9 * US_PER_SECOND;
    action_kill_hung(bravo);
    ck_assert(fleet_has_said("bravo hangs: nothing has moved for 9.0 s while polling: killed"));
}
END_TEST

CHECK_MAIN_WITH(
    "supervisor/actions", set_up, fleet_close, a_first_process_is_no_restart_and_the_second_is_one,
    a_crash_after_one_of_a_hang_is_held_against_no_hang,
    a_crash_after_one_of_an_operator_s_signal_is_held_against_its_records,
    a_new_process_has_a_start_deadline_of_its_own,
    a_pause_is_told_to_the_next_process_which_has_no_start_deadline,
    a_process_that_is_not_paused_is_told_nothing,
    one_that_cannot_be_started_is_tried_again_after_a_delay_with_the_reason,
    what_a_dying_process_has_said_last_counts, a_death_is_written_down_with_all_that_is_known_of_it,
    the_age_of_a_heartbeat_that_is_of_the_future_is_not_known, one_that_has_not_ended_after_all_is_not_reaped,
    too_many_deaths_hold_it_and_say_how_many, the_second_death_in_a_row_waits_about_the_restart_delay,
    an_exit_code_that_a_restart_would_not_mend_holds_it_at_once,
    one_that_ended_badly_in_its_group_is_followed_by_one_that_takes_its_place,
    one_that_is_started_again_keeps_that_it_takes_a_place_over,
    one_that_is_stopped_is_asked_to_leave_and_one_that_is_restarted_to_stay,
    one_that_goes_to_another_group_leaves_this_one_though_it_is_started_again,
    one_that_does_not_listen_is_asked_to_end_by_a_signal, a_channel_that_is_full_is_no_excuse_either,
    one_that_does_not_end_in_time_is_killed_with_its_group,
    a_start_that_is_asked_for_while_it_ends_comes_after_its_end,
    a_bad_end_of_one_that_was_asked_to_end_is_told_and_a_good_one_is_not,
    one_that_is_not_ready_in_time_is_killed_and_why_is_told, one_that_is_paused_may_take_its_time,
    without_a_broker_the_start_deadline_waits_and_begins_anew_with_it,
    one_in_which_nothing_moves_is_killed_as_hung_and_its_batch_is_told,
    one_that_hangs_outside_of_a_batch_is_told_without_one)

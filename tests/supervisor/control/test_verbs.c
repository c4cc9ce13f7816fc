/* What the verbs do to a fleet, and when each is done. */
#include <signal.h>
#include <sys/wait.h>

#include "supervisor/process/channel.h"
#include "supervisor/count.h"
#include "tests/supervisor/verb_stage.h"

/* --- who is meant -------------------------------------------------------------------------------------- */

START_TEST(a_target_that_is_nobody_is_refused_by_each_verb_that_has_one)
{
    static const char *const verbs[] = {"start", "stop", "restart", "kill", "pause", "resume", "reset"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        is_refused(verbs[i], "yank", strcmp(verbs[i], "reset") == 0 ? "earliest" : "",
                   "there is no client or worker 'yank'");
}
END_TEST

START_TEST(a_verb_touches_whom_it_means_and_nobody_else)
{
    waits("stop", "bravo", "");
    ck_assert_int_eq(bravo->state, WORKER_STOPPING);
    ck_assert_int_eq(zulu->state, WORKER_READY);
    ck_assert_int_eq(producer->state, WORKER_READY);
}
END_TEST

START_TEST(the_status_of_all_has_kweb_and_nothing_else_is_done_to_it)
{
    fleet_close();
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--http", "127.0.0.1:9000");
    fleet_begin();
    fleet_all_ready();
    ck_assert_int_eq(begins("status", "", ""), PROGRESS_DONE);
    ck_assert_ptr_nonnull(strstr(lines(), "kweb: "));
    begins("kill", "all", "STOP");
    ck_assert_ptr_null(strstr(lines(), "kweb: "));
}
END_TEST

START_TEST(a_verb_for_all_waits_for_the_last_of_them)
{
    struct worker *const order[] = {producer, bravo, zulu}; /* not that of the fleet */
    waits("stop", "all", "");
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(is(), PROGRESS_WAITING);
        ends(order[i], 0);
    }
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

/* --- start, stop, restart ------------------------------------------------------------------------------ */

START_TEST(a_stop_is_done_when_there_is_no_process_and_none_will_come)
{
    waits("stop", "bravo", "");
    ends(bravo, 0);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    bravo->state = WORKER_BACKING_OFF;
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    bravo->state = WORKER_DOWN;
}
END_TEST

START_TEST(a_stop_takes_a_restart_back_that_was_to_follow)
{
    waits("restart", "bravo", "");
    ck_assert(bravo->start_again);
    waits("stop", "bravo", "");
    ck_assert(!bravo->start_again);
    ends(bravo, 0);
    ck_assert_int_eq(bravo->state, WORKER_DOWN);
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

START_TEST(a_start_is_done_when_it_works)
{
    begins("stop", "bravo", "");
    ends(bravo, 0);
    waits("start", "bravo", "");
    ck_assert_int_eq(bravo->state, WORKER_STARTING);
    fleet_becomes_ready(bravo);
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

START_TEST(a_start_of_what_has_done_its_work_is_done_with_it)
{
    begins("start", "bravo", "");
    bravo->state = WORKER_DONE;
    ck_assert_int_eq(is(), PROGRESS_DONE);
    bravo->state = WORKER_READY;
}
END_TEST

START_TEST(a_start_that_ends_held_back_has_failed_with_the_reason)
{
    begins("stop", "bravo", "");
    ends(bravo, 0);
    waits("start", "bravo", "");
    ends(bravo, EXIT_CODE_USAGE);
    ck_assert_int_eq(is(), PROGRESS_FAILED);
    ck_assert_ptr_eq(strstr(error.text, "bravo is held: exit code 2: "), error.text);
    waits("release", "bravo", "");
    ck_assert_int_eq(bravo->state, WORKER_STARTING);
    ck_assert_uint_eq(bravo->history.death_count, 0);
}
END_TEST

START_TEST(a_start_is_waited_for_though_another_was_held_and_then_it_fails)
{
    begins("stop", "all", "");
    ends(bravo, 0);
    ends(zulu, 0);
    ends(producer, 0);
    waits("start", "all", "");
    ends(bravo, EXIT_CODE_USAGE);
    fleet_becomes_ready(zulu);
    ck_assert_int_eq(is(), PROGRESS_FAILED);
}
END_TEST

START_TEST(one_that_is_scaled_away_is_not_started)
{
    fleet_retire(bravo);
    begins("start", "all", "");
    ends(bravo, 0);
    ck_assert_int_eq(bravo->state, WORKER_DOWN);
    ck_assert_int_eq(is(), PROGRESS_DONE); /* and not waited for */
}
END_TEST

START_TEST(a_restart_is_done_when_another_process_works)
{
    uint64_t generation = bravo->generation;
    waits("restart", "bravo", ""); /* it works, but it is the former one */
    ends(bravo, 0);
    ck_assert_uint_eq(bravo->generation, generation + 1);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    fleet_becomes_ready(bravo);
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

START_TEST(a_worker_that_came_after_the_restart_was_asked_for_is_a_new_one)
{
    begins("restart", "bravo", "");
    ends(bravo, 0);
    fleet_becomes_ready(bravo);
    ck_assert_int_eq(fleet_scale(&fleet, "bravo", 2, &error), 0);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    fleet_becomes_ready(fleet_worker("bravo.2"));
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

/* --- signals ------------------------------------------------------------------------------------------- */

START_TEST(a_signal_has_its_name_with_and_without_SIG_or_its_number)
{
    static const struct {
        const char *text;
        int number;
    } signals[] = {{"", SIGTERM},     {"TERM", SIGTERM}, {"SIGTERM", SIGTERM}, {"sigterm", SIGTERM},
                   {"hup", SIGHUP},   {"1", SIGHUP},     {"15", SIGTERM},      {"STOP", SIGSTOP},
                   {"SEGV", SIGSEGV}, {"64", 64}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        begins("kill", "bravo", signals[i].text);
        ck_assert_int_eq(fake_process(&bravo->process)->signal, signals[i].number);
        ck_assert_uint_eq(fake_process(&bravo->process)->signals, i + 1);
    }
    ck_assert_uint_eq(fake_process(&zulu->process)->signals, 0);
}
END_TEST

START_TEST(what_is_no_signal_is_refused_and_nobody_gets_one)
{
    static const char *const texts[] = {"NONE", "0", "65", "-1", "SIG", "TERMINATE", "9x"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char why[64];
        snprintf(why, sizeof why, "'%s' is not a signal", texts[i]);
        is_refused("kill", "all", texts[i], why);
    }
    ck_assert_uint_eq(fake_process(&bravo->process)->signals, 0);
    ck_assert(!bravo->signalled);
}
END_TEST

START_TEST(a_signal_that_an_operator_sent_is_remembered_for_that_process)
{
    begins("kill", "bravo", "SEGV");
    ck_assert(bravo->signalled);
    ck_assert(!zulu->signalled);
    ck_assert_int_eq(is(), PROGRESS_DONE); /* it may be handled: sent is all that is known */
    fleet_start_worker(bravo);
    fake_ends(&bravo->process, -1, SIGSEGV);
    fleet_turn();
    fleet_start_worker(bravo);
    ck_assert(!bravo->signalled);
}
END_TEST

START_TEST(a_signal_that_cannot_be_sent_has_failed)
{
    fake_signal_errno = ESRCH;
    is_refused("kill", "bravo", "", "bravo cannot be signalled");
    ck_assert(!bravo->signalled);
}
END_TEST

START_TEST(who_has_no_process_cannot_be_signalled)
{
    begins("stop", "bravo", "");
    ends(bravo, 0);
    is_refused("kill", "bravo", "", "bravo has no process: it is down");
}
END_TEST

/* The answer says of each what it is; an error would hide that the others were. */
START_TEST(a_signal_for_several_reaches_those_that_have_a_process)
{
    begins("stop", "bravo", "");
    ends(bravo, 0);
    ck_assert_int_eq(begins("kill", "all", "USR1"), PROGRESS_WAITING);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert_int_eq(fake_process(&zulu->process)->signal, SIGUSR1);
    ck_assert_int_eq(fake_process(&producer->process)->signal, SIGUSR1);
}
END_TEST

START_TEST(a_SIGKILL_is_done_when_that_process_is_gone)
{
    waits("kill", "bravo", "KILL");
    ck_assert_int_eq(fake_process(&bravo->process)->signal, SIGKILL);
    fake_ends(&bravo->process, -1, SIGKILL);
    fleet_turn(); /* --max-deaths 1: held */
    ck_assert_int_eq(bravo->process.pid, 0);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    fleet_start_worker(bravo); /* another one runs already */
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

/* --- pauses -------------------------------------------------------------------------------------------- */

static void is_in(struct worker *worker, enum stats_phase phase)
{
    struct stats_writer *writer = fleet_writer(worker);
    stats_phase(writer, phase, clock_wall_us());
    stats_writer_close(writer);
}

static bool hears_pause(struct worker *worker)
{
    struct rpc_message message;
    bool paused = false;
    ck_assert_str_eq(fake_hears(worker, &message), "pause");
    ck_assert(mp_read_bool(&message.params, &paused));
    return paused;
}

START_TEST(a_pause_is_done_when_the_worker_says_so_and_so_is_its_end)
{
    is_in(bravo, PHASE_POLLING);
    waits("pause", "bravo", "");
    ck_assert(bravo->paused && !zulu->paused);
    ck_assert(hears_pause(bravo));
    is_in(bravo, PHASE_PAUSED);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    waits("resume", "bravo", "");
    ck_assert(!bravo->paused);
    ck_assert(!hears_pause(bravo));
    is_in(bravo, PHASE_POLLING);
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

START_TEST(a_pause_of_one_that_is_down_is_done_and_holds_when_it_starts)
{
    is_in(bravo, PHASE_POLLING);
    begins("stop", "bravo", "");
    ends(bravo, 0);
    begins("pause", "bravo", "");
    ck_assert_int_eq(is(), PROGRESS_DONE);
    fleet_start_worker(bravo);
    ck_assert(hears_pause(bravo));
}
END_TEST

/* A process that is stopped reads nothing, and its channel is full one day. */
START_TEST(a_worker_that_cannot_be_told_is_not_said_to_be_paused_nor_to_go_on)
{
    for (int i = 0; i < 100000 && channel_pause(bravo, false) == 0; i++)
        continue;
    is_refused("pause", "bravo", "", "bravo is not listening: it was not paused; try again");
    ck_assert(!bravo->paused);
    bravo->paused = true;
    is_refused("resume", "bravo", "", "bravo is not listening: it was not resumed; try again");
    ck_assert(bravo->paused);
    is_refused("pause", "all", "", "bravo is not listening");
    ck_assert(zulu->paused);
}
END_TEST

START_TEST(one_without_statistics_is_not_waited_for)
{
    segment_release(bravo);
    begins("pause", "bravo", "");
    ck_assert_int_eq(is(), PROGRESS_DONE);
    begins("resume", "bravo", "");
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

/* --- scale --------------------------------------------------------------------------------------------- */

START_TEST(a_scale_is_done_when_what_came_works_and_what_goes_is_gone)
{
    waits("scale", "bravo", "3");
    ck_assert_int_eq(request.value, 3);
    fleet_becomes_ready(fleet_worker("bravo.2"));
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    fleet_becomes_ready(fleet_worker("bravo.3"));
    ck_assert_int_eq(is(), PROGRESS_DONE);
    waits("scale", "bravo", "2");
    ends(fleet_worker("bravo.3"), 0);
    ck_assert_int_eq(is(), PROGRESS_DONE);
    ck_assert_int_eq(bravo->state, WORKER_READY);
}
END_TEST

START_TEST(a_scale_to_no_number_or_of_nobody_is_refused)
{
    is_refused("scale", "bravo", "0", "scale bravo");
    is_refused("scale", "bravo", "257", "scale bravo");
    is_refused("scale", "bravo", "many", "scale bravo");
    is_refused("scale", "yank", "2", "there is no client 'yank'");
    ck_assert_int_eq(begins("scale", "bravo", "256"), PROGRESS_WAITING);
    ck_assert_uint_ge(fleet.worker_count, 256);
}
END_TEST

/* --- the instance -------------------------------------------------------------------------------------- */

START_TEST(a_shutdown_is_done_when_all_is_over)
{
    waits("shutdown", "", "");
    ck_assert(fleet.stopping);
    ck_assert_int_eq(fleet.exit_code, 0);
    ends(producer, 0);
    ck_assert_int_eq(is(), PROGRESS_WAITING);
    fleet_turn();
    ends(bravo, 0);
    ends(zulu, 0);
    fleet_turn();
    ck_assert_int_eq(is(), PROGRESS_DONE);
}
END_TEST

START_TEST(the_status_says_of_each_what_it_is)
{
    char line[256];
    ck_assert_int_eq(begins("status", "bravo", ""), PROGRESS_DONE);
    snprintf(line, sizeof line, "bravo: ready, pid %d, generation 1\n", (int)bravo->process.pid);
    ck_assert_str_eq(lines(), line);
    bravo->state = WORKER_READY_IDLE;
    bravo->paused = true;
    snprintf(bravo->reason, sizeof bravo->reason, "why");
    snprintf(line, sizeof line,
             "bravo: ready-idle, pid %d, generation 1, " WORKER_IDLE_TEXT ", paused, why\n",
             (int)bravo->process.pid);
    ck_assert_str_eq(lines(), line);
    bravo->state = WORKER_READY;
    states_dispatch(zulu, EVENT_STOP);
    ends(zulu, 0);
    begins("status", "zulu", "");
    ck_assert_str_eq(lines(), "zulu: down\n");
    ck_assert_int_eq(begins("status", "yank", ""), PROGRESS_DONE);
    ck_assert_str_eq(lines(), "");
}
END_TEST

/* It has not died, and nobody else tells why nothing moves. */
START_TEST(the_status_tells_a_process_that_is_stopped)
{
    char line[256];
    pid_t real = bravo->process.pid;
    bravo->process.pid = fork();
    if (bravo->process.pid == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(bravo->process.pid, NULL, WUNTRACED), bravo->process.pid);
    begins("status", "bravo", "");
    snprintf(line, sizeof line,
             "bravo: ready, pid %d, generation 1, stopped: continue it with kill -CONT %d\n",
             (int)bravo->process.pid, (int)bravo->process.pid);
    ck_assert_str_eq(lines(), line);
    kill(bravo->process.pid, SIGKILL);
    waitpid(bravo->process.pid, NULL, 0);
    bravo->process.pid = real;
}
END_TEST

/* The value of the first worker's member of that name. */
static struct mp_reader member(const char *name)
{
    struct mp_reader reader;
    uint32_t count;
    struct mp_view key;
    const char *bytes = packed(request.verb->result);
    mp_init(&reader, bytes, packed_length);
    ck_assert(mp_read_array(&reader, &count) && count == 1 && mp_read_map(&reader, &count));
    ck_assert_uint_eq(count, 11);
    while (count-- > 0 && mp_read_str(&reader, &key)) {
        if (key.length == strlen(name) && memcmp(key.data, name, key.length) == 0)
            return reader;
        mp_skip(&reader, MP_DEPTH_MAX);
    }
    ck_abort_msg("no member %s", name);
    return reader;
}

static void is_text(const char *name, const char *text)
{
    struct mp_reader reader = member(name);
    struct mp_view view;
    ck_assert(mp_read_str(&reader, &view));
    ck_assert_msg(view.length == strlen(text) && memcmp(view.data, text, view.length) == 0, "%s: %.*s", name,
                  (int)view.length, view.data);
}

static void is_number(const char *name, int64_t wanted)
{
    struct mp_reader reader = member(name);
    int64_t number = -1;
    ck_assert(mp_read_int(&reader, &number));
    ck_assert_int_eq(number, wanted);
}

static void is_bool(const char *name, bool wanted)
{
    struct mp_reader reader = member(name);
    bool value = !wanted;
    ck_assert(mp_read_bool(&reader, &value));
    ck_assert_int_eq(value, wanted);
}

START_TEST(the_status_for_programs_has_the_same_as_members)
{
    begins("status", "bravo", "");
    snprintf(bravo->reason, sizeof bravo->reason, "why");
    snprintf(bravo->trouble, sizeof bravo->trouble, "what");
    bravo->restarts = 4;
    ck_assert_str_eq(request.verb->result_name, "workers");
    is_text("name", "bravo");
    is_text("client", "bravo");
    is_text("state", "ready");
    is_text("reason", "why");
    is_text("trouble", "what");
    is_number("pid", bravo->process.pid);
    is_number("generation", 1);
    is_number("restarts", 4);
    is_bool("paused", false);
    bravo->paused = true;
    is_bool("paused", true);
    is_bool("stopped", false);
    is_text("version", "");
}
END_TEST

/* --- the table ----------------------------------------------------------------------------------------- */

START_TEST(a_verb_is_found_by_its_whole_name_and_a_typo_gets_the_nearest)
{
    const char *suggestion = NULL;
    for (size_t i = 0; verb_at(i) != NULL; i++)
        ck_assert_ptr_eq(verb_find(verb_at(i)->name, strlen(verb_at(i)->name), &suggestion), verb_at(i));
    ck_assert_ptr_null(verb_find("statusx", 7, &suggestion));
    ck_assert_str_eq(suggestion, "status");
    ck_assert_ptr_null(verb_find("stat", 4, &suggestion));
    ck_assert_ptr_null(verb_find("restert please", 7, &suggestion)); /* the length counts */
    ck_assert_str_eq(suggestion, "restart");
    ck_assert_ptr_null(
        verb_find("xyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyzxyz", 57, &suggestion));
    ck_assert_ptr_null(suggestion);
}
END_TEST

/* 0 would be no end. */
START_TEST(a_producer_that_has_made_its_count_is_never_told_that_nothing_is_left)
{
    fleet_close();
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1", "--count", "5");
    fleet_begin();
    fleet_all_ready();
    producer = fleet_worker(PRODUCER_WORKER);
    struct stats_writer *writer = fleet_writer(producer);
    stats_add(writer, PRODUCER_ACKNOWLEDGED, 5);
    stats_writer_close(writer);
    fleet_restart_worker(producer);
    ends(producer, 0);
    ck_assert_int_eq(producer->state, WORKER_DONE);
    ck_assert_uint_eq(producer->generation, 1);
    fleet_start_worker(producer);
    ck_assert_int_eq(producer->state, WORKER_STARTING);
    ck_assert_int_eq(count_remaining(producer), 5); /* as many again */
}
END_TEST

CHECK_MAIN_WITH(
    "supervisor/verbs", set_up, tear_down,
    a_producer_that_has_made_its_count_is_never_told_that_nothing_is_left,
    a_target_that_is_nobody_is_refused_by_each_verb_that_has_one,
    a_verb_touches_whom_it_means_and_nobody_else, the_status_of_all_has_kweb_and_nothing_else_is_done_to_it,
    a_verb_for_all_waits_for_the_last_of_them, a_stop_is_done_when_there_is_no_process_and_none_will_come,
    a_stop_takes_a_restart_back_that_was_to_follow, a_start_is_done_when_it_works,
    a_start_of_what_has_done_its_work_is_done_with_it, a_start_that_ends_held_back_has_failed_with_the_reason,
    a_start_is_waited_for_though_another_was_held_and_then_it_fails, one_that_is_scaled_away_is_not_started,
    a_restart_is_done_when_another_process_works,
    a_worker_that_came_after_the_restart_was_asked_for_is_a_new_one,
    a_signal_has_its_name_with_and_without_SIG_or_its_number,
    what_is_no_signal_is_refused_and_nobody_gets_one,
    a_signal_that_an_operator_sent_is_remembered_for_that_process, a_signal_that_cannot_be_sent_has_failed,
    who_has_no_process_cannot_be_signalled, a_signal_for_several_reaches_those_that_have_a_process,
    a_SIGKILL_is_done_when_that_process_is_gone, a_pause_is_done_when_the_worker_says_so_and_so_is_its_end,
    a_pause_of_one_that_is_down_is_done_and_holds_when_it_starts,
    a_worker_that_cannot_be_told_is_not_said_to_be_paused_nor_to_go_on,
    one_without_statistics_is_not_waited_for, a_scale_is_done_when_what_came_works_and_what_goes_is_gone,
    a_scale_to_no_number_or_of_nobody_is_refused, a_shutdown_is_done_when_all_is_over,
    the_status_says_of_each_what_it_is, the_status_tells_a_process_that_is_stopped,
    the_status_for_programs_has_the_same_as_members,
    a_verb_is_found_by_its_whole_name_and_a_typo_gets_the_nearest)

/* The table of states.c, edge by edge. The actions are stood in for by those below, which note that they were
 * called: the linker takes only what is missing from the archive, so actions.o, fleet.o and report.o stay
 * there. */
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

#include <stdarg.h>

#include "supervisor/actions.h"
#include "supervisor/publish.h"
#include "supervisor/log/report.h"
#include "supervisor/states.h"

/* --- stand-ins ----------------------------------------------------------------------------------------- */

static struct {
    const char *action; /* the last one called */
    enum worker_state in;
    int actions, published, reported;
    char report[256];
} seen;

static enum worker_event follows_a_reap = EVENT_NONE;

static void note(const char *name, const struct worker *worker)
{
    seen.action = name;
    seen.in = worker->state;
    seen.actions++;
}

#define X(name, help)                                                                                        \
    enum worker_event action_##name(struct worker *worker)                                                   \
    {                                                                                                        \
        note(#name, worker);                                                                                 \
        return strcmp(#name, "reap") == 0 ? follows_a_reap : EVENT_NONE;                                     \
    }
WORKER_ACTIONS(X)
#undef X

void publish_worker(struct worker *worker)
{
    (void)worker;
    seen.published++;
}

void report_line(struct supervisor *supervisor, const char *format, ...)
{
    (void)supervisor;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(seen.report, sizeof seen.report, format, arguments);
    va_end(arguments);
    seen.reported++;
}

/* --- what is expected ---------------------------------------------------------------------------------- */

enum { STATES = WORKER_DONE + 1 };

struct expected {
    const char *action; /* NULL: it cannot happen */
    enum worker_state next;
};

#define TO(action, next)                                                                                     \
    {                                                                                                        \
#action, WORKER_##next                                                                               \
    }

/* Every edge again, written down apart from the table: a change of either must be meant. */
static const struct expected expected[STATES][EVENT_COUNT] = {
    [WORKER_DOWN] = {[EVENT_START] = TO(spawn, STARTING),
                     [EVENT_RESTART] = TO(spawn, STARTING),
                     [EVENT_BACK_OFF] = TO(wait_restart, BACKING_OFF),
                     [EVENT_HOLD] = TO(hold, HELD),
                     [EVENT_FINISH] = TO(finish, DONE),
                     [EVENT_JOINING] = TO(none, DOWN),
                     [EVENT_READY] = TO(none, DOWN),
                     [EVENT_QUARANTINING] = TO(none, DOWN),
                     [EVENT_READY_IDLE] = TO(none, DOWN),
                     [EVENT_BROKER_AWAY] = TO(none, DOWN),
                     [EVENT_BROKER_BACK] = TO(none, DOWN),
                     [EVENT_STOP] = TO(none, DOWN)},
    [WORKER_STARTING] = {[EVENT_HUNG] = TO(kill_hung, STARTING),
                         [EVENT_BROKER_AWAY] = TO(broker_away, STARTING),
                         [EVENT_BROKER_BACK] = TO(broker_back, STARTING),
                         [EVENT_TIMER] = TO(kill_unready, STARTING),
                         [EVENT_SPAWN_FAILED] = TO(reap_spawn_failed, DOWN),
                         [EVENT_JOINING] = TO(none, JOINING),
                         [EVENT_READY] = TO(ready, READY),
                         [EVENT_QUARANTINING] = TO(ready, QUARANTINING),
                         [EVENT_READY_IDLE] = TO(ready, READY_IDLE),
                         [EVENT_EXITED] = TO(reap, DOWN),
                         [EVENT_STOP] = TO(drain, STOPPING)},
    [WORKER_JOINING] = {[EVENT_HUNG] = TO(kill_hung, JOINING),
                        [EVENT_BROKER_AWAY] = TO(broker_away, JOINING),
                        [EVENT_BROKER_BACK] = TO(broker_back, JOINING),
                        [EVENT_TIMER] = TO(kill_unready, JOINING),
                        [EVENT_JOINING] = TO(none, JOINING),
                        [EVENT_READY] = TO(ready, READY),
                        [EVENT_QUARANTINING] = TO(ready, QUARANTINING),
                        [EVENT_READY_IDLE] = TO(ready, READY_IDLE),
                        [EVENT_EXITED] = TO(reap, DOWN),
                        [EVENT_STOP] = TO(drain, STOPPING)},
    [WORKER_READY] = {[EVENT_HUNG] = TO(kill_hung, READY),
                      [EVENT_BROKER_AWAY] = TO(broker_away, READY),
                      [EVENT_BROKER_BACK] = TO(broker_back, READY),
                      [EVENT_JOINING] = TO(none, READY),
                      [EVENT_READY] = TO(ready, READY),
                      [EVENT_QUARANTINING] = TO(ready, QUARANTINING),
                      [EVENT_READY_IDLE] = TO(ready, READY_IDLE),
                      [EVENT_EXITED] = TO(reap, DOWN),
                      [EVENT_STOP] = TO(drain, STOPPING)},
    [WORKER_READY_IDLE] = {[EVENT_HUNG] = TO(kill_hung, READY_IDLE),
                           [EVENT_BROKER_AWAY] = TO(broker_away, READY_IDLE),
                           [EVENT_BROKER_BACK] = TO(broker_back, READY_IDLE),
                           [EVENT_JOINING] = TO(none, READY_IDLE),
                           [EVENT_READY] = TO(ready, READY),
                           [EVENT_QUARANTINING] = TO(ready, QUARANTINING),
                           [EVENT_READY_IDLE] = TO(none, READY_IDLE),
                           [EVENT_EXITED] = TO(reap, DOWN),
                           [EVENT_STOP] = TO(drain, STOPPING)},
    [WORKER_QUARANTINING] = {[EVENT_HUNG] = TO(kill_hung, QUARANTINING),
                             [EVENT_BROKER_AWAY] = TO(broker_away, QUARANTINING),
                             [EVENT_BROKER_BACK] = TO(broker_back, QUARANTINING),
                             [EVENT_JOINING] = TO(none, QUARANTINING),
                             [EVENT_QUARANTINING] = TO(ready, QUARANTINING),
                             [EVENT_READY] = TO(cleared, READY),
                             [EVENT_READY_IDLE] = TO(ready, READY_IDLE),
                             [EVENT_EXITED] = TO(reap, DOWN),
                             [EVENT_STOP] = TO(drain, STOPPING)},
    [WORKER_STOPPING] = {[EVENT_START] = TO(start_after, STOPPING),
                         [EVENT_JOINING] = TO(none, STOPPING),
                         [EVENT_READY] = TO(none, STOPPING),
                         [EVENT_QUARANTINING] = TO(none, STOPPING),
                         [EVENT_READY_IDLE] = TO(none, STOPPING),
                         [EVENT_BROKER_AWAY] = TO(none, STOPPING),
                         [EVENT_BROKER_BACK] = TO(none, STOPPING),
                         [EVENT_EXITED] = TO(reap_stopped, DOWN),
                         [EVENT_STOP] = TO(stay_down, STOPPING),
                         [EVENT_TIMER] = TO(kill, STOPPING)},
    [WORKER_BACKING_OFF] = {[EVENT_START] = TO(spawn, STARTING),
                            [EVENT_STOP] = TO(cancel_restart, DOWN),
                            [EVENT_TIMER] = TO(spawn, STARTING)},
    [WORKER_HELD] = {[EVENT_START] = TO(spawn, STARTING), [EVENT_STOP] = TO(none, DOWN)},
    [WORKER_DONE] = {[EVENT_START] = TO(spawn, STARTING), [EVENT_STOP] = TO(none, DONE)},
};

static struct worker worker;

static void place(enum worker_state state)
{
    worker = (struct worker){.name = "bravo", .state = state, .state_since_us = 1};
    memset(&seen, 0, sizeof seen);
    follows_a_reap = EVENT_NONE;
}

/* --- cases --------------------------------------------------------------------------------------------- */

static void check_edge(enum worker_state state, enum worker_event event, const struct expected *edge)
{
    ck_assert_msg(seen.actions == 1 && strcmp(seen.action, edge->action) == 0, "%s, %s: %s instead of %s",
                  worker_state_name(state), worker_event_name(event), seen.action ? seen.action : "nothing",
                  edge->action);
    ck_assert_int_eq(worker.state, edge->next);
    ck_assert_int_eq(seen.in, edge->next); /* set before the action runs */
    ck_assert_int_eq(seen.published, 1);
    ck_assert_int_eq(seen.reported, 0);
}

START_TEST(every_event_in_every_state_does_what_is_written_here)
{
    for (int state = 0; state < STATES; state++)
        for (int event = 0; event < EVENT_COUNT; event++) {
            const struct expected *edge = &expected[state][event];
            place((enum worker_state)state);
            states_dispatch(&worker, (enum worker_event)event);
            if (edge->action != NULL)
                check_edge((enum worker_state)state, (enum worker_event)event, edge);
        }
}
END_TEST

START_TEST(what_cannot_happen_is_reported_and_changes_nothing)
{
    int impossible = 0;
    for (int state = 0; state < STATES; state++)
        for (int event = 0; event < EVENT_COUNT; event++) {
            if (expected[state][event].action != NULL)
                continue;
            impossible++;
            place((enum worker_state)state);
            states_dispatch(&worker, (enum worker_event)event);
            ck_assert_msg(seen.actions == 0 && seen.reported == 1, "%s, %s", worker_state_name(worker.state),
                          worker_event_name((enum worker_event)event));
            ck_assert_int_eq(worker.state, state);
            ck_assert_int_eq(worker.state_since_us, 1);
        }
    ck_assert_int_gt(impossible, 0);
    place(WORKER_READY);
    states_dispatch(&worker, EVENT_TIMER);
    ck_assert_str_eq(seen.report, "bravo: 'timer' cannot happen while ready: a bug, please report it");
}
END_TEST

START_TEST(every_process_that_can_die_can_be_stopped_and_reaped)
{
    static const enum worker_state running[] = {WORKER_STARTING,   WORKER_JOINING,      WORKER_READY,
                                                WORKER_READY_IDLE, WORKER_QUARANTINING, WORKER_STOPPING};
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
        place(running[i]);
        states_dispatch(&worker, EVENT_EXITED);
        ck_assert_int_eq(worker.state, WORKER_DOWN);
        place(running[i]);
        states_dispatch(&worker, EVENT_STOP);
        ck_assert_int_eq(worker.state, WORKER_STOPPING);
    }
}
END_TEST

START_TEST(every_state_takes_a_stop_without_a_complaint)
{
    for (int state = 0; state < STATES; state++) {
        place((enum worker_state)state);
        states_dispatch(&worker, EVENT_STOP);
        ck_assert_int_eq(seen.reported, 0);
    }
}
END_TEST

START_TEST(the_verdict_on_a_death_arrives_in_down)
{
    static const struct {
        enum worker_event verdict;
        enum worker_state end;
    } verdicts[] = {{EVENT_RESTART, WORKER_STARTING},
                    {EVENT_BACK_OFF, WORKER_BACKING_OFF},
                    {EVENT_HOLD, WORKER_HELD},
                    {EVENT_FINISH, WORKER_DONE}};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        place(WORKER_READY);
        follows_a_reap = verdicts[i].verdict;
        states_dispatch(&worker, EVENT_EXITED);
        ck_assert_int_eq(worker.state, verdicts[i].end);
        ck_assert_int_eq(seen.actions, 2);
        ck_assert_int_eq(seen.published, 1); /* nobody sees it down in between */
        ck_assert_int_eq(seen.reported, 0);
    }
}
END_TEST

START_TEST(since_when_moves_only_with_the_state)
{
    place(WORKER_READY);
    states_dispatch(&worker, EVENT_READY);
    ck_assert_int_eq(worker.state_since_us, 1);
    states_dispatch(&worker, EVENT_STOP);
    ck_assert_int_eq(worker.state_since_us, clock_wall_us());
}
END_TEST

START_TEST(every_event_has_a_name)
{
    for (int event = 0; event < EVENT_COUNT; event++)
        ck_assert_int_gt((int)strlen(worker_event_name((enum worker_event)event)), 2);
}
END_TEST

CHECK_MAIN("supervisor/states", every_event_in_every_state_does_what_is_written_here,
           what_cannot_happen_is_reported_and_changes_nothing,
           every_process_that_can_die_can_be_stopped_and_reaped, every_state_takes_a_stop_without_a_complaint,
           the_verdict_on_a_death_arrives_in_down, since_when_moves_only_with_the_state,
           every_event_has_a_name)

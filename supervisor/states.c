#include "supervisor/states.h"

#include "common/clock.h"
#include "supervisor/actions.h"
#include "supervisor/publish.h"
#include "supervisor/log/report.h"

enum { STATE_COUNT = WORKER_DONE + 1 };

struct edge {
    action *act; /* NULL: this cannot happen; it is reported and changes nothing */
    enum worker_state next;
};

/* The state is set before the action runs. A death goes through DOWN, where what the worker said last is
 * still read, and the policy's verdict is the event that follows. */
static const struct edge table[STATE_COUNT][EVENT_COUNT] = {
    [WORKER_DOWN] = {[EVENT_START] = {action_spawn, WORKER_STARTING},
                     [EVENT_RESTART] = {action_spawn, WORKER_STARTING},
                     [EVENT_BACK_OFF] = {action_wait_restart, WORKER_BACKING_OFF},
                     [EVENT_HOLD] = {action_hold, WORKER_HELD},
                     [EVENT_FINISH] = {action_finish, WORKER_DONE},
                     [EVENT_JOINING] = {action_none, WORKER_DOWN},
                     [EVENT_READY] = {action_none, WORKER_DOWN},
                     [EVENT_QUARANTINING] = {action_none, WORKER_DOWN},
                     [EVENT_READY_IDLE] = {action_none, WORKER_DOWN},
                     [EVENT_BROKER_AWAY] = {action_none, WORKER_DOWN},
                     [EVENT_BROKER_BACK] = {action_none, WORKER_DOWN},
                     [EVENT_STOP] = {action_none, WORKER_DOWN}},
    [WORKER_STARTING] = {[EVENT_HUNG] = {action_kill_hung, WORKER_STARTING},
                         [EVENT_BROKER_AWAY] = {action_broker_away, WORKER_STARTING},
                         [EVENT_BROKER_BACK] = {action_broker_back, WORKER_STARTING},
                         [EVENT_TIMER] = {action_kill_unready, WORKER_STARTING},
                         [EVENT_SPAWN_FAILED] = {action_reap_spawn_failed, WORKER_DOWN},
                         [EVENT_JOINING] = {action_none, WORKER_JOINING},
                         [EVENT_READY] = {action_ready, WORKER_READY},
                         [EVENT_QUARANTINING] = {action_ready, WORKER_QUARANTINING},
                         [EVENT_READY_IDLE] = {action_ready, WORKER_READY_IDLE},
                         [EVENT_EXITED] = {action_reap, WORKER_DOWN},
                         [EVENT_STOP] = {action_drain, WORKER_STOPPING}},
    [WORKER_JOINING] = {[EVENT_HUNG] = {action_kill_hung, WORKER_JOINING},
                        [EVENT_BROKER_AWAY] = {action_broker_away, WORKER_JOINING},
                        [EVENT_BROKER_BACK] = {action_broker_back, WORKER_JOINING},
                        [EVENT_TIMER] = {action_kill_unready, WORKER_JOINING},
                        [EVENT_JOINING] = {action_none, WORKER_JOINING},
                        [EVENT_READY] = {action_ready, WORKER_READY},
                        [EVENT_QUARANTINING] = {action_ready, WORKER_QUARANTINING},
                        [EVENT_READY_IDLE] = {action_ready, WORKER_READY_IDLE},
                        [EVENT_EXITED] = {action_reap, WORKER_DOWN},
                        [EVENT_STOP] = {action_drain, WORKER_STOPPING}},
    [WORKER_READY] = {[EVENT_HUNG] = {action_kill_hung, WORKER_READY},
                      [EVENT_BROKER_AWAY] = {action_broker_away, WORKER_READY},
                      [EVENT_BROKER_BACK] = {action_broker_back, WORKER_READY},
                      [EVENT_JOINING] = {action_none, WORKER_READY},
                      [EVENT_READY] = {action_ready, WORKER_READY},
                      [EVENT_QUARANTINING] = {action_ready, WORKER_QUARANTINING},
                      [EVENT_READY_IDLE] = {action_ready, WORKER_READY_IDLE},
                      [EVENT_EXITED] = {action_reap, WORKER_DOWN},
                      [EVENT_STOP] = {action_drain, WORKER_STOPPING}},
    [WORKER_READY_IDLE] = {[EVENT_HUNG] = {action_kill_hung, WORKER_READY_IDLE},
                           [EVENT_BROKER_AWAY] = {action_broker_away, WORKER_READY_IDLE},
                           [EVENT_BROKER_BACK] = {action_broker_back, WORKER_READY_IDLE},
                           [EVENT_JOINING] = {action_none, WORKER_READY_IDLE},
                           [EVENT_READY] = {action_ready, WORKER_READY},
                           [EVENT_QUARANTINING] = {action_ready, WORKER_QUARANTINING},
                           [EVENT_READY_IDLE] = {action_none, WORKER_READY_IDLE},
                           [EVENT_EXITED] = {action_reap, WORKER_DOWN},
                           [EVENT_STOP] = {action_drain, WORKER_STOPPING}},
    [WORKER_QUARANTINING] = {[EVENT_HUNG] = {action_kill_hung, WORKER_QUARANTINING},
                             [EVENT_BROKER_AWAY] = {action_broker_away, WORKER_QUARANTINING},
                             [EVENT_BROKER_BACK] = {action_broker_back, WORKER_QUARANTINING},
                             [EVENT_JOINING] = {action_none, WORKER_QUARANTINING},
                             [EVENT_QUARANTINING] = {action_ready, WORKER_QUARANTINING},
                             [EVENT_READY] = {action_cleared, WORKER_READY},
                             [EVENT_READY_IDLE] = {action_ready, WORKER_READY_IDLE},
                             [EVENT_EXITED] = {action_reap, WORKER_DOWN},
                             [EVENT_STOP] = {action_drain, WORKER_STOPPING}},
    [WORKER_STOPPING] = {[EVENT_START] = {action_start_after, WORKER_STOPPING},
                         [EVENT_JOINING] = {action_none, WORKER_STOPPING},
                         [EVENT_READY] = {action_none, WORKER_STOPPING},
                         [EVENT_QUARANTINING] = {action_none, WORKER_STOPPING},
                         [EVENT_READY_IDLE] = {action_none, WORKER_STOPPING},
                         [EVENT_BROKER_AWAY] = {action_none, WORKER_STOPPING},
                         [EVENT_BROKER_BACK] = {action_none, WORKER_STOPPING},
                         [EVENT_EXITED] = {action_reap_stopped, WORKER_DOWN},
                         [EVENT_STOP] = {action_stay_down, WORKER_STOPPING},
                         [EVENT_TIMER] = {action_kill, WORKER_STOPPING}},
    [WORKER_BACKING_OFF] = {[EVENT_START] = {action_spawn, WORKER_STARTING},
                            [EVENT_STOP] = {action_cancel_restart, WORKER_DOWN},
                            [EVENT_TIMER] = {action_spawn, WORKER_STARTING}},
    [WORKER_HELD] =
        {[EVENT_START] = {action_spawn, WORKER_STARTING}, [EVENT_STOP] = {action_none, WORKER_DOWN}},
    [WORKER_DONE] =
        {[EVENT_START] = {action_spawn, WORKER_STARTING}, [EVENT_STOP] = {action_none, WORKER_DONE}},
};

const char *worker_event_name(enum worker_event event)
{
    static const char *const names[] = {
#define X(id, name, help) name,
        WORKER_EVENTS(X)
#undef X
    };
    return names[event];
}

static void tell_impossible(const struct worker *worker, enum worker_event event)
{
    report_line(worker->supervisor, "%s: '%s' cannot happen while %s: a bug, please tell us", worker->name,
                worker_event_name(event), worker_state_name(worker->state));
}

static void move(struct worker *worker, enum worker_state next)
{
    if (worker->state == next)
        return;
    worker->state = next;
    worker->state_since_us = clock_wall_us();
}

/* Returns the event that follows. */
static enum worker_event take(struct worker *worker, enum worker_event event)
{
    const struct edge *edge = &table[worker->state][event];
    if (edge->act == NULL) {
        tell_impossible(worker, event);
        return EVENT_NONE;
    }
    move(worker, edge->next);
    return edge->act(worker);
}

void states_dispatch(struct worker *worker, enum worker_event event)
{
    while (event != EVENT_NONE)
        event = take(worker, event);
    publish_worker(worker);
}

bool states_edge(enum worker_state state, enum worker_event event, action **act, enum worker_state *next)
{
    *act = table[state][event].act;
    *next = table[state][event].next;
    return *act != NULL;
}

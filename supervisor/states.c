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

#define DO(does, to)                                                                                         \
    {                                                                                                        \
        action_##does, WORKER_##to                                                                           \
    }

/* What all states have in common in which a process runs and was not asked to end. */
#define RUNNING(self)                                                                                        \
    [EVENT_JOINING] = DO(none, self), [EVENT_READY] = DO(ready, READY),                                      \
    [EVENT_READY_IDLE] = DO(ready, READY_IDLE), [EVENT_QUARANTINING] = DO(ready, QUARANTINING),              \
    [EVENT_BROKER_AWAY] = DO(broker_away, self), [EVENT_BROKER_BACK] = DO(broker_back, self),                \
    [EVENT_HUNG] = DO(kill_hung, self), [EVENT_EXITED] = DO(reap, DOWN), [EVENT_STOP] = DO(drain, STOPPING)

/* Notifications that arrive too late to matter. */
#define TOO_LATE(self)                                                                                       \
    [EVENT_JOINING] = DO(none, self), [EVENT_READY] = DO(none, self), [EVENT_READY_IDLE] = DO(none, self),   \
    [EVENT_QUARANTINING] = DO(none, self), [EVENT_BROKER_AWAY] = DO(none, self),                             \
    [EVENT_BROKER_BACK] = DO(none, self)

/* A row of a running state is RUNNING, followed by the cells that differ. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"

/* The state is set before the action runs. A death goes through DOWN, where what the worker said last is
 * still read, and the policy's verdict is the event that follows. */
/* clang-format off */
static const struct edge table[STATE_COUNT][EVENT_COUNT] = {
    [WORKER_DOWN] = {
        TOO_LATE(DOWN),
        [EVENT_START]    = DO(spawn, STARTING),
        [EVENT_RESTART]  = DO(spawn, STARTING),
        [EVENT_BACK_OFF] = DO(wait_restart, BACKING_OFF),
        [EVENT_HOLD]     = DO(hold, HELD),
        [EVENT_FINISH]   = DO(finish, DONE),
        [EVENT_STOP]     = DO(none, DOWN),
    },
    [WORKER_STARTING] = {
        RUNNING(STARTING),
        [EVENT_JOINING]      = DO(none, JOINING),
        [EVENT_TIMER]        = DO(kill_unready, STARTING),
        [EVENT_SPAWN_FAILED] = DO(reap_spawn_failed, DOWN),
    },
    [WORKER_JOINING] = {
        RUNNING(JOINING),
        [EVENT_TIMER] = DO(kill_unready, JOINING),
    },
    [WORKER_READY] = {
        RUNNING(READY),
    },
    [WORKER_READY_IDLE] = {
        RUNNING(READY_IDLE),
        [EVENT_READY_IDLE] = DO(none, READY_IDLE),
    },
    [WORKER_QUARANTINING] = {
        RUNNING(QUARANTINING),
        [EVENT_READY] = DO(cleared, READY),
    },
    [WORKER_STOPPING] = {
        TOO_LATE(STOPPING),
        [EVENT_START]  = DO(start_after, STOPPING),
        [EVENT_STOP]   = DO(stay_down, STOPPING),
        [EVENT_TIMER]  = DO(kill, STOPPING),
        [EVENT_EXITED] = DO(reap_stopped, DOWN),
    },
    [WORKER_BACKING_OFF] = {
        [EVENT_START] = DO(spawn, STARTING),
        [EVENT_TIMER] = DO(spawn, STARTING),
        [EVENT_STOP]  = DO(cancel_restart, DOWN),
    },
    [WORKER_HELD] = {
        [EVENT_START] = DO(spawn, STARTING),
        [EVENT_STOP]  = DO(none, DOWN),
    },
    [WORKER_DONE] = {
        [EVENT_START] = DO(spawn, STARTING),
        [EVENT_STOP]  = DO(none, DONE),
    },
};
/* clang-format on */
#pragma GCC diagnostic pop

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
    report_line(worker->supervisor, "%s: '%s' cannot happen while %s: a bug, please report it", worker->name,
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

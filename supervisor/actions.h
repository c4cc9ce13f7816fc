/* actions.h: what the edges of the state table do. A few lines each; called by states.c alone. */
#ifndef KSUPERVISE_SUPERVISOR_ACTIONS_H
#define KSUPERVISE_SUPERVISOR_ACTIONS_H

#include "supervisor/worker.h"
#include "supervisor/worker_event.h"

/*  X(name, what --explain-states calls it)  */
#define WORKER_ACTIONS(X)                                                                                    \
    X(none, "nothing")                                                                                       \
    X(spawn, "start a process, a generation and a segment")                                                  \
    X(ready, "say where it resumed")                                                                         \
    X(cleared, "clear the poison candidates that it came through")                                           \
    X(reap, "reap it and ask the restart policy")                                                            \
    X(reap_spawn_failed, "ask the restart policy about a process that could not be started")                 \
    X(reap_stopped, "reap it: it was asked to end")                                                          \
    X(wait_restart, "wait for the restart")                                                                  \
    X(hold, "say why it is held")                                                                            \
    X(finish, "nothing more: its work is done")                                                              \
    X(drain, "ask it to end, and set a deadline")                                                            \
    X(start_after, "start it again when it has ended")                                                       \
    X(stay_down, "do not start it again when it has ended: it leaves its group")                             \
    X(kill, "kill its process group: it did not end in time")                                                \
    X(broker_away, "no start deadline while no broker answers: it is not at fault")                          \
    X(broker_back, "restart the start deadline, unless it is ready")                                         \
    X(kill_unready, "kill its process group: it was not ready in time")                                      \
    X(kill_hung, "kill its process group: it hangs")                                                         \
    X(cancel_restart, "forget the planned restart")

/* Returns what happens to the worker next, as a consequence: EVENT_NONE, or an event for the state that it is
 * in now. */
typedef enum worker_event action(struct worker *worker);

#define X(name, help) action action_##name;
WORKER_ACTIONS(X)
#undef X

#endif

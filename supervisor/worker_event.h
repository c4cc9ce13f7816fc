/* worker_event.h: what can happen to a worker. states.h says what comes of it. */
#ifndef KSUPERVISE_SUPERVISOR_WORKER_EVENT_H
#define KSUPERVISE_SUPERVISOR_WORKER_EVENT_H

#define WORKER_EVENTS(X)                                                                                     \
    X(EVENT_START, "start", "the fleet wants it to run")                                                     \
    X(EVENT_SPAWN_FAILED, "spawn failed", "the process could not be started")                                \
    X(EVENT_JOINING, "joining", "the process says that it joins its group")                                  \
    X(EVENT_READY, "ready", "the process says that it is ready")                                             \
    X(EVENT_READY_IDLE, "ready idle", "the process says that it is ready and has no partition")              \
    X(EVENT_QUARANTINING, "quarantining", "the process says that it takes poison candidates one by one")     \
    X(EVENT_EXITED, "exited", "the process has ended")                                                       \
    X(EVENT_RESTART, "restart", "policy: at once")                                                           \
    X(EVENT_BACK_OFF, "back off", "policy: later")                                                           \
    X(EVENT_HOLD, "hold", "policy: not until an operator releases it")                                       \
    X(EVENT_FINISH, "finish", "policy: it has done its work")                                                \
    X(EVENT_STOP, "stop", "the fleet wants it to end")                                                       \
    X(EVENT_BROKER_AWAY, "broker away", "the process says that no broker answers")                           \
    X(EVENT_BROKER_BACK, "broker back", "the process says that one answers again")                           \
    X(EVENT_HUNG, "hung", "nothing has moved in it for longer than --hang-after")                            \
    X(EVENT_TIMER, "timer", "its deadline has come")

enum worker_event {
    EVENT_NONE = -1, /* nothing follows from an action */
#define X(id, name, help) id,
    WORKER_EVENTS(X)
#undef X
        EVENT_COUNT
};

#endif

/* launch.h: a program as a process whose end the reactor tells. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_LAUNCH_H
#define KSUPERVISE_SUPERVISOR_PROCESS_LAUNCH_H

#include "common/reactor.h"
#include "supervisor/process/spawn.h"

struct launch {
    const char *folder, *program; /* where it is, and its name */
    struct spawn_request request; /* all but the path */
    struct reactor *reactor;
    void (*ended)(void *context); /* the process can be reaped */
    void *context;
};

/* Starts it as *process, and watches its end with *watch, which the caller closes. -1 with the error, and no
 * process; errno is the cause. */
int launch(const struct launch *launch, struct process *process, struct watch *watch, struct error *error);

#endif

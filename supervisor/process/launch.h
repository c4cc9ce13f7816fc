/* launch.h: a worker's program as a process whose end the reactor tells. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_LAUNCH_H
#define KSUPERVISE_SUPERVISOR_PROCESS_LAUNCH_H

#include "supervisor/process/spawn.h"
#include "supervisor/supervisor.h"

/* Starts the program of the worker's kind, from its supervisor's folder and with its signal mask, as the
 * request says (whose path and mask are filled in here), and watches it: `ended` is called with the context
 * when worker->process can be reaped. -1 with the error, and no process; errno is the cause. */
int launch(struct worker *worker, struct spawn_request request, struct reactor *reactor,
           void (*ended)(void *context), void *context, struct error *error);

#endif

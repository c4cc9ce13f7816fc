/* actions.h: what the edges of the state table do. A few lines each; called by states.c alone. */
#ifndef KSUPERVISE_SUPERVISOR_ACTIONS_H
#define KSUPERVISE_SUPERVISOR_ACTIONS_H

#include "supervisor/worker.h"

typedef void action(struct worker *worker);

action action_none;
action action_spawn;        /* a process, a generation, a segment */
action action_ready;        /* the first readiness of a process: resume line, fleet step */
action action_bury;         /* account for a death and ask the policy */
action action_bury_unborn;  /* likewise for a process that could not be made */
action action_bury_stopped; /* an end that was asked for */
action action_wait_restart; /* tell the wait */
action action_hold;         /* tell the reason */
action action_finish;       /* it has done its work */
action action_drain;        /* ask it to end, and set the deadline */
action action_kill;         /* it did not end in time */
action action_cancel_restart;

#endif

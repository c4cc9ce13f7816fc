/* states.h: the life of a worker, one table: state × event → action, next state. */
#ifndef KSUPERVISE_SUPERVISOR_STATES_H
#define KSUPERVISE_SUPERVISOR_STATES_H

#include "supervisor/actions.h"

/* Moves the worker along the table's edge and runs its action; so on with the event that follows from it,
 * until none does. Publishes the state that it ends in. */
void states_dispatch(struct worker *worker, enum worker_event event);

/* The edge itself, for showing the table. False when the event cannot happen in that state. */
bool states_edge(enum worker_state state, enum worker_event event, action **act, enum worker_state *next);

const char *worker_event_name(enum worker_event event);

#endif

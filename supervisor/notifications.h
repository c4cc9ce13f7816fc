/* notifications.h: what comes from the processes of workers, and where it goes: each notification of theirs
 * is an event for the state table, an answer to a request, or something to be told; so is their end. */
#ifndef KSUPERVISE_SUPERVISOR_NOTIFICATIONS_H
#define KSUPERVISE_SUPERVISOR_NOTIFICATIONS_H

#include "supervisor/supervisor.h"

/* For supervisor->listener. */
extern const struct worker_listener notifications;

#endif

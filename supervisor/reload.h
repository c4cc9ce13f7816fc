/* reload.h: reads the configuration again, and makes the running fleet what it says now.
 *
 *   a worker that would be told the same      is not touched; what is the supervisor's own business holds at
 * once one that would be told something else     is restarted, one after the other one that is no longer
 * there               finishes, commits and leaves the group one that is new                           starts
 *
 * Flags win over the file, as at the start. What cannot change while the instance runs (its name, its logs,
 * where its broker is when it is the embedded one) is refused, and a configuration with a fault changes
 * nothing at all.
 */
#ifndef KSUPERVISE_SUPERVISOR_RELOAD_H
#define KSUPERVISE_SUPERVISOR_RELOAD_H

#include "supervisor/supervisor.h"

/* Begins it, as a rollout (rollout.h) that is over at once when nothing has to be restarted. -1, and nothing
 * has changed, with an error that begins with FILE:LINE where a line is to blame. */
int reload_begin(struct supervisor *supervisor, struct error *error);

#endif

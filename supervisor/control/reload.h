/* reload.h: reads the configuration again and applies what changed to the running fleet.
 *
 *   a worker that would be told the same    is not touched; what is ours alone holds at once
 *   one that would be told something else   is restarted, one after the other
 *   one that is no longer there             finishes, commits and leaves the group; but not one that
 *                                           `kctl add-client` has added: that has what holds for all now
 *   one that is new                         starts
 *   one that the last reload did not come to, as it stopped before: as above
 *
 * Flags win over the file, as at the start. What cannot change while the instance runs (its name, its logs,
 * where its broker is when it is the embedded one) is refused, and a configuration with a fault changes
 * nothing at all: the workers' own programs validate their parts first (preflight.h), while the fleet runs
 * on.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_RELOAD_H
#define KSUPERVISE_SUPERVISOR_CONTROL_RELOAD_H

#include "supervisor/supervisor.h"

struct preflight; /* preflight.h */

/* A configuration that was read and is validated before it changes anything. */
struct reload {
    struct config *next; /* NULL: there is none */
    struct preflight *preflight;
    char cause[64];                /* who asked for it */
    char reason[ERROR_TEXT_BYTES]; /* why the last one changed nothing; empty: it was valid */
};

/* Begins it. -1, and nothing has changed, with an error that begins with FILE:LINE where a line is to blame.
 */
int reload_begin(struct supervisor *supervisor, struct error *error);

/* Advances as far as possible; called after every round of events. What was looked at and is right becomes a
 * rollout (rollout.h), which is over at once when nothing has to be restarted. What is wrong has changed
 * nothing: supervisor->reload->reason and a line say why. */
void reload_check(struct supervisor *supervisor);
/* The next call is due then, monotonic; INT64_MAX: nothing is looked at. */
int64_t reload_deadline_us(const struct supervisor *supervisor);

/* The process that looks, which reload_check reaps; 0: none does. */
pid_t reload_pid(const struct supervisor *supervisor);

void reload_release(struct supervisor *supervisor);

#endif

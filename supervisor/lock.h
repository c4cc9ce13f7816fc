/* lock.h: who is the instance? Whoever holds the flock on its lock file. The file stays; the lock goes with
 * the process, however it ends, so there is no stale one. The folder is $XDG_RUNTIME_DIR/ksupervise, else
 * /tmp/ksupervise-<uid>: 0700, ours, not a link. */
#ifndef KSUPERVISE_SUPERVISOR_LOCK_H
#define KSUPERVISE_SUPERVISOR_LOCK_H

#include "common/error.h"

/* Returns the descriptor to keep open, or -1: an instance that runs already is told with its pid. */
int lock_take(const char *instance, struct error *error);

#endif

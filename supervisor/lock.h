/* lock.h: who is the instance? The process that holds the flock on its lock file. The file stays; the kernel
 * drops the lock when the process ends, in whatever way, so a lock is never stale. The folder is
 * $XDG_RUNTIME_DIR/ksupervise, else /tmp/ksupervise-<uid>: 0700, ours, not a link. */
#ifndef KSUPERVISE_SUPERVISOR_LOCK_H
#define KSUPERVISE_SUPERVISOR_LOCK_H

#include "common/error.h"

/* Returns the descriptor to keep open, or -1: the error has the pid of the instance that is already
 * running. */
int lock_take(const char *instance, struct error *error);

#endif

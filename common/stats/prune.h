/* prune.h: what dead instances left in shared memory, removed. Only objects of this user, and nothing of what
 * lives: a supervisor keeps all of its instance's, a worker its segment. A supervisor of the instance that
 * starts meanwhile is told that another one is just starting. One thread.
 */
#ifndef KSUPERVISE_COMMON_STATS_PRUNE_H
#define KSUPERVISE_COMMON_STATS_PRUNE_H

#include "common/error.h"
#include "common/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pruned {
    size_t objects; /* removed, or with `dry_run` to be removed */
    uint64_t bytes;
    size_t living; /* workers without a supervisor that were left alone */
};

/* -1 when its supervisor lives, or /dev/shm cannot be listed. An instance that is not there has nothing. */
int instance_prune(const char *instance, bool dry_run, struct pruned *pruned, struct error *error);

/* Calls `each` for every instance of which there is anything, in order. Stops when it returns non-zero, and
 * returns that; -1 with errno when they cannot be listed. */
int instance_scan(int (*each)(void *context, const char *instance), void *context);

#endif

/* publish.h: a worker's segment: the one that the supervisor made for it, or one of its own under the
 * instance `solo`. */
#ifndef KSUPERVISE_COMMON_WORKER_PUBLISH_H
#define KSUPERVISE_COMMON_WORKER_PUBLISH_H

#include "common/stats/writer.h"

#include <stdbool.h>

struct worker_publication {
    struct stats_writer
        *writer; /* NULL: publishing is not possible, and the worker goes on without (said once) */
    char worker[WORKER_NAME_BYTES];
    char instance[NAME_BYTES];
    uint64_t generation;
    bool own; /* made here, not by a supervisor: removed at a clean end */
};

/* Supervised: opens WORKER_SEGMENT_FD. By hand: makes /ksupervise.<uid>.solo.<client>.<generation>, or
 * <client>.2 when a living process already publishes as <client>; counters go on from the last generation
 * that is still there, and the last two dead ones stay. */
int worker_publish(struct worker_publication *publication, bool supervised, enum stats_kind kind,
                   const char *client, const char *group, struct error *error);

/* `clean`: nobody has to read it any more, so one of our own is unlinked, and the dead ones before it. */
void worker_unpublish(struct worker_publication *publication, bool clean);

#endif

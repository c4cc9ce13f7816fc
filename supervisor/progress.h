/* progress.h: how far a worker has ever come, over all its generations, partition by partition. A generation
 * that dies before it has done anything must not make the next one forget what an earlier one had processed.
 */
#ifndef KSUPERVISE_SUPERVISOR_PROGRESS_H
#define KSUPERVISE_SUPERVISOR_PROGRESS_H

#include "common/stats/reader.h"

struct progress_row {
    char topic[STATS_TOPIC_BYTES];
    int32_t partition;
    int64_t end; /* one past the last offset that may have been processed */
};

struct worker_progress {
    struct progress_row *rows;
    size_t count;
};

/* Takes over what a dead generation's segment says: the position, or the end of the batch that was in flight.
 * NULL is fine. Allocates only for a partition that is new; without memory that one is left out. */
void progress_note(struct worker_progress *progress, const struct stats_snapshot *stats);

/* STATS_UNKNOWN when the worker never had the partition. */
int64_t progress_end(const struct worker_progress *progress, const char *topic, int32_t partition);

void progress_release(struct worker_progress *progress);

#endif

/* offsets_text.h: offsets out of segments: as text for lines, and what a restart resumed at. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_OFFSETS_TEXT_H
#define KSUPERVISE_SUPERVISOR_LOG_OFFSETS_TEXT_H

#include "supervisor/progress.h"

/* `0:350 1:340 2:352` for the value of that name, partitions that do not have it left out; `nothing` when
 * none has. Also of partitions that went to another member: what was committed stays true. What there is no
 * room for is counted at its end: `and 1811 more`, `and 3 that are not known`. 128 bytes at least. */
void offsets_text(const struct stats_snapshot *stats, const char *name, char *text, size_t bytes);

/* Committed, and processed, summed over the partitions that are assigned; what was never committed counts as
 * 0, and where nothing was processed yet, what is committed. STATS_UNKNOWN when none is assigned. */
void offsets_sums(const struct stats_snapshot *stats, int64_t *committed, int64_t *processed);

/* What a generation resumed with, of one partition or summed over all that are assigned. */
struct resumption {
    const char *topic;
    int32_t partition;
    size_t partitions;   /* in a sum: how many */
    int64_t resumed;     /* where reading began */
    int64_t committed;   /* what the group had committed; 0 when nothing */
    int64_t redelivered; /* at most this many records are processed again */
};

/* Of the `index`-th partition of `stats`; false when it is not assigned or its start is not known.
 *
 * `redelivered` is an upper bound: from where this generation resumes to where the generations before it
 * were; everything in between may have been processed already. */
bool offsets_resumed_at(const struct stats_snapshot *stats, const struct worker_progress *progress,
                        size_t index, struct resumption *one);

/* The sum; false when no assigned partition has a known start. */
bool offsets_resumed(const struct stats_snapshot *stats, const struct worker_progress *progress,
                     struct resumption *sum);

#endif

/* segment.h: the stats segments of one worker over its generations: made before the process, kept after it,
 * within the quota. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_SEGMENT_H
#define KSUPERVISE_SUPERVISOR_PROCESS_SEGMENT_H

#include "supervisor/worker.h"

#define SEGMENT_DEAD_KEPT 2

/* Snapshots that are kept between two looks: 80 KB each, so that they cost a small fleet nothing and a large
 * one no memory. */
#define SEGMENTS_WARM 16

/* Makes the segment of worker->generation, counters going on from the former one, whose offsets are noted as
 * reached. Where /dev/shm has no room it has no name: then kstat does not find it, which is told. -1 with the
 * error: the worker then runs without statistics. */
int segment_next(struct worker *worker, struct error *error);

/* Reads the values of the current generation again, into worker->stats. False when there are none. */
bool segment_refresh(struct worker *worker);
/* The same, again and again until no group of values was caught in the middle of its change; gives up after a
 * few. */
bool segment_refresh_whole(struct worker *worker);

/* Frees the snapshots when they have become more than SEGMENTS_WARM. For whoever is done with what he read:
 * after an event, between two workers. The next refresh takes a new one. */
void segment_cool(struct supervisor *supervisor);

/* Unlinks all generations of all workers of this instance, also those of a former supervisor. */
void segment_unlink_all(const char *instance);

/* Closes descriptors and readers; the objects stay. */
void segment_release(struct worker *worker);

#endif

/* segment.h: the stats segments of one worker over its generations: made before the process, kept after it,
 * within the quota. */
#ifndef KSUPERVISE_SUPERVISOR_PROCESS_SEGMENT_H
#define KSUPERVISE_SUPERVISOR_PROCESS_SEGMENT_H

#include "supervisor/worker.h"

#define SEGMENT_DEAD_KEPT 2

/* Snapshots that are kept between two looks: 80 KB each, so that they cost a small fleet nothing and a large
 * one no memory. */
#define SEGMENTS_WARM 16

/* Makes the segment of worker->generation, with the counters carried over from the former one, whose offsets
 * go into worker->progress. Where /dev/shm has no room the segment has no name: kstat does not find it, which
 * is reported. -1 with the error: the worker then runs without statistics. */
int segment_next(struct worker *worker, struct error *error);

/* Reads the values of the current generation again, into worker->stats. False when there are none. */
bool segment_refresh(struct worker *worker);
/* The same, repeated until no group of values was read in the middle of a change; gives up after a few
 * attempts. */
bool segment_refresh_whole(struct worker *worker);

/* Frees the snapshots when there are more than SEGMENTS_WARM. For callers that have finished reading: after
 * an event, between two workers. The next refresh takes a new one. */
void segment_cool(struct supervisor *supervisor);

/* Unlinks all generations of all workers of this instance, also those of a former supervisor. */
void segment_unlink_all(const char *instance);

/* Closes descriptors and readers; the objects stay. */
void segment_release(struct worker *worker);

#endif

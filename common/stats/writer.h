/* writer.h: how a worker publishes. One writer; relaxed 8-byte stores, no system call, no allocation, no
 * lock, so it may be called in the hottest loop. A reader never makes the writer wait, and a SIGKILL between
 * any two instructions leaves a whole state behind.
 *
 * Not thread-safe: one thread owns a writer. All calls accept a writer that is NULL and do nothing: a worker
 * can run without statistics.
 */
#ifndef KSUPERVISE_COMMON_STATS_WRITER_H
#define KSUPERVISE_COMMON_STATS_WRITER_H

#include "common/stats/segment.h"
#include "common/stats/writer_private.h"

#include <assert.h>

struct stats_writer; /* opaque to callers */

/* Opens the segment behind `fd` as its one writer: opens /proc/self/fd/N anew (a lock on an inherited
 * description would be the supervisor's too), takes the open-file-description lock and holds it for life,
 * records pid and start time. `fd` stays the caller's. */
int stats_writer_open(struct stats_writer **writer, int fd, struct error *error);
/* Unmaps; the lock goes with it. The object stays. */
void stats_writer_close(struct stats_writer *writer);

/* Adds to a counter: a load, an add and a store (one writer: no locked instruction), 0.3 ns. */
static inline void stats_add(struct stats_writer *writer, int id, uint64_t n)
{
    if (writer == NULL)
        return;
    assert(id >= 0 && (size_t)id < writer->counter_count);
    word_store(&writer->counters[id], word_load(&writer->counters[id]) + n);
}

/* The sign of progress, where nothing else moves: inside a batch, once a record. One relaxed store. A tick
 * that stands still for long is how the supervisor knows a worker that hangs from one that is slow. */
static inline void stats_tick(struct stats_writer *writer)
{
    if (writer != NULL)
        word_store(writer->tick, word_load(writer->tick) + 1);
}

/* The counter's value with what former generations counted; 0 without a writer. */
uint64_t stats_get(const struct stats_writer *writer, int id);

/* The status: set as many as change in the writer's own copy, then publish once. */
void stats_status_set(struct stats_writer *writer, int id, int64_t value);
void stats_status_publish(struct stats_writer *writer);

/* Sets phase and since-when, and publishes when the phase changed. */
void stats_phase(struct stats_writer *writer, enum stats_phase phase, int64_t wall_us);
/* The heartbeat: a tick, and the wall time. Called once a loop. */
void stats_heartbeat(struct stats_writer *writer, int64_t wall_us);

/* The slot of a topic's partition, taken on first use. When there is no room, the segment is replaced by one
 * with twice the room: system calls, once for a doubling. -1 when that cannot be (the caller counts it,
 * once): /dev/shm is full, or the segment has no name. Slots are never given back within a generation. */
int stats_partition_slot(struct stats_writer *writer, const char *topic, int32_t partition);
/* Set in the writer's own copy, then publish once; slot -1 is ignored. All values start STATS_UNKNOWN. */
void stats_partition_set(struct stats_writer *writer, int slot, int id, int64_t value);
int64_t stats_partition_get(const struct stats_writer *writer, int slot, int id);
void stats_partition_publish(struct stats_writer *writer, int slot);

/* Adds `n` observations of `value_us`; negative counts as 0. */
void stats_observe(struct stats_writer *writer, int histogram_id, int64_t value_us, uint64_t n);

/* Rings: the last STATS_RING_ENTRIES rebalances, errors and lines that it printed, with time, a number
 * (librdkafka's error code, or how many partitions) and a text. */
void stats_event(struct stats_writer *writer, enum stats_ring ring, int64_t wall_us, int64_t number,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif

/* reader.h: reads a segment, live or after its worker's death, without mapping it, without writing, without
 * making the worker wait.
 *
 * A snapshot is taken with pread into the reader's own memory: selectors, values, selectors again; a group of
 * values whose selector moved meanwhile is read again, a bounded number of times, and then marked torn: its
 * values are unknown until the next refresh. Nothing that the segment holds is trusted: magic, byte order,
 * version, every offset and every count are checked against the size before use, names and texts are made
 * printable. Values are found by their definitions in the segment, not by struct, so the segment may be of
 * another build.
 *
 * One thread at a time per snapshot.
 */
#ifndef KSUPERVISE_COMMON_STATS_READER_H
#define KSUPERVISE_COMMON_STATS_READER_H

#include "common/stats/segment.h"

#include <stdbool.h>

struct stats_snapshot; /* opaque, allocated */

/* Opens by name, or takes a snapshot of an open descriptor (which stays the caller's; the snapshot has its
 * own). -1 and *snapshot NULL on failure: EXIT_CODE_NOT_RUNNING when there is no such object or it is just
 * being made. */
int stats_snapshot_open(struct stats_snapshot **snapshot, const char *instance, const char *worker,
                        uint64_t generation, struct error *error);
int stats_snapshot_take(struct stats_snapshot **snapshot, int fd, struct error *error);
/* Reads the values again into the same memory; for kstat 1 and for the supervisor's steady loop (no
 * allocation). On -1 (truncated) the values are of no use. */
int stats_snapshot_refresh(struct stats_snapshot *snapshot, struct error *error);
void stats_snapshot_free(struct stats_snapshot *snapshot); /* NULL is fine */

const struct stats_identity *stats_snapshot_identity(const struct stats_snapshot *snapshot);
int64_t stats_snapshot_created_us(const struct stats_snapshot *snapshot);

/* The segment's own definitions, in its order. Valid as long as the snapshot. NULL past the last. */
const struct stats_definition *stats_snapshot_definition(const struct stats_snapshot *snapshot, size_t index);

struct stats_liveness {
    pid_t pid;            /* 0: no worker has opened it yet */
    uint64_t start_ticks; /* /proc/PID/stat field 22 */
    bool alive;           /* the lock is held and pid and start time agree */
    bool elsewhere;       /* the pid is one of another pid namespace: the lock alone decided */
    uint64_t heartbeat_tick;
    int64_t heartbeat_us; /* wall time of the last heartbeat, STATS_UNKNOWN if none */
};
/* Asks the kernel about the lock now; the rest is of the snapshot. */
void stats_snapshot_liveness(const struct stats_snapshot *snapshot, struct stats_liveness *liveness);

/* The value of the definition with that index (stats_snapshot_definition), found without a search, for
 * whoever walks over all of them; `slot` is the partition's, for those of a partition. STATS_UNKNOWN for
 * histograms and names.
 */
int64_t stats_snapshot_value(const struct stats_snapshot *snapshot, size_t index, size_t slot);
/* Likewise, of a state. */
const char *stats_snapshot_state_at(const struct stats_snapshot *snapshot, size_t index);

/* Values by name, as definitions.h names them; STATS_UNKNOWN when this segment does not have it. */
int64_t stats_snapshot_counter(const struct stats_snapshot *snapshot, const char *name);
int64_t stats_snapshot_status(const struct stats_snapshot *snapshot, const char *name);
/* The name that a STATE of the status has now ("polling"), by the segment's own list; NULL when it is
 * unknown. */
const char *stats_snapshot_state(const struct stats_snapshot *snapshot, const char *name);
size_t stats_snapshot_partitions(const struct stats_snapshot *snapshot);
/* NULL past the last. */
const char *stats_snapshot_partition_topic(const struct stats_snapshot *snapshot, size_t index,
                                           int32_t *partition);
/* The index of that partition; stats_snapshot_partitions() when there is none. Whoever asks for one after the
 * other begins with the index after the last one. */
size_t stats_snapshot_find(const struct stats_snapshot *snapshot, const char *topic, int32_t partition,
                           size_t begin);
int64_t stats_snapshot_partition(const struct stats_snapshot *snapshot, size_t index, const char *name);
/* How many partitions are not among these, for want of room: then no sum over them says anything. Of a
 * consumer those that are its own now; of a producer all that ever were. */
uint64_t stats_snapshot_untracked(const struct stats_snapshot *snapshot);
bool stats_snapshot_torn(const struct stats_snapshot *snapshot); /* any group was torn */
/* Its object has lost its name since: to a larger one, or for ever (stats_segment_is_replaced). */
bool stats_snapshot_is_replaced(const struct stats_snapshot *snapshot);
/* Of one that was read from an image: the snapshot that the image was made of was torn. */
void stats_snapshot_mark_torn(struct stats_snapshot *snapshot);

struct stats_summary {
    uint64_t count;
    int64_t sum, p50, p90, p99, p99_9, max; /* microseconds; STATS_UNKNOWN when count is 0 */
};
/* Percentiles are at most 6.25 % above the true value (histogram.h). A histogram that this segment does not
 * have: count 0. */
void stats_snapshot_histogram(const struct stats_snapshot *snapshot, const char *name,
                              struct stats_summary *summary);

#define STATS_DISTRIBUTION_MAX 16
struct stats_distribution {
    int64_t count, sum;
    int64_t at_most[STATS_DISTRIBUTION_MAX]; /* how many values were at most the bound of the same index */
};
/* `bounds` ascend, at most STATS_DISTRIBUTION_MAX of them. The counts are exact where a bound is the largest
 * value of a bucket (histogram_upper); else they are those of the bucket it is in. False: this segment does
 * not have such a histogram. */
bool stats_snapshot_distribution(const struct stats_snapshot *snapshot, const char *name,
                                 const uint64_t *bounds, size_t count,
                                 struct stats_distribution *distribution);

struct stats_ring_entry {
    int64_t time_us, number;
    char text[STATS_RING_TEXT_BYTES]; /* printable: control characters are `?` */
};
/* Oldest first; returns how many. */
size_t stats_snapshot_ring(const struct stats_snapshot *snapshot, enum stats_ring ring,
                           struct stats_ring_entry entries[STATS_RING_ENTRIES]);

/* An object that reads as this snapshot does (what was torn is unknown in it), of `*bytes`; the caller's, to
 * free. NULL without memory. The lock is not in it: whether the worker lived is to be kept beside it. */
void *stats_snapshot_image(const struct stats_snapshot *snapshot, size_t *bytes);

/* Lag of one partition: high − committed, never negative, STATS_UNKNOWN when either is. */
int64_t stats_lag(int64_t committed, int64_t high);
/* Where it begins: at the committed offset, or at the low watermark where that is known and higher, as
 * retention has taken the records between the two: nobody will read them. */
int64_t stats_lag_from(int64_t committed, int64_t low);

#endif

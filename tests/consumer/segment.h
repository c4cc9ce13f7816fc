/* segment.h: a real stats segment behind what is tested, and what a reader sees in it. */
#ifndef KSUPERVISE_TESTS_CONSUMER_SEGMENT_H
#define KSUPERVISE_TESTS_CONSUMER_SEGMENT_H

#include "common/stats/reader.h"
#include "common/stats/create.h"
#include "common/stats/writer.h"
#include "tests/support/check_main.h"

enum { SEGMENT_CAPACITY = 8 };

static struct {
    struct stats_writer *stats;
    int fd;
} segment;

static inline struct stats_writer *segment_open(void)
{
    struct error why = ERROR_INIT;
    struct stats_identity identity = {
        .kind = STATS_KIND_CONSUMER, .partition_capacity = SEGMENT_CAPACITY, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "check-%d", (int)getpid());
    snprintf(identity.worker, sizeof identity.worker, "bravo");
    snprintf(identity.client, sizeof identity.client, "bravo");
    stats_segment_unlink(identity.instance, identity.worker, 1); /* of a test of that pid that was killed */
    segment.fd = stats_segment_create(&identity, -1, &why);
    ck_assert_msg(segment.fd != -1, "%s", why.text);
    stats_segment_unlink(identity.instance, identity.worker, 1);
    ck_assert_msg(stats_writer_open(&segment.stats, segment.fd, &why) == 0, "%s", why.text);
    return segment.stats;
}

static inline void segment_close(void)
{
    stats_writer_close(segment.stats);
    close(segment.fd);
}

static inline struct stats_snapshot *segment_look(void)
{
    struct error why = ERROR_INIT;
    struct stats_snapshot *snapshot;
    ck_assert_msg(stats_snapshot_take(&snapshot, segment.fd, &why) == 0, "%s", why.text);
    return snapshot;
}

/* Of a partition, by the name that definitions.h gives it. */
static inline int64_t published(int32_t partition, const char *name)
{
    struct stats_snapshot *snapshot = segment_look();
    int64_t value = STATS_UNKNOWN;
    for (size_t i = 0; i < stats_snapshot_partitions(snapshot); i++) {
        int32_t number;
        stats_snapshot_partition_topic(snapshot, i, &number);
        if (number == partition)
            value = stats_snapshot_partition(snapshot, i, name);
    }
    stats_snapshot_free(snapshot);
    return value;
}

static inline uint64_t counted(int id)
{
    return stats_get(segment.stats, id);
}

static inline int64_t published_status(const char *name)
{
    struct stats_snapshot *snapshot = segment_look();
    int64_t value = stats_snapshot_status(snapshot, name);
    stats_snapshot_free(snapshot);
    return value;
}

static inline struct stats_summary published_histogram(const char *name)
{
    struct stats_snapshot *snapshot = segment_look();
    struct stats_summary summary;
    stats_snapshot_histogram(snapshot, name, &summary);
    stats_snapshot_free(snapshot);
    return summary;
}

/* How many entries the ring has; the last of them in *last. */
static inline size_t published_ring(enum stats_ring ring, struct stats_ring_entry *last)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    struct stats_snapshot *snapshot = segment_look();
    size_t count = stats_snapshot_ring(snapshot, ring, entries);
    stats_snapshot_free(snapshot);
    *last = count > 0 ? entries[count - 1] : (struct stats_ring_entry){0};
    return count;
}

/* The last entry of the ring of errors. */
static inline void error_ring_says(int64_t number, const char *text)
{
    struct stats_ring_entry last;
    ck_assert_uint_gt(published_ring(STATS_RING_ERRORS, &last), 0);
    ck_assert_int_eq(last.number, number);
    ck_assert_str_eq(last.text, text);
}

#endif

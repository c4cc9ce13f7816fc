/* segments.h: real segments, written with the stats writer as a worker writes them, for the tests of what the
 * supervisor reads out of them. Nothing has a name in /dev/shm when it returns. */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_SEGMENTS_H
#define KSUPERVISE_TESTS_SUPERVISOR_SEGMENTS_H

#include "common/stats/reader.h"
#include "common/stats/writer.h"
#include "common/stats/create.h"
#include "tests/support/check_main.h"

struct segment_value {
    int32_t partition;
    int id; /* PARTITION_…, or PRODUCER_ACKNOWLEDGED_OFFSET */
    int64_t value;
};

/* A snapshot of a segment of this kind that holds these values of the topic; the caller frees it. A consumer
 * says that so many partitions are assigned to it. */
static inline struct stats_snapshot *segment_of(enum stats_kind kind, const char *topic,
                                                const struct segment_value *values, size_t count,
                                                int64_t assigned)
{
    struct error error = ERROR_INIT;
    struct stats_identity identity = {
        .kind = kind, .partition_capacity = (uint32_t)count + 1, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "check-%d", (int)getpid());
    snprintf(identity.worker, sizeof identity.worker, "bravo");
    snprintf(identity.client, sizeof identity.client, "bravo");
    int fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(fd != -1, "%s", error.text);
    stats_segment_unlink(identity.instance, identity.worker, 1);
    struct stats_writer *writer;
    ck_assert_msg(stats_writer_open(&writer, fd, &error) == 0, "%s", error.text);
    for (size_t i = 0; i < count; i++) {
        int slot = stats_partition_slot(writer, topic, values[i].partition);
        stats_partition_set(writer, slot, values[i].id, values[i].value);
        stats_partition_publish(writer, slot);
    }
    if (kind == STATS_KIND_CONSUMER)
        stats_status_set(writer, CONSUMER_ASSIGNED, assigned);
    stats_status_publish(writer);
    struct stats_snapshot *snapshot;
    ck_assert_msg(stats_snapshot_take(&snapshot, fd, &error) == 0, "%s", error.text);
    stats_writer_close(writer);
    close(fd);
    return snapshot;
}

static inline struct stats_snapshot *segment_with(enum stats_kind kind, const char *topic,
                                                  const struct segment_value *values, size_t count)
{
    return segment_of(kind, topic, values, count, STATS_UNKNOWN);
}

#define SEGMENT(kind, topic, ...)                                                                            \
    segment_with(kind, topic, (const struct segment_value[]){__VA_ARGS__},                                   \
                 sizeof((const struct segment_value[]){__VA_ARGS__}) / sizeof(struct segment_value))

#endif

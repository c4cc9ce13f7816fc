#include "supervisor/offsets_text.h"

#include <inttypes.h>

void offsets_text(const struct stats_snapshot *stats, const char *name, char *text, size_t bytes)
{
    size_t used = 0;
    snprintf(text, bytes, "nothing");
    for (size_t i = 0; i < stats_snapshot_partitions(stats); i++) {
        int32_t partition;
        stats_snapshot_partition_topic(stats, i, &partition);
        int64_t value = stats_snapshot_partition(stats, i, name);
        if (value == STATS_UNKNOWN || used >= bytes)
            continue;
        int n = snprintf(text + used, bytes - used, "%s%" PRId32 ":%" PRId64, used > 0 ? " " : "", partition,
                         value);
        used += n > 0 ? (size_t)n : 0;
    }
}

/* The row of the same topic and partition in another generation; false when it has none. */
static bool find(const struct stats_snapshot *stats, const char *topic, int32_t partition, size_t *index)
{
    for (size_t i = 0; i < stats_snapshot_partitions(stats); i++) {
        int32_t number;
        const char *name = stats_snapshot_partition_topic(stats, i, &number);
        if (number == partition && strcmp(name, topic) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static int64_t furthest(const struct stats_snapshot *stats, size_t index)
{
    int64_t position = stats_snapshot_partition(stats, index, "position");
    int64_t inflight_end = stats_snapshot_partition(stats, index, "inflight_end");
    return position > inflight_end ? position : inflight_end; /* STATS_UNKNOWN is below every offset */
}

bool offsets_resumed_at(const struct stats_snapshot *stats, const struct stats_snapshot *previous,
                        size_t index, struct resumption *one)
{
    int64_t resumed = stats_snapshot_partition(stats, index, "resumed");
    int64_t committed = stats_snapshot_partition(stats, index, "resumed_committed");
    if (stats_snapshot_partition(stats, index, "assigned") != 1 || resumed == STATS_UNKNOWN)
        return false;
    *one = (struct resumption){
        .partitions = 1, .resumed = resumed, .committed = committed == STATS_UNKNOWN ? 0 : committed};
    one->topic = stats_snapshot_partition_topic(stats, index, &one->partition);
    size_t before;
    if (previous != NULL && find(previous, one->topic, one->partition, &before)) {
        int64_t end = furthest(previous, before);
        one->redelivered = end > resumed ? end - resumed : 0;
    }
    return true;
}

bool offsets_resumed(const struct stats_snapshot *stats, const struct stats_snapshot *previous,
                     struct resumption *sum)
{
    struct resumption one;
    *sum = (struct resumption){0};
    for (size_t i = 0; i < stats_snapshot_partitions(stats); i++) {
        if (!offsets_resumed_at(stats, previous, i, &one))
            continue;
        sum->partitions++;
        sum->resumed += one.resumed;
        sum->committed += one.committed;
        sum->redelivered += one.redelivered;
    }
    return sum->partitions > 0;
}

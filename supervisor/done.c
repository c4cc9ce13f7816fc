#include "supervisor/done.h"

#include "supervisor/hand_over.h"
#include "supervisor/segment.h"

/* What this consumer's segment says is committed for the partition; STATS_UNKNOWN when it is not its own. */
static int64_t committed_by(const struct worker *worker, const char *topic, int32_t partition)
{
    for (size_t i = 0; worker->stats != NULL && i < stats_snapshot_partitions(worker->stats); i++) {
        int32_t number;
        const char *name = stats_snapshot_partition_topic(worker->stats, i, &number);
        if (number == partition && strcmp(name, topic) == 0)
            return stats_snapshot_partition(worker->stats, i, "committed");
    }
    return STATS_UNKNOWN;
}

/* The furthest that any member of the group has committed: partitions move between members, offsets only
 * grow. */
static int64_t committed_in_group(const struct supervisor *supervisor, const char *group, const char *topic,
                                  int32_t partition)
{
    int64_t furthest = STATS_UNKNOWN;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (worker->kind != KIND_CONSUMER || strcmp(worker->group, group) != 0)
            continue;
        int64_t committed = committed_by(worker, topic, partition);
        if (committed > furthest)
            furthest = committed;
    }
    return furthest;
}

static bool reads(const struct worker *worker, const char *topic)
{
    return worker->settings->topic == NULL || strcmp(worker->settings->topic, topic) == 0;
}

static bool all_groups_past(const struct supervisor *supervisor, const char *topic, int32_t partition,
                            int64_t offset)
{
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (worker->kind == KIND_CONSUMER && !worker->retired && reads(worker, topic) &&
            committed_in_group(supervisor, worker->group, topic, partition) <= offset)
            return false;
    }
    return true;
}

bool done_check(struct supervisor *supervisor)
{
    struct worker *producer = supervisor_find(supervisor, KIND_PRODUCER);
    if (producer == NULL || producer->state != WORKER_DONE || !segment_refresh(producer) ||
        hand_over_remaining(producer) > 0) /* it ended before its time, and is not restarted */
        return false;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->kind == KIND_CONSUMER)
            segment_refresh(supervisor->workers[i]);
    for (size_t i = 0; i < stats_snapshot_partitions(producer->stats); i++) {
        int32_t partition;
        const char *topic = stats_snapshot_partition_topic(producer->stats, i, &partition);
        int64_t last = stats_snapshot_partition(producer->stats, i, "acknowledged_offset");
        if (last != STATS_UNKNOWN && !all_groups_past(supervisor, topic, partition, last))
            return false;
    }
    return true;
}

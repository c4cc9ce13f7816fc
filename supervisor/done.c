#include "supervisor/done.h"

#include "supervisor/count.h"
#include "supervisor/process/segment.h"

/* One topic's partitions, by number. */
struct progress {
    const char *topic;
    size_t count;
    int64_t *committed; /* the furthest that any member of a group has committed: partitions move between
                           members, offsets only grow. STATS_UNKNOWN: none has */
};

static void note_committed(const struct progress *progress, const struct worker *worker)
{
    for (size_t i = 0; worker->stats != NULL && i < stats_snapshot_partitions(worker->stats); i++) {
        int32_t number;
        const char *topic = stats_snapshot_partition_topic(worker->stats, i, &number);
        if (number < 0 || (size_t)number >= progress->count || strcmp(topic, progress->topic) != 0)
            continue;
        int64_t committed = stats_snapshot_partition(worker->stats, i, "committed");
        if (committed > progress->committed[number])
            progress->committed[number] = committed;
    }
}

static void note_group(const struct progress *progress, const struct supervisor *supervisor,
                       const char *group)
{
    for (size_t i = 0; i < progress->count; i++)
        progress->committed[i] = STATS_UNKNOWN;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (worker->kind == KIND_CONSUMER && strcmp(worker->group, group) == 0)
            note_committed(progress, worker);
    }
}

static bool is_past(const struct progress *progress, const struct stats_snapshot *produced)
{
    for (size_t i = 0; i < stats_snapshot_partitions(produced); i++) {
        int32_t number;
        const char *topic = stats_snapshot_partition_topic(produced, i, &number);
        int64_t last = stats_snapshot_partition(produced, i, "acknowledged_offset");
        if (last == STATS_UNKNOWN || strcmp(topic, progress->topic) != 0)
            continue;
        if (number < 0 || (size_t)number >= progress->count || progress->committed[number] <= last)
            return false;
    }
    return true;
}

static bool reads(const struct worker *worker, const char *topic)
{
    return worker->kind == KIND_CONSUMER && !worker->retired &&
           (worker->settings->topic == NULL || strcmp(worker->settings->topic, topic) == 0);
}

/* An earlier member of its group stood for the whole group. */
static bool group_is_known(const struct supervisor *supervisor, size_t index, const char *topic)
{
    for (size_t i = 0; i < index; i++)
        if (reads(supervisor->workers[i], topic) &&
            strcmp(supervisor->workers[i]->group, supervisor->workers[index]->group) == 0)
            return true;
    return false;
}

static bool all_groups_past(const struct supervisor *supervisor, const struct stats_snapshot *produced,
                            const struct progress *progress)
{
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (!reads(worker, progress->topic) || group_is_known(supervisor, i, progress->topic))
            continue;
        note_group(progress, supervisor, worker->group);
        if (!is_past(progress, produced))
            return false;
    }
    return true;
}

/* The length of a table by partition number; a number beyond it is corrupt. */
static size_t numbers(const struct stats_snapshot *produced)
{
    int32_t most = 0;
    for (size_t i = 0; i < stats_snapshot_partitions(produced); i++) {
        int32_t number;
        stats_snapshot_partition_topic(produced, i, &number);
        if (number > most && number < STATS_PARTITIONS_MAX)
            most = number;
    }
    return (size_t)most + 1;
}

static bool all_past(const struct supervisor *supervisor, const struct stats_snapshot *produced)
{
    bool past = true;
    struct progress progress = {.count = numbers(produced)};
    progress.committed = calloc(progress.count, sizeof *progress.committed);
    for (size_t i = 0; progress.committed != NULL && past && i < stats_snapshot_partitions(produced); i++) {
        int32_t number;
        const char *topic = stats_snapshot_partition_topic(produced, i, &number);
        if (progress.topic != NULL && strcmp(topic, progress.topic) == 0)
            continue; /* usually there is one topic */
        progress.topic = topic;
        past = all_groups_past(supervisor, produced, &progress);
    }
    past = past && progress.committed != NULL;
    free(progress.committed);
    return past;
}

bool done_check(struct supervisor *supervisor)
{
    struct worker *producer = supervisor_find(supervisor, KIND_PRODUCER);
    if (producer == NULL || (producer->state != WORKER_DONE && !producer->on_request) ||
        !segment_refresh(producer) ||
        count_remaining(producer) > 0) /* it ended before its time, and is not restarted */
        return false;
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->kind == KIND_CONSUMER)
            segment_refresh(supervisor->workers[i]);
    return stats_snapshot_untracked(producer->stats) == 0 && all_past(supervisor, producer->stats);
}

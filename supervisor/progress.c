#include "supervisor/progress.h"

static struct progress_row *find(const struct worker_progress *progress, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < progress->count; i++)
        if (progress->rows[i].partition == partition && strcmp(progress->rows[i].topic, topic) == 0)
            return &progress->rows[i];
    return NULL;
}

static struct progress_row *add(struct worker_progress *progress, const char *topic, int32_t partition)
{
    struct progress_row *rows = realloc(progress->rows, (progress->count + 1) * sizeof *rows);
    if (rows == NULL)
        return NULL;
    progress->rows = rows;
    struct progress_row *row = &rows[progress->count++];
    *row = (struct progress_row){.partition = partition, .end = STATS_UNKNOWN};
    snprintf(row->topic, sizeof row->topic, "%s", topic);
    return row;
}

void progress_note(struct worker_progress *progress, const struct stats_snapshot *stats)
{
    for (size_t i = 0; stats != NULL && i < stats_snapshot_partitions(stats); i++) {
        int32_t partition;
        const char *topic = stats_snapshot_partition_topic(stats, i, &partition);
        int64_t position = stats_snapshot_partition(stats, i, "position");
        int64_t inflight_end = stats_snapshot_partition(stats, i, "inflight_end");
        int64_t end =
            position > inflight_end ? position : inflight_end; /* STATS_UNKNOWN is below every offset */
        struct progress_row *row = find(progress, topic, partition);
        if (row == NULL)
            row = add(progress, topic, partition);
        if (row != NULL && end > row->end)
            row->end = end;
    }
}

int64_t progress_end(const struct worker_progress *progress, const char *topic, int32_t partition)
{
    const struct progress_row *row = find(progress, topic, partition);
    return row == NULL ? STATS_UNKNOWN : row->end;
}

void progress_release(struct worker_progress *progress)
{
    free(progress->rows);
    *progress = (struct worker_progress){NULL, 0};
}

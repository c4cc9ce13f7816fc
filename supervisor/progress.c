#include "supervisor/progress.h"

static struct reached_row *find(const struct reached *reached, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < reached->count; i++)
        if (reached->rows[i].partition == partition && strcmp(reached->rows[i].topic, topic) == 0)
            return &reached->rows[i];
    return NULL;
}

static struct reached_row *add(struct reached *reached, const char *topic, int32_t partition)
{
    struct reached_row *rows = realloc(reached->rows, (reached->count + 1) * sizeof *rows);
    if (rows == NULL)
        return NULL;
    reached->rows = rows;
    struct reached_row *row = &rows[reached->count++];
    *row = (struct reached_row){.partition = partition, .end = STATS_UNKNOWN};
    snprintf(row->topic, sizeof row->topic, "%s", topic);
    return row;
}

void reached_note(struct reached *reached, const struct stats_snapshot *stats)
{
    for (size_t i = 0; stats != NULL && i < stats_snapshot_partitions(stats); i++) {
        int32_t partition;
        const char *topic = stats_snapshot_partition_topic(stats, i, &partition);
        int64_t position = stats_snapshot_partition(stats, i, "position");
        int64_t inflight_end = stats_snapshot_partition(stats, i, "inflight_end");
        int64_t end =
            position > inflight_end ? position : inflight_end; /* STATS_UNKNOWN is below every offset */
        struct reached_row *row = find(reached, topic, partition);
        if (row == NULL)
            row = add(reached, topic, partition);
        if (row != NULL && end > row->end)
            row->end = end;
    }
}

int64_t reached_end(const struct reached *reached, const char *topic, int32_t partition)
{
    const struct reached_row *row = find(reached, topic, partition);
    return row == NULL ? STATS_UNKNOWN : row->end;
}

void reached_release(struct reached *reached)
{
    free(reached->rows);
    *reached = (struct reached){NULL, 0};
}

/* What the segment shows of a partition, beside the batch in flight and the commits. */
#include "consumer/partition.h"

#include "common/clock.h"

void partition_set_reach(const struct partitions *partitions, const struct partition *row)
{
    struct stats_writer *stats = partitions->stats;
    struct reach *reach = row->reach;
    if (reach == NULL)
        return;
    int64_t high = behind_high(&reach->behind);
    struct behind_since since = behind_since(&reach->behind, row->commit.committed);
    bool known = high != STATS_UNKNOWN && row->commit.committed != STATS_UNKNOWN;
    stats_partition_set(stats, row->slot, PARTITION_HIGH, high);
    stats_partition_set(stats, row->slot, PARTITION_LAST_STABLE, reach->last_stable);
    stats_partition_set(stats, row->slot, PARTITION_WATERMARKS_AT, reach->behind.looked_us);
    stats_partition_set(stats, row->slot, PARTITION_BEHIND_SINCE, since.us);
    stats_partition_set(stats, row->slot, PARTITION_BEHIND_AT_LEAST, known ? since.at_least : STATS_UNKNOWN);
}

void partition_resume_reach(struct partitions *partitions, const struct partition *row)
{
    struct stats_snapshot *former = partitions->former;
    int64_t committed = row->commit.committed;
    if (former == NULL || row->reach == NULL || committed == STATS_UNKNOWN)
        return;
    size_t index = stats_snapshot_find(former, partitions->topic, (int32_t)(row - partitions->rows),
                                       partitions->former_next);
    partitions->former_next = index + 1;
    if (stats_snapshot_partition(former, index, "committed") != committed)
        return;
    const struct behind_since since = {.us = stats_snapshot_partition(former, index, "behind_since_us"),
                                       .at_least =
                                           stats_snapshot_partition(former, index, "behind_at_least") != 0};
    behind_resume(&row->reach->behind, committed, &since, stats_snapshot_partition(former, index, "high"),
                  stats_snapshot_partition(former, index, "watermarks_us"), clock_wall_us());
}

void partition_reached(const struct partition *row, int64_t offset, int64_t wall_us)
{
    struct reach *reach = row->reach;
    if (reach == NULL)
        return;
    behind_reach(&reach->behind, offset, wall_us);
    if (reach->last_stable < offset)
        reach->last_stable = STATS_UNKNOWN;
}

void partition_publish_place(const struct partitions *partitions, const struct partition *row)
{
    struct stats_writer *stats = partitions->stats;
    stats_partition_set(stats, row->slot, PARTITION_RESUMED, row->position);
    stats_partition_set(stats, row->slot, PARTITION_RESUMED_COMMITTED, row->commit.committed);
    stats_partition_set(stats, row->slot, PARTITION_POSITION, row->position);
    stats_partition_set(stats, row->slot, PARTITION_COMMITTED, row->commit.committed);
    stats_partition_set(stats, row->slot, PARTITION_INFLIGHT_FIRST, STATS_UNKNOWN);
    stats_partition_set(stats, row->slot, PARTITION_INFLIGHT_END, STATS_UNKNOWN);
    stats_partition_set(stats, row->slot, PARTITION_OLDEST_UNPROCESSED, STATS_UNKNOWN);
    partition_set_reach(partitions, row);
    stats_partition_publish(stats, row->slot);
    partition_publish_acks(partitions, row);
}

void partition_publish_assigned(const struct partitions *partitions, const struct partition *row)
{
    stats_partition_set(partitions->stats, row->slot, PARTITION_ASSIGNED, row->state != STATE_UNASSIGNED);
    stats_partition_set(partitions->stats, row->slot, PARTITION_ASSIGNMENTS, row->assignments);
    stats_partition_publish(partitions->stats, row->slot);
}

/* --- watermarks ---------------------------------------------------------------------------------------- */

/* The rows of which somebody sees what is published. */
static bool is_shown(const struct partition *row)
{
    return row->state != STATE_UNASSIGNED && row->reach != NULL;
}

static void publish_reach(const struct partitions *partitions, const struct partition *row)
{
    partition_set_reach(partitions, row);
    stats_partition_publish(partitions->stats, row->slot);
}

static void look(const struct partitions *partitions, const struct partition *row, int64_t high,
                 int64_t wall_us)
{
    struct reach *reach = row->reach;
    behind_look(&reach->behind, high, wall_us);
    reach->lowered = high < behind_high(&reach->behind);
    publish_reach(partitions, row);
}

void partitions_publish_high(struct partitions *partitions, rd_kafka_t *rk, int64_t wall_us)
{
    for (size_t i = 0; i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        int64_t low;
        int64_t high;
        if (!is_shown(row) ||
            rd_kafka_get_watermark_offsets(rk, partitions->topic, (int32_t)i, &low, &high) !=
                RD_KAFKA_RESP_ERR_NO_ERROR ||
            high < 0 || (high == row->reach->fetched && !row->reach->lowered))
            continue;
        row->reach->fetched = high;
        look(partitions, row, high, wall_us);
    }
}

/* Nobody would hear of it otherwise. (Unknown is below all.) */
static bool is_out_of_sight(const struct partition *row)
{
    int64_t high = behind_high(&row->reach->behind);
    return high == STATS_UNKNOWN || row->position < high || row->fetch.paused || !state_fetched(row->state);
}

rd_kafka_topic_partition_list_t *partitions_ends_wanted(struct partitions *partitions, bool all)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    for (size_t i = 0; i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        if (!is_shown(row) || !(all || is_out_of_sight(row)))
            continue;
        if (list == NULL)
            list = rd_kafka_topic_partition_list_new((int)partitions->assigned_count);
        rd_kafka_topic_partition_list_add(list, partitions->topic, (int32_t)i)->offset = RD_KAFKA_OFFSET_END;
        row->reach->asked = behind_high(&row->reach->behind);
    }
    return list;
}

/* What was read lies before the last stable offset: one below it is of another topic of that name. */
static void take_end(const struct partitions *partitions, const struct partition *row, int64_t end,
                     int64_t wall_us)
{
    struct reach *reach = row->reach;
    bool held_back = end < reach->asked && end >= row->position;
    reach->last_stable = held_back ? end : STATS_UNKNOWN;
    if (end >= reach->asked)
        behind_look(&reach->behind, end, wall_us);
    publish_reach(partitions, row);
}

void partitions_publish_ends(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list,
                             int64_t wall_us)
{
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *end = &list->elems[i];
        const struct partition *row = partition_assigned(partitions, end->partition);
        if (row != NULL && row->reach != NULL && end->err == RD_KAFKA_RESP_ERR_NO_ERROR && end->offset >= 0)
            take_end(partitions, row, end->offset, wall_us);
    }
}

void partitions_publish_low(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct partition *row = partition_assigned(partitions, list->elems[i].partition);
        if (row == NULL || list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR || list->elems[i].offset < 0)
            continue;
        stats_partition_set(partitions->stats, row->slot, PARTITION_LOW, list->elems[i].offset);
        stats_partition_publish(partitions->stats, row->slot);
    }
}

bool partitions_low_known(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        if (is_shown(&partitions->rows[i]) &&
            stats_partition_get(partitions->stats, partitions->rows[i].slot, PARTITION_LOW) == STATS_UNKNOWN)
            return false;
    return true;
}

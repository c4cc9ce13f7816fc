/* What the segment shows of a partition, beside the batch in flight and the commits. */
#include "consumer/partition.h"

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

void partitions_publish_high(struct partitions *partitions, rd_kafka_t *rk, int64_t wall_us)
{
    for (size_t i = 0; i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        int64_t low;
        int64_t high;
        if (row->state == STATE_UNASSIGNED || row->slot == -1 ||
            rd_kafka_get_watermark_offsets(rk, partitions->topic, (int32_t)i, &low, &high) !=
                RD_KAFKA_RESP_ERR_NO_ERROR ||
            high < 0)
            continue;
        stats_partition_set(partitions->stats, row->slot, PARTITION_HIGH, high);
        stats_partition_set(partitions->stats, row->slot, PARTITION_WATERMARKS_AT, wall_us);
        stats_partition_publish(partitions->stats, row->slot);
    }
}

void partitions_publish_low(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list,
                            int64_t wall_us)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct partition *row = partition_assigned(partitions, list->elems[i].partition);
        if (row == NULL || list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR || list->elems[i].offset < 0)
            continue;
        stats_partition_set(partitions->stats, row->slot, PARTITION_LOW, list->elems[i].offset);
        stats_partition_set(partitions->stats, row->slot, PARTITION_WATERMARKS_AT, wall_us);
        stats_partition_publish(partitions->stats, row->slot);
    }
}

/* --commit manual: what is acknowledged of a partition. */
#include "consumer/partition.h"

#include <inttypes.h>

#include "common/log.h"

int partition_acknowledge(struct partitions *partitions, int32_t number, int64_t first, int64_t end,
                          struct error *error)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row == NULL || row->acks == NULL)
        return 0;
    return acks_add(row->acks, first, end, error);
}

void partition_settle(struct partitions *partitions, int32_t number, int64_t first, int64_t end)
{
    struct partition *row = partition_assigned_row(partitions, number);
    struct error error = ERROR_INIT;
    if (row != NULL && row->acks != NULL && acks_settle(row->acks, first, end, &error) == -1)
        log_warning("%s [%" PRId32 "]: %s", partitions->topic, number, error.text);
}

int64_t partition_unacknowledged(const struct partition *row)
{
    if (row->acks == NULL || row->position == STATS_UNKNOWN)
        return 0;
    int64_t waiting = row->position - row->acks->done.next - acks_ahead(row->acks);
    return waiting > 0 ? waiting : 0;
}

void partition_publish_acks(const struct partitions *partitions, const struct partition *row)
{
    if (row->acks == NULL)
        return;
    stats_partition_set(partitions->stats, row->slot, PARTITION_UNACKNOWLEDGED,
                        partition_unacknowledged(row));
    stats_partition_set(partitions->stats, row->slot, PARTITION_ACKNOWLEDGED_AHEAD, acks_ahead(row->acks));
    stats_partition_set(partitions->stats, row->slot, PARTITION_ACKNOWLEDGED_NEXT, row->acks->done.next);
    stats_partition_set(partitions->stats, row->slot, PARTITION_ACKNOWLEDGED_MAP, acks_map(row->acks));
    stats_partition_publish(partitions->stats, row->slot);
}

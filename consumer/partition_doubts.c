/* Whether the topic is still the one that was read: where no record can be read to see it, the group says. */
#include "consumer/partition.h"

#include "common/clock.h"

#define GROUP_HEARS_US US_PER_SECOND

/* What is in flight stands or fails before the next is looked at: then there is a last record. */
static bool flies_without_last(const struct partition *row)
{
    return row != NULL && state_fetched(row->state) && row->flight.first != STATS_UNKNOWN &&
           row->last.read.offset == STATS_UNKNOWN;
}

static void doubt(struct partitions *partitions, int32_t number, int64_t known_us)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (flies_without_last(row)) {
        row->last.doubted = row->fetch.seek = true;
        row->last.known_us = known_us;
        return;
    }
    partition_wait(partitions, number, EVENT_DOUBTED, known_us);
}

void partitions_doubt(struct partitions *partitions)
{
    int64_t known_us = clock_monotonic_us() + GROUP_HEARS_US;
    for (size_t i = 0; i < partitions->row_count; i++)
        doubt(partitions, (int32_t)i, known_us);
}

void partitions_doubt_ended(struct partitions *partitions)
{
    int64_t now_us = clock_monotonic_us();
    for (size_t i = 0; i < partitions->row_count; i++) {
        const struct last_record *last = &partitions->rows[i].last;
        bool asked = last->read.offset == STATS_UNKNOWN && !last->doubted;
        if (!asked || now_us - last->known_us >= GROUP_HEARS_US)
            doubt(partitions, (int32_t)i, now_us + GROUP_HEARS_US);
    }
}

void partitions_resumed(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        if (partitions->rows[i].last.read.offset == STATS_UNKNOWN)
            doubt(partitions, (int32_t)i, clock_monotonic_us());
        else
            partition_event(partitions, (int32_t)i, EVENT_AGAIN);
}

void partition_deleted(struct partitions *partitions, int32_t number)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row == NULL)
        return;
    row->last.deleted = true;
    partition_event(partitions, number, EVENT_OTHER);
}

void partition_expired(struct partitions *partitions, int32_t number)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row != NULL)
        row->last.expired = true;
    partition_deleted(partitions, number);
}

/* --- asking the group ---------------------------------------------------------------------------------- */

/* librdkafka does not look at a topic of which it fetches nothing. */
static bool is_read(const struct partition *row)
{
    return row->state == STATE_READING && !row->fetch.paused && !row->fetch.seek;
}

/* One that is fetched sees its last record itself; only an acknowledgement cannot wait until it is. */
static bool is_stuck(const struct partition *row)
{
    return row->acks != NULL && row->last.doubted && row->fetch.paused &&
           clock_monotonic_us() >= row->last.known_us;
}

static bool has_place(const struct partition *row)
{
    return partition_state_defs[row->state].committed && !row->last.deleted;
}

static bool is_to_ask(const struct partition *row)
{
    bool had_one = row->commit.committed != STATS_UNKNOWN;
    return is_stuck(row) || (had_one && partition_dirty(row) && !is_read(row));
}

rd_kafka_topic_partition_list_t *partitions_to_ask(const struct partitions *partitions, bool all)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    for (size_t i = 0; i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        if (!has_place(row) || !(all || is_to_ask(row)))
            continue;
        if (list == NULL)
            list = rd_kafka_topic_partition_list_new((int)partitions->assigned_count);
        rd_kafka_topic_partition_list_add(list, partitions->topic, (int32_t)i);
    }
    return list;
}

static void told(struct partitions *partitions, const rd_kafka_topic_partition_t *one)
{
    const struct partition *row = partition_assigned(partitions, one->partition);
    if (row == NULL || !has_place(row))
        return;
    if (one->offset < 0 && row->commit.committed != STATS_UNKNOWN) {
        partition_deleted(partitions, one->partition);
        partitions_doubt(partitions);
    } else if (is_stuck(row) && row->state != STATE_LOSING) {
        partition_event(partitions, one->partition, EVENT_SEEN);
    }
}

void partitions_told(struct partitions *partitions, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            told(partitions, &list->elems[i]);
}

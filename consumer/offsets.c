#include "consumer/offsets.h"

void offsets_init(struct offsets *offsets, const char *topic, struct stats_writer *stats)
{
    *offsets = (struct offsets){.topic = topic, .stats = stats};
}

void offsets_release(struct offsets *offsets)
{
    for (size_t i = 0; i < offsets->row_count; i++) {
        if (offsets->rows[i].acks != NULL)
            acks_release(offsets->rows[i].acks);
        free(offsets->rows[i].acks);
    }
    free(offsets->rows);
    *offsets = (struct offsets){0};
}

/* A row that nobody has asked for: it has nothing in flight and no slot. (All zeros would be offset 0 of slot
 * 0, which is another partition's.) */
static const struct partition unused_row = {.slot = -1,
                                            .position = STATS_UNKNOWN,
                                            .committed = STATS_UNKNOWN,
                                            .barrier = STATS_UNKNOWN,
                                            .requested = STATS_UNKNOWN,
                                            .batch_first = STATS_UNKNOWN,
                                            .batch_end = STATS_UNKNOWN,
                                            .batch_oldest_us = STATS_UNKNOWN,
                                            .hold = {.offset = STATS_UNKNOWN},
                                            .witness = WITNESS_NONE,
                                            .next_witness = WITNESS_NONE,
                                            .found = WITNESS_NONE};

static int grow(struct offsets *offsets, size_t wanted)
{
    size_t count = offsets->row_count > 0 ? offsets->row_count : 16;
    while (count < wanted)
        count *= 2;
    struct partition *rows = realloc(offsets->rows, count * sizeof *rows);
    if (rows == NULL)
        return -1;
    for (size_t i = offsets->row_count; i < count; i++)
        rows[i] = unused_row;
    offsets->rows = rows;
    offsets->row_count = count;
    return 0;
}

struct partition *offsets_row(struct offsets *offsets, int32_t number)
{
    if ((size_t)number >= offsets->row_count && grow(offsets, (size_t)number + 1) == -1)
        return NULL;
    struct partition *row = &offsets->rows[number];
    if (row->known)
        return row;
    row->known = true;
    row->slot = stats_partition_slot(offsets->stats, offsets->topic, number);
    if (row->slot == -1)
        stats_add(offsets->stats, CONSUMER_UNTRACKED, 1);
    return row;
}

int offsets_assign(struct offsets *offsets, int32_t number, int64_t start, int64_t committed)
{
    struct partition *row = offsets_row(offsets, number);
    if (row == NULL)
        return -1;
    if (offsets->manual && row->acks == NULL && (row->acks = calloc(1, sizeof *row->acks)) == NULL)
        return -1;
    if (row->acks != NULL)
        acks_begin(row->acks, start);
    row->acks_full = false;
    if (!row->assigned)
        offsets->assigned_count++;
    row->assigned = true;
    row->assignments++;
    row->position = start;
    row->committed = committed;
    row->barrier = row->requested = STATS_UNKNOWN;
    row->batch_first = row->batch_end = row->batch_oldest_us = STATS_UNKNOWN;
    row->hold = unused_row.hold;
    row->witness = row->next_witness = row->found = unused_row.witness;
    offsets_witnessed(row);
    struct stats_writer *stats = offsets->stats;
    stats_partition_set(stats, row->slot, PARTITION_ASSIGNED, 1);
    stats_partition_set(stats, row->slot, PARTITION_ASSIGNMENTS, row->assignments);
    stats_partition_set(stats, row->slot, PARTITION_RESUMED, start);
    stats_partition_set(stats, row->slot, PARTITION_RESUMED_COMMITTED, committed);
    stats_partition_set(stats, row->slot, PARTITION_POSITION, start);
    stats_partition_set(stats, row->slot, PARTITION_COMMITTED, committed);
    stats_partition_set(stats, row->slot, PARTITION_INFLIGHT_FIRST, STATS_UNKNOWN);
    stats_partition_set(stats, row->slot, PARTITION_INFLIGHT_END, STATS_UNKNOWN);
    stats_partition_set(stats, row->slot, PARTITION_OLDEST_UNPROCESSED, STATS_UNKNOWN);
    stats_partition_publish(stats, row->slot);
    return 0;
}

void offsets_witnessed(struct partition *row)
{
    row->awaited = row->doubted = false;
}

/* A witness that is not before the position is none: somebody has set next_offset by hand. */
void offsets_await(struct offsets *offsets, int32_t number, const struct witness *witness)
{
    struct partition *row = offsets_assigned(offsets, number);
    row->awaited = witness->offset >= 0 && witness->offset < row->position;
    row->witness = row->awaited ? *witness : unused_row.witness;
}

void offsets_revoke(struct offsets *offsets, int32_t number)
{
    struct partition *row = offsets_assigned(offsets, number);
    if (row == NULL)
        return;
    row->assigned = false;
    row->requested = STATS_UNKNOWN;
    offsets->assigned_count--;
    stats_partition_set(offsets->stats, row->slot, PARTITION_ASSIGNED, 0);
    stats_partition_publish(offsets->stats, row->slot);
}

void offsets_publish_batch(struct offsets *offsets)
{
    for (size_t i = 0; i < offsets->row_count; i++) {
        struct partition *row = &offsets->rows[i];
        if (row->batch_first == STATS_UNKNOWN)
            continue;
        stats_partition_set(offsets->stats, row->slot, PARTITION_INFLIGHT_FIRST, row->batch_first);
        stats_partition_set(offsets->stats, row->slot, PARTITION_INFLIGHT_END, row->batch_end);
        stats_partition_set(offsets->stats, row->slot, PARTITION_OLDEST_UNPROCESSED, row->batch_oldest_us);
        stats_partition_publish(offsets->stats, row->slot);
    }
}

void offsets_publish_processed(struct offsets *offsets, int64_t wall_us)
{
    for (size_t i = 0; i < offsets->row_count; i++) {
        struct partition *row = &offsets->rows[i];
        if (row->batch_first == STATS_UNKNOWN)
            continue;
        if (offsets_moves(row))
            row->witness = row->next_witness;
        row->position = row->batch_end;
        row->batch_first = row->batch_end = row->batch_oldest_us = STATS_UNKNOWN;
        stats_partition_set(offsets->stats, row->slot, PARTITION_POSITION, row->position);
        stats_partition_set(offsets->stats, row->slot, PARTITION_PROCESSED_AT, wall_us);
        /* What has been read was there: a watermark that is known from before must not say otherwise. */
        if (stats_partition_get(offsets->stats, row->slot, PARTITION_HIGH) < row->position)
            stats_partition_set(offsets->stats, row->slot, PARTITION_HIGH, row->position);
        stats_partition_set(offsets->stats, row->slot, PARTITION_INFLIGHT_FIRST, STATS_UNKNOWN);
        stats_partition_set(offsets->stats, row->slot, PARTITION_INFLIGHT_END, STATS_UNKNOWN);
        stats_partition_set(offsets->stats, row->slot, PARTITION_OLDEST_UNPROCESSED, STATS_UNKNOWN);
        stats_partition_publish(offsets->stats, row->slot);
    }
}

/* --- commits ------------------------------------------------------------------------------------------- */

void offsets_lower_barrier(struct offsets *offsets, int32_t number, int64_t offset)
{
    struct partition *row = offsets_assigned(offsets, number);
    if (row != NULL && (row->barrier == STATS_UNKNOWN || offset < row->barrier))
        row->barrier = offset;
}

void offsets_lift_barriers(struct offsets *offsets)
{
    for (size_t i = 0; i < offsets->row_count; i++)
        offsets->rows[i].barrier = STATS_UNKNOWN;
}

static int64_t committable(const struct partition *row)
{
    int64_t done = row->acks != NULL ? row->acks->done.next : row->position;
    return row->barrier != STATS_UNKNOWN && row->barrier < done ? row->barrier : done;
}

static bool row_dirty(const struct partition *row)
{
    if (!row->assigned || row->position == STATS_UNKNOWN || row->doubted)
        return false;
    if (row->acks != NULL && row->acks->changed)
        return true;
    return committable(row) != row->committed && committable(row) != row->requested;
}

bool offsets_dirty(const struct offsets *offsets)
{
    for (size_t i = 0; i < offsets->row_count; i++)
        if (row_dirty(&offsets->rows[i]))
            return true;
    return false;
}

/* What is acknowledged beyond the offset; librdkafka frees it. Not below a barrier: it is relative to the
 * first unacknowledged record. */
static void add_metadata(rd_kafka_topic_partition_t *one, struct partition *row)
{
    char text[ACKS_METADATA_BYTES];
    if (row->acks == NULL)
        return;
    size_t length = acks_metadata(row->acks, text);
    if (one->offset != row->acks->done.next) {
        row->acks->changed = true;
        return;
    }
    one->metadata = length > 0 ? strdup(text) : NULL;
    one->metadata_size = one->metadata != NULL ? length : 0;
}

rd_kafka_topic_partition_list_t *offsets_to_commit(struct offsets *offsets)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    for (size_t i = 0; i < offsets->row_count; i++) {
        struct partition *row = &offsets->rows[i];
        if (!row_dirty(row))
            continue;
        if (list == NULL)
            list = rd_kafka_topic_partition_list_new((int)offsets->assigned_count);
        rd_kafka_topic_partition_t *one = rd_kafka_topic_partition_list_add(list, offsets->topic, (int32_t)i);
        one->offset = committable(row);
        add_metadata(one, row);
        row->requested = committable(row);
    }
    return list;
}

void offsets_requested(struct offsets *offsets, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        struct partition *row = offsets_assigned(offsets, list->elems[i].partition);
        if (row != NULL && list->elems[i].offset >= 0)
            row->requested = list->elems[i].offset;
    }
}

size_t offsets_commit_result(struct offsets *offsets, rd_kafka_resp_err_t err,
                             const rd_kafka_topic_partition_list_t *list, int64_t wall_us)
{
    size_t confirmed = 0;
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &list->elems[i];
        struct partition *row = offsets_assigned(offsets, answer->partition);
        /* An answer that comes after the partition went away, or came back, says nothing about this
         * assignment. */
        if (row == NULL || row->requested != answer->offset)
            continue;
        row->requested = STATS_UNKNOWN;
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR || answer->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (row->acks != NULL)
                row->acks->changed = true;
            continue;
        }
        row->committed = answer->offset;
        confirmed++;
        stats_partition_set(offsets->stats, row->slot, PARTITION_COMMITTED, row->committed);
        stats_partition_set(offsets->stats, row->slot, PARTITION_COMMITTED_AT, wall_us);
        stats_partition_publish(offsets->stats, row->slot);
    }
    return confirmed;
}

/* --- watermarks ---------------------------------------------------------------------------------------- */

void offsets_publish_high(struct offsets *offsets, rd_kafka_t *rk, int64_t wall_us)
{
    for (size_t i = 0; i < offsets->row_count; i++) {
        const struct partition *row = &offsets->rows[i];
        int64_t low;
        int64_t high;
        if (!row->assigned || row->slot == -1 ||
            rd_kafka_get_watermark_offsets(rk, offsets->topic, (int32_t)i, &low, &high) !=
                RD_KAFKA_RESP_ERR_NO_ERROR ||
            high < 0)
            continue;
        stats_partition_set(offsets->stats, row->slot, PARTITION_HIGH, high);
        stats_partition_set(offsets->stats, row->slot, PARTITION_WATERMARKS_AT, wall_us);
        stats_partition_publish(offsets->stats, row->slot);
    }
}

void offsets_publish_low(struct offsets *offsets, const rd_kafka_topic_partition_list_t *list,
                         int64_t wall_us)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct partition *row = offsets_assigned(offsets, list->elems[i].partition);
        if (row == NULL || list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR || list->elems[i].offset < 0)
            continue;
        stats_partition_set(offsets->stats, row->slot, PARTITION_LOW, list->elems[i].offset);
        stats_partition_set(offsets->stats, row->slot, PARTITION_WATERMARKS_AT, wall_us);
        stats_partition_publish(offsets->stats, row->slot);
    }
}

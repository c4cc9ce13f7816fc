/* The batch in flight: which messages are part of it, how far it goes. */
#include "consumer/partition.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"
#include "consumer/faults.h"

/* --- what is taken ------------------------------------------------------------------------------------- */

static int64_t expected(const struct partition *row)
{
    return row->flight.end != STATS_UNKNOWN ? row->flight.end : row->position;
}

/* Rows go on to `end`; what lies between needs nobody's word. */
static void extend(struct partition *row, int64_t end)
{
    if (row->flight.first == STATS_UNKNOWN)
        row->flight.first = row->position;
    row->flight.end = end;
}

static enum taken accept_record(struct partitions *partitions, struct partition *row,
                                const rd_kafka_message_t *message)
{
    if (row->flight.first == STATS_UNKNOWN) {
        int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
        row->flight.oldest_us = timestamp_ms >= 0 ? timestamp_ms * US_PER_MS : STATS_UNKNOWN;
        row->flight.first = message->offset;
    }
    row->flight.end = message->offset + 1;
    if (message->offset >= row->received) {
        row->received = message->offset + 1;
        partitions->fresh++;
    }
    return row->acks != NULL && acks_has(row->acks, message->offset) ? TAKEN_DONE : TAKEN;
}

/* Whether what librdkafka passes over is really not there: believed when reading anew from where the gap
 * begins finds the same, and from then on in this assignment. */
static bool believed(struct partitions *partitions, struct partition *row, int32_t number, int64_t from)
{
    if (row->gap.at == from)
        row->gap.believed = true;
    if (row->gap.believed)
        return true;
    row->gap.at = from;
    partition_event(partitions, number, EVENT_AGAIN);
    return false;
}

static bool pass_gap(struct partitions *partitions, struct partition *row, int32_t number, int64_t to)
{
    int64_t from = expected(row);
    if (to > from && !believed(partitions, row, number, from))
        return false;
    if (to > from)
        partition_settle(partitions, number, from, to); /* nobody can acknowledge them */
    return true;
}

/* What is true of one partition is true of the others: their last records are looked at before more is
 * committed. */
static void meet_another(struct partitions *partitions, int32_t number)
{
    partition_event(partitions, number, EVENT_OTHER);
    partitions_doubt(partitions);
}

/* Behind the last record and before the position lay none: what is there now is another topic's. With
 * acknowledgements one may have lain there that was acknowledged before it was read, and is nobody's last. */
static bool tells(const struct partition *row, int64_t offset)
{
    return offset == row->last.read.offset || (offset > row->last.read.offset && row->acks == NULL);
}

static enum taken compare(struct partitions *partitions, struct partition *row,
                          const rd_kafka_message_t *message)
{
    if (!tells(row, message->offset))
        return NOT_TAKEN;
    const struct witness found = witness_of(message);
    bool same = PLANTED(forget_witness) || witness_equal(&row->last.read, &found);
    if (same) {
        partition_event(partitions, message->partition, EVENT_SEEN);
    } else {
        row->last.found = found;
        meet_another(partitions, message->partition);
    }
    return TAKEN_LAST;
}

/* Compaction or retention took the last record, or the topic is another one that has none there: so the group
 * is asked whether it still has its offset. */
static void last_is_gone(struct partitions *partitions, int32_t number)
{
    struct partition *row = partition_assigned_row(partitions, number);
    log_verbose("%s [%" PRId32 "]: the last record that was read, at %" PRId64
                ", is gone: the group is asked whether the topic is still the same",
                partitions->topic, number, row->last.read.offset);
    row->last.gone = true;
    partition_event(partitions, number, EVENT_UNSURE);
}

void partition_not_lost(struct partitions *partitions, int32_t number, int64_t low)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row != NULL && row->last.read.offset != STATS_UNKNOWN)
        row->last.gone_to = low;
    partition_event(partitions, number, EVENT_NOT_LOST);
}

/* Anything but the next record of a partition that reads. */
static enum taken judge(struct partitions *partitions, struct partition *row,
                        const rd_kafka_message_t *message)
{
    bool verifying = row->state == STATE_VERIFYING;
    if (message->offset < expected(row))
        return verifying ? compare(partitions, row, message) : NOT_TAKEN;
    if (verifying)
        last_is_gone(partitions, message->partition);
    if (row->state == STATE_PLACING || !pass_gap(partitions, row, message->partition, message->offset))
        return NOT_TAKEN;
    return accept_record(partitions, row, message);
}

enum taken partition_judge(struct partitions *partitions, const rd_kafka_message_t *message)
{
    struct partition *row = partition_assigned_row(partitions, message->partition);
    if (row == NULL || row->fetch.seek || !state_fetched(row->state))
        return NOT_TAKEN;
    if (row->state == STATE_READING && message->offset == expected(row))
        return accept_record(partitions, row, message);
    return judge(partitions, row, message);
}

bool partition_take_end(struct partitions *partitions, int32_t number, int64_t offset)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row == NULL || row->fetch.seek || !state_fetched(row->state))
        return false;
    if (offset < expected(row)) {
        meet_another(partitions, number);
        return false;
    }
    if (row->state == STATE_VERIFYING)
        last_is_gone(partitions, number);
    if (row->state == STATE_PLACING || offset == expected(row) || !pass_gap(partitions, row, number, offset))
        return false;
    extend(row, offset);
    return true;
}

bool partitions_moving(const struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        if (partition_moves(&partitions->rows[i]))
            return true;
    return false;
}

/* --- what is not done ---------------------------------------------------------------------------------- */

static void stop_at(struct partitions *partitions, int32_t number, int64_t offset, bool failed,
                    int64_t until_us)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row == NULL || partition_stopped(row, offset))
        return;
    row->flight.stop = offset;
    row->flight.failed = failed;
    row->flight.until_us = until_us;
}

void partition_stop_at(struct partitions *partitions, int32_t number, int64_t offset, int64_t until_us)
{
    stop_at(partitions, number, offset, false, until_us);
}

void partition_stop_at_record(struct partitions *partitions, int32_t number, int64_t offset, int64_t until_us)
{
    stop_at(partitions, number, offset, true, until_us);
}

/* Only of the record that the partition stops at: one behind it, which failed first, comes again unjudged. */
static void count_attempt(struct partition *row)
{
    struct retry *retry = &row->retry;
    if (!row->flight.failed)
        return;
    if (retry->offset != row->flight.stop) {
        retry->offset = row->flight.stop;
        retry->attempts = 0;
        retry->first_failure_us = clock_wall_us();
    }
    retry->attempts++;
}

unsigned partition_stop_at_batch(struct partitions *partitions, int32_t number)
{
    struct partition *row = partition_assigned_row(partitions, number);
    row->flight.stop = row->position;
    row->flight.failed = false;
    return ++row->retry.batch_attempts;
}

void partition_stop_until(struct partitions *partitions, int32_t number, int64_t until_us)
{
    struct partition *row = partition_assigned_row(partitions, number);
    row->flight.until_us = until_us;
}

void partition_cut(struct partitions *partitions, int32_t number, int64_t offset)
{
    struct partition *row = partition_assigned_row(partitions, number);
    if (row != NULL && row->flight.end != STATS_UNKNOWN && offset < row->flight.end)
        row->flight.end = offset > row->position ? offset : row->position;
}

void partitions_apply_stops(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++) {
        struct partition *row = &partitions->rows[i];
        if (row->flight.stop == STATS_UNKNOWN)
            continue;
        if (!PLANTED(skip_on_retry))
            partition_cut(partitions, (int32_t)i, row->flight.stop);
        count_attempt(row);
        row->flight.stop = STATS_UNKNOWN;
        partition_wait(partitions, (int32_t)i, EVENT_FAILED, row->flight.until_us);
    }
}

void partitions_drop_flight(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++)
        partitions->rows[i].flight = partition_unused.flight;
    partitions_event(partitions, EVENT_AGAIN);
}

/* --- moving on ----------------------------------------------------------------------------------------- */

/* Back from the batch's end, until the last partition of those that move is met. */
void partitions_note_last(struct partitions *partitions, rd_kafka_message_t *const *messages, size_t count)
{
    size_t wanted = 0;
    for (size_t i = 0; i < partitions->row_count; i++) {
        partitions->rows[i].flight.last = partitions->rows[i].last.read;
        wanted += partition_moves(&partitions->rows[i]);
    }
    for (size_t i = count; i > 0 && wanted > 0; i--) {
        const rd_kafka_message_t *message = messages[i - 1];
        struct partition *row = &partitions->rows[message->partition];
        if (!partition_moves(row) || message->offset >= row->flight.end ||
            row->flight.last.offset >= message->offset)
            continue;
        row->flight.last = witness_of(message);
        wanted--;
    }
}

void partitions_publish_flight(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->row_count; i++) {
        const struct partition *row = &partitions->rows[i];
        if (row->flight.first == STATS_UNKNOWN)
            continue;
        stats_partition_set(partitions->stats, row->slot, PARTITION_INFLIGHT_FIRST, row->flight.first);
        stats_partition_set(partitions->stats, row->slot, PARTITION_INFLIGHT_END, row->flight.end);
        stats_partition_set(partitions->stats, row->slot, PARTITION_OLDEST_UNPROCESSED,
                            row->flight.oldest_us);
        stats_partition_publish(partitions->stats, row->slot);
    }
}

static void publish_moved(const struct partitions *partitions, const struct partition *row, int64_t wall_us)
{
    struct stats_writer *stats = partitions->stats;
    stats_partition_set(stats, row->slot, PARTITION_POSITION, row->position);
    stats_partition_set(stats, row->slot, PARTITION_PROCESSED_AT, wall_us);
    partition_reached(row, row->position, wall_us);
    partition_set_reach(partitions, row);
    stats_partition_set(stats, row->slot, PARTITION_INFLIGHT_FIRST, STATS_UNKNOWN);
    stats_partition_set(stats, row->slot, PARTITION_INFLIGHT_END, STATS_UNKNOWN);
    stats_partition_set(stats, row->slot, PARTITION_OLDEST_UNPROCESSED, STATS_UNKNOWN);
    stats_partition_publish(stats, row->slot);
}

void partitions_move(struct partitions *partitions, int64_t wall_us)
{
    for (size_t i = 0; i < partitions->row_count; i++) {
        struct partition *row = &partitions->rows[i];
        if (row->flight.first == STATS_UNKNOWN)
            continue;
        if (partition_moves(row)) {
            row->last.read = row->flight.last;
            row->retry.batch_attempts = 0;
            row->asked = 0;
        }
        row->position = row->flight.end;
        row->flight = partition_unused.flight;
        publish_moved(partitions, row, wall_us);
        if (row->fetch.seek) /* a gap behind what was in flight: now there is a last record to compare */
            partition_event(partitions, (int32_t)i, EVENT_AGAIN);
    }
}

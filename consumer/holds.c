#include "consumer/holds.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"
#include "consumer/faults.h"
#include "consumer/offset_loss.h"
#include "consumer/rebalance.h"

#define WAIT_MAX_US (30 * US_PER_SECOND) /* far below half of max.poll.interval.ms, 150 s */
#define DOUBLINGS   20                   /* enough to reach the cap from a millisecond */

/* --- how long ------------------------------------------------------------------------------------------ */

/* The jitter is for workers that fail at the same database at the same moment: the clock's low digits differ
 * among processes well enough. */
static int64_t wait_us(const struct settings *settings, unsigned attempts)
{
    unsigned doublings = attempts - 1 < DOUBLINGS ? attempts - 1 : DOUBLINGS;
    int64_t wait = settings->retry_delay_us << doublings;
    if (wait > WAIT_MAX_US)
        wait = WAIT_MAX_US;
    return wait * 3 / 4 + clock_monotonic_us() % (wait / 2 + 1);
}

/* --- what waits ---------------------------------------------------------------------------------------- */

static int64_t begin(struct consumer *consumer, struct partition *row, int64_t offset)
{
    struct hold *hold = &row->hold;
    if (hold->offset != offset)
        *hold = (struct hold){.offset = offset, .first_failure_us = clock_wall_us()};
    hold->attempts++;
    hold->in_batch = true;
    int64_t wait = wait_us(consumer->settings, hold->attempts);
    hold->until_us = clock_monotonic_us() + wait;
    consumer->holding = true;
    return wait;
}

bool hold_record(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                 const char *why)
{
    struct partition *row = offsets_assigned(&consumer->offsets, message->partition);
    unsigned before = row->hold.offset == message->offset ? row->hold.attempts : 0;
    int64_t most = consumer->settings->retries;
    if (before >= most)
        return false;
    int64_t wait = begin(consumer, row, message->offset);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), message->offset,
                "[%" PRId32 "] %" PRId64 ": %s: %s", message->partition, message->offset, stage, why);
    log_warning("%s [%" PRId32 "] offset %" PRId64 ": %s: %s; again in %" PRId64 " ms (retry %u of %" PRId64
                ")",
                consumer->offsets.topic, message->partition, message->offset, stage, why, wait / US_PER_MS,
                row->hold.attempts, most);
    return true;
}

void hold_batch(struct consumer *consumer, const struct error *error)
{
    int64_t longest = 0;
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        struct partition *row = &consumer->offsets.rows[i];
        if (row->batch_first == STATS_UNKNOWN)
            continue;
        int64_t wait =
            begin(consumer, row, row->position != STATS_UNKNOWN ? row->position : row->batch_first);
        longest = wait > longest ? wait : longest;
    }
    if (longest == 0) /* nothing of it is ours any more */
        return;
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), (int64_t)consumer->batch.count, "%s",
                error->text);
    log_warning("%zu %s could not be processed: %s; again in %" PRId64 " ms", consumer->batch.count,
                consumer->settings->schema->noun_plural, error->text, longest / US_PER_MS);
}

void hold_untaken(struct consumer *consumer, int32_t partition, bool reread, const struct error *error)
{
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    int64_t wait = begin(consumer, row, row->position);
    row->hold.untaken = true;
    row->hold.reread = reread;
    log_warning("%s [%" PRId32 "]: where to go on is not known: %s; again in %" PRId64 " ms",
                consumer->offsets.topic, partition, error->text, wait / US_PER_MS);
}

void hold_for_loss(struct consumer *consumer, int32_t partition, enum loss loss, int64_t wait_us)
{
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    row->hold =
        (struct hold){.offset = STATS_UNKNOWN, .until_us = clock_monotonic_us() + wait_us, .loss = loss};
    consumer->holding = true;
}

bool hold_covers(struct consumer *consumer, const rd_kafka_message_t *message)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, message->partition);
    return row != NULL && row->hold.in_batch && message->offset >= row->hold.offset;
}

unsigned hold_attempts(struct consumer *consumer, const rd_kafka_message_t *message,
                       int64_t *first_failure_us)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, message->partition);
    if (row != NULL && row->hold.offset == message->offset) {
        *first_failure_us = row->hold.first_failure_us;
        return row->hold.attempts + 1;
    }
    *first_failure_us = clock_wall_us();
    return 1;
}

/* --- waiting ------------------------------------------------------------------------------------------- */

void holds_apply(struct consumer *consumer)
{
    if (!consumer->holding)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        struct partition *row = &consumer->offsets.rows[i];
        if (!row->hold.in_batch)
            continue;
        row->hold.in_batch = false;
        if (!PLANTED(skip_on_retry))
            row->batch_end = row->hold.offset;
        rd_kafka_topic_partition_list_add(list, consumer->offsets.topic, (int32_t)i);
    }
    if (list->cnt > 0 && consumer->rk != NULL)
        rd_kafka_pause_partitions(consumer->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static void release(struct consumer *consumer, int32_t partition, const struct hold *hold)
{
    if (hold->loss != LOSS_NONE) {
        offset_loss_settle(consumer, partition, hold->loss);
        return;
    }
    stats_add(consumer->stats, CONSUMER_RETRIED, 1);
    if (hold->untaken)
        rebalance_take(consumer, partition);
    else
        rebalance_read_on(consumer, partition);
}

void holds_release(struct consumer *consumer)
{
    if (!consumer->holding)
        return;
    int64_t now_us = clock_monotonic_us();
    consumer->holding = false;
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        struct hold *hold = &consumer->offsets.rows[i].hold;
        if (hold->until_us == 0)
            continue;
        if (hold->until_us > now_us) {
            consumer->holding = true;
            continue;
        }
        hold->until_us = 0;
        release(consumer, (int32_t)i, hold);
        consumer->holding = consumer->holding || hold->until_us != 0;
    }
}

int64_t holds_due_us(const struct consumer *consumer)
{
    if (!consumer->holding)
        return INT64_MAX;
    int64_t now_us = clock_monotonic_us();
    int64_t due_us = INT64_MAX;
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        const struct hold *hold = &consumer->offsets.rows[i].hold;
        if (hold->until_us == 0)
            continue;
        int64_t wait = hold->until_us > now_us ? hold->until_us - now_us : 0;
        due_us = wait < due_us ? wait : due_us;
    }
    return due_us;
}

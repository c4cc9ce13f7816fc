#include "consumer/retries.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/log.h"
#include "consumer/backoff.h"

#define LETTERS_AGAIN_US (250 * US_PER_MS) /* a refused letter is looked at this often */

bool retry_record(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                  const char *why)
{
    const struct partition *row = partition_assigned(&consumer->partitions, message->partition);
    if (row == NULL) /* revoked while the stage worked: its next owner tries it */
        return true;
    unsigned before = partition_attempts(row, message->offset);
    int64_t most = consumer->settings->retries;
    if (before >= most)
        return false;
    int64_t wait = backoff_us(consumer->settings, before + 1);
    partition_stop_at_record(&consumer->partitions, message->partition, message->offset,
                             clock_monotonic_us() + wait);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), message->offset,
                "[%" PRId32 "] %" PRId64 ": %s: %s", message->partition, message->offset, stage, why);
    log_warning("%s [%" PRId32 "] offset %" PRId64 ": %s: %s; retrying in %" PRId64
                " ms (retry %u of %" PRId64 ")",
                consumer->partitions.topic, message->partition, message->offset, stage, why, wait / US_PER_MS,
                before + 1, most);
    trouble_goes_on(&consumer->trouble, TROUBLE_RECORD, why);
    return true;
}

void retry_batch(struct consumer *consumer, const struct error *error)
{
    struct partitions *partitions = &consumer->partitions;
    int64_t longest = 0;
    for (size_t i = 0; i < partitions->row_count; i++) {
        if (partitions->rows[i].flight.first == STATS_UNKNOWN)
            continue;
        int64_t wait = backoff_us(consumer->settings, partition_stop_at_batch(partitions, (int32_t)i));
        partition_stop_until(partitions, (int32_t)i, clock_monotonic_us() + wait);
        longest = wait > longest ? wait : longest;
    }
    if (longest == 0) /* nothing of it is ours any more */
        return;
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), (int64_t)consumer->batch.slice_count,
                "%s", error->text);
    log_warning("%zu %s could not be processed: %s; retrying in %" PRId64 " ms", consumer->batch.slice_count,
                consumer->settings->schema->noun_plural, error->text, longest / US_PER_MS);
    trouble_goes_on(&consumer->trouble, TROUBLE_BATCH, error->text);
}

void retry_place(struct consumer *consumer, int32_t partition, enum partition_event event,
                 const struct error *error)
{
    int64_t wait = backoff_us(consumer->settings, partition_count_asking(&consumer->partitions, partition));
    partition_wait(&consumer->partitions, partition, event, clock_monotonic_us() + wait);
    log_warning("%s [%" PRId32 "]: where to continue is not known: %s; retrying in %" PRId64 " ms",
                consumer->partitions.topic, partition, error->text, wait / US_PER_MS);
    trouble_goes_on(&consumer->trouble, TROUBLE_PLACE, error->text);
}

unsigned retry_attempts(const struct consumer *consumer, const rd_kafka_message_t *message,
                        int64_t *first_failure_us)
{
    const struct partition *row = partition_assigned(&consumer->partitions, message->partition);
    if (row != NULL && row->retry.offset == message->offset) {
        *first_failure_us = row->retry.first_failure_us;
        return row->retry.attempts + 1;
    }
    *first_failure_us = clock_wall_us();
    return 1;
}

/* --- waiting ------------------------------------------------------------------------------------------- */

/* A letter that the topic refuses: its partition waits, whatever else it does, for as long as it takes. */
static bool wait_for_letters(struct consumer *consumer, int32_t partition)
{
    const char *why = dead_letters_refused(consumer->letters, partition);
    char text[200];
    if (why == NULL)
        return false;
    snprintf(text, sizeof text, "[%" PRId32 "] waits: topic %s refuses a dead letter: %s", partition,
             dead_letters_topic(consumer->letters), why);
    trouble_goes_on(&consumer->trouble, TROUBLE_LETTER, text);
    partition_wait(&consumer->partitions, partition, EVENT_FAILED, clock_monotonic_us() + LETTERS_AGAIN_US);
    return true;
}

static void watch_letters(struct consumer *consumer)
{
    if (dead_letters_due_us(consumer->letters) == INT64_MAX)
        return;
    for (size_t i = 0; i < consumer->partitions.row_count; i++)
        if (state_fetched(consumer->partitions.rows[i].state))
            wait_for_letters(consumer, (int32_t)i);
}

void retries_serve(struct consumer *consumer)
{
    struct partitions *partitions = &consumer->partitions;
    watch_letters(consumer);
    for (int32_t i = partition_due(partitions, STATE_RETRYING, 0); i != -1;
         i = partition_due(partitions, STATE_RETRYING, i + 1)) {
        if (wait_for_letters(consumer, i))
            continue;
        stats_add(consumer->stats, CONSUMER_RETRIED, 1);
        partition_event(partitions, i, EVENT_DUE);
    }
}

#include "consumer/manual.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/decimal.h"
#include "common/log.h"
#include "consumer/rebalance.h"

static void publish(struct consumer *consumer, const struct partition *row)
{
    int64_t ahead = acks_ahead(row->acks);
    int64_t waiting = row->position - row->acks->done.next - ahead;
    stats_partition_set(consumer->stats, row->slot, PARTITION_UNACKNOWLEDGED, waiting > 0 ? waiting : 0);
    stats_partition_set(consumer->stats, row->slot, PARTITION_ACKNOWLEDGED_AHEAD, ahead);
    stats_partition_publish(consumer->stats, row->slot);
}

void manual_assigned(struct consumer *consumer, const rd_kafka_topic_partition_t *committed)
{
    struct partition *row = offsets_assigned(&consumer->offsets, committed->partition);
    if (row == NULL || row->acks == NULL || row->position == STATS_UNKNOWN)
        return;
    if (!acks_load(row->acks, row->position, committed->metadata, committed->metadata_size))
        log_warning("%s [%" PRId32 "]: the commit's metadata is not ours; nothing counts as acknowledged "
                    "beyond %" PRId64,
                    consumer->offsets.topic, committed->partition, row->position);
    publish(consumer, row);
}

void manual_settled(struct consumer *consumer, int32_t partition, int64_t first, int64_t end)
{
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    struct error error = ERROR_INIT;
    if (row != NULL && row->acks != NULL && acks_add(row->acks, first, end, &error) == -1)
        log_verbose("%s [%" PRId32 "]: %s", consumer->offsets.topic, partition, error.text);
}

/* --- waiting ------------------------------------------------------------------------------------------- */

static bool is_full(const struct consumer *consumer, const struct partition *row)
{
    return row->position - row->acks->done.next - acks_ahead(row->acks) >=
           consumer->settings->max_unacknowledged;
}

static void wait_for_acks(struct consumer *consumer, struct partition *row, int32_t partition)
{
    rebalance_pause_one(consumer, partition);
    row->acks_full = true;
    log_warning("%s [%" PRId32 "] waits: %" PRId64 " records are not acknowledged (--max-unacknowledged), "
                "the first is %" PRId64,
                consumer->offsets.topic, partition, consumer->settings->max_unacknowledged,
                row->acks->done.next);
}

void manual_after_batch(struct consumer *consumer)
{
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        struct partition *row = &consumer->offsets.rows[i];
        if (!row->assigned || row->acks == NULL || row->position == STATS_UNKNOWN)
            continue;
        publish(consumer, row);
        if (!row->acks_full && is_full(consumer, row))
            wait_for_acks(consumer, row, (int32_t)i);
    }
}

static void read_on(struct consumer *consumer, struct partition *row, int32_t partition)
{
    if (!row->acks_full || is_full(consumer, row))
        return;
    row->acks_full = false;
    rebalance_read_on(consumer, partition);
}

/* --- the errand ---------------------------------------------------------------------------------------- */

static int acknowledge(struct consumer *consumer, int32_t partition, int64_t first, int64_t end,
                       struct error *error)
{
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    if (end > row->position)
        return error_set(error, "%s [%" PRId32 "] %" PRId64 " was not delivered yet: it is at %" PRId64,
                         consumer->offsets.topic, partition, end - 1, row->position);
    if (acks_add(row->acks, first, end, error) == -1)
        return error_context(error, "%s [%" PRId32 "]", consumer->offsets.topic, partition);
    return 0;
}

static void tell(struct consumer *consumer, int32_t partition)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, partition);
    int64_t ahead = acks_ahead(row->acks);
    errand_say(consumer,
               "%s [%" PRId32 "] acknowledged before %" PRId64 ", and %" PRId64 " beyond; %" PRId64 " not",
               consumer->offsets.topic, partition, row->acks->done.next, ahead,
               row->position - row->acks->done.next - ahead);
}

static int acknowledge_all(struct consumer *consumer, struct error *error)
{
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        const struct partition *row = &consumer->offsets.rows[i];
        if (!row->assigned || row->position == STATS_UNKNOWN)
            continue;
        if (acknowledge(consumer, (int32_t)i, row->acks->done.next, row->position, error) == -1)
            return -1;
        tell(consumer, (int32_t)i);
    }
    return 0;
}

/* "3:41" or "3:41-60"; the last one counts. */
static int parse(const char *word, int32_t *partition, int64_t *first, int64_t *end)
{
    int64_t number;
    const char *at = decimal_read(word, INT32_MAX, &number);
    if (at == NULL || *at != ':' || (at = decimal_read(at + 1, INT64_MAX - 1, first)) == NULL)
        return -1;
    int64_t last = *first;
    if (*at == '-')
        at = decimal_read(at + 1, INT64_MAX - 1, &last);
    if (at == NULL || *at != '\0' || last < *first)
        return -1;
    *partition = (int32_t)number;
    *end = last + 1;
    return 0;
}

static int acknowledge_word(struct consumer *consumer, const char *word, struct error *error)
{
    int32_t partition;
    int64_t first;
    int64_t end;
    if (strcmp(word, "all") == 0)
        return acknowledge_all(consumer, error);
    if (parse(word, &partition, &first, &end) == -1)
        return error_set(error, "'%s' is no PARTITION:OFFSET, PARTITION:FIRST-LAST or all", word);
    if (offsets_assigned(&consumer->offsets, partition) == NULL)
        return 0;
    if (acknowledge(consumer, partition, first, end, error) == -1)
        return -1;
    tell(consumer, partition);
    return 0;
}

int manual_ack(struct consumer *consumer, const char *text, struct error *error)
{
    char words[sizeof consumer->errand.text];
    char *rest = words;
    int result = 0;
    if (!manual_is(consumer))
        return error_set(error, "its offsets are not committed by hand: --commit manual");
    snprintf(words, sizeof words, "%s", text);
    while (rest != NULL && result == 0)
        result = acknowledge_word(consumer, strsep(&rest, ","), error);
    if (commit_sync(&consumer->committer, COMMIT_SYNC_US) == -1 && result == 0)
        result = error_set(error, "the commit failed; it is tried again");
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        struct partition *row = &consumer->offsets.rows[i];
        if (!row->assigned)
            continue;
        publish(consumer, row);
        read_on(consumer, row, (int32_t)i);
    }
    return result;
}

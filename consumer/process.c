#include "consumer/process.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/exactly_once.h"
#include "consumer/faults.h"
#include "consumer/holds.h"
#include "consumer/manual.h"
#include "consumer/membership.h"
#include "consumer/offset_loss.h"
#include "consumer/rebalance.h"

enum { REFUSALS_SAID = 3 }; /* lines a batch; the rest is counted */

/* --- errors that come as messages ---------------------------------------------------------------------- */

static void on_offset_gone(struct consumer *consumer, const rd_kafka_message_t *message)
{
    offset_loss_gone(consumer, message);
}

static void on_fatal(struct consumer *consumer, const rd_kafka_message_t *message)
{
    char why[ERROR_TEXT_BYTES / 2] = "";
    rd_kafka_resp_err_t err = rd_kafka_fatal_error(consumer->rk, why, sizeof why);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = message->err;
    consumer_fail(consumer, membership_exit_code(consumer, err), "Kafka: %s: %s", rd_kafka_err2name(err),
                  why);
}

static void on_missing_topic(struct consumer *consumer, const rd_kafka_message_t *message)
{
    (void)message;
    process_missing_topic(consumer);
}

void process_missing_topic(struct consumer *consumer)
{
    consumer->topic_left = true;
    if (consumer->topic_missing_said)
        return;
    consumer->topic_missing_said = true;
    log_warning("topic '%s' does not exist at %s: make it with 'ktopic provision'; waiting for it",
                consumer->settings->topic, consumer->settings->brokers.bootstrap);
}

static void on_forbidden(struct consumer *consumer, const rd_kafka_message_t *message)
{
    consumer_fail(consumer, EXIT_CODE_CONFIG, "Kafka: %s", rd_kafka_message_errstr(message));
}

static void on_poll_exceeded(struct consumer *consumer, const rd_kafka_message_t *message)
{
    (void)consumer;
    log_warning("%s", rd_kafka_message_errstr(message));
}

struct error_rule {
    rd_kafka_resp_err_t err;
    void (*act)(struct consumer *consumer, const rd_kafka_message_t *message);
};

static const struct error_rule error_rules[] = {
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, on_offset_gone},
    {RD_KAFKA_RESP_ERR__FATAL, on_fatal},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, on_missing_topic},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, on_missing_topic},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, on_missing_topic},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, on_forbidden},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, on_forbidden},
    {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, on_poll_exceeded},
};

static void take_error(struct consumer *consumer, const rd_kafka_message_t *message)
{
    stats_add(consumer->stats, CONSUMER_BROKER_ERRORS, 1);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), message->err, "%s",
                rd_kafka_message_errstr(message));
    for (size_t i = 0; i < sizeof error_rules / sizeof error_rules[0]; i++)
        if (error_rules[i].err == message->err) {
            error_rules[i].act(consumer, message);
            return;
        }
    log_verbose("librdkafka: %s", rd_kafka_message_errstr(message));
}

/* --- sorting out --------------------------------------------------------------------------------------- */

/* Whether the message is the next of a partition that is ours; notes it in the partition's row.
 *
 * Rebalances happen while an array fills, so it can hold messages of a partition that went to another
 * consumer (with librdkafka before 2.1), or that went and came back, and then the same offsets again. An
 * offset below the expected one was seen before: it is dropped. One above it is a gap that compaction or a
 * transaction's marker left. */
static bool is_next(struct consumer *consumer, const rd_kafka_message_t *message)
{
    struct partition *row = offsets_assigned(&consumer->offsets, message->partition);
    if (row == NULL || row->hold.until_us != 0)
        return false;
    int64_t expected = row->batch_end != STATS_UNKNOWN ? row->batch_end : row->position;
    if (expected != STATS_UNKNOWN && message->offset < expected)
        return false;
    if (row->acks != NULL && expected != STATS_UNKNOWN && message->offset > expected)
        manual_settled(consumer, message->partition, expected, message->offset); /* nothing is there */
    if (row->batch_first == STATS_UNKNOWN) {
        row->batch_first = message->offset;
        if (row->awaited)
            offset_loss_untold(consumer, message->partition);
        int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
        row->batch_oldest_us = timestamp_ms >= 0 ? timestamp_ms * US_PER_MS : STATS_UNKNOWN;
    }
    row->batch_end = message->offset + 1;
    /* Acknowledged before the restart. */
    return row->acks == NULL || !acks_has(row->acks, message->offset);
}

/* Leaves only records to process in the array, in their order. */
static void sort_out(struct consumer *consumer)
{
    struct batch *batch = &consumer->batch;
    size_t kept = 0;
    uint64_t skipped = 0;
    for (size_t i = 0; i < batch->count; i++) {
        rd_kafka_message_t *message = batch->messages[i];
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR && is_next(consumer, message)) {
            batch->messages[kept++] = message;
            continue;
        }
        if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            take_error(consumer, message);
        else if (!offset_loss_compare(consumer, message))
            skipped++;
        rd_kafka_message_destroy(message);
    }
    batch->count = kept;
    if (skipped > 0)
        stats_add(consumer->stats, CONSUMER_SKIPPED, skipped);
}

/* --- the records --------------------------------------------------------------------------------------- */

struct refusals {
    struct consumer *consumer;
    uint64_t count;
};

/* A record whose letter cannot be sent is not passed over: the consumer ends before it. */
static void bury(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                 const char *why)
{
    struct obituary obituary = {.stage = stage, .why = why};
    struct error error = ERROR_INIT;
    obituary.attempts = hold_attempts(consumer, message, &obituary.first_failure_us);
    if (exactly_once_is(consumer)) {
        exactly_once_dead(consumer, message, &obituary);
        return;
    }
    if (dead_letters_send(consumer->letters, message, &obituary, &error) == 0)
        return;
    offsets_lower_barrier(&consumer->offsets, message->partition, message->offset);
    consumer_fail(consumer, error.exit_code, "%s", error.text);
}

static void on_dead(void *context, const rd_kafka_message_t *message, const char *stage, const char *why)
{
    struct refusals *refusals = context;
    struct consumer *consumer = refusals->consumer;
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), message->offset,
                "[%" PRId32 "] %" PRId64 ": %s: %s", message->partition, message->offset, stage, why);
    const char *topic = dead_letters_topic(consumer->letters);
    manual_settled(consumer, message->partition, message->offset, message->offset + 1);
    if (refusals->count++ < REFUSALS_SAID)
        log_warning("%s [%" PRId32 "] offset %" PRId64 ": %s: %s; %s%s", consumer->settings->topic,
                    message->partition, message->offset, stage, why,
                    topic != NULL ? "sent to " : "passed over", topic != NULL ? topic : "");
    if (topic != NULL)
        bury(consumer, message, stage, why);
}

static bool on_retry(void *context, const rd_kafka_message_t *message, const char *stage, const char *why)
{
    const struct refusals *refusals = context;
    return hold_record(refusals->consumer, message, stage, why);
}

static void on_dropped(void *context, const rd_kafka_message_t *message)
{
    const struct refusals *refusals = context;
    manual_settled(refusals->consumer, message->partition, message->offset, message->offset + 1);
}

static bool on_held(void *context, const rd_kafka_message_t *message)
{
    const struct refusals *refusals = context;
    return hold_covers(refusals->consumer, message);
}

/* The pipeline stopped before a record: what comes after it stays unprocessed, so no row may move past it. */
static void hold_back(struct consumer *consumer, const rd_kafka_message_t *from)
{
    bool reached = false;
    for (size_t i = consumer->batch.count; i > 0 && !reached; i--) {
        const rd_kafka_message_t *message = consumer->batch.messages[i - 1];
        struct partition *row = offsets_assigned(&consumer->offsets, message->partition);
        row->batch_end = message->offset;
        reached = message == from;
    }
    consumer_fail(consumer, EXIT_CODE_CONFIG,
                  "%s [%" PRId32 "] offset %" PRId64
                  " has a schema of a major version that this build does not know: upgrade ksupervise",
                  consumer->settings->topic, from->partition, from->offset);
}

static void count(struct consumer *consumer, const struct pipeline_result *result, bool by_size)
{
    struct stats_writer *stats = consumer->stats;
    stats_add(stats, CONSUMER_PROCESSED, result->processed);
    stats_add(stats, CONSUMER_FAILED, result->failed);
    stats_add(stats, CONSUMER_BYTES, result->bytes);
    if (result->unknown_fields > 0)
        stats_add(stats, CONSUMER_UNKNOWN_FIELDS, result->unknown_fields);
    stats_add(stats, by_size ? CONSUMER_BATCHES_BY_SIZE : CONSUMER_BATCHES_BY_TIME, 1);
}

/* Produced to processed, for each record: a message's timestamp has milliseconds, so neighbours often share a
 * value and are entered together. */
static void observe(struct consumer *consumer, int64_t wall_us)
{
    const struct batch *batch = &consumer->batch;
    int64_t current_ms = -1;
    uint64_t alike = 0;
    for (size_t i = 0; i < batch->count; i++) {
        int64_t timestamp_ms = rd_kafka_message_timestamp(batch->messages[i], NULL);
        if (timestamp_ms == current_ms) {
            alike++;
            continue;
        }
        if (current_ms >= 0)
            stats_observe(consumer->stats, CONSUMER_PROCESS_US, wall_us - current_ms * US_PER_MS, alike);
        current_ms = timestamp_ms;
        alike = 1;
    }
    if (current_ms >= 0)
        stats_observe(consumer->stats, CONSUMER_PROCESS_US, wall_us - current_ms * US_PER_MS, alike);
}

static void before(struct consumer *consumer, int64_t wall_us)
{
    struct stats_writer *stats = consumer->stats;
    stats_add(stats, CONSUMER_RECEIVED, consumer->batch.count);
    stats_status_set(stats, CONSUMER_BATCH_RECORDS, (int64_t)consumer->batch.count);
    if (!consumer->ever_received) {
        consumer->ever_received = true;
        stats_status_set(stats, CONSUMER_FIRST_RECORD, wall_us);
    }
    offsets_publish_batch(&consumer->offsets);
    stats_phase(stats, PHASE_PROCESSING, wall_us);
}

/* Batches are of one record while there are convicts ahead. */
static bool is_convicted(const struct consumer *consumer)
{
    const rd_kafka_message_t *message = consumer->batch.messages[0];
    return consumer->suspects.ahead && consumer->batch.count == 1 &&
           suspects_convicted(&consumer->suspects, message->partition, message->offset);
}

/* A batch of which nothing was done counts nothing. */
static void run_pipeline(struct consumer *consumer, struct pipeline_result *result)
{
    struct refusals refusals = {consumer, 0};
    if (is_convicted(consumer)) {
        result->failed = 1;
        result->bytes = consumer->batch.messages[0]->len;
        on_dead(&refusals, consumer->batch.messages[0], "quarantine",
                "it killed its consumer whenever it was processed");
        return;
    }
    struct pipeline_events events = {&refusals, on_dead, on_retry, on_held,
                                     manual_is(consumer) ? on_dropped : NULL};
    struct error error = ERROR_INIT;
    if (pipeline_run(&consumer->pipeline, consumer->batch.messages, consumer->batch.count, &events, result,
                     &error) == -1) {
        hold_batch(consumer, &error);
        *result = (struct pipeline_result){0};
    }
    if (refusals.count > REFUSALS_SAID)
        log_warning("… and %" PRIu64 " more in this batch", refusals.count - REFUSALS_SAID);
    if (result->unknown_major != NULL)
        hold_back(consumer, result->unknown_major);
}

static void wait_for_letters(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    error_set(&error, "topic %s takes no dead letters for now", dead_letters_topic(consumer->letters));
    hold_batch(consumer, &error);
}

/* The planted bug commit_early. */
static void commit_before(struct consumer *consumer, int64_t wall_us)
{
    offsets_publish_processed(&consumer->offsets, wall_us);
    commit_sync(&consumer->committer, COMMIT_SYNC_US);
}

uint64_t process_batch(struct consumer *consumer)
{
    bool by_size = batch_full(&consumer->batch);
    sort_out(consumer);
    if (consumer->batch.count == 0)
        return 0;
    kafka_outage_over(&consumer->outage);
    consumer->topic_missing_said = false;
    int64_t began_us = clock_wall_us();
    FAULT_POINT(received);
    before(consumer, began_us);
    if (PLANTED(commit_early))
        commit_before(consumer, began_us);
    FAULT_POINT(in_flight);

    struct pipeline_result result = {0};
    if (dead_letters_full(consumer->letters))
        wait_for_letters(consumer);
    else
        run_pipeline(consumer, &result);
    holds_apply(consumer);
    FAULT_POINT(processed);
    offset_loss_note(consumer);
    if (exactly_once_is(consumer) && !exactly_once_commit(consumer, result.gathered)) {
        result = (struct pipeline_result){0};
        holds_apply(consumer);
    }

    int64_t ended_us = clock_wall_us();
    count(consumer, &result, by_size);
    observe(consumer, ended_us);
    stats_observe(consumer->stats, CONSUMER_BATCH_US, ended_us - began_us, 1);
    stats_status_set(consumer->stats, CONSUMER_BATCH_RECORDS, 0);
    offsets_publish_processed(&consumer->offsets, ended_us);
    FAULT_POINT(position_moved);
    if (manual_is(consumer))
        manual_after_batch(consumer);
    stats_phase(consumer->stats, consumer_idle_phase(consumer), ended_us);
    batch_clear(&consumer->batch);
    return result.processed + result.failed;
}

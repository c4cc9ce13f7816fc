#include "consumer/process.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/backoff.h"
#include "consumer/exactly_once.h"
#include "consumer/faults.h"
#include "consumer/manual.h"
#include "consumer/message_errors.h"
#include "consumer/process_letters.h"
#include "consumer/retries.h"
#include "consumer/tenure.h"

/* How long a record takes is not known before one was processed: the first slice is one, so that no slice of
 * however slow a stage holds more than one record longer than it need. */
enum { SLICE_FIRST = 1, SLICE_GROWTH = 8 };

#define SLICE_US      US_PER_SECOND       /* a slice is made to take no longer */
#define KEEP_ALIVE_US (2 * US_PER_SECOND) /* far below any max.poll.interval.ms that makes sense */

/* --- sorting out --------------------------------------------------------------------------------------- */

/* librdkafka gives all messages of a topic the same handle: the name is looked at when it changes. */
static bool is_foreign(struct consumer *consumer, const rd_kafka_message_t *message)
{
    if (message->rkt == consumer->topic || message->rkt == NULL)
        return false;
    if (strcmp(rd_kafka_topic_name(message->rkt), consumer->partitions.topic) != 0)
        return true;
    consumer->topic = message->rkt;
    return false;
}

/* True for one that the pipeline is to see. */
static bool sort(struct consumer *consumer, const rd_kafka_message_t *message)
{
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        message_error(consumer, message);
        return false;
    }
    enum taken taken =
        is_foreign(consumer, message) ? NOT_TAKEN : partition_take(&consumer->partitions, message);
    if (taken == NOT_TAKEN || taken == TAKEN_DONE)
        stats_add(consumer->stats, CONSUMER_SKIPPED, 1);
    return taken == TAKEN;
}

static size_t slice_most(const struct consumer *consumer)
{
    size_t most = consumer->candidates.ahead ? 1 : consumer->batch.records_max, room = manual_room(consumer);
    most = consumer->pace.records < most ? consumer->pace.records : most;
    return room < most ? room : most;
}

/* A partition may have been given while the array was filled, or between two slices. */
static void look_for_candidates(struct consumer *consumer)
{
    if (consumer->candidates.ranges != NULL && candidates_look(&consumer->candidates, &consumer->partitions))
        consumer->assignment_changed = true;
}

/* After a fatal error nothing of the array is processed, nor what was taken from it before the error: the
 * membership, and with it the partitions, may be another process's. */
static void cut_slice(struct consumer *consumer)
{
    struct batch *batch = &consumer->batch;
    look_for_candidates(consumer);
    size_t most = slice_most(consumer);
    rd_kafka_message_t *message;
    consumer->partitions.fresh = 0;
    while (batch->slice_count < most && !consumer->end.must_stop && (message = batch_next(batch)) != NULL) {
        if (sort(consumer, message))
            batch_add_to_slice(batch, message);
        else
            rd_kafka_message_destroy(message);
    }
}

/* --- what the pipeline says ---------------------------------------------------------------------------- */

static void on_dead(void *context, const rd_kafka_message_t *message, const char *stage, const char *why)
{
    struct consumer *consumer = context;
    struct death *death = deaths_add(&consumer->deaths, message, stage, why);
    death->attempts = retry_attempts(consumer, message, &death->first_failure_us);
}

static bool on_retry(void *context, const rd_kafka_message_t *message, const char *stage, const char *why)
{
    return retry_record(context, message, stage, why);
}

static void on_dropped(void *context, const rd_kafka_message_t *message)
{
    struct consumer *consumer = context;
    deaths_add(&consumer->deaths, message, NULL, "");
}

/* The pipeline stopped before a record: what comes after it stays unprocessed, so no partition may move past
 * it. */
static void stop_before(struct consumer *consumer, const rd_kafka_message_t *from)
{
    const struct batch *batch = &consumer->batch;
    bool reached = false;
    for (size_t i = batch->slice_count; i > 0 && !reached; i--) {
        const rd_kafka_message_t *message = batch->slice[i - 1];
        partition_cut(&consumer->partitions, message->partition, message->offset);
        reached = message == from;
    }
    consumer_fail(consumer, EXIT_CODE_CONFIG,
                  "%s [%" PRId32 "] offset %" PRId64
                  " has a schema with a major version that this build does not know: upgrade ksupervise",
                  consumer->settings->topic, from->partition, from->offset);
}

/* Batches are of one record while there are quarantined ahead. */
static bool is_quarantined(const struct consumer *consumer)
{
    const struct batch *batch = &consumer->batch;
    return consumer->candidates.ahead && batch->slice_count == 1 &&
           candidates_quarantined(&consumer->candidates, batch->slice[0]->partition, batch->slice[0]->offset);
}

static void run_pipeline(struct consumer *consumer, struct pipeline_result *result)
{
    const struct batch *batch = &consumer->batch;
    struct pipeline_events events = {consumer, on_dead, on_retry, process_blocked,
                                     manual_is(consumer) ? on_dropped : NULL};
    struct error error = ERROR_INIT;
    if (pipeline_run(&consumer->pipeline, batch->slice, batch->slice_count, &events, result, &error) == -1) {
        retry_batch(consumer, &error);
        *result = (struct pipeline_result){0};
    }
    if (result->unknown_major != NULL)
        stop_before(consumer, result->unknown_major);
}

static void run(struct consumer *consumer, struct pipeline_result *result)
{
    struct error error = ERROR_INIT;
    consumer->deaths.count = 0;
    if (consumer->batch.slice_count == 0) /* a partition only moves over what is no record */
        return;
    if (dead_letters_full(consumer->letters)) {
        error_set(&error, "topic %s accepts no dead letters for now", dead_letters_topic(consumer->letters));
        retry_batch(consumer, &error);
    } else if (is_quarantined(consumer)) {
        result->bytes = consumer->batch.slice[0]->len;
        on_dead(consumer, consumer->batch.slice[0], "quarantine",
                "it killed its consumer whenever it was processed");
    } else {
        run_pipeline(consumer, result);
    }
}

/* --- counting ------------------------------------------------------------------------------------------ */

static bool stands(const struct consumer *consumer, const rd_kafka_message_t *message)
{
    const struct partition *row = partition_assigned(&consumer->partitions, message->partition);
    return row != NULL && message->offset < row->flight.end; /* unknown is below all */
}

/* Produced to processed, for each record that stands: a message's timestamp has milliseconds, so neighbours
 * often share a value and are entered together. Returns how many stand. */
static uint64_t observe(const struct consumer *consumer, int64_t wall_us)
{
    const struct batch *batch = &consumer->batch;
    int64_t current_ms = -1;
    uint64_t alike = 0;
    uint64_t standing = 0;
    for (size_t i = 0; i < batch->slice_count; i++) {
        if (!stands(consumer, batch->slice[i]))
            continue;
        standing++;
        int64_t timestamp_ms = rd_kafka_message_timestamp(batch->slice[i], NULL);
        if (timestamp_ms != current_ms && alike > 0 && current_ms >= 0)
            stats_observe(consumer->stats, CONSUMER_PROCESS_US, wall_us - current_ms * US_PER_MS, alike);
        alike = timestamp_ms == current_ms ? alike + 1 : 1;
        current_ms = timestamp_ms;
    }
    if (alike > 0 && current_ms >= 0)
        stats_observe(consumer->stats, CONSUMER_PROCESS_US, wall_us - current_ms * US_PER_MS, alike);
    return standing;
}

static void count(struct consumer *consumer, const struct pipeline_result *result, uint64_t standing,
                  uint64_t died)
{
    struct stats_writer *stats = consumer->stats;
    stats_add(stats, CONSUMER_PROCESSED, standing - died);
    stats_add(stats, CONSUMER_FAILED, died);
    stats_add(stats, CONSUMER_BYTES, result->bytes);
    if (result->unknown_fields > 0)
        stats_add(stats, CONSUMER_UNKNOWN_FIELDS, result->unknown_fields);
    stats_status_set(stats, CONSUMER_BATCH_RECORDS, 0);
}

/* --- a slice ------------------------------------------------------------------------------------------- */

static void before(struct consumer *consumer, int64_t wall_us)
{
    struct stats_writer *stats = consumer->stats;
    stats_add(stats, CONSUMER_RECEIVED, consumer->partitions.fresh);
    stats_status_set(stats, CONSUMER_BATCH_RECORDS, (int64_t)consumer->batch.slice_count);
    if (!consumer->ever_received && consumer->batch.slice_count > 0) {
        consumer->ever_received = true;
        stats_status_set(stats, CONSUMER_FIRST_RECORD, wall_us);
    }
    partitions_publish_flight(&consumer->partitions);
    stats_phase(stats, PHASE_PROCESSING, wall_us);
}

/* The planted bug commit_early. */
static void commit_before(struct consumer *consumer, int64_t wall_us)
{
    struct error ignored = ERROR_INIT;
    partitions_move(&consumer->partitions, wall_us);
    commit_sync(&consumer->committer, COMMIT_SYNC_US, &ignored);
}

/* What the pipeline did stands, or nothing does. */
static void conclude(struct consumer *consumer, struct pipeline_result *result)
{
    partitions_apply_stops(&consumer->partitions);
    FAULT_POINT(processed);
    partitions_note_last(&consumer->partitions, consumer->batch.slice, consumer->batch.slice_count);
    deaths_keep_standing(&consumer->deaths, &consumer->partitions);
    if (!exactly_once_is(consumer)) {
        if (dead_letters_topic(consumer->letters) != NULL && consumer->deaths.count > 0)
            process_send_letters(consumer);
    } else if (!exactly_once_commit(consumer, result->gathered)) {
        partitions_apply_stops(&consumer->partitions);
        deaths_keep_standing(&consumer->deaths, &consumer->partitions);
    }
}

/* By what this one took, so that the next takes no longer than SLICE_US. */
static void set_pace(struct pace *pace, size_t records, int64_t took_us)
{
    if (records == 0)
        return;
    size_t fits = (size_t)((int64_t)records * SLICE_US / (took_us > 0 ? took_us : 1));
    size_t grown = records * SLICE_GROWTH > pace->records ? records * SLICE_GROWTH : pace->records;
    pace->records = fits < grown ? fits : grown;
    if (pace->records == 0)
        pace->records = 1;
}

/* Returns how many records were processed or refused. */
static uint64_t process_slice(struct consumer *consumer)
{
    struct pipeline_result result = {0};
    int64_t began_us = clock_wall_us();
    int64_t began_monotonic_us = clock_monotonic_us();
    FAULT_POINT(received);
    before(consumer, began_us);
    if (PLANTED(commit_early))
        commit_before(consumer, began_us);
    FAULT_POINT(in_flight);
    run(consumer, &result);
    conclude(consumer, &result);

    int64_t ended_us = clock_wall_us();
    uint64_t standing = observe(consumer, ended_us);
    uint64_t died = process_tell_deaths(consumer);
    count(consumer, &result, standing, died);
    partitions_move(&consumer->partitions, ended_us);
    FAULT_POINT(position_moved);
    process_make_sure(consumer, died);
    manual_serve(consumer);
    stats_phase(consumer->stats, consumer_idle_phase(consumer), ended_us);
    set_pace(&consumer->pace, consumer->batch.slice_count, clock_monotonic_us() - began_monotonic_us);
    batch_clear_slice(&consumer->batch);
    return standing;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

void process_keep_alive(void *context)
{
    struct consumer *consumer = context;
    int64_t now_us = clock_monotonic_us();
    if (now_us - consumer->pace.polled_us < KEEP_ALIVE_US)
        return;
    rd_kafka_consume_batch_queue(consumer->queue, 0, NULL, 0);
    consumer->pace.polled_us = now_us;
}

/* Of this batch nothing more is done: it comes again, here or elsewhere. */
static void drop_rest(struct consumer *consumer)
{
    batch_clear(&consumer->batch);
    partitions_drop_flight(&consumer->partitions);
}

static bool says_that_it_is_missing(const struct batch *batch)
{
    for (size_t i = batch->first; i < batch->first + batch->count; i++)
        if (message_error_is_missing_topic(batch->messages[i]->err))
            return true;
    return false;
}

/* Of what is dropped the errors still count: a fatal one comes once. */
static void heed_errors(struct consumer *consumer)
{
    const struct batch *batch = &consumer->batch;
    for (size_t i = batch->first; i < batch->first + batch->count; i++)
        if (batch->messages[i]->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
            !message_error_is_missing_topic(batch->messages[i]->err))
            message_error(consumer, batch->messages[i]);
}

/* The topic was not there, perhaps for a moment: what the array holds may be another topic's of that name,
 * which goes on where the former one was. None of it is processed, nor anything committed, before the last
 * records are seen again. */
static void heed_missing_topic(struct consumer *consumer)
{
    if (says_that_it_is_missing(&consumer->batch))
        message_error_missing_topic(consumer);
    if (!consumer->topic_left)
        return;
    consumer->topic_left = false;
    partitions_doubt(&consumer->partitions);
    heed_errors(consumer);
    drop_rest(consumer);
}

/* The same when the partitions may be another member's: librdkafka is asked first, which is to read again. */
static void heed_tenure(struct consumer *consumer)
{
    if (consumer->batch.count + consumer->batch.slice_count == 0 || !tenure_in_doubt(consumer))
        return;
    partitions_event(&consumer->partitions, EVENT_AGAIN);
    heed_errors(consumer);
    drop_rest(consumer);
}

/* One that is to end does not finish a slow batch: the rest comes again. */
static bool is_to_end(const struct consumer *consumer, int64_t began_us)
{
    return worker_control_wanted(consumer->control) != WORKER_RUN &&
           clock_monotonic_us() - began_us > SLICE_US;
}

static void between_slices(struct consumer *consumer, int64_t began_us)
{
    if (consumer->batch.count == 0)
        return;
    if (is_to_end(consumer, began_us)) {
        consumer->end.hurried = true;
        drop_rest(consumer);
        return;
    }
    batch_poll(&consumer->batch, consumer->queue);
    consumer->pace.polled_us = clock_monotonic_us();
    heed_missing_topic(consumer);
    commit_async(&consumer->committer);
    stats_heartbeat(consumer->stats, clock_wall_us());
}

static void count_batch(struct consumer *consumer, bool by_size, int64_t began_us)
{
    stats_add(consumer->stats, by_size ? CONSUMER_BATCHES_BY_SIZE : CONSUMER_BATCHES_BY_TIME, 1);
    stats_observe(consumer->stats, CONSUMER_BATCH_US, clock_monotonic_us() - began_us, 1);
}

uint64_t process_batch(struct consumer *consumer)
{
    bool by_size = batch_full(&consumer->batch);
    int64_t began_us = clock_monotonic_us();
    uint64_t done = 0;
    consumer->pace.polled_us = began_us;
    if (consumer->pace.records == 0)
        consumer->pace.records = SLICE_FIRST;
    heed_missing_topic(consumer);
    while (consumer->batch.count > 0) {
        cut_slice(consumer);
        if (consumer->end.must_stop)
            drop_rest(consumer);
        heed_missing_topic(consumer);
        heed_tenure(consumer);
        if (consumer->batch.slice_count > 0) {
            kafka_outage_over(&consumer->outage);
            consumer->topic_missing_said = false;
        }
        if (consumer->batch.slice_count > 0 || partitions_moving(&consumer->partitions))
            done += process_slice(consumer);
        between_slices(consumer, began_us);
    }
    if (done > 0)
        count_batch(consumer, by_size, began_us);
    return done;
}

#include "consumer/exactly_once.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/faults.h"
#include "consumer/holds.h"
#include "consumer/rebalance.h"

enum { PLACES_A_TIME = 500 };
#define SERVE_AGAIN_US US_PER_SECOND

int exactly_once_check(const struct settings *settings, const struct stage *sink, struct error *error)
{
    if (sink == NULL && settings->commit == COMMIT_SINK)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--commit: sink is for a pipeline that ends in a database (sqlite:FILE)");
    if (sink != NULL && settings->commit != COMMIT_SINK &&
        options_given(&consumer_program, settings, "commit"))
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--commit: %s commits offsets with its rows: leave --commit out",
                              sink->class->name);
    return 0;
}

int exactly_once_open(struct consumer *consumer, struct error *error)
{
    const struct stage *stage = pipeline_sink(&consumer->pipeline);
    struct exactly_once *sink = &consumer->sink;
    if (exactly_once_check(consumer->settings, stage, error) == -1)
        return -1;
    if (stage == NULL)
        return 0;
    size_t most = (size_t)consumer->settings->batch_size;
    *sink = (struct exactly_once){.class = stage->class->sink, .state = stage->state};
    sink->deaths = calloc(most, sizeof *sink->deaths);
    sink->ranges = calloc(most, sizeof *sink->ranges);
    if (sink->deaths == NULL || sink->ranges == NULL)
        return error_set(error, "no memory for a batch of %zu records: --batch-size is too large", most);
    dead_letters_keep_places(consumer->letters);
    return 0;
}

static void clear_deaths(struct exactly_once *sink)
{
    for (size_t i = 0; i < sink->death_count; i++)
        rd_kafka_headers_destroy(sink->deaths[i].headers);
    sink->death_count = 0;
}

void exactly_once_close(struct consumer *consumer)
{
    clear_deaths(&consumer->sink);
    free(consumer->sink.deaths);
    free(consumer->sink.ranges);
    consumer->sink = (struct exactly_once){0};
}

/* --- where to go on ------------------------------------------------------------------------------------ */

static void send_kept(void *context, const struct letter_body *body)
{
    struct consumer *consumer = context;
    struct error error = ERROR_INIT;
    if (dead_letters_topic(consumer->letters) != NULL &&
        dead_letters_send_kept(consumer->letters, body, &error) == -1)
        log_warning("%s; it stays in the outbox", error.text);
}

int exactly_once_take(struct consumer *consumer, int32_t partition, struct sink_place *place,
                      struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    struct sink_source source = {.cluster = dead_letters_cluster(consumer->letters),
                                 .group = consumer->settings->group_name,
                                 .topic = consumer->settings->topic};
    if (strcmp(source.cluster, "unknown") == 0)
        return error_set(error, "the cluster's id is not known yet");
    if (sink->class->take(sink->state, &source, partition, place, error) == -1 ||
        sink->class->outbox(sink->state, partition, send_kept, consumer, error) == -1)
        return -1;
    FAULT_POINT(taken_over);
    return 0;
}

/* Another process took it: what this one still has of it is not its to write. The group will say so too. */
static void drop_partition(struct consumer *consumer, int32_t partition)
{
    rebalance_pause_one(consumer, partition);
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    row->batch_first = row->batch_end = STATS_UNKNOWN;
    offsets_revoke(&consumer->offsets, partition);
    consumer->assignment_changed = true;
    log_warning("%s [%" PRId32 "] was taken over by another process: nothing was written, it is dropped here",
                consumer->offsets.topic, partition);
    stats_event(consumer->stats, STATS_RING_REBALANCES, clock_wall_us(), 1, "[%" PRId32 "] taken over",
                partition);
}

int exactly_once_reread(struct consumer *consumer, int32_t partition, struct sink_place *place,
                        struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    enum sink_result result = sink->class->reread(sink->state, partition, place, error);
    if (result == SINK_LOST)
        drop_partition(consumer, partition);
    /* The commit may have been done after all, and its letters were not sent. One that is sent twice has the
     * same id. */
    if (result == SINK_DONE && sink->class->outbox(sink->state, partition, send_kept, consumer, error) == -1)
        return -1;
    return result == SINK_DONE ? 0 : -1;
}

int exactly_once_move(struct consumer *consumer, int32_t partition, int64_t from, int64_t to,
                      bool delete_rows, struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    return sink->class->move(sink->state, partition, from, to, delete_rows, error) == SINK_DONE ? 0 : -1;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

void exactly_once_dead(struct consumer *consumer, const rd_kafka_message_t *message,
                       const struct obituary *obituary)
{
    struct exactly_once *sink = &consumer->sink;
    sink->deaths[sink->death_count++] =
        (struct sink_death){message, dead_letters_headers(consumer->letters, message, obituary)};
}

static size_t fill_ranges(struct consumer *consumer)
{
    size_t count = 0;
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        const struct partition *row = &consumer->offsets.rows[i];
        if (offsets_moves(row))
            consumer->sink.ranges[count++] =
                (struct sink_range){(int32_t)i, row->position, {row->batch_end, row->next_witness}};
    }
    return count;
}

static void send_letters(struct consumer *consumer)
{
    const struct exactly_once *sink = &consumer->sink;
    for (size_t i = 0; i < sink->death_count; i++) {
        struct letter_body body = dead_letters_body(sink->deaths[i].message, sink->deaths[i].headers);
        send_kept(consumer, &body);
    }
}

bool exactly_once_commit(struct consumer *consumer, size_t item_count)
{
    struct exactly_once *sink = &consumer->sink;
    struct error error = ERROR_INIT;
    int32_t lost = -1;
    struct sink_batch batch = {.items = consumer->pipeline.items,
                               .item_count = item_count,
                               .ranges = sink->ranges,
                               .range_count = fill_ranges(consumer),
                               .deaths = sink->deaths,
                               .death_count = sink->death_count};
    enum sink_result result =
        batch.range_count == 0 ? SINK_DONE : sink->class->commit(sink->state, &batch, &lost, &error);
    FAULT_POINT(transaction_done);
    if (result == SINK_DONE)
        send_letters(consumer);
    FAULT_POINT(outbox_sent);
    if (result == SINK_LOST) {
        drop_partition(consumer, lost);
        error_set(&error, "one partition of the batch was taken over");
    }
    if (result == SINK_UNKNOWN)
        for (size_t i = 0; i < batch.range_count; i++)
            hold_untaken(consumer, sink->ranges[i].partition, true, &error);
    else if (result != SINK_DONE)
        hold_batch(consumer, &error);
    clear_deaths(sink);
    return result == SINK_DONE;
}

void exactly_once_serve(struct consumer *consumer)
{
    struct exactly_once *sink = &consumer->sink;
    struct error error = ERROR_INIT;
    size_t count;
    const struct letter_place *places = dead_letters_acknowledged(consumer->letters, &count);
    if (count == 0 || clock_monotonic_us() < sink->serve_us)
        return;
    count = count < PLACES_A_TIME ? count : PLACES_A_TIME;
    if (sink->class->forwarded(sink->state, places, count, &error) == 0) {
        dead_letters_let_go(consumer->letters, count);
        FAULT_POINT(outbox_emptied);
        return;
    }
    log_verbose("acknowledged letters stay in the outbox for now: %s", error.text);
    sink->serve_us = clock_monotonic_us() + SERVE_AGAIN_US;
}

#include "consumer/exactly_once.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/faults.h"
#include "consumer/group.h"
#include "consumer/retries.h"

enum { PLACES_A_TIME = 500 };
#define SERVE_AGAIN_US US_PER_SECOND

int exactly_once_check(const struct settings *settings, const struct stage *sink, struct error *error)
{
    if (sink == NULL && settings->commit == COMMIT_SINK)
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--commit: sink is for a pipeline that ends in a database (sqlite:FILE) or a "
                              "topic (kafka:TOPIC)");
    if (sink != NULL && settings->commit != COMMIT_SINK &&
        options_given(&consumer_program, settings, "commit"))
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--commit: %s commits offsets with what it writes: leave --commit out",
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
    size_t most = consumer->batch.size; /* each message moves one partition */
    *sink = (struct exactly_once){.class = stage->class->sink, .state = stage->state};
    sink->deaths = calloc(most, sizeof *sink->deaths);
    sink->ranges = calloc(most, sizeof *sink->ranges);
    if (sink->deaths == NULL || sink->ranges == NULL)
        return error_set(error, "no memory for a batch of %zu records: --batch-size is too large", most);
    consumer->committer.by_sink = sink->class->in_group;
    return dead_letters_keep_origins(consumer->letters, error);
}

void exactly_once_close(struct consumer *consumer)
{
    free(consumer->sink.deaths);
    free(consumer->sink.ranges);
    consumer->sink = (struct exactly_once){0};
}

/* --- where to go on ------------------------------------------------------------------------------------ */

/* There was no room for it: it is sent when those before it are out. Said once a partition. */
static void leave(struct consumer *consumer, int32_t partition, const struct error *why)
{
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    if (row == NULL || row->letters_left)
        return;
    partition_letters_left(&consumer->partitions, partition, true);
    log_warning("%s [%" PRId32 "]: %s; the outbox is sent later", consumer->partitions.topic, partition,
                why->text);
}

/* A letter of the outbox: a copy is sent, the outbox has it until the answer. */
static void send_kept(void *context, const struct letter_body *letter)
{
    struct consumer *consumer = context;
    struct error error = ERROR_INIT;
    struct letter_body body = *letter;
    if (dead_letters_topic(consumer->letters) == NULL)
        return;
    body.headers = rd_kafka_headers_copy(letter->headers);
    if (dead_letters_send(consumer->letters, &body, true, &error) == 0)
        return;
    rd_kafka_headers_destroy(body.headers);
    leave(consumer, letter->partition, &error);
}

/* Another process took it, or the database was restored: what this one still has of it is not its to write.
 * The group will say so too; if it does not within a session, nobody else is there, and it is taken again. */
static void dispossess(struct consumer *consumer, int32_t partition, const struct error *why)
{
    partition_wait(&consumer->partitions, partition, EVENT_OVERRULED,
                   clock_monotonic_us() + consumer->settings->session_timeout_us);
    dead_letters_forget(consumer->letters, partition);
    log_warning("%s [%" PRId32 "]: %s; nothing was written; waiting for the group to say who owns it",
                consumer->partitions.topic, partition, why->text);
    stats_event(consumer->stats, STATS_RING_REBALANCES, clock_wall_us(), 1, "[%" PRId32 "] taken over",
                partition);
}

static int take(struct consumer *consumer, int32_t partition, struct sink_position *position,
                struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    const struct letter_source *source = dead_letters_source(consumer->letters);
    if (strcmp(source->cluster, "unknown") == 0)
        return error_set(error, "the cluster's id is not known yet");
    if (sink->class->take(sink->state, source, partition, position, error) == -1)
        return -1;
    partition_own(&consumer->partitions, partition);
    return 0;
}

static int reread(struct consumer *consumer, int32_t partition, struct sink_position *position,
                  struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    enum sink_result result = sink->class->reread(sink->state, partition, position, error);
    if (result == SINK_LOST)
        dispossess(consumer, partition, error);
    return result == SINK_DONE ? 0 : -1;
}

/* The commit whose end is not known may have been done after all, and its letters were not sent: they are
 * when those that are under way have come back, or slow ones would be sent anew each time and never be
 * acknowledged. One that is sent twice has the same id. */
int exactly_once_position(struct consumer *consumer, int32_t partition, struct sink_position *position,
                          struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    const struct partition *row = partition_assigned(&consumer->partitions, partition);
    if (sink->class->in_group)
        return 0;
    if (row->owned) {
        partition_letters_left(&consumer->partitions, partition, true);
        return reread(consumer, partition, position, error);
    }
    if (take(consumer, partition, position, error) == -1)
        return -1;
    dead_letters_forget(consumer->letters, partition);
    if (sink->class->outbox(sink->state, partition, send_kept, consumer, error) == -1)
        return -1;
    FAULT_POINT(taken_over);
    return 0;
}

int exactly_once_recover(struct consumer *consumer, struct error *error)
{
    const struct letter_source *source = dead_letters_source(consumer->letters);
    if (!exactly_once_in_group(consumer))
        return 0;
    int result = consumer->sink.class->recover(consumer->sink.state, source, error);
    if (result == -1 && (error->exit_code == EXIT_CODE_CONFIG || error->exit_code == EXIT_CODE_USAGE))
        consumer_fail(consumer, error->exit_code, "%s", error->text);
    return result;
}

/* A batch of a sink in the group. */
static enum sink_result commit_in_group(struct consumer *consumer, struct sink_batch *batch,
                                        struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    int64_t began_us = clock_monotonic_us();
    int32_t lost = -1;
    rd_kafka_consumer_group_metadata_t *membership =
        group_membership(consumer->rk, consumer->settings->group_name, error);
    if (membership == NULL)
        return SINK_AGAIN;
    batch->membership = membership;
    batch->letters = dead_letters_topic(consumer->letters);
    enum sink_result result = sink->class->commit(sink->state, batch, &lost, error);
    rd_kafka_consumer_group_metadata_destroy(membership);
    stats_add(consumer->stats, result == SINK_DONE ? CONSUMER_COMMITS : CONSUMER_COMMIT_ERRORS, 1);
    if (result != SINK_DONE)
        return result;
    stats_observe(consumer->stats, CONSUMER_COMMIT_US, clock_monotonic_us() - began_us, 1);
    stats_add(consumer->stats, CONSUMER_DEAD_LETTERED, batch->death_count);
    for (size_t i = 0; i < batch->range_count; i++)
        partition_commit_done(&consumer->partitions, batch->ranges[i].partition,
                              batch->ranges[i].next.next_offset, clock_wall_us());
    return SINK_DONE;
}

/* What was written to another topic stays there. */
static enum sink_result move_in_group(struct consumer *consumer, const struct exactly_once_move *move,
                                      struct error *error)
{
    const struct sink_range range = {move->partition, move->from, {move->to, WITNESS_NONE, STATS_UNKNOWN}};
    struct sink_batch batch = {.ranges = &range, .range_count = 1};
    if (move->delete_rows) {
        error_set(error, "records that were written to a topic cannot be deleted");
        return SINK_AGAIN;
    }
    if (!exactly_once_commits_moves(consumer) || move->to == move->committed)
        return SINK_DONE;
    return commit_in_group(consumer, &batch, error);
}

static int64_t group_had_ms(int64_t committed)
{
    return committed != STATS_UNKNOWN ? clock_wall_us() / US_PER_MS : STATS_UNKNOWN;
}

enum sink_result exactly_once_move(struct consumer *consumer, const struct exactly_once_move *move,
                                   struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    if (sink->class->in_group)
        return move_in_group(consumer, move, error);
    const struct sink_range range = {
        move->partition, move->from, {move->to, WITNESS_NONE, group_had_ms(move->committed)}};
    enum sink_result result = sink->class->move(sink->state, &range, move->delete_rows, error);
    if (result == SINK_LOST)
        dispossess(consumer, move->partition, error);
    return result;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

/* How many letters the batch has. */
static size_t write_letters(struct consumer *consumer)
{
    size_t count = dead_letters_topic(consumer->letters) != NULL ? consumer->deaths.count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct death *death = &consumer->deaths.list[i];
        struct letter_failure failure = {death->stage, death->why, death->attempts, death->first_failure_us};
        rd_kafka_headers_t *headers =
            letter_headers(dead_letters_source(consumer->letters), death->message, &failure);
        consumer->sink.deaths[i] = (struct sink_death){death->message, headers};
    }
    return count;
}

static void send_letters(struct consumer *consumer, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sink_death *death = &consumer->sink.deaths[i];
        struct letter_body body = letter_of(death->message, death->headers);
        send_kept(consumer, &body);
    }
}

static size_t fill_ranges(struct consumer *consumer)
{
    size_t count = 0;
    for (size_t i = 0; i < consumer->partitions.row_count; i++) {
        const struct partition *row = &consumer->partitions.rows[i];
        if (partition_moves(row))
            consumer->sink.ranges[count++] =
                (struct sink_range){(int32_t)i,
                                    row->position,
                                    {row->flight.end, row->flight.last, group_had_ms(row->commit.committed)}};
    }
    return count;
}

/* Where the batch's partitions go on has to be asked. */
static void be_unsure(struct consumer *consumer, size_t range_count, const struct error *error)
{
    for (size_t i = 0; i < range_count; i++)
        retry_place(consumer, consumer->sink.ranges[i].partition, EVENT_UNSURE, error);
}

static enum sink_result commit(struct consumer *consumer, struct sink_batch *batch, int32_t *lost,
                               struct error *error)
{
    const struct exactly_once *sink = &consumer->sink;
    if (batch->range_count == 0)
        return SINK_DONE;
    return sink->class->in_group ? commit_in_group(consumer, batch, error)
                                 : sink->class->commit(sink->state, batch, lost, error);
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
                               .death_count = write_letters(consumer)};
    enum sink_result result = commit(consumer, &batch, &lost, &error);
    FAULT_POINT(transaction_done);
    if (result == SINK_DONE && !sink->class->in_group)
        send_letters(consumer, batch.death_count);
    FAULT_POINT(outbox_sent);
    if (result == SINK_LOST) {
        dispossess(consumer, lost, &error);
        error_set(&error, "a partition of the batch is no longer ours");
    }
    if (result == SINK_UNKNOWN)
        be_unsure(consumer, batch.range_count, &error);
    else if (result != SINK_DONE)
        retry_batch(consumer, &error);
    for (size_t i = 0; i < batch.death_count; i++)
        rd_kafka_headers_destroy(sink->deaths[i].headers);
    return result == SINK_DONE;
}

/* --- letters of the outbox ----------------------------------------------------------------------------- */

static void take_out(struct consumer *consumer)
{
    struct exactly_once *sink = &consumer->sink;
    struct error error = ERROR_INIT;
    size_t count;
    const struct letter_origin *origins = dead_letters_acknowledged(consumer->letters, &count);
    if (count == 0 || clock_monotonic_us() < sink->serve_us)
        return;
    count = count < PLACES_A_TIME ? count : PLACES_A_TIME;
    if (sink->class->forwarded(sink->state, origins, count, &error) == 0) {
        dead_letters_let_go(consumer->letters, count);
        FAULT_POINT(outbox_emptied);
        return;
    }
    log_verbose("acknowledged letters stay in the outbox for now: %s", error.text);
    sink->serve_us = clock_monotonic_us() + SERVE_AGAIN_US;
}

/* All that was sent of a partition is out of the outbox: what it holds now was not. */
static void send_left(struct consumer *consumer, int32_t partition)
{
    struct exactly_once *sink = &consumer->sink;
    struct error error = ERROR_INIT;
    partition_letters_left(&consumer->partitions, partition, false);
    if (sink->class->outbox(sink->state, partition, send_kept, consumer, &error) == -1)
        leave(consumer, partition, &error);
    sink->left_us = clock_monotonic_us() + SERVE_AGAIN_US;
}

void exactly_once_serve(struct consumer *consumer)
{
    if (exactly_once_in_group(consumer))
        return;
    take_out(consumer);
    if (clock_monotonic_us() < consumer->sink.left_us)
        return;
    for (size_t i = 0; i < consumer->partitions.row_count; i++) {
        const struct partition *row = &consumer->partitions.rows[i];
        if (row->letters_left && row->owned && dead_letters_idle(consumer->letters, (int32_t)i))
            send_left(consumer, (int32_t)i);
    }
}

#include "consumer/rebalance.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/edges.h"
#include "consumer/exactly_once.h"
#include "consumer/faults.h"
#include "consumer/holds.h"
#include "consumer/manual.h"

enum { QUERY_MS = EDGES_QUERY_MS };

/* --- where to begin ------------------------------------------------------------------------------------ */

/* Partitions of which the group has committed nothing begin at --from. */
static rd_kafka_resp_err_t begin_new_ones(struct consumer *consumer,
                                          rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *fresh = rd_kafka_topic_partition_list_new(partitions->cnt);
    for (int i = 0; i < partitions->cnt; i++)
        if (partitions->elems[i].offset < 0)
            rd_kafka_topic_partition_list_add(fresh, partitions->elems[i].topic,
                                              partitions->elems[i].partition);
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (fresh->cnt > 0) {
        int64_t edge =
            consumer->settings->from == FROM_LATEST ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
        err = edges_query(consumer->rk, fresh, edge);
    }
    for (int i = 0; err == RD_KAFKA_RESP_ERR_NO_ERROR && i < fresh->cnt; i++) {
        const rd_kafka_topic_partition_t *answer = &fresh->elems[i];
        rd_kafka_topic_partition_list_find(partitions, answer->topic, answer->partition)->offset =
            answer->offset;
    }
    rd_kafka_topic_partition_list_destroy(fresh);
    return err;
}

/* A partition that comes back behind what this very process has done: its last commit did not get through, or
 * somebody reset the group. */
static void tell_redelivery(struct consumer *consumer, int32_t number, int64_t start)
{
    const struct partition *row = offsets_row(&consumer->offsets, number);
    if (row == NULL || start == STATS_UNKNOWN || row->position == STATS_UNKNOWN || start >= row->position)
        return;
    log_warning("%s [%" PRId32 "] was assigned again at %" PRId64 ", after %" PRId64
                " had been reached: %" PRId64 " records will be delivered again",
                consumer->offsets.topic, number, start, row->position, row->position - start);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), row->position - start,
                "[%" PRId32 "] assigned again at %" PRId64 ", was at %" PRId64, number, start, row->position);
}

/* Where the sink wants a partition to go on; the first time at --from, which it is told before anything is
 * read: a second first start must not be elsewhere. -1 with the error. */
static int64_t sink_start(struct consumer *consumer, int32_t partition, struct error *error)
{
    int64_t start;
    if (exactly_once_take(consumer, partition, &start, error) == -1)
        return -1;
    if (start != STATS_UNKNOWN)
        return start;
    bool latest = consumer->settings->from == FROM_LATEST;
    start = edge_of(consumer->rk, consumer->offsets.topic, partition,
                    latest ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING);
    if (start == STATS_UNKNOWN)
        return error_set(error, "the broker does not say where the topic begins");
    return exactly_once_move(consumer, partition, STATS_UNKNOWN, start, false, error) == -1 ? -1 : start;
}

/* The same as decide_starts, by the sink's word. A partition whose start it does not say waits. */
static void decide_sink_starts(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *committed = rd_kafka_topic_partition_list_copy(partitions);
    rd_kafka_committed(consumer->rk, committed, QUERY_MS);
    for (int i = 0; i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *one = &partitions->elems[i];
        struct error error = ERROR_INIT;
        int64_t had = committed->elems[i].offset >= 0 ? committed->elems[i].offset : STATS_UNKNOWN;
        int64_t start = sink_start(consumer, one->partition, &error);
        one->offset = start != -1 ? start : RD_KAFKA_OFFSET_BEGINNING;
        if (offsets_assign(&consumer->offsets, one->partition, start != -1 ? start : STATS_UNKNOWN, had) ==
            -1)
            consumer_fail(consumer, EXIT_CODE_FAILED, "no memory for partition %" PRId32, one->partition);
        else if (start == -1)
            hold_untaken(consumer, one->partition, false, &error);
    }
    rd_kafka_topic_partition_list_destroy(committed);
}

/* Those whose start is not known yet give nothing until it is. */
static void pause_waiting(struct consumer *consumer, const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *waiting = rd_kafka_topic_partition_list_new(1);
    for (int i = 0; i < partitions->cnt; i++) {
        const struct partition *row = offsets_assigned(&consumer->offsets, partitions->elems[i].partition);
        if (row != NULL && row->hold.until_us != 0)
            rd_kafka_topic_partition_list_add(waiting, consumer->offsets.topic,
                                              partitions->elems[i].partition);
    }
    if (waiting->cnt > 0)
        rd_kafka_pause_partitions(consumer->rk, waiting);
    rd_kafka_topic_partition_list_destroy(waiting);
}

/* Fills the start offsets in, and the table. When the broker does not answer, the partitions are left to
 * librdkafka (RD_KAFKA_OFFSET_STORED), which asks again by itself. */
static void decide_starts(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_resp_err_t err = rd_kafka_committed(consumer->rk, partitions, QUERY_MS);
    rd_kafka_topic_partition_list_t *committed = rd_kafka_topic_partition_list_copy(partitions);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = begin_new_ones(consumer, partitions);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_warning("cannot ask for the group's offsets: %s; trying on", rd_kafka_err2str(err));
    for (int i = 0; i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *one = &partitions->elems[i];
        int64_t had = committed->elems[i].offset >= 0 ? committed->elems[i].offset : STATS_UNKNOWN;
        int64_t start = one->offset >= 0 ? one->offset : STATS_UNKNOWN;
        if (start == STATS_UNKNOWN)
            one->offset = RD_KAFKA_OFFSET_STORED;
        tell_redelivery(consumer, one->partition, start);
        if (offsets_assign(&consumer->offsets, one->partition, start, had) == -1)
            consumer_fail(consumer, EXIT_CODE_FAILED, "no memory for partition %" PRId32, one->partition);
        if (had != STATS_UNKNOWN)
            manual_assigned(consumer, &committed->elems[i]);
        log_verbose("partition %" PRId32 " begins at %" PRId64 "%s", one->partition, one->offset,
                    had == STATS_UNKNOWN ? " (nothing committed)" : "");
    }
    rd_kafka_topic_partition_list_destroy(committed);
}

/* --- given and taken ----------------------------------------------------------------------------------- */

static bool is_cooperative(rd_kafka_t *rk)
{
    return strcmp(rd_kafka_rebalance_protocol(rk), "COOPERATIVE") == 0;
}

static void check(struct consumer *consumer, rd_kafka_error_t *error, const char *what)
{
    if (error == NULL)
        return;
    log_warning("%s: %s", what, rd_kafka_error_string(error));
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), rd_kafka_error_code(error), "%s: %s",
                what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

static void given(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    if (exactly_once_is(consumer))
        decide_sink_starts(consumer, partitions);
    else
        decide_starts(consumer, partitions);
    if (is_cooperative(consumer->rk)) {
        check(consumer, rd_kafka_incremental_assign(consumer->rk, partitions), "incremental assign");
    } else {
        rd_kafka_resp_err_t err = rd_kafka_assign(consumer->rk, partitions);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            log_warning("assign: %s", rd_kafka_err2str(err));
    }
    if (consumer->paused)
        rd_kafka_pause_partitions(consumer->rk, partitions);
    pause_waiting(consumer, partitions);
    FAULT_POINT(assigned);
    consumer->committer.held = false;
    consumer->assignment_changed = true;
    consumer->low_asked_us = 0;
    kafka_outage_over(&consumer->outage);
}

void rebalance_commit(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    if (dead_letters_flush(consumer->letters, COMMIT_SYNC_US, &error) == -1)
        log_warning("%s", error.text);
    if (exactly_once_is(consumer))
        exactly_once_serve(consumer);
    commit_sync(&consumer->committer, COMMIT_SYNC_US);
    FAULT_POINT(last_commit);
}

static void taken(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    bool cooperative = is_cooperative(consumer->rk);
    bool lost = rd_kafka_assignment_lost(consumer->rk);
    FAULT_POINT(revoking);
    if (!lost)
        rebalance_commit(consumer);
    for (int i = 0; i < partitions->cnt; i++) {
        offsets_revoke(&consumer->offsets, partitions->elems[i].partition);
        dead_letters_forget(consumer->letters, partitions->elems[i].partition);
    }
    if (cooperative)
        check(consumer, rd_kafka_incremental_unassign(consumer->rk, partitions), "incremental unassign");
    else
        rd_kafka_assign(consumer->rk, NULL);
    /* FACTS: a commit between a cooperative revoke and the next assignment gets ILLEGAL_GENERATION, and costs
     * all partitions. */
    consumer->committer.held = cooperative && !consumer->leaving;
    consumer->assignment_changed = true;
}

void rebalance_callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                        void *opaque)
{
    struct consumer *consumer = opaque;
    int64_t wall_us = clock_wall_us();
    bool assign = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    bool lost = !assign && rd_kafka_assignment_lost(rk);
    stats_phase(consumer->stats, PHASE_REBALANCING, wall_us);
    stats_add(consumer->stats, CONSUMER_REBALANCES, 1);
    stats_event(consumer->stats, STATS_RING_REBALANCES, wall_us, partitions->cnt, "%s %d partition%s",
                assign ? "assigned"
                : lost ? "lost"
                       : "revoked",
                partitions->cnt, partitions->cnt == 1 ? "" : "s");
    if (assign)
        given(consumer, partitions);
    else
        taken(consumer, partitions);
    if (!consumer->settings->quiet && !consumer->settings->supervised)
        log_line("%s %d partition%s",
                 assign ? "assigned"
                 : lost ? "lost"
                        : "revoked",
                 partitions->cnt, partitions->cnt == 1 ? "" : "s");
    stats_status_set(consumer->stats, CONSUMER_ASSIGNED, (int64_t)consumer->offsets.assigned_count);
    if (assign && !consumer->ever_assigned) {
        consumer->ever_assigned = true;
        stats_status_set(consumer->stats, CONSUMER_JOINED, wall_us);
    }
    stats_phase(consumer->stats, consumer_idle_phase(consumer), clock_wall_us());
    stats_status_publish(consumer->stats);
    /* An idle loop is to tell the supervisor now, not when a record comes. Not at a revoke: it may be the one
     * inside rd_kafka_consumer_close, whose own wait a yield would end too early, and then it waits for ever.
     */
    if (assign)
        rd_kafka_queue_yield(consumer->queue);
}

/* --- pauses -------------------------------------------------------------------------------------------- */

/* A pause drops what librdkafka had fetched ahead, and before 2.1 its own idea of the position with it: so
 * reading goes on by a seek to ours. */
static void read_on(struct consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    check(consumer, rd_kafka_seek_partitions(consumer->rk, list, QUERY_MS), "seek");
    rd_kafka_resume_partitions(consumer->rk, list);
}

/* Partitions that wait for themselves (holds.h) stay paused in any case. */
static bool can_read(const struct partition *row)
{
    return row->assigned && row->position != STATS_UNKNOWN && row->hold.until_us == 0 && !row->acks_full;
}

void rebalance_pause(struct consumer *consumer, bool paused)
{
    consumer->paused = paused;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)consumer->offsets.assigned_count);
    for (size_t i = 0; i < consumer->offsets.row_count; i++) {
        const struct partition *row = &consumer->offsets.rows[i];
        if (can_read(row))
            rd_kafka_topic_partition_list_add(list, consumer->offsets.topic, (int32_t)i)->offset =
                row->position;
    }
    if (list->cnt > 0 && paused)
        rd_kafka_pause_partitions(consumer->rk, list);
    if (list->cnt > 0 && !paused)
        read_on(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    stats_phase(consumer->stats, consumer_idle_phase(consumer), clock_wall_us());
    log_line(paused ? "paused" : "resumed");
}

void rebalance_pause_one(struct consumer *consumer, int32_t partition)
{
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, consumer->offsets.topic, partition);
    rd_kafka_pause_partitions(consumer->rk, one);
    rd_kafka_topic_partition_list_destroy(one);
}

void rebalance_read_on(struct consumer *consumer, int32_t partition)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, partition);
    if (row == NULL || consumer->paused || !can_read(row))
        return;
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, consumer->offsets.topic, partition)->offset = row->position;
    read_on(consumer, one);
    rd_kafka_topic_partition_list_destroy(one);
}

void rebalance_take(struct consumer *consumer, int32_t partition)
{
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    struct error error = ERROR_INIT;
    if (row == NULL)
        return;
    bool reread = row->hold.reread;
    int64_t start =
        reread ? exactly_once_reread(consumer, partition, &error) : sink_start(consumer, partition, &error);
    row = offsets_assigned(&consumer->offsets, partition);
    if (row == NULL) /* it is another process's now */
        return;
    if (start == -1) {
        hold_untaken(consumer, partition, reread, &error);
        return;
    }
    offsets_assign(&consumer->offsets, partition, start, row->committed);
    rebalance_read_on(consumer, partition);
}

/* --- offsets that are gone ----------------------------------------------------------------------------- */

void rebalance_begin_at(struct consumer *consumer, int32_t partition, int64_t offset, bool delete_rows)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, partition);
    struct error error = ERROR_INIT;
    if (exactly_once_is(consumer) &&
        exactly_once_move(consumer, partition, row->position, offset, delete_rows, &error) == -1) {
        hold_untaken(consumer, partition, true, &error);
        return;
    }
    rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(one, consumer->offsets.topic, partition)->offset = offset;
    dead_letters_forget(consumer->letters, partition);
    offsets_assign(&consumer->offsets, partition, offset, row->committed);
    /* For --reset nothing is assigned: offsets are all there is to set. */
    if (consumer->paused && consumer->settings->reset == NULL)
        check(consumer, rd_kafka_seek_partitions(consumer->rk, one, QUERY_MS), "seek");
    if (!consumer->paused && consumer->settings->reset == NULL)
        read_on(consumer, one);
    rd_kafka_topic_partition_list_destroy(one);
}

void rebalance_offset_gone(struct consumer *consumer, int32_t partition)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, partition);
    if (row == NULL)
        return;
    int64_t low = edge_of(consumer->rk, consumer->offsets.topic, partition, RD_KAFKA_OFFSET_BEGINNING);
    int64_t end = edge_of(consumer->rk, consumer->offsets.topic, partition, RD_KAFKA_OFFSET_END);
    if (low == STATS_UNKNOWN || end == STATS_UNKNOWN)
        return; /* the broker is away: librdkafka raises it again */
    int64_t from = row->position;
    int policy = consumer->settings->on_offset_loss;
    bool never_committed = from == STATS_UNKNOWN;
    int64_t to = policy == OFFSET_LOSS_LATEST ? end : low;
    if (never_committed) { /* only when the queries at assignment failed: this is the group's first start */
        rebalance_begin_at(consumer, partition, consumer->settings->from == FROM_LATEST ? end : low, false);
        return;
    }
    int64_t gone = from < low ? low - from : 0;
    if (gone == 0 || policy == OFFSET_LOSS_STOP) {
        consumer_fail(
            consumer, EXIT_CODE_OFFSETS_LOST,
            "%s [%" PRId32 "]: offset %" PRId64 " is not there: the topic holds %" PRId64 " to %" PRId64
            "%s; nothing was skipped. --on-offset-loss earliest goes on at the first record that is there",
            consumer->offsets.topic, partition, from, low, end, from > end ? " (was it made anew?)" : "");
        return;
    }
    stats_add(consumer->stats, CONSUMER_LOST, (uint64_t)gone);
    log_warning("%s [%" PRId32 "]: %" PRId64 " records are gone, offsets %" PRId64 " to %" PRId64
                "; going on at %" PRId64,
                consumer->offsets.topic, partition, gone, from, low - 1, to);
    rebalance_begin_at(consumer, partition, to, false);
}

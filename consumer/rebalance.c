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
 * read: a second first start must not be elsewhere. */
static int sink_start(struct consumer *consumer, int32_t partition, struct sink_place *place,
                      struct error *error)
{
    if (exactly_once_take(consumer, partition, place, error) == -1)
        return -1;
    if (place->next_offset != STATS_UNKNOWN)
        return 0;
    bool latest = consumer->settings->from == FROM_LATEST;
    place->next_offset = edge_of(consumer->rk, consumer->offsets.topic, partition,
                                 latest ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING);
    if (place->next_offset == STATS_UNKNOWN)
        return error_set(error, "the broker does not say where the topic begins");
    return exactly_once_move(consumer, partition, STATS_UNKNOWN, place->next_offset, false, error);
}

/* Into the table: there the sink goes on, and the record before it is to be as it was. */
static int begin_at_place(struct consumer *consumer, int32_t partition, const struct sink_place *place,
                          int64_t committed)
{
    if (offsets_assign(&consumer->offsets, partition, place->next_offset, committed) == -1)
        return -1;
    offsets_await(&consumer->offsets, partition, &place->witness);
    return 0;
}

/* The same as decide_starts, by the sink's word. A partition whose start it does not say waits. */
static void decide_sink_starts(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *committed = rd_kafka_topic_partition_list_copy(partitions);
    rd_kafka_committed(consumer->rk, committed, QUERY_MS);
    for (int i = 0; i < partitions->cnt; i++) {
        rd_kafka_topic_partition_t *one = &partitions->elems[i];
        struct error error = ERROR_INIT;
        struct sink_place place;
        int64_t had = committed->elems[i].offset >= 0 ? committed->elems[i].offset : STATS_UNKNOWN;
        bool taken = sink_start(consumer, one->partition, &place, &error) == 0;
        if (!taken)
            place = (struct sink_place){STATS_UNKNOWN, WITNESS_NONE};
        one->offset = RD_KAFKA_OFFSET_BEGINNING;
        if (begin_at_place(consumer, one->partition, &place, had) == -1)
            consumer_fail(consumer, EXIT_CODE_FAILED, "no memory for partition %" PRId32, one->partition);
        else if (!taken)
            hold_untaken(consumer, one->partition, false, &error);
        else
            one->offset = offsets_read_from(offsets_assigned(&consumer->offsets, one->partition));
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

static void assign(struct consumer *consumer, const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_resp_err_t err = rd_kafka_assign(consumer->rk, partitions);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_warning("assign: %s", rd_kafka_err2str(err));
}

static void given(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    if (exactly_once_is(consumer))
        decide_sink_starts(consumer, partitions);
    else
        decide_starts(consumer, partitions);
    if (is_cooperative(consumer->rk))
        check(consumer, rd_kafka_incremental_assign(consumer->rk, partitions), "incremental assign");
    else
        assign(consumer, partitions);
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

/* Wherever reading begins anew, the record before is looked at. */
static int64_t look_back(struct consumer *consumer, int32_t partition)
{
    const struct partition *row = &consumer->offsets.rows[partition];
    offsets_await(&consumer->offsets, partition, &row->witness);
    return offsets_read_from(row);
}

/* Partitions that wait for themselves (holds.h) stay paused in any case. */
static bool can_read(const struct partition *row)
{
    return row->assigned && row->position != STATS_UNKNOWN && row->hold.until_us == 0 && !row->acks_full;
}

/* All that is assigned, each at where it is to go on. */
static rd_kafka_topic_partition_list_t *places(struct consumer *consumer)
{
    const struct offsets *offsets = &consumer->offsets;
    int64_t unknown = exactly_once_is(consumer) ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_STORED;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)offsets->assigned_count);
    for (size_t i = 0; i < offsets->row_count; i++)
        if (offsets->rows[i].assigned)
            rd_kafka_topic_partition_list_add(list, offsets->topic, (int32_t)i)->offset =
                offsets->rows[i].position != STATS_UNKNOWN ? offsets_read_from(&offsets->rows[i]) : unknown;
    return list;
}

/* librdkafka does not seek in a partition whose offset it has reported as gone, nor while the topic is not
 * there: its fetching has ended, and only an assignment starts it. (With an eager assignor that is one of
 * all: what they had fetched ahead comes again.) */
static void assign_again(struct consumer *consumer, const rd_kafka_topic_partition_list_t *ended)
{
    rd_kafka_topic_partition_list_t *all = places(consumer);
    if (is_cooperative(consumer->rk)) {
        check(consumer, rd_kafka_incremental_unassign(consumer->rk, ended), "incremental unassign");
        check(consumer, rd_kafka_incremental_assign(consumer->rk, ended), "incremental assign");
    } else {
        assign(consumer, all);
    }
    for (int i = all->cnt - 1; i >= 0; i--)
        if (!consumer->paused && can_read(offsets_assigned(&consumer->offsets, all->elems[i].partition)))
            rd_kafka_topic_partition_list_del_by_idx(all, i);
    if (all->cnt > 0)
        rd_kafka_pause_partitions(consumer->rk, all);
    rd_kafka_topic_partition_list_destroy(all);
}

/* A pause drops what librdkafka had fetched ahead, and before 2.1 its own idea of the position with it: so
 * reading goes on by a seek to ours. */
static void read_on(struct consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *ended = rd_kafka_topic_partition_list_new(1);
    check(consumer, rd_kafka_seek_partitions(consumer->rk, list, QUERY_MS), "seek");
    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].err == RD_KAFKA_RESP_ERR__STATE ||
            list->elems[i].err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
            rd_kafka_topic_partition_list_add(ended, list->elems[i].topic, list->elems[i].partition)->offset =
                list->elems[i].offset;
    rd_kafka_resume_partitions(consumer->rk, list); /* changes the list's errors */
    if (ended->cnt > 0)
        assign_again(consumer, ended);
    rd_kafka_topic_partition_list_destroy(ended);
}

static rd_kafka_topic_partition_list_t *readable(struct consumer *consumer)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)consumer->offsets.assigned_count);
    for (size_t i = 0; i < consumer->offsets.row_count; i++)
        if (can_read(&consumer->offsets.rows[i]))
            rd_kafka_topic_partition_list_add(list, consumer->offsets.topic, (int32_t)i)->offset =
                look_back(consumer, (int32_t)i);
    return list;
}

void rebalance_pause(struct consumer *consumer, bool paused)
{
    consumer->paused = paused;
    rd_kafka_topic_partition_list_t *list = readable(consumer);
    if (list->cnt > 0 && paused)
        rd_kafka_pause_partitions(consumer->rk, list);
    if (list->cnt > 0 && !paused)
        read_on(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    stats_phase(consumer->stats, consumer_idle_phase(consumer), clock_wall_us());
    log_line(paused ? "paused" : "resumed");
}

void rebalance_look_back(struct consumer *consumer)
{
    rd_kafka_topic_partition_list_t *list = readable(consumer);
    for (int i = 0; i < list->cnt; i++) {
        struct partition *row = offsets_assigned(&consumer->offsets, list->elems[i].partition);
        row->doubted = row->awaited;
    }
    if (list->cnt > 0 && !consumer->paused)
        read_on(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
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
    rd_kafka_topic_partition_list_add(one, consumer->offsets.topic, partition)->offset =
        look_back(consumer, partition);
    read_on(consumer, one);
    rd_kafka_topic_partition_list_destroy(one);
}

void rebalance_take(struct consumer *consumer, int32_t partition)
{
    struct partition *row = offsets_assigned(&consumer->offsets, partition);
    struct error error = ERROR_INIT;
    struct sink_place place;
    if (row == NULL)
        return;
    bool reread = row->hold.reread;
    int result = reread ? exactly_once_reread(consumer, partition, &place, &error)
                        : sink_start(consumer, partition, &place, &error);
    row = offsets_assigned(&consumer->offsets, partition);
    if (row == NULL) /* it is another process's now */
        return;
    if (result == -1) {
        hold_untaken(consumer, partition, reread, &error);
        return;
    }
    begin_at_place(consumer, partition, &place, row->committed);
    rebalance_read_on(consumer, partition);
}

/* --- somewhere else ------------------------------------------------------------------------------------ */

bool rebalance_begin_at(struct consumer *consumer, int32_t partition, int64_t offset, bool delete_rows)
{
    const struct partition *row = offsets_assigned(&consumer->offsets, partition);
    struct error error = ERROR_INIT;
    if (exactly_once_is(consumer) &&
        exactly_once_move(consumer, partition, row->position, offset, delete_rows, &error) == -1) {
        hold_untaken(consumer, partition, true, &error);
        return false;
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
    return true;
}

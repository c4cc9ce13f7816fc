#include "consumer/rebalance.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/exactly_once.h"
#include "consumer/faults.h"
#include "consumer/starts.h"

/* --- given and taken ----------------------------------------------------------------------------------- */

/* The caller's, to destroy. */
static rd_kafka_topic_partition_list_t *of_our_topic(struct consumer *consumer,
                                                     const rd_kafka_topic_partition_list_t *partitions)
{
    rd_kafka_topic_partition_list_t *ours = rd_kafka_topic_partition_list_new(partitions->cnt);
    const char *foreign = NULL;
    for (int i = 0; i < partitions->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &partitions->elems[i];
        if (strcmp(one->topic, consumer->partitions.topic) == 0)
            rd_kafka_topic_partition_list_add(ours, one->topic, one->partition);
        else
            foreign = one->topic;
    }
    if (foreign != NULL)
        log_warning("the group assigned partitions of topic %s, which this consumer does not read: ignored",
                    foreign);
    return ours;
}

/* What the array holds was taken before: the partitions that stay come again from their positions.
 * (librdkafka before 2.1 lets them jump ahead, and what is in the array of others belongs to an assignment
 * that is over.)
 */
static void disturb_others(struct consumer *consumer)
{
    if (fetching_is_cooperative(&consumer->fetching))
        partitions_event(&consumer->partitions, EVENT_DISTURBED);
}

static void on_assigned(struct consumer *consumer, rd_kafka_topic_partition_list_t *partitions)
{
    consumer->pace.interval_exceeded = false; /* the group has taken it in again */
    disturb_others(consumer);
    for (int i = 0; i < partitions->cnt; i++)
        if (partition_on_assigned(&consumer->partitions, partitions->elems[i].partition) == -1)
            consumer_fail(consumer, EXIT_CODE_FAILED, "no memory for partition %d",
                          partitions->elems[i].partition);
    if (!consumer->end.closing) /* it is not to begin any more */
        starts_serve(consumer);
    fetching_assign(&consumer->fetching, partitions, consumer->batch.count > 0);
    FAULT_POINT(assigned);
    consumer->low_asked_us = 0;
    kafka_outage_over(&consumer->outage);
}

bool rebalance_commit(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    bool done = true;
    if (dead_letters_flush(consumer->letters, COMMIT_SYNC_US, &error) == -1) {
        log_warning("%s", error.text);
        done = false;
    }
    if (exactly_once_is(consumer))
        exactly_once_serve(consumer);
    if (commit_sync(&consumer->committer, COMMIT_SYNC_US, &error) == -1) {
        log_warning("%s; what they cover will be delivered again", error.text);
        done = false;
    }
    FAULT_POINT(last_commit);
    consumer->end.uncommitted = !done;
    return done;
}

/* The callback runs within a slice when a stage works long. What that has of a partition does not stand: its
 * position stays, and its next owner starts there. */
static void tell_interrupted(struct consumer *consumer, int32_t number)
{
    const struct partition *row = partition_assigned(&consumer->partitions, number);
    if (row == NULL || row->flight.first == STATS_UNKNOWN)
        return;
    int64_t count = row->flight.end - row->flight.first;
    log_warning("%s [%" PRId32 "] was revoked while offsets %" PRId64 " to %" PRId64
                " were being processed: these %" PRId64 " records will be delivered again",
                consumer->partitions.topic, number, row->flight.first, row->flight.end - 1, count);
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), count,
                "[%" PRId32 "] revoked while %" PRId64 " to %" PRId64 " were being processed", number,
                row->flight.first, row->flight.end - 1);
}

/* What was done of it and is not known to be committed: its next owner processes it again. (What a database
 * has is committed there; librdkafka's own commits come after a revoke.) */
static int64_t count_left(const struct consumer *consumer, const struct partition *row, bool lost)
{
    bool otherwise = exactly_once_is(consumer) || (consumer->settings->commit == COMMIT_AUTO && !lost);
    if (row == NULL || row->position == STATS_UNKNOWN || otherwise)
        return 0;
    int64_t count = partition_done(row) - partition_kept(row);
    return count > 0 ? count : 0;
}

static void tell_lost(struct consumer *consumer, int32_t number, int64_t count)
{
    const struct partition *row = partition_assigned(&consumer->partitions, number);
    int64_t first = partition_kept(row);
    log_warning("%s [%" PRId32 "] was lost: %" PRId64 " records, offsets %" PRId64 " to %" PRId64
                ", were %s here, and no commit of them is confirmed: another member processes them again",
                consumer->partitions.topic, number, count, first, first + count - 1,
                row->acks != NULL ? "acknowledged" : "processed");
    stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), count,
                "[%" PRId32 "] lost with %" PRId64 " to %" PRId64 " processed and not committed", number,
                first, first + count - 1);
}

static void leave_behind(struct consumer *consumer, int32_t number, bool lost)
{
    int64_t count = count_left(consumer, partition_assigned(&consumer->partitions, number), lost);
    if (lost && count > 0)
        tell_lost(consumer, number, count);
    consumer->end.left += count;
}

static void on_revoked(struct consumer *consumer, const rd_kafka_topic_partition_list_t *partitions)
{
    FAULT_POINT(revoking);
    bool lost = rd_kafka_assignment_lost(consumer->rk) != 0;
    if (!lost)
        rebalance_commit(consumer);
    for (int i = 0; i < partitions->cnt; i++) {
        tell_interrupted(consumer, partitions->elems[i].partition);
        leave_behind(consumer, partitions->elems[i].partition, lost);
        partition_on_revoked(&consumer->partitions, partitions->elems[i].partition);
        dead_letters_forget(consumer->letters, partitions->elems[i].partition);
    }
    fetching_unassign(&consumer->fetching, partitions);
    disturb_others(consumer);
}

/* --- the callback -------------------------------------------------------------------------------------- */

static void publish(struct consumer *consumer, const char *what, int count, int64_t wall_us)
{
    stats_add(consumer->stats, CONSUMER_REBALANCES, 1);
    stats_event(consumer->stats, STATS_RING_REBALANCES, wall_us, count, "%s %d partition%s", what, count,
                count == 1 ? "" : "s");
    worker_notify_count(consumer->control, what, count);
    if (!consumer->settings->quiet && !consumer->settings->supervised)
        log_line("%s %d partition%s", what, count, count == 1 ? "" : "s");
    stats_status_set(consumer->stats, CONSUMER_ASSIGNED, (int64_t)consumer->partitions.assigned_count);
    stats_phase(consumer->stats, consumer_idle_phase(consumer), clock_wall_us());
    stats_status_publish(consumer->stats);
}

static void note_first(struct consumer *consumer, int64_t wall_us)
{
    if (consumer->ever_assigned)
        return;
    consumer->ever_assigned = true;
    stats_status_set(consumer->stats, CONSUMER_JOINED, wall_us);
}

void rebalance_callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                        void *opaque)
{
    struct consumer *consumer = opaque;
    int64_t wall_us = clock_wall_us();
    bool assign = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    const char *what = assign ? "assigned" : rd_kafka_assignment_lost(rk) ? "lost" : "revoked";
    rd_kafka_topic_partition_list_t *ours = of_our_topic(consumer, partitions);
    if (!consumer->end.closing)
        fetching_look_at_protocol(&consumer->fetching);
    stats_phase(consumer->stats, PHASE_REBALANCING, wall_us);
    if (assign)
        on_assigned(consumer, ours);
    else
        on_revoked(consumer, ours);
    consumer->assignment_changed = true;
    if (assign)
        note_first(consumer, wall_us);
    publish(consumer, what, ours->cnt, wall_us);
    rd_kafka_topic_partition_list_destroy(ours);
    /* An idle loop is to tell the supervisor now, not when a record comes. */
    if (assign && !consumer->end.closing)
        rd_kafka_queue_yield(consumer->queue);
}

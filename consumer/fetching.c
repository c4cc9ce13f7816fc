#include "consumer/fetching.h"

#include "common/clock.h"
#include "common/log.h"

enum { SEEK_MS = 5000 };

static void check(const struct fetching *fetching, rd_kafka_error_t *error, const char *what)
{
    if (error == NULL)
        return;
    log_warning("%s: %s", what, rd_kafka_error_string(error));
    stats_event(fetching->partitions->stats, STATS_RING_ERRORS, clock_wall_us(), rd_kafka_error_code(error),
                "%s: %s", what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
}

void fetching_look_at_protocol(struct fetching *fetching)
{
    const char *protocol = rd_kafka_rebalance_protocol(fetching->rk);
    if (protocol != NULL)
        fetching->cooperative = strcmp(protocol, "COOPERATIVE") == 0;
}

static bool wanted(const struct fetching *fetching, const struct partition *row)
{
    return state_fetched(row->state) && !fetching->paused;
}

/* One whose start is not known yet gives nothing until it is: where it waits does not matter. Nor does one
 * that memory was out for, which has no row: the consumer ends. */
static int64_t begin_at(const struct partition *row)
{
    return row != NULL && state_fetched(row->state) ? partition_read_from(row) : RD_KAFKA_OFFSET_BEGINNING;
}

static void told(struct fetching *fetching, int32_t number, bool paused, bool seek)
{
    partition_fetches(fetching->partitions, number, (struct fetch){.paused = paused, .seek = seek});
}

/* --- assignments --------------------------------------------------------------------------------------- */

static void assign(struct fetching *fetching, const rd_kafka_topic_partition_list_t *list)
{
    if (fetching_is_cooperative(fetching)) {
        check(fetching, rd_kafka_incremental_assign(fetching->rk, list), "incremental assign");
        return;
    }
    rd_kafka_resp_err_t err = rd_kafka_assign(fetching->rk, list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_warning("assign: %s", rd_kafka_err2str(err));
}

/* Those of a list for which `paused` is to be changed. librdkafka remembers an application's pause over an
 * assignment. And to resume what is not paused does harm: before 2.1 what was fetched ahead is dropped then,
 * and fetching goes on behind it. */
static rd_kafka_topic_partition_list_t *to_change(const struct fetching *fetching,
                                                  const rd_kafka_topic_partition_list_t *list, bool paused)
{
    rd_kafka_topic_partition_list_t *found = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        const struct partition *row = partition_assigned(fetching->partitions, one->partition);
        if (row != NULL && wanted(fetching, row) == !paused && row->fetch.paused != paused)
            rd_kafka_topic_partition_list_add(found, one->topic, one->partition);
    }
    return found;
}

/* Pauses and resumes what is otherwise than it should be. */
static void set_pauses(struct fetching *fetching, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *off = to_change(fetching, list, true);
    rd_kafka_topic_partition_list_t *on = to_change(fetching, list, false);
    if (off->cnt > 0)
        rd_kafka_pause_partitions(fetching->rk, off);
    if (on->cnt > 0)
        rd_kafka_resume_partitions(fetching->rk, on);
    for (int i = 0; i < off->cnt; i++)
        told(fetching, off->elems[i].partition, true, true);
    for (int i = 0; i < on->cnt; i++)
        told(fetching, on->elems[i].partition, false, true);
    rd_kafka_topic_partition_list_destroy(on);
    rd_kafka_topic_partition_list_destroy(off);
}

void fetching_assign(struct fetching *fetching, rd_kafka_topic_partition_list_t *partitions, bool array_holds)
{
    for (int i = 0; i < partitions->cnt; i++) {
        int32_t number = partitions->elems[i].partition;
        const struct partition *row = partition_assigned(fetching->partitions, number);
        partitions->elems[i].offset = begin_at(row);
        if (row != NULL)
            told(fetching, number, row->fetch.paused, array_holds);
    }
    assign(fetching, partitions);
    set_pauses(fetching, partitions);
    fetching->partitions->unsettled = true;
}

void fetching_unassign(struct fetching *fetching, const rd_kafka_topic_partition_list_t *partitions)
{
    if (fetching_is_cooperative(fetching))
        check(fetching, rd_kafka_incremental_unassign(fetching->rk, partitions), "incremental unassign");
    else
        rd_kafka_assign(fetching->rk, NULL);
}

/* The caller's, to destroy. */
static rd_kafka_topic_partition_list_t *all_assigned(const struct partitions *partitions)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)partitions->assigned_count);
    for (size_t i = 0; i < partitions->row_count; i++)
        if (partitions->rows[i].state != STATE_UNASSIGNED)
            rd_kafka_topic_partition_list_add(list, partitions->topic, (int32_t)i);
    return list;
}

/* librdkafka does not seek in a partition whose offset it has reported as gone, nor while the topic is not
 * there: its fetching has ended, and only an assignment starts it. (With an eager assignor that is one of
 * all: what they had fetched ahead comes again.) An error has ended it, and may be one that is not told any
 * more, as it is dropped with what was fetched: that the topic is not there. So all last records are looked
 * at before more is committed. */
static void assign_again(struct fetching *fetching, const rd_kafka_topic_partition_list_t *ended)
{
    struct partitions *partitions = fetching->partitions;
    rd_kafka_topic_partition_list_t *list;
    partitions_doubt_ended(partitions);
    if (fetching_is_cooperative(fetching)) {
        list = rd_kafka_topic_partition_list_copy(ended);
        check(fetching, rd_kafka_incremental_unassign(fetching->rk, ended), "incremental unassign");
        partitions_event(partitions, EVENT_DISTURBED);
    } else {
        list = all_assigned(partitions);
    }
    fetching_assign(fetching, list, false);
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- settling ------------------------------------------------------------------------------------------ */

/* A seek that timed out: the call as a whole says _TIMED_OUT, of the partition librdkafka leaves _IN_PROGRESS
 * (2.0.2). Or one that was not made: the partition's fetching is just being stopped. */
static bool unanswered(const rd_kafka_topic_partition_t *one)
{
    return one->err == RD_KAFKA_RESP_ERR__IN_PROGRESS || one->err == RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS ||
           one->err == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

/* A pause drops what librdkafka had fetched ahead, and before 2.1 its own idea of the position with it: so
 * reading goes on by a seek to ours, behind the resume. One that was not is made again in the next turn.
 */
static void seek(struct fetching *fetching, rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *ended = rd_kafka_topic_partition_list_new(1);
    check(fetching, rd_kafka_seek_partitions(fetching->rk, list, SEEK_MS), "seek");
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &list->elems[i];
        bool again = unanswered(one);
        if (one->err == RD_KAFKA_RESP_ERR__STATE || one->err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
            rd_kafka_topic_partition_list_add(ended, one->topic, one->partition);
        told(fetching, one->partition, false, again);
        fetching->partitions->unsettled |= again;
    }
    if (ended->cnt > 0)
        assign_again(fetching, ended);
    rd_kafka_topic_partition_list_destroy(ended);
}

void fetching_settle(struct fetching *fetching)
{
    struct partitions *partitions = fetching->partitions;
    if (!partitions->unsettled || fetching->rk == NULL)
        return;
    partitions->unsettled = false;
    rd_kafka_topic_partition_list_t *list = all_assigned(partitions);
    set_pauses(fetching, list);
    for (int i = list->cnt - 1; i >= 0; i--) {
        const struct partition *row = partition_assigned(partitions, list->elems[i].partition);
        list->elems[i].offset = begin_at(row);
        if (!wanted(fetching, row) || !row->fetch.seek)
            rd_kafka_topic_partition_list_del_by_idx(list, i);
    }
    if (list->cnt > 0)
        seek(fetching, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void fetching_pause(struct fetching *fetching, bool paused)
{
    fetching->paused = paused;
    if (!paused)
        partitions_resumed(fetching->partitions);
    fetching->partitions->unsettled = true;
}

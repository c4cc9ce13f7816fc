#include "consumer/commit.h"

#include "common/clock.h"
#include "common/log.h"
#include "consumer/faults.h"

enum { LOOK_MS = 1000 };

#define RETRY_US (100 * US_PER_MS)
/* A commit that was given up may still land, after a later one, while its connection lives: so all is
 * committed once more, later. */
#define SEAL_US       (60 * US_PER_SECOND)
#define LOOK_AGAIN_US US_PER_SECOND
#define JOIN_LOOK_US  (20 * US_PER_MS)
#define LATE_US       (10 * US_PER_SECOND) /* an answer takes a millisecond or two, and an outage some seconds */

void committer_init(struct committer *committer, rd_kafka_t *rk, struct partitions *partitions,
                    struct stats_writer *stats)
{
    *committer = (struct committer){.rk = rk, .partitions = partitions, .stats = stats};
}

/* The partitions' own errors count: a commit can succeed as a whole and fail for one. */
static rd_kafka_resp_err_t first_error(rd_kafka_resp_err_t err, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; err == RD_KAFKA_RESP_ERR_NO_ERROR && list != NULL && i < list->cnt; i++)
        err = list->elems[i].err;
    return err;
}

typedef void commit_answer(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                           void *opaque);

static void count(struct committer *committer, rd_kafka_resp_err_t err)
{
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        stats_add(committer->stats, CONSUMER_COMMITS, 1);
        stats_observe(committer->stats, CONSUMER_COMMIT_US, clock_monotonic_us() - committer->asked_us, 1);
        committer->retry_us = 0;
        return;
    }
    stats_add(committer->stats, CONSUMER_COMMIT_ERRORS, 1);
    stats_event(committer->stats, STATS_RING_ERRORS, clock_wall_us(), err, "commit: %s",
                rd_kafka_err2str(err));
    log_verbose("commit failed: %s", rd_kafka_err2str(err));
    committer->retry_us = clock_monotonic_us() + RETRY_US;
    if (err == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        committer->fenced = err;
}

static void account(struct committer *committer, rd_kafka_resp_err_t err,
                    const rd_kafka_topic_partition_list_t *list)
{
    committer->outstanding = false;
    partitions_commit_answered(committer->partitions, err, list, clock_wall_us());
    count(committer, first_error(err, list));
}

/* Without an answer, or before it was asked for. */
static void give_up(struct committer *committer, rd_kafka_resp_err_t err)
{
    committer->outstanding = false;
    committer->seal_us = clock_monotonic_us() + SEAL_US;
    partitions_commit_unanswered(committer->partitions);
    count(committer, err);
}

static rd_kafka_resp_err_t ask(struct committer *committer, const rd_kafka_topic_partition_list_t *list,
                               rd_kafka_queue_t *queue, commit_answer *answered, void *opaque)
{
    committer->outstanding = true;
    committer->asked_us = clock_monotonic_us();
    rd_kafka_resp_err_t err = rd_kafka_commit_queue(committer->rk, list, queue, answered, opaque);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        give_up(committer, err);
    return err;
}

/* --- is it still the same topic? ----------------------------------------------------------------------- */

int commit_look(struct committer *committer, bool all, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = partitions_to_ask(committer->partitions, all);
    if (list == NULL)
        return 0;
    rd_kafka_resp_err_t err = rd_kafka_committed(committer->rk, list, LOOK_MS);
    rd_kafka_resp_err_t first = first_error(err, list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        partitions_told(committer->partitions, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (first == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    committer->retry_us = clock_monotonic_us() + LOOK_AGAIN_US;
    return error_set(error, "cannot tell whether the group still has its offsets: %s",
                     rd_kafka_err2str(first));
}

/* --- asynchronously ------------------------------------------------------------------------------------ */

/* What we had is the group's again, though we are still to be told: Kafka takes a commit of nobody's into a
 * group that has no members. */
static bool is_lost(const struct committer *committer)
{
    return rd_kafka_assignment_lost(committer->rk) != 0;
}

static bool may_commit(const struct committer *committer)
{
    return !committer->automatic && !is_lost(committer) && !committer->outstanding && !committer->quiet &&
           committer->fenced == RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool commit_waits_for_join(const struct committer *committer)
{
    return committer->joining != NULL && joining_under_way(committer->joining);
}

void commit_async(struct committer *committer)
{
    struct error ignored = ERROR_INIT;
    int64_t now_us = clock_monotonic_us();
    if (committer->outstanding && now_us - committer->asked_us >= LATE_US)
        give_up(committer, RD_KAFKA_RESP_ERR__TIMED_OUT);
    if (committer->seal_us != 0 && now_us >= committer->seal_us) {
        committer->seal_us = 0;
        partitions_commit_all_again(committer->partitions);
    }
    if (!may_commit(committer) || now_us < committer->retry_us || commit_waits_for_join(committer) ||
        commit_look(committer, false, &ignored) == -1 || committer->by_sink)
        return;
    if (!may_commit(committer) || commit_waits_for_join(committer) || /* the look takes its time */
        !partitions_dirty(committer->partitions))
        return;
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(committer->partitions);
    void *number = (void *)(intptr_t)++committer->number;
    if (ask(committer, list, committer->queue, committer->answered, number) == RD_KAFKA_RESP_ERR_NO_ERROR)
        FAULT_POINT(commit_asked);
    rd_kafka_topic_partition_list_destroy(list);
}

int64_t commit_due_us(const struct committer *committer)
{
    int64_t due_us = committer->outstanding ? committer->asked_us + LATE_US : committer->retry_us;
    if (!committer->outstanding && (!may_commit(committer) || !partitions_dirty(committer->partitions)))
        return INT64_MAX;
    int64_t wait_us = due_us - clock_monotonic_us();
    int64_t least_us = commit_waits_for_join(committer) ? JOIN_LOOK_US : 0;
    return wait_us > least_us ? wait_us : least_us;
}

void commit_answered(struct committer *committer, rd_kafka_resp_err_t err,
                     const rd_kafka_topic_partition_list_t *list, const void *number)
{
    if ((intptr_t)number != committer->number || !committer->outstanding)
        partitions_commit_late(committer->partitions, list);
    else
        account(committer, err, list);
    FAULT_POINT(commit_answered);
}

void commit_made(struct committer *committer, rd_kafka_resp_err_t err,
                 const rd_kafka_topic_partition_list_t *list)
{
    if (list == NULL || err == RD_KAFKA_RESP_ERR__NO_OFFSET) /* its timer found nothing to commit */
        return;
    partitions_requested(committer->partitions, list);
    account(committer, err, list);
}

/* --- synchronously ------------------------------------------------------------------------------------- */

struct sync_answer {
    struct committer *committer;
    rd_kafka_resp_err_t err;
};

static void sync_answered(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                          void *opaque)
{
    (void)rk;
    struct sync_answer *answer = opaque;
    answer->err = first_error(err, list);
    account(answer->committer, err, list);
}

/* rd_kafka_commit(…, sync) has no deadline and blocks through an outage, so the answer comes to a queue of
 * our own. */
static rd_kafka_resp_err_t ask_and_wait(struct committer *committer,
                                        const rd_kafka_topic_partition_list_t *list, int64_t timeout_us)
{
    struct sync_answer answer = {committer, RD_KAFKA_RESP_ERR__TIMED_OUT};
    rd_kafka_queue_t *answers = rd_kafka_queue_new(committer->rk);
    committer->number++;
    rd_kafka_resp_err_t err = ask(committer, list, answers, sync_answered, &answer);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_queue_poll_callback(answers, (int)(timeout_us / US_PER_MS));
    if (committer->outstanding)
        give_up(committer, RD_KAFKA_RESP_ERR__TIMED_OUT);
    rd_kafka_queue_destroy(answers);
    return err != RD_KAFKA_RESP_ERR_NO_ERROR ? err : answer.err;
}

/* What an earlier one has asked for is not known to be done, and its answer is nobody's any more: it is to be
 * asked for again. */
static void supersede(struct committer *committer)
{
    if (committer->outstanding)
        partitions_commit_unanswered(committer->partitions);
}

int commit_first(struct committer *committer, const rd_kafka_topic_partition_list_t *list,
                 struct error *error)
{
    supersede(committer);
    rd_kafka_resp_err_t err = ask_and_wait(committer, list, COMMIT_SYNC_US);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR
               ? 0
               : error_set(error, "the first offsets could not be committed: %s", rd_kafka_err2str(err));
}

int commit_sync(struct committer *committer, int64_t timeout_us, struct error *error)
{
    if (committer->fenced != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, "nothing can be committed any more: %s", rd_kafka_err2str(committer->fenced));
    if (!is_lost(committer) && commit_look(committer, false, error) == -1)
        return -1;
    if (is_lost(committer))
        return error_set(error, "nothing can be committed now: the group has revoked the partitions");
    if ((committer->automatic || committer->by_sink) && !committer->forced)
        return 0;
    supersede(committer);
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(committer->partitions);
    if (list == NULL)
        return 0;
    rd_kafka_resp_err_t err = ask_and_wait(committer, list, timeout_us);
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return error_set(error, "the offsets could not be committed: %s", rd_kafka_err2str(err));
}

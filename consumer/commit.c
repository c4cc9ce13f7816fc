#include "consumer/commit.h"

#include "common/clock.h"
#include "common/log.h"
#include "consumer/faults.h"

#define RETRY_US (100 * US_PER_MS)

void committer_init(struct committer *committer, rd_kafka_t *rk, struct offsets *offsets,
                    struct stats_writer *stats)
{
    *committer = (struct committer){.rk = rk, .offsets = offsets, .stats = stats};
}

static bool may_commit(const struct committer *committer)
{
    return !committer->automatic && !committer->outstanding && !committer->held &&
           committer->fenced == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void commit_async(struct committer *committer)
{
    if (!may_commit(committer) || !offsets_dirty(committer->offsets))
        return;
    int64_t now_us = clock_monotonic_us();
    if (now_us < committer->retry_us)
        return;
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(committer->offsets);
    rd_kafka_resp_err_t err = rd_kafka_commit(committer->rk, list, 1);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        FAULT_POINT(commit_asked);
        committer->outstanding = true;
        committer->asked_us = now_us;
    } else {
        commit_answered(committer, err, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

int64_t commit_due_us(const struct committer *committer)
{
    if (!may_commit(committer) || !offsets_dirty(committer->offsets))
        return INT64_MAX;
    int64_t wait_us = committer->retry_us - clock_monotonic_us();
    return wait_us > 0 ? wait_us : 0;
}

/* The partitions' own errors count: a commit can succeed as a whole and fail for one. */
static rd_kafka_resp_err_t first_error(rd_kafka_resp_err_t err, const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; err == RD_KAFKA_RESP_ERR_NO_ERROR && list != NULL && i < list->cnt; i++)
        err = list->elems[i].err;
    return err;
}

static void account(struct committer *committer, rd_kafka_resp_err_t err,
                    const rd_kafka_topic_partition_list_t *list)
{
    int64_t wall_us = clock_wall_us();
    offsets_commit_result(committer->offsets, err, list, wall_us);
    rd_kafka_resp_err_t first = first_error(err, list);
    if (first == RD_KAFKA_RESP_ERR_NO_ERROR) {
        stats_add(committer->stats, CONSUMER_COMMITS, 1);
        stats_observe(committer->stats, CONSUMER_COMMIT_US, clock_monotonic_us() - committer->asked_us, 1);
        committer->retry_us = 0;
        return;
    }
    if (first == RD_KAFKA_RESP_ERR__NO_OFFSET) /* there was nothing to commit */
        return;
    stats_add(committer->stats, CONSUMER_COMMIT_ERRORS, 1);
    stats_event(committer->stats, STATS_RING_ERRORS, wall_us, first, "commit: %s", rd_kafka_err2str(first));
    log_verbose("commit failed: %s", rd_kafka_err2str(first));
    committer->retry_us = clock_monotonic_us() + RETRY_US;
    if (first == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        committer->fenced = first;
}

void commit_answered(struct committer *committer, rd_kafka_resp_err_t err,
                     const rd_kafka_topic_partition_list_t *list)
{
    committer->outstanding = false;
    if (committer->automatic && list != NULL)
        offsets_requested(committer->offsets, list);
    account(committer, err, list);
    FAULT_POINT(commit_answered);
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

int commit_sync(struct committer *committer, int64_t timeout_us)
{
    if (committer->fenced != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    if (committer->automatic)
        return 0;
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(committer->offsets);
    if (list == NULL)
        return 0;
    /* rd_kafka_commit(…, sync) has no deadline and blocks through an outage, so the answer comes to a queue
     * of our own. */
    rd_kafka_queue_t *answers = rd_kafka_queue_new(committer->rk);
    struct sync_answer answer = {committer, RD_KAFKA_RESP_ERR__TIMED_OUT};
    committer->asked_us = clock_monotonic_us();
    rd_kafka_resp_err_t err = rd_kafka_commit_queue(committer->rk, list, answers, sync_answered, &answer);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        answer.err = err;
    else
        rd_kafka_queue_poll_callback(answers, (int)(timeout_us / US_PER_MS));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(answers);
    if (answer.err == RD_KAFKA_RESP_ERR_NO_ERROR || answer.err == RD_KAFKA_RESP_ERR__NO_OFFSET)
        return 0;
    log_warning("could not commit the last offsets: %s; what they cover will be delivered again",
                rd_kafka_err2str(answer.err));
    return -1;
}

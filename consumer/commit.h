/* commit.h: commits what the table of partitions says has been processed. While running: asynchronously, one
 * commit outstanding, because a synchronous one blocks through a broker's outage. At revoke and close:
 * synchronously, with a deadline. A commit that is not answered in time counts as failed and is repeated.
 * Each has a number, so that a late answer is not taken for the awaited one. */
#ifndef KSUPERVISE_CONSUMER_COMMIT_H
#define KSUPERVISE_CONSUMER_COMMIT_H

#include "consumer/joining.h"
#include "consumer/partition.h"

struct committer {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue; /* where asynchronous answers come to; NULL: the handle's own */
    void (*answered)(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                     void *number); /* and who takes them */
    struct partitions *partitions;
    struct stats_writer *stats;
    int64_t number;                /* of the last commit */
    bool outstanding;              /* and its answer is waited for */
    bool forced;                   /* a reset: also with --commit auto */
    bool quiet;                    /* no asynchronous commit is to be begun */
    bool automatic;                /* --commit auto: librdkafka commits by itself */
    bool by_sink;                  /* a sink commits in its transactions */
    const struct joining *joining; /* while it is under way a commit would cost the assignment; NULL: never */
    int64_t asked_us;              /* monotonic */
    int64_t seal_us;               /* monotonic: all is committed once more then; 0: no need */
    int64_t retry_us;              /* monotonic: not before; 0: at once */
    rd_kafka_resp_err_t fenced;    /* the group gave our identity to another process: commit nothing more */
};

/* `queue`, `answered` and `joining` are set by the caller afterwards; the latter hands over to
 * commit_answered. */
void committer_init(struct committer *committer, rd_kafka_t *rk, struct partitions *partitions,
                    struct stats_writer *stats);

/* Before something is committed: whether the group still has the offsets of what is not being read now, or of
 * all (partition.h: doubts). 0, or -1 with the error when it does not say; waits a second at most. */
int commit_look(struct committer *committer, bool all, struct error *error);

/* Starts an asynchronous commit when there is something to commit and none is outstanding. One whose answer
 * has not come in time is given up. Cheap when there is nothing to do. */
void commit_async(struct committer *committer);

/* The member is on its way into a new generation: asynchronous commits wait until it is there. */
bool commit_waits_for_join(const struct committer *committer);

/* When the next asynchronous commit is to be tried, as a wait from now in microseconds; INT64_MAX when
 * nothing waits for time. */
int64_t commit_due_us(const struct committer *committer);

/* The answer of an asynchronous commit; `number` is what the answer function got. */
void commit_answered(struct committer *committer, rd_kafka_resp_err_t err,
                     const rd_kafka_topic_partition_list_t *list, const void *number);
/* A commit that librdkafka made by itself (--commit auto). */
void commit_made(struct committer *committer, rd_kafka_resp_err_t err,
                 const rd_kafka_topic_partition_list_t *list);

/* Commits these, which are no partitions of the table yet, and waits for the answer. 0, or -1 with the error.
 */
int commit_first(struct committer *committer, const rd_kafka_topic_partition_list_t *list,
                 struct error *error);

/* Commits and waits for the answer, at most `timeout_us`. 0 when all is committed that may be; -1 otherwise,
 * with the error. */
#define COMMIT_SYNC_US INT64_C(5000000)
int commit_sync(struct committer *committer, int64_t timeout_us, struct error *error);

#endif

/* commit.h: commits what the offsets table says has been processed. While running: asynchronously, one commit
 * outstanding, because a synchronous one blocks through a broker's outage. At revoke and close:
 * synchronously, with a deadline. */
#ifndef KSUPERVISE_CONSUMER_COMMIT_H
#define KSUPERVISE_CONSUMER_COMMIT_H

#include "consumer/offsets.h"

struct committer {
    rd_kafka_t *rk;
    struct offsets *offsets;
    struct stats_writer *stats;
    bool outstanding;
    bool automatic; /* --commit auto: librdkafka commits by itself */
    bool held; /* between a cooperative revoke and the next assignment a commit would cost the assignment */
    int64_t asked_us;           /* monotonic */
    int64_t retry_us;           /* monotonic: not before; 0: at once */
    rd_kafka_resp_err_t fenced; /* the group gave our identity to another process: commit nothing more */
};

void committer_init(struct committer *committer, rd_kafka_t *rk, struct offsets *offsets,
                    struct stats_writer *stats);

/* Starts an asynchronous commit when there is something to commit and none is outstanding. Cheap when not. */
void commit_async(struct committer *committer);

/* When the next asynchronous commit is to be tried, as a wait from now in microseconds; INT64_MAX when
 * nothing waits for time. */
int64_t commit_due_us(const struct committer *committer);

/* For librdkafka's offset_commit_cb: the answer of an asynchronous commit. */
void commit_answered(struct committer *committer, rd_kafka_resp_err_t err,
                     const rd_kafka_topic_partition_list_t *list);

/* Commits and waits for the answer, at most `timeout_us`. 0 when all is committed; -1 otherwise, said in one
 * line. */
#define COMMIT_SYNC_US INT64_C(5000000)
int commit_sync(struct committer *committer, int64_t timeout_us);

#endif

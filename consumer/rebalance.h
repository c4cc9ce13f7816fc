/* rebalance.h: what happens when the group gives partitions or takes them. Eager (range, roundrobin) and
 * cooperative assignors. */
#ifndef KSUPERVISE_CONSUMER_REBALANCE_H
#define KSUPERVISE_CONSUMER_REBALANCE_H

#include "consumer/consumer.h"

/* librdkafka's rebalance_cb; its opaque is the struct consumer. Runs inside batch_fill, on the loop's thread.
 *
 * Given: asks for the committed offsets, decides where to begin (--from when there is none), begins there. An
 * explicit start saves librdkafka's own query and tells us what to print. Taken: commits what has been
 * processed, before the partitions go. */
void rebalance_callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                        void *consumer);

/* Before partitions go: what was processed is committed, as soon as its dead letters are acknowledged. Waits,
 * but not for ever. */
void rebalance_commit(struct consumer *consumer);

/* Stops taking records from all assigned partitions, or takes them again from the offsets that the table has.
 * The membership, and polling, go on. */
void rebalance_pause(struct consumer *consumer, bool paused);

/* The topic was not there for a moment: all partitions are read again from the last record that was read
 * (witness.h), to see whether it is the same that comes back; nothing is committed before. */
void rebalance_look_back(struct consumer *consumer);

/* Asks the sink again where a partition is to begin, and begins there. */
void rebalance_take(struct consumer *consumer, int32_t partition);

/* Goes on at another offset than the next, in the sink too: where records are gone, or somebody wants it.
 * False: the sink does not say that it is done, and is asked again where to begin. */
bool rebalance_begin_at(struct consumer *consumer, int32_t partition, int64_t offset, bool delete_rows);

/* Takes no more records of one partition, for a reason of its own. */
void rebalance_pause_one(struct consumer *consumer, int32_t partition);

/* Takes records again of one partition that waited, from the offset that the table has; unless all are
 * paused. */
void rebalance_read_on(struct consumer *consumer, int32_t partition);

#endif

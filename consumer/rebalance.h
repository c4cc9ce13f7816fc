/* rebalance.h: what happens when the group gives partitions or takes them. Eager (range, roundrobin) and
 * cooperative assignors. */
#ifndef KSUPERVISE_CONSUMER_REBALANCE_H
#define KSUPERVISE_CONSUMER_REBALANCE_H

#include "consumer/consumer.h"

/* librdkafka's rebalance_cb; its opaque is the struct consumer. Runs inside batch_fill and batch_poll, on the
 * loop's thread, while nothing is in flight.
 *
 * Given: asks where to begin (starts.h), begins there. An explicit start saves librdkafka's own query and
 * tells us what to print. Taken: commits what has been processed, before the partitions go. Partitions of
 * another topic are left alone: a static member that comes back subscribed to another one is first given what
 * it had. */
void rebalance_callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                        void *consumer);

/* Before partitions go: what was processed is committed, as soon as its dead letters are acknowledged. Waits,
 * but not for ever. False when something processed is not committed: told. */
bool rebalance_commit(struct consumer *consumer);

#endif

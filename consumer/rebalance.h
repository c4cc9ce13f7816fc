/* rebalance.h: what happens when the group assigns or revokes partitions. Eager (range, roundrobin) and
 * cooperative assignors. */
#ifndef KSUPERVISE_CONSUMER_REBALANCE_H
#define KSUPERVISE_CONSUMER_REBALANCE_H

#include "consumer/consumer.h"

/* librdkafka's rebalance_cb; its opaque is the struct consumer. Runs inside batch_fill and batch_poll, on the
 * loop's thread, while nothing is in flight.
 *
 * Assigned: asks for the start offset (starts.h) and starts there. An explicit start saves librdkafka's own query
 * and tells us what to print. Revoked: commits what has been processed before the partitions go. Partitions of
 * another topic are left alone: a static member that comes back subscribed to another one is first assigned what
 * it had. */
void rebalance_callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                        void *consumer);

/* Before partitions go: what was processed is committed, as soon as its dead letters are acknowledged. The wait
 * is bounded. False if something processed is not committed; that is logged. */
bool rebalance_commit(struct consumer *consumer);

#endif

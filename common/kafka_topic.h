/* kafka_topic.h: makes a topic that a program needs for itself. */
#ifndef KSUPERVISE_COMMON_KAFKA_TOPIC_H
#define KSUPERVISE_COMMON_KAFKA_TOPIC_H

#include "common/error.h"

#include <librdkafka/rdkafka.h>

/* Lets the cluster choose the replication factor (KIP-464, brokers from 2.4 on). */
#define KAFKA_REPLICATION_DEFAULT (-1)

/* Waits for the answer, as kafka_admin.h does. 0 when the topic is there, made now or before; -1 with the
 * error that names it. */
int kafka_topic_create(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                       int timeout_ms, struct error *error);

/* How many partitions it has; 0 when it is not there, -1 when nobody answered. */
int kafka_topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms);

#endif

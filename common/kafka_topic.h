/* kafka_topic.h: makes a topic that a program needs for itself. */
#ifndef KSUPERVISE_COMMON_KAFKA_TOPIC_H
#define KSUPERVISE_COMMON_KAFKA_TOPIC_H

#include "common/error.h"

#include <stdbool.h>

#include <librdkafka/rdkafka.h>

/* Lets the cluster choose the replication factor (KIP-464, brokers from 2.4 on). */
#define KAFKA_REPLICATION_DEFAULT (-1)

/* Waits for the answer, as kafka_admin.h does. KAFKA_TOPIC_MADE, or KAFKA_TOPIC_THERE: somebody else was
 * quicker, and it has the partitions that they gave it; -1 with the error that names it. */
enum { KAFKA_TOPIC_MADE, KAFKA_TOPIC_THERE };
int kafka_topic_create(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                       int timeout_ms, struct error *error);

/* The same, with one of its properties set; NULL: none. */
int kafka_topic_create_with(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                            const char *property, const char *value, int timeout_ms, struct error *error);

/* Raises a topic's number of partitions to `partitions`, which must be more than it has. 0, or -1 with the
 * error. */
int kafka_topic_grow(rd_kafka_t *rk, const char *topic, int partitions, int timeout_ms, struct error *error);

/* A property of a topic that is a number, as it is in force; -1 when nobody says. The embedded broker is not
 * asked: it cannot answer. */
int64_t kafka_topic_number(rd_kafka_t *rk, const char *topic, const char *property, int timeout_ms);

/* True when the broker refuses to describe the topic: it may exist nevertheless. */
bool kafka_topic_forbidden(rd_kafka_t *rk, const char *topic, int timeout_ms);

/* How many partitions it has; 0 when it is not there, -1 when nobody answered. */
int kafka_topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms);
/* The same from the list of all topics: so a producer's question does not make it, where brokers may do that.
 */
int kafka_topic_partitions_listed(rd_kafka_t *rk, const char *topic, int timeout_ms);

#endif

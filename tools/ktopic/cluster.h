/* cluster.h: the Kafka that a verb is about. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_CLUSTER_H
#define KSUPERVISE_TOOLS_KTOPIC_CLUSTER_H

#include "common/kafka_cluster.h"

/* For a handle that reads partitions by their offsets: no group is joined, nothing is committed, ends are
 * told. */
extern const struct kafka_property cluster_reader_settings[];

/* Finds out which Kafka, and connects: brokers.h, kafka_cluster_open. */
int cluster_open(struct kafka_cluster *cluster, rd_kafka_type_t type, const struct kafka_source *source,
                 struct option_list *properties, const struct kafka_property *settings, struct error *error);

/* 0, or -1 on the embedded broker (kbroker) with an error: "the embedded broker (kbroker) WHAT_NOT: …". Its
 * requests of the Admin API would all run out of time. */
int cluster_real(const struct kafka_cluster *cluster, const char *what_not, struct error *error);

/* An error that names the topic, and the nearest one that exists. Returns -1. */
int unknown_topic(const struct kafka_cluster *cluster, const struct rd_kafka_metadata *metadata,
                  const char *name, struct error *error);

#endif

/* cluster.h: a connection to a Kafka, and what can be asked of it without the Admin API: its topics and how
 * far they go. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_CLUSTER_H
#define KSUPERVISE_TOOLS_KTOPIC_CLUSTER_H

#include "common/brokers.h"
#include "common/kafka.h"

/* An address that does not answer is told after this long. */
#define CLUSTER_REACH_MS 8000

struct cluster {
    struct brokers brokers;
    rd_kafka_t *rk;
};

/* Finds out which Kafka (brokers.h), connects, and waits until one of its brokers answers. `type` is
 * RD_KAFKA_CONSUMER for reading; `settings` are properties of the verb's own that the user's may override
 * (NAME=VALUE, ends with NULL), or NULL. -1 with one line that names the address and what to do; nothing is
 * left open then. */
int cluster_open(struct cluster *cluster, rd_kafka_type_t type, const char *bootstrap,
                 const struct option_list *properties, const char *const *settings, struct error *error);
void cluster_close(struct cluster *cluster);

/* 0, or -1 on the embedded broker (kbroker) with an error: "the embedded broker (kbroker) WHAT_NOT: …". Its
 * requests of the Admin API would all run out of time. */
int cluster_real(const struct cluster *cluster, const char *what_not, struct error *error);

/* All topics, asked anew. The caller frees with rd_kafka_metadata_destroy. A topic is never created by
 * asking. */
int cluster_metadata(const struct cluster *cluster, const struct rd_kafka_metadata **metadata,
                     struct error *error);

/* NULL when there is none of that name. */
const struct rd_kafka_metadata_topic *metadata_topic(const struct rd_kafka_metadata *metadata,
                                                     const char *name);

/* An error that names the topic, and the nearest one that exists. Returns -1. */
int unknown_topic(const struct cluster *cluster, const struct rd_kafka_metadata *metadata, const char *name,
                  struct error *error);

/* The first offset that is there and the offset that the next record will get, per partition. */
struct watermarks {
    int64_t low, high; /* -1 when the partition's leader did not tell */
};

/* Fills watermarks[0 … topic->partition_cnt - 1], in the order of topic->partitions; two requests to each
 * broker, whatever the number of partitions. Right after a topic was created its leaders may not know it yet:
 * asked again for a while. */
int cluster_watermarks(const struct cluster *cluster, const struct rd_kafka_metadata_topic *topic,
                       struct watermarks *watermarks, struct error *error);

#endif

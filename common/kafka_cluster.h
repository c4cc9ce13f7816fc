/* kafka_cluster.h: a tool's connection to a Kafka, and what can be asked of it without the Admin API: its
 * topics and how far they go. */
#ifndef KSUPERVISE_COMMON_KAFKA_CLUSTER_H
#define KSUPERVISE_COMMON_KAFKA_CLUSTER_H

#include "common/brokers.h"
#include "common/kafka.h"

/* How long to wait for an address that does not answer. */
#define KAFKA_CLUSTER_REACH_MS 8000

struct kafka_cluster {
    struct brokers brokers;
    rd_kafka_t *rk;
    struct kafka_failure failure; /* why nobody answers */
};

/* Connects to `cluster->brokers`, which the caller has found (brokers.h), and waits until one of them
 * answers. `type` is RD_KAFKA_CONSUMER for reading; `settings` are properties of the tool's own that the
 * user's `properties` may override or NULL. -1 with one line that names the
 * address and what to do; nothing is left open then. */
int kafka_cluster_open(struct kafka_cluster *cluster, rd_kafka_type_t type, const char *client_id,
                       const struct option_list *properties, const struct kafka_property *settings,
                       struct error *error);
void kafka_cluster_close(struct kafka_cluster *cluster);

/* All topics, asked anew. The caller frees with rd_kafka_metadata_destroy. A topic is never created by
 * asking, as it could be by asking for one by name. */
int kafka_cluster_metadata(const struct kafka_cluster *cluster, const struct rd_kafka_metadata **metadata,
                           struct error *error);

/* NULL when no topic has that name. */
const struct rd_kafka_metadata_topic *kafka_metadata_topic(const struct rd_kafka_metadata *metadata,
                                                           const char *name);

/* The first offset that is there and the offset that the next record will get, per partition. */
struct kafka_watermarks {
    int64_t low, high; /* -1 when the partition's leader did not tell */
};

/* Fills watermarks[0 … topic->partition_cnt - 1], in the order of topic->partitions; two requests to each
 * broker, whatever the number of partitions. Right after a topic was created its leaders may not know it yet:
 * asked again for a while. */
int kafka_cluster_watermarks(const struct kafka_cluster *cluster, const struct rd_kafka_metadata_topic *topic,
                             struct kafka_watermarks *watermarks, struct error *error);

#endif

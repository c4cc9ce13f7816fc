/* cluster.h: a connection to a Kafka, and what is asked of it before a topic is read. It has no group.id, so
 * that nothing could be committed even by mistake.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_CLUSTER_H
#define KSUPERVISE_TOOLS_KAUDIT_CLUSTER_H

#include "common/kafka_cluster.h"

struct cluster {
    struct kafka_cluster kafka;
    char *id; /* NULL when it does not tell */
};

int cluster_open(struct cluster *cluster, const struct kafka_source *source, struct option_list *properties,
                 struct error *error);
void cluster_close(struct cluster *cluster);

/* What is there of a topic, by partition. The caller frees `*extents`. Returns how many partitions, 0 when
 * there is no such topic, -1. */
int cluster_extents(const struct cluster *cluster, const char *topic, struct kafka_watermarks **extents,
                    struct error *error);

/* What the group has committed of the topic, -1 where nothing; `committed` has room for all partitions. */
int cluster_committed(const struct cluster *cluster, const char *group, const char *topic, int partitions,
                      int64_t *committed, struct error *error);

#endif

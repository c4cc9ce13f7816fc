/* cluster.h: librdkafka's mock cluster (rdkafka_mock.h), which speaks Kafka's protocol over real TCP on
 * 127.0.0.1, on ports that the system chooses. It runs in threads of librdkafka's own until it is closed. */
#ifndef KSUPERVISE_TOOLS_KBROKER_CLUSTER_H
#define KSUPERVISE_TOOLS_KBROKER_CLUSTER_H

#include "tools/kbroker/topics.h"

struct cluster; /* opaque, allocated */

/* Starts `brokers` of them and creates the topics, each with as many replicas as there are brokers, 3 at
 * most. */
int cluster_open(struct cluster **cluster, int brokers, const struct topic_list *topics, struct error *error);

/* HOST:PORT[,HOST:PORT…], valid until cluster_close. */
const char *cluster_address(const struct cluster *cluster);

/* NULL is allowed. */
void cluster_close(struct cluster *cluster);

#endif

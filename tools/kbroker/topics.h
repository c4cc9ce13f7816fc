/* topics.h: the topics that the embedded broker has from its start: every workload's, and what --topic names.
 */
#ifndef KSUPERVISE_TOOLS_KBROKER_TOPICS_H
#define KSUPERVISE_TOOLS_KBROKER_TOPICS_H

#include "common/options.h"

/* Kafka's limit for a topic's name, org.apache.kafka.common.internals.Topic: 249 of [A-Za-z0-9._-], not "."
 * or "..". */
#define TOPIC_NAME_BYTES 250
#define TOPICS_MAX       64
/* The mock cluster makes a topic's partitions at once and keeps them in memory. */
#define TOPIC_PARTITIONS_MAX 1000

struct topic {
    char name[TOPIC_NAME_BYTES];
    int partitions;
};

struct topic_list {
    struct topic items[TOPICS_MAX];
    size_t count;
};

/* The workloads' topics with `partitions` each, then `extra` (NAME or NAME:PARTITIONS); one that is named
 * again gets the later count. 0, or -1 with a usage error that shows the word. */
int topics_collect(struct topic_list *topics, int partitions, const struct option_list *extra,
                   struct error *error);

#endif

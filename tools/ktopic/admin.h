/* admin.h: Kafka's Admin API, one request at a time, its answers as errors that name the topic. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_ADMIN_H
#define KSUPERVISE_TOOLS_KTOPIC_ADMIN_H

#include "tools/ktopic/cluster.h"

/* Calls `each` for every setting of the topic, wherever its value comes from. `value` is NULL for a secret
 * one. */
int admin_topic_settings(const struct kafka_cluster *cluster, const char *topic,
                         void (*each)(void *context, const char *name, const char *value,
                                      rd_kafka_ConfigSource_t source),
                         void *context, struct error *error);

struct admin_setting {
    const char *name;
    const char *value;
};

/* From now on these are all the settings of the topic's own, and no others: Kafka's AlterConfigs, the only
 * one that librdkafka has before 2.2. The broker may show the former values for some milliseconds more. */
int admin_replace_settings(const struct kafka_cluster *cluster, const char *topic,
                           const struct admin_setting *settings, size_t count, struct error *error);

#endif

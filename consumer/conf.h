/* conf.h: librdkafka's configuration of a consumer: ours, the group protocol's, and what the user said. */
#ifndef KSUPERVISE_CONSUMER_CONF_H
#define KSUPERVISE_CONSUMER_CONF_H

#include "common/kafka.h"
#include "consumer/settings.h"

/* The caller's. NULL with the error. */
rd_kafka_conf_t *consumer_conf(const struct settings *settings, struct error *error);

/* False with group.protocol=consumer (KIP-848). A librdkafka without the property knows the classic protocol
 * only. */
bool conf_is_classic(const rd_kafka_conf_t *conf);

#endif

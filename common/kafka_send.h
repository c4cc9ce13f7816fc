/* kafka_send.h: hands one message to librdkafka, where it need not be fast. (The RD_KAFKA_V_… macros of
 * rd_kafka_producev are no ISO C.) */
#ifndef KSUPERVISE_COMMON_KAFKA_SEND_H
#define KSUPERVISE_COMMON_KAFKA_SEND_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>

struct kafka_message {
    const char *topic;
    int32_t partition; /* RD_KAFKA_PARTITION_UA: by the key */
    const void *key, *value;
    size_t key_length, value_length;
    int64_t timestamp_ms; /* not positive: now */
    rd_kafka_headers_t *headers;
    void *opaque; /* for the delivery report */
};

/* Key and value are copied; the headers are librdkafka's when it succeeds, and else the caller's still. */
rd_kafka_resp_err_t kafka_send(rd_kafka_t *rk, const struct kafka_message *message);

#endif

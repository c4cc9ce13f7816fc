/* topic.h: all records of a topic, from its first offset to what is its end at the start, in the order of
 * their timestamps over all partitions (those of one millisecond in the order of `seq`). Joins no group and
 * commits nothing. Shares no code with the consumer whose work is audited.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_TOPIC_H
#define KSUPERVISE_TOOLS_KAUDIT_TOPIC_H

#include "tools/kaudit/cluster.h"

struct topic_reader; /* opaque */

/* Begins to read. `extents` must outlive it. */
int topic_open(struct topic_reader **reader, const struct cluster *cluster, const char *topic,
               const struct kafka_watermarks *extents, int partitions, struct error *error);
void topic_close(struct topic_reader *reader);

/* A record, valid until the next call. */
struct topic_record {
    const rd_kafka_message_t *message;
    rd_kafka_headers_t *headers; /* NULL: none */
    int64_t timestamp_ms;        /* 0: none */
    bool broker_stamped;         /* LogAppendTime */
    const char *producer;        /* header; NULL: none */
    size_t producer_length;
    int64_t seq; /* header; -1: none */
};

/* 1 with the next, 0 after the last, -1. 30 s without a record is an error. */
int topic_next(struct topic_reader *reader, struct topic_record *record, struct error *error);

#endif

/* letter.h: a dead letter, and how it describes its record (common/dead_letter.h has the headers).
 *
 * It has the present time, not the record's: the dead-letter topic's retention counts from then, and a broker
 * refuses a time far ahead. The record's own stands in a header.
 */
#ifndef KSUPERVISE_CONSUMER_LETTER_H
#define KSUPERVISE_CONSUMER_LETTER_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>

/* Whose record it was. */
struct letter_source {
    const char *cluster; /* Kafka's cluster id */
    const char *group;
    const char *topic;
};

/* What is said of a record. */
struct letter_failure {
    const char *stage;
    const char *why;
    unsigned attempts;
    int64_t first_failure_us; /* wall */
};

/* A letter as it is sent. An empty key or value is another than none (NULL). */
struct letter_body {
    int32_t partition; /* of the source */
    int64_t offset;
    int64_t timestamp_ms; /* of the record; −1: it had none */
    const void *key, *value;
    size_t key_length, value_length;
    rd_kafka_headers_t *headers;
};

/* Which letter it is, as its id says: a recreated topic has other records at the same offsets. */
struct letter_origin {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* of the record; −1: it had none */
};

/* The headers of a message's letter: its own, and what is said of it. The caller destroys them. */
rd_kafka_headers_t *letter_headers(const struct letter_source *source, const rd_kafka_message_t *message,
                                   const struct letter_failure *failure);
/* The letter of a message, whose key and value it points at. */
struct letter_body letter_of(const rd_kafka_message_t *message, rd_kafka_headers_t *headers);

#endif

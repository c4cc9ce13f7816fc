/* kafka_header.h: one header of a message. */
#ifndef KSUPERVISE_COMMON_KAFKA_HEADER_H
#define KSUPERVISE_COMMON_KAFKA_HEADER_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* A view of its value, which lives as long as the message; no NUL at its end. */
struct kafka_header {
    const char *data; /* NULL: absent, or without a value */
    size_t length;
};

/* The last of that name; absent also when `headers` is NULL. */
struct kafka_header kafka_header_find(const rd_kafka_headers_t *headers, const char *name);

bool kafka_header_is(struct kafka_header header, const char *text);

#endif

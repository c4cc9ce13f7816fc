/* message_json.h: one Kafka message whole, as one JSON object: place, time, key, headers, and its value:
 * decoded by its schema; or, when that cannot be, with the reason, as the MessagePack that it is, or as text.
 * Needs no Kafka. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_MESSAGE_JSON_H
#define KSUPERVISE_TOOLS_KTOPIC_MESSAGE_JSON_H

#include "tools/ktopic/show.h"

#include <stdio.h>

/* Of a value that is neither a record nor MessagePack, so much is shown. */
#define MESSAGE_RAW_BYTES 4096

struct message_header {
    const char *name;
    const void *value; /* NULL: none */
    size_t length;
};

struct whole_message {
    struct message message; /* its `schema` is one of the headers */
    int64_t timestamp_us;   /* wall time; -1: it has none */
    const void *key;        /* NULL: it has none */
    size_t key_length;
    const struct message_header *headers;
    size_t header_count;
};

/* Without a newline. Text is valid UTF-8 and harmless for a terminal, whatever came (record/text.h,
 * text_json). -1 when memory ran out. */
int message_json(FILE *stream, const struct whole_message *whole, const struct schema *fallback);

#endif

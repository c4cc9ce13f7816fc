/* copy_binary.h: rows in PostgreSQL's binary COPY format (its manual, SQL commands, COPY, "Binary Format"),
 * for the columns of sink_columns_sql: a signature, then a row a record, each field as its length and its
 * bytes in network order, then an end. Nothing is allocated after init: one buffer is filled, sent, and
 * filled again.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_COPY_BINARY_H
#define KSUPERVISE_CONSUMER_SINKS_COPY_BINARY_H

#include "consumer/pipeline/stage.h"

struct copy_binary {
    unsigned char *data;
    size_t used;
};

/* From here on it is to be sent. The server reads the one part while the next is made. */
#define COPY_BINARY_SEND_BYTES ((size_t)64 * 1024)
/* Behind that there is room for a record more, whatever it holds: its texts are views into a payload. */
#define COPY_BINARY_BYTES (COPY_BINARY_SEND_BYTES + 2 * RECORD_BYTES_MAX + 4096)

int copy_binary_init(struct copy_binary *copy, struct error *error);
void copy_binary_release(struct copy_binary *copy);

void copy_binary_begin(struct copy_binary *copy); /* forgets what is there */
void copy_binary_row(struct copy_binary *copy, const struct item *item);
void copy_binary_end(struct copy_binary *copy);

/* Why PostgreSQL cannot hold this record, good for ever; NULL: it can. Its text has no NUL, and is UTF-8.
 * Uses the free memory of `copy`, and nothing else of it. */
const char *copy_binary_refuses(struct copy_binary *copy, const struct record *record);

#endif

/* show.h: one Kafka message as a line: decoded by its schema, or, when that cannot be, what is wrong with it.
 * Needs no Kafka. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_SHOW_H
#define KSUPERVISE_TOOLS_KTOPIC_SHOW_H

#include "common/record/record.h"

/* The message header that names the schema, DESIGN 3. */
#define SCHEMA_HEADER "schema"

struct show {
    const struct schema *fallback; /* for messages without a schema header; NULL: those cannot be decoded */
    bool json;
    bool offsets;         /* partition and offset in front */
    uint64_t number;      /* messages shown */
    uint64_t undecodable; /* of them */
    char *line;           /* grows to what the longest took */
    size_t capacity;
};

struct message {
    const void *value; /* NULL: a tombstone */
    size_t length;
    const void *schema; /* value of the schema header, NULL when there is none */
    size_t schema_length;
    int32_t partition;
    int64_t offset;
};

void show_init(struct show *show, const struct schema *fallback);
void show_release(struct show *show);

/* The line of `message`, without a newline, valid until the next call. NULL when memory ran out. Foreign text
 * is escaped. */
const char *show_message(struct show *show, const struct message *message);

#endif

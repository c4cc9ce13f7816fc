/* show.h: one Kafka message as a line: decoded by its schema, or, when that cannot be, what is wrong with it.
 * Needs no Kafka. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_SHOW_H
#define KSUPERVISE_TOOLS_KTOPIC_SHOW_H

#include "common/record/record.h"

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

/* The schema of what has no header: of the file, or the workload that is named, else of the one whose topic
 * it is, else NULL. -1 when none is called so. What is read from a file lives as long as the program. */
int show_fallback(const char *workload, const char *file, const char *topic, const struct schema **fallback,
                  struct error *error);

/* Decodes by the message's header, or as `fallback`. False when that cannot be, with the reason. The record
 * points into the message. */
bool show_decode(const struct schema *fallback, const struct message *message, struct record *record,
                 char *reason, size_t bytes);

void show_init(struct show *show, const struct schema *fallback);
void show_release(struct show *show);

/* The line of `message`, without a newline, valid until the next call. NULL when memory ran out. Foreign text
 * is escaped. */
const char *show_message(struct show *show, const struct message *message);

#endif

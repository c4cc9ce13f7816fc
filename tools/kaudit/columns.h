/* columns.h: whether a table still has the types that its sink writes. One that was altered may hold rows of
 * garbage, and their offsets are still right: counting them finds nothing.
 *
 * What a field's column has to be is said here anew, for no code is shared with the consumer; a column that
 * no schema knows is its owner's business.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_COLUMNS_H
#define KSUPERVISE_TOOLS_KAUDIT_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/record/schema.h"

#define SINK_PARTITION "kafka_partition"
#define SINK_OFFSET    "kafka_offset"
#define SINK_TIMESTAMP "kafka_timestamp_us"

/* Where a consumer keeps the dead letters of committed batches until the dead-letter topic has acknowledged
 * them. */
#define SINK_OUTBOX "ksupervise_outbox"

/* Where ours keep their next offsets: a table that is filled by one of ours has its topic in there. */
#define SINK_OFFSETS_TABLE "ksupervise_offsets"

enum columns_database { COLUMNS_SQLITE, COLUMNS_POSTGRES, COLUMNS_DATABASES };

#define ALTERED_MAX        16
#define ALTERED_NAME_BYTES 64

struct altered_column {
    char name[ALTERED_NAME_BYTES], found[ALTERED_NAME_BYTES];
    const char *wanted;
};

struct altered {
    struct altered_column columns[ALTERED_MAX];
    size_t count; /* may be more than ALTERED_MAX */
};

/* A column of the table and its type in the database; noted if that is not the expected one. */
void columns_look(struct altered *altered, enum columns_database database, const struct schema *own,
                  const char *name, const char *found);

/* The schemas that a table may be of: `own`, which the user gave, or without it the built-in ones; NULL past
 * the last. */
const struct schema *columns_candidate(const struct schema *own, size_t index);

/* The schema whose rows a table has, and which of its fields have a column (bit i); `has` says whether there
 * is a column of that name. NULL: all required fields of no schema are there. */
const struct schema *columns_schema(const struct schema *own, bool (*has)(void *context, const char *name),
                                    void *context, uint64_t *fields);

/* `, "user", "amount_minor"`: those fields, for a SELECT. */
#define COLUMNS_SQL_BYTES (40 * 1024)
void columns_sql(char sql[COLUMNS_SQL_BYTES], const struct schema *schema, uint64_t fields);

#endif

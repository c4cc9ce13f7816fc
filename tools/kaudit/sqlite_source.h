/* sqlite_source.h: a table of (partition, offset) in SQLite as a source: the rows of a sink, and our own
 * scratch tables. One ordered statement a partition, stepped as it is asked; SQLite sorts in files of its own
 * where no index helps.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SQLITE_SOURCE_H
#define KSUPERVISE_TOOLS_KAUDIT_SQLITE_SOURCE_H

#include <sqlite3.h>

#include "tools/kaudit/source.h"

struct sqlite_table {
    const char *name; /* unquoted */
    const char *partition, *offset;
    const char *tag, *timestamp_ms; /* expressions over its columns, or "0" */
    const char *content;            /* a column with a struct content of this process, or NULL */
    uint64_t fields;                /* bit i: it has a column of that field of `schema` */
    const struct schema *schema;    /* NULL: contents cannot be compared */
};

/* `db` becomes the source's in any case, and source_close closes it. -1 when there is no such table or
 * column. */
int sqlite_source_open(struct source *source, sqlite3 *db, const struct sqlite_table *table,
                       struct error *error);

/* The text of the db's last failure behind what could not be done. Returns -1. */
int sqlite_failed(sqlite3 *db, const char *what, struct error *error);

#endif

/* sink.h: what a consumer wrote: a table in SQLite or PostgreSQL, or a file of JSON lines, as a source of
 * offsets. All of it as it was at one moment; only read.
 *
 * A table has a row a record, with the columns kafka_partition and kafka_offset. A line of JSON has
 * "partition" and "offset" (or those names).
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SINK_H
#define KSUPERVISE_TOOLS_KAUDIT_SINK_H

#include "tools/kaudit/source.h"

#define SINK_PARTITION "kafka_partition"
#define SINK_OFFSET    "kafka_offset"

struct sink {
    struct source source;
    uint64_t elsewhere; /* rows of partitions that the topic has not, or without one, or no offset */
};

/* `where`: a file, or libpq's connection string. `table`: its name. `partitions`: the topic's. */
int sink_open_sqlite(struct sink *sink, const char *where, const char *table, int partitions,
                     struct error *error);
int sink_open_postgres(struct sink *sink, const char *where, const char *table, int partitions,
                       struct error *error);
int sink_open_ndjson(struct sink *sink, const char *where, const char *table, int partitions,
                     struct error *error);

#endif

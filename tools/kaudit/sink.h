/* sink.h: what a consumer wrote: a table in SQLite or PostgreSQL, or a file of JSON lines, as a source of
 * offsets. All of it as it was at one moment; only read.
 *
 * A table has a row a record, with the columns kafka_partition and kafka_offset, and kafka_timestamp_us if it
 * tells of which record; without it any record of that offset will do. A line of JSON has "partition" and
 * "offset" (or those names). A database may have an outbox beside it.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SINK_H
#define KSUPERVISE_TOOLS_KAUDIT_SINK_H

#include "tools/kaudit/columns.h"
#include "tools/kaudit/source.h"

#define SINK_PARTITION "kafka_partition"
#define SINK_OFFSET    "kafka_offset"
#define SINK_TIMESTAMP "kafka_timestamp_us"

/* Where a consumer keeps the dead letters of committed batches until the dead-letter topic has acknowledged
 * them. */
#define SINK_OUTBOX "ksupervise_outbox"

/* Where ours keep their places: a table that is filled by one of ours has its topic in there. */
#define SINK_PLACES "ksupervise_offsets"

struct sink {
    struct source source;
    struct source outbox;   /* each letter once; not there: `next` is NULL */
    struct altered altered; /* columns of another type than a sink of ours writes; of a table of ours only */
    uint64_t elsewhere;     /* rows of partitions that the topic has not, or without one, or no offset */
};

/* What is asked for. */
struct sink_wish {
    const char *where; /* a file, or libpq's connection string */
    const char *table;
    int partitions; /* the topic's */
    /* Whose letters: `group` NULL: nobody's; `cluster` NULL: of any. */
    const char *cluster, *group, *topic;
};

int sink_open_sqlite(struct sink *sink, const struct sink_wish *wish, struct error *error);
int sink_open_postgres(struct sink *sink, const struct sink_wish *wish, struct error *error);
int sink_open_ndjson(struct sink *sink, const struct sink_wish *wish, struct error *error);

#endif

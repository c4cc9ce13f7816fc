/* sink.h: what a consumer wrote: a table in SQLite or PostgreSQL, another topic, or a file of JSON lines, as
 * a source of offsets. All of it as it was at one moment; only read.
 *
 * A table has a row a record, with the columns kafka_partition and kafka_offset, and kafka_timestamp_us if it
 * tells of which record; without it any record of that offset will do. A line of JSON has "partition" and
 * "offset" (or those names); a record of another topic has a header (common/provenance.h). Where the other
 * columns or members are those of a schema, they are compared with the record. A database may have beside it
 * an outbox, and the next offsets that it expects.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SINK_H
#define KSUPERVISE_TOOLS_KAUDIT_SINK_H

#include "tools/kaudit/cluster.h"
#include "tools/kaudit/columns.h"
#include "tools/kaudit/source.h"

struct sink {
    struct source source;
    struct source outbox;   /* each letter once; not there: `next` is NULL */
    struct altered altered; /* columns of another type than a sink of ours writes; of a table of ours only */
    /* Of a table of ours, or of lines of ours; NULL: of neither, and contents cannot be compared. */
    const struct schema *schema;
    enum content_form form;
    uint64_t elsewhere; /* rows of partitions that the topic has not, or without one, or no offset */
};

/* What is asked for. */
struct sink_spec {
    const char *where; /* a file, a topic, or libpq's connection string */
    const char *table;
    const struct schema *schema;         /* the user gave it; NULL: one of the workloads' */
    int partitions;                      /* the topic's */
    const char *cluster, *group, *topic; /* whose places and letters they are; `cluster` NULL: of any */
    bool letters;                        /* the outbox is wanted */
    int64_t *next_offsets;               /* by partition: set where the database has one */
    const struct cluster *kafka;         /* of a topic */
};

static inline void sink_take_position(const struct sink_spec *spec, int64_t partition, int64_t next_offset)
{
    if (partition >= 0 && partition < spec->partitions)
        spec->next_offsets[partition] = next_offset;
}

int sink_open_sqlite(struct sink *sink, const struct sink_spec *spec, struct error *error);
int sink_open_postgres(struct sink *sink, const struct sink_spec *spec, struct error *error);
int sink_open_kafka(struct sink *sink, const struct sink_spec *spec, struct error *error);
int sink_open_ndjson(struct sink *sink, const struct sink_spec *spec, struct error *error);

#endif

/* sink_table.h: what the databases have in common: the table of a topic as SQL, a column a field; epochs;
 * headers as bytes. */
#ifndef KSUPERVISE_CONSUMER_SINKS_SINK_TABLE_H
#define KSUPERVISE_CONSUMER_SINKS_SINK_TABLE_H

#include "common/record/record.h"
#include "consumer/sinks/sink.h"

#include <librdkafka/rdkafka.h>

enum sink_dialect { SINK_DIALECT_SQLITE, SINK_DIALECT_POSTGRES, SINK_DIALECTS };

/* Enough for as many fields as a schema has, their columns and the topic as long as they can be, each
 * character doubled. */
#define SINK_SQL_BYTES (48 * 1024)

/* The columns that each table has before its fields. */
enum sink_column { SINK_PARTITION, SINK_OFFSET, SINK_TIMESTAMP, SINK_OWN_COLUMNS };

/* An error of configuration when no table can be called as the topic: the name is one of ours, or the
 * database's own, or longer than its names are (PostgreSQL cuts them, and two topics would share a table). */
int sink_name_check(const char *topic, enum sink_dialect dialect, struct error *error);

/* The error behind SINK_LOST: the partition's row is another's, or (not `there`) it is gone. Returns -1. */
int sink_lost(struct error *error, const char *database, int32_t partition, bool there);

/* A table named after the topic: kafka_partition, kafka_offset, kafka_timestamp_us, then a column for each
 * field under the name that its schema says. No unique constraint: what is exact must not need one. */
void sink_create_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct schema *schema,
                     enum sink_dialect dialect);
/* The type of a field's column: "BIGINT". */
const char *sink_column_type(const struct field *field, enum sink_dialect dialect);
void sink_add_column_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct field *field,
                         enum sink_dialect dialect);
/* What a user can do about a column of another type. SQLite cannot alter one: it is moved out of the way. */
void sink_alter_column_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct field *field,
                           enum sink_dialect dialect);
/* On (kafka_partition, kafka_offset): kaudit and people read in this order. PostgreSQL names it by itself: a
 * name of ours would be cut, and could be a table's. For a table that is new there. */
void sink_index_sql(char sql[SINK_SQL_BYTES], const char *topic, enum sink_dialect dialect);
/* `"topic"` */
void sink_name_sql(char sql[SINK_SQL_BYTES], const char *topic);
/* Of all that a table with the same columns holds. */
void sink_insert_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct schema *schema,
                     const char *from);
/* `"topic" (kafka_partition, …)`: for COPY. */
void sink_columns_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct schema *schema);

/* Of a row of ksupervise_offsets: its epoch, and then what a struct sink_position has, in its order. */
#define SINK_PLACE "epoch, next_offset, witness_offset, witness_timestamp_ms, witness_hash, group_had_ms"

/* The rows of a partition from an offset on. */
void sink_delete_sql(char sql[SINK_SQL_BYTES], const char *topic, int32_t partition, int64_t from);

/* Whether all of a batch lies within its ranges, as it has to: for assert, and for tests. */
bool sink_batch_is_within(const struct sink_batch *batch);

/* The epochs of the partitions that are ours. */
struct sink_epochs {
    int64_t *of; /* by partition; 0: not ours */
    size_t count;
};
int sink_epoch_set(struct sink_epochs *epochs, int32_t partition, int64_t epoch, struct error *error);
int64_t sink_epoch(const struct sink_epochs *epochs, int32_t partition);
void sink_epochs_release(struct sink_epochs *epochs);

/* 8-4-4-4-12, and a NUL. */
#define SINK_UUID_BYTES 37
void sink_uuid_text(const struct value *value, char text[SINK_UUID_BYTES]);

/* Headers as a MessagePack array: name (str), value (bin or nil), name, value, … NULL when memory is out; the
 * caller frees. */
void *sink_pack_headers(const rd_kafka_headers_t *headers, size_t *bytes);
/* Stops at the first thing that is none of it. Never NULL; the caller destroys. */
rd_kafka_headers_t *sink_unpack_headers(const void *bytes, size_t length);

#endif

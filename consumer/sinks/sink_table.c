#include "consumer/sinks/sink_table.h"

#include <inttypes.h>
#include <msgpack.h>
#include <stdarg.h>
#include <strings.h>
#include <uuid/uuid.h>

#include "common/exit_codes.h"
#include "common/text.h"
#include "consumer/pipeline/stage.h"

/* --- names --------------------------------------------------------------------------------------------- */

struct naming {
    const char *name;
    size_t bytes_max;       /* of a table's name */
    const char *own_prefix; /* of the database's tables, in any case; NULL: it says so by itself */
};

static const struct naming namings[SINK_DIALECTS] = {
    [SINK_DIALECT_SQLITE] = {"SQLite", SIZE_MAX, "sqlite_"},
    [SINK_DIALECT_POSTGRES] = {"PostgreSQL", 63, NULL}, /* NAMEDATALEN - 1 */
};

int sink_name_check(const char *topic, enum sink_dialect dialect, struct error *error)
{
    const struct naming *naming = &namings[dialect];
    if (strlen(topic) > naming->bytes_max)
        return error_set_code(error, EXIT_CODE_CONFIG,
                              "%s: a table's name has at most %zu bytes, and the topic's %zu: %s",
                              naming->name, naming->bytes_max, strlen(topic), topic);
    bool ours = strcasecmp(topic, "ksupervise_offsets") == 0 || strcasecmp(topic, "ksupervise_outbox") == 0;
    bool theirs =
        naming->own_prefix != NULL && strncasecmp(topic, naming->own_prefix, strlen(naming->own_prefix)) == 0;
    if (!ours && !theirs)
        return 0;
    return error_set_code(error, EXIT_CODE_CONFIG,
                          "%s: no table can be named after the topic %s: the name is %s own", naming->name,
                          topic, ours ? "the sink's" : "the database's");
}

int sink_lost(struct error *error, const char *database, int32_t partition, bool there)
{
    return error_set_code(error, EXIT_CODE_SINK, "%s: [%" PRId32 "]: %s", database, partition,
                          there ? "another process took it over, or the database was restored"
                                : "its row in ksupervise_offsets is gone: the database was changed");
}

/* --- SQL ----------------------------------------------------------------------------------------------- */

static const char *const column_types[FIELD_TYPES][SINK_DIALECTS] = {
    [FIELD_STRING] = {"TEXT", "TEXT"},        [FIELD_UUID] = {"TEXT", "UUID"},
    [FIELD_INTEGER] = {"INTEGER", "BIGINT"},  [FIELD_MONEY] = {"INTEGER", "BIGINT"},
    [FIELD_CURRENCY] = {"TEXT", "TEXT"},      [FIELD_EXPONENT] = {"INTEGER", "BIGINT"},
    [FIELD_ENUM] = {"TEXT", "TEXT"},          [FIELD_TIME] = {"INTEGER", "BIGINT"},
    [FIELD_BOOLEAN] = {"INTEGER", "BOOLEAN"}, [FIELD_NUMBER] = {"REAL", "DOUBLE PRECISION"},
    [FIELD_BYTES] = {"BLOB", "BYTEA"},        [FIELD_ANY] = {"TEXT", "JSONB"},
};

static const char *const own_columns[SINK_OWN_COLUMNS] = {
    [SINK_PARTITION] = "kafka_partition",
    [SINK_OFFSET] = "kafka_offset",
    [SINK_TIMESTAMP] = "kafka_timestamp_us",
};

static void append(char sql[SINK_SQL_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char sql[SINK_SQL_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text_vappend(sql, SINK_SQL_BYTES, strlen(sql), format, arguments);
    va_end(arguments);
}

_Static_assert((size_t)RECORD_FIELDS_MAX *(2 * (SCHEMA_PATH_MAX + SCHEMA_DEPTH_MAX + 8) + 24) + 2048 <
                   SINK_SQL_BYTES,
               "room for all columns");

/* A name in double quotes, which are doubled within: Kafka allows none in topics, but schemas do in fields.
 */
static void append_name(char sql[SINK_SQL_BYTES], const char *before, const char *name, const char *after)
{
    append(sql, "%s\"", before);
    size_t used = strlen(sql);
    for (; *name != '\0' && used + 3 < SINK_SQL_BYTES; name++) {
        if (*name == '"')
            sql[used++] = '"';
        sql[used++] = *name;
    }
    snprintf(sql + used, SINK_SQL_BYTES - used, "\"%s", after);
}

const char *sink_column_type(const struct field *field, enum sink_dialect dialect)
{
    return column_types[field->type][dialect];
}

void sink_create_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct schema *schema,
                     enum sink_dialect dialect)
{
    sql[0] = '\0';
    append_name(sql, "CREATE TABLE IF NOT EXISTS ", topic, " (");
    for (size_t i = 0; i < SINK_OWN_COLUMNS; i++)
        append(sql, "%s%s %s NOT NULL", i > 0 ? ", " : "", own_columns[i],
               column_types[FIELD_INTEGER][dialect]);
    for (size_t i = 0; i < schema->field_count; i++) {
        append_name(sql, ", ", schema->fields[i].column, " ");
        append(sql, "%s", sink_column_type(&schema->fields[i], dialect));
    }
    append(sql, ")");
}

void sink_add_column_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct field *field,
                         enum sink_dialect dialect)
{
    sql[0] = '\0';
    append_name(sql, "ALTER TABLE ", topic, " ADD COLUMN ");
    append_name(sql, "", field->column, " ");
    append(sql, "%s", sink_column_type(field, dialect));
}

void sink_alter_column_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct field *field,
                           enum sink_dialect dialect)
{
    char before[SCHEMA_PATH_MAX + SCHEMA_DEPTH_MAX + 16];
    const char *type = sink_column_type(field, dialect);
    sql[0] = '\0';
    snprintf(before, sizeof before, "%s_before", field->column);
    append_name(sql, "ALTER TABLE ", topic, "");
    if (dialect == SINK_DIALECT_SQLITE) {
        append_name(sql, " RENAME COLUMN ", field->column, "");
        append_name(sql, " TO ", before, "");
    } else {
        append_name(sql, " ALTER COLUMN ", field->column, "");
        append(sql, " TYPE %s", type);
        append_name(sql, " USING ", field->column, "");
        append(sql, "::text::%s", type);
    }
}

void sink_index_sql(char sql[SINK_SQL_BYTES], const char *topic, enum sink_dialect dialect)
{
    char name[512];
    sql[0] = '\0';
    snprintf(name, sizeof name, "%s_kafka_offset", topic);
    if (dialect == SINK_DIALECT_SQLITE)
        append_name(sql, "CREATE INDEX IF NOT EXISTS ", name, " ON ");
    else
        append(sql, "CREATE INDEX ON ");
    append_name(sql, "", topic, " (kafka_partition, kafka_offset)");
}

void sink_name_sql(char sql[SINK_SQL_BYTES], const char *topic)
{
    sql[0] = '\0';
    append_name(sql, "", topic, "");
}

void sink_columns_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct schema *schema)
{
    sql[0] = '\0';
    append_name(sql, "", topic, " (");
    for (size_t i = 0; i < SINK_OWN_COLUMNS; i++)
        append(sql, "%s%s", i > 0 ? ", " : "", own_columns[i]);
    for (size_t i = 0; i < schema->field_count; i++)
        append_name(sql, ", ", schema->fields[i].column, "");
    append(sql, ")");
}

void sink_insert_sql(char sql[SINK_SQL_BYTES], const char *topic, const struct schema *schema,
                     const char *from)
{
    char columns[SINK_SQL_BYTES];
    sink_columns_sql(columns, topic, schema);
    sql[0] = '\0';
    append(sql, "INSERT INTO %s", columns);
    append_name(sql, " SELECT * FROM ", from, "");
}

void sink_delete_sql(char sql[SINK_SQL_BYTES], const char *topic, int32_t partition, int64_t from)
{
    sql[0] = '\0';
    append_name(sql, "DELETE FROM ", topic, "");
    append(sql, " WHERE kafka_partition = %" PRId32 " AND kafka_offset >= %" PRId64, partition, from);
}

/* --- a batch ------------------------------------------------------------------------------------------- */

static bool is_within(const struct sink_batch *batch, const rd_kafka_message_t *message)
{
    for (size_t i = 0; i < batch->range_count; i++)
        if (batch->ranges[i].partition == message->partition)
            return message->offset < batch->ranges[i].next.next_offset;
    return false;
}

bool sink_batch_is_within(const struct sink_batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++)
        if (!is_within(batch, batch->items[i].message))
            return false;
    for (size_t i = 0; i < batch->death_count; i++)
        if (!is_within(batch, batch->deaths[i].message))
            return false;
    return true;
}

/* --- epochs -------------------------------------------------------------------------------------------- */

int sink_epoch_set(struct sink_epochs *epochs, int32_t partition, int64_t epoch, struct error *error)
{
    size_t wanted = (size_t)partition + 1;
    if (wanted > epochs->count) {
        int64_t *of = realloc(epochs->of, wanted * sizeof *of);
        if (of == NULL)
            return error_set(error, "out of memory");
        memset(of + epochs->count, 0, (wanted - epochs->count) * sizeof *of);
        epochs->of = of;
        epochs->count = wanted;
    }
    epochs->of[partition] = epoch;
    return 0;
}

int64_t sink_epoch(const struct sink_epochs *epochs, int32_t partition)
{
    return (size_t)partition < epochs->count ? epochs->of[partition] : 0;
}

void sink_epochs_release(struct sink_epochs *epochs)
{
    free(epochs->of);
    *epochs = (struct sink_epochs){0};
}

/* --- values -------------------------------------------------------------------------------------------- */

void sink_uuid_text(const struct value *value, char text[SINK_UUID_BYTES])
{
    uuid_t uuid;
    memcpy(uuid, value->uuid, sizeof uuid);
    uuid_unparse_lower(uuid, text);
}

/* --- headers ------------------------------------------------------------------------------------------- */

void *sink_pack_headers(const rd_kafka_headers_t *headers, size_t *bytes)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    size_t count = rd_kafka_header_cnt(headers);
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    int failed = msgpack_pack_array(&packer, count * 2);
    for (size_t i = 0; i < count && failed == 0; i++) {
        const char *name;
        const void *value;
        size_t length;
        rd_kafka_header_get_all(headers, i, &name, &value, &length);
        failed = msgpack_pack_str_with_body(&packer, name, strlen(name)) != 0 ||
                 (value == NULL ? msgpack_pack_nil(&packer)
                                : msgpack_pack_bin_with_body(&packer, value, length)) != 0;
    }
    *bytes = buffer.size;
    if (failed == 0)
        return msgpack_sbuffer_release(&buffer);
    msgpack_sbuffer_destroy(&buffer);
    return NULL;
}

rd_kafka_headers_t *sink_unpack_headers(const void *bytes, size_t length)
{
    struct mp_reader reader;
    uint32_t words = 0;
    mp_init(&reader, bytes, length);
    mp_read_array(&reader, &words);
    rd_kafka_headers_t *headers = rd_kafka_headers_new(words / 2 < 64 ? words / 2 : 64);
    for (uint32_t i = 0; i + 1 < words; i += 2) {
        struct mp_view name;
        struct mp_view value;
        if (!mp_read_str(&reader, &name))
            break;
        if (mp_read_nil(&reader)) {
            rd_kafka_header_add(headers, name.data, (ssize_t)name.length, NULL, 0);
        } else if (mp_read_bin(&reader, &value)) {
            rd_kafka_header_add(headers, name.data, (ssize_t)name.length, value.data, (ssize_t)value.length);
        } else {
            break;
        }
    }
    return headers;
}

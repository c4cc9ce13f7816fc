#include "consumer/sinks/batch_table.h"

#include "common/record/text.h"

#include "common/clock.h"
#include "consumer/faults.h"
#include "consumer/pipeline/stage.h"
#include "consumer/sinks/sink_table.h"

struct connected {
    sqlite3_vtab base; /* first: SQLite knows nothing else of it */
    const struct batch_table *table;
};

struct cursor {
    sqlite3_vtab_cursor base; /* likewise */
    const struct batch_table *table;
    size_t at;
    char uuid[SINK_UUID_BYTES]; /* of the row at hand */
};

static int batch_connect(sqlite3 *db, void *context, int argc, const char *const *argv, sqlite3_vtab **vtab,
                         char **message)
{
    (void)argc, (void)argv, (void)message;
    struct batch_table *table = context;
    struct connected *connected = sqlite3_malloc(sizeof *connected);
    if (connected == NULL)
        return SQLITE_NOMEM;
    *connected = (struct connected){.table = table};
    *vtab = &connected->base;
    char sql[SINK_SQL_BYTES];
    sink_create_sql(sql, BATCH_TABLE_NAME, table->schema, SINK_DIALECT_SQLITE);
    return sqlite3_declare_vtab(db, sql);
}

static int batch_disconnect(sqlite3_vtab *vtab)
{
    sqlite3_free(vtab);
    return SQLITE_OK;
}

/* There is one way to read it: all of it, from the first to the last. */
static int batch_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
    (void)vtab, (void)info;
    return SQLITE_OK;
}

static int batch_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **opened)
{
    struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){.table = ((struct connected *)vtab)->table};
    *opened = &cursor->base;
    return SQLITE_OK;
}

static int batch_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int batch_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
                        sqlite3_value **argv)
{
    (void)number, (void)text, (void)argc, (void)argv;
    ((struct cursor *)base)->at = 0;
    return SQLITE_OK;
}

static int batch_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    stats_tick(cursor->table->stats);
    cursor->at++;
    return SQLITE_OK;
}

static int batch_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->at >= cursor->table->count;
}

static int batch_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct cursor *)base)->at;
    return SQLITE_OK;
}

/* Copied: it is made for this row. */
static void give_json(sqlite3_context *to, const struct value *value)
{
    size_t bytes = value_json_bytes(value);
    char *json = sqlite3_malloc64(bytes);
    if (json == NULL)
        sqlite3_result_error_nomem(to);
    else
        sqlite3_result_text(to, json, (int)value_json(value, json, bytes), sqlite3_free);
}

/* Texts are not copied here: they stay until the next row, and the row is made of them before. */
static void give(struct cursor *cursor, sqlite3_context *to, const struct field *field,
                 const struct value *value)
{
    switch (field->type) {
    case FIELD_UUID:
        sink_uuid_text(value, cursor->uuid);
        sqlite3_result_text(to, cursor->uuid, SINK_UUID_BYTES - 1, SQLITE_STATIC);
        break;
    case FIELD_STRING:
    case FIELD_CURRENCY:
    case FIELD_ENUM:
        sqlite3_result_text(to, value->text.data, (int)value->text.length, SQLITE_STATIC);
        break;
    case FIELD_BYTES:
        sqlite3_result_blob(to, value->text.data, (int)value->text.length, SQLITE_STATIC);
        break;
    case FIELD_NUMBER:
        sqlite3_result_double(to, value->number);
        break;
    case FIELD_ANY:
        give_json(to, value);
        break;
    case FIELD_MONEY:
        sqlite3_result_int64(to, value->integer + (PLANTED(garble_rows) ? 1 : 0));
        break;
    case FIELD_INTEGER:
    case FIELD_EXPONENT:
    case FIELD_TIME:
    case FIELD_BOOLEAN:
        sqlite3_result_int64(to, value->integer);
        break;
    }
}

static int batch_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int column)
{
    struct cursor *cursor = (struct cursor *)base;
    const struct item *item = &cursor->table->items[cursor->at];
    const struct record *record = item->record;
    int field = column - SINK_OWN_COLUMNS;
    switch (column) {
    case SINK_PARTITION:
        sqlite3_result_int64(to, item->message->partition);
        break;
    case SINK_OFFSET:
        sqlite3_result_int64(to, item->message->offset);
        break;
    case SINK_TIMESTAMP:
        sqlite3_result_int64(to, rd_kafka_message_timestamp(item->message, NULL) * US_PER_MS);
        break;
    default:
        if (record_has(record, field)) /* what is not set is NULL */
            give(cursor, to, &cursor->table->schema->fields[field], &record->values[field]);
        break;
    }
    return SQLITE_OK;
}

/* Without xCreate it is there under its own name, and cannot be made under another. */
static const sqlite3_module module = {
    .xConnect = batch_connect,
    .xBestIndex = batch_best_index,
    .xDisconnect = batch_disconnect,
    .xOpen = batch_open,
    .xClose = batch_close,
    .xFilter = batch_filter,
    .xNext = batch_next,
    .xEof = batch_eof,
    .xColumn = batch_column,
    .xRowid = batch_rowid,
};

int batch_table_register(sqlite3 *db, struct batch_table *table)
{
    return sqlite3_create_module(db, BATCH_TABLE_NAME, &module, table);
}

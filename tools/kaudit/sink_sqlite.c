#include "tools/kaudit/scratch.h"
#include "tools/kaudit/sink.h"
#include "tools/kaudit/sqlite_source.h"

#define BUSY_MS 5000

static int count_elsewhere(sqlite3 *db, const char *table, int partitions, uint64_t *count,
                           struct error *error)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT count(*) FROM \"%w\" WHERE " SINK_PARTITION " IS NULL OR " SINK_OFFSET
                                " IS NULL OR " SINK_PARTITION " NOT BETWEEN 0 AND %d",
                                table, partitions - 1);
    int result = -1;
    if (sql != NULL && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        *count = (uint64_t)sqlite3_column_int64(statement, 0);
        result = 0;
    } else {
        sqlite_failed(db, "read the table", error);
    }
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    return result;
}

/* SQLite would take one for the other whose name differs in case only. */
static int check_name(sqlite3 *db, const char *table, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int result = 0;
    if (sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE", -1,
                           &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
        const char *name =
            sqlite3_step(statement) == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
        if (name != NULL && strcmp(name, table) != 0)
            result = error_set(error, "there is a table %s, but none named %s", name, table);
    } else {
        result = sqlite_failed(db, "look at the tables", error);
    }
    sqlite3_finalize(statement);
    return result;
}

/* `column` NULL: is there such a table? */
static bool has_column(sqlite3 *db, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

struct named_table {
    sqlite3 *db;
    const char *name;
};

static bool has_field(void *context, const char *column)
{
    const struct named_table *table = context;
    return has_column(table->db, table->name, column);
}

/* Where a sink of ours goes on. *ours: one of ours has filled the table, this group's or another's. */
static int read_positions(sqlite3 *db, const struct sink_spec *spec, bool *ours, struct error *error)
{
    static const char sql[] =
        "SELECT kafka_partition, next_offset, consumer_group IS ?1 AND (?3 IS NULL OR cluster = ?3) "
        "FROM " SINK_OFFSETS_TABLE " WHERE topic = ?2";
    sqlite3_stmt *statement = NULL;
    int step = SQLITE_ERROR;
    if (!has_column(db, SINK_OFFSETS_TABLE, NULL))
        return 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, spec->group, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, spec->topic, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3, spec->cluster, -1, SQLITE_STATIC); /* NULL is a null */
        while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
            *ours = true;
            if (sqlite3_column_int(statement, 2) != 0 && sqlite3_column_type(statement, 1) != SQLITE_NULL)
                sink_take_position(spec, sqlite3_column_int64(statement, 0),
                                   sqlite3_column_int64(statement, 1));
        }
    }
    int result = step == SQLITE_DONE ? 0 : sqlite_failed(db, "read where the sink goes on", error);
    sqlite3_finalize(statement);
    return result;
}

/* Of a table that a sink of ours fills. */
static int look_at_columns(sqlite3 *db, const struct sink_spec *spec, struct altered *altered,
                           struct error *error)
{
    static const char sql[] = "SELECT name, type FROM pragma_table_info(?1)";
    sqlite3_stmt *statement = NULL;
    int step = SQLITE_ERROR;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, spec->table, -1, SQLITE_STATIC);
        while ((step = sqlite3_step(statement)) == SQLITE_ROW)
            columns_look(altered, COLUMNS_SQLITE, spec->schema,
                         (const char *)sqlite3_column_text(statement, 0),
                         (const char *)sqlite3_column_text(statement, 1));
    }
    int result = step == SQLITE_DONE ? 0 : sqlite_failed(db, "look at the columns", error);
    sqlite3_finalize(statement);
    return result;
}

static int take_letters(sqlite3_stmt *statement, struct scratch *scratch, int partitions, uint64_t *elsewhere,
                        struct error *error)
{
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        int64_t partition = sqlite3_column_int64(statement, 0);
        if (partition < 0 || partition >= partitions)
            (*elsewhere)++;
        else if (scratch_add(scratch, (int32_t)partition,
                             (struct source_item){.offset = sqlite3_column_int64(statement, 1),
                                                  .timestamp_ms = sqlite3_column_int64(statement, 2)},
                             error) == -1)
            return -1;
    }
    return step == SQLITE_DONE ? 0 : sqlite_failed(sqlite3_db_handle(statement), "read the outbox", error);
}

/* A sink of somebody else's has none. */
static int read_outbox(sqlite3 *db, const struct sink_spec *spec, struct sink *sink, struct error *error)
{
    static const char sql[] = "SELECT " SINK_PARTITION ", " SINK_OFFSET ", timestamp_ms FROM " SINK_OUTBOX
                              " WHERE consumer_group = ?1 AND topic = ?2 AND (?3 IS NULL OR cluster = ?3)";
    sqlite3_stmt *statement = NULL;
    if (!spec->letters || !has_column(db, SINK_OUTBOX, NULL))
        return 0;
    struct scratch *scratch = scratch_open(true, error);
    if (scratch == NULL)
        return -1;
    int result = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, spec->group, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, spec->topic, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 3, spec->cluster, -1, SQLITE_STATIC); /* NULL is a null */
        result = take_letters(statement, scratch, spec->partitions, &sink->elsewhere, error);
    } else {
        sqlite_failed(db, "read the outbox", error);
    }
    sqlite3_finalize(statement);
    if (result == 0)
        return scratch_source(scratch, &sink->outbox, error);
    scratch_free(scratch);
    return -1;
}

int sink_open_sqlite(struct sink *sink, const struct sink_spec *spec, struct error *error)
{
    struct sqlite_table its = {.name = spec->table,
                               .partition = SINK_PARTITION,
                               .offset = SINK_OFFSET,
                               .tag = "0",
                               .timestamp_ms = "0"};
    sqlite3 *db = NULL;
    bool ours = false;
    int result = -1;
    if (sqlite3_open_v2(spec->where, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        sqlite_failed(db, "open it", error);
        goto failed;
    }
    sqlite3_busy_timeout(db, BUSY_MS);
    if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        sqlite_failed(db, "read it", error);
        goto failed;
    }
    if (check_name(db, spec->table, error) == -1 ||
        count_elsewhere(db, spec->table, spec->partitions, &sink->elsewhere, error) == -1 ||
        read_positions(db, spec, &ours, error) == -1 ||
        (ours && look_at_columns(db, spec, &sink->altered, error) == -1) ||
        read_outbox(db, spec, sink, error) == -1)
        goto failed;
    if (ours)
        its.schema =
            columns_schema(spec->schema, has_field, &(struct named_table){db, spec->table}, &its.fields);
    sink->schema = its.schema;
    if (has_column(db, spec->table, SINK_TIMESTAMP))
        its.timestamp_ms = SINK_TIMESTAMP " / 1000";
    result = sqlite_source_open(&sink->source, db, &its, error);
    db = NULL; /* the source's */
failed:
    sqlite3_close(db);
    return result == 0 ? 0 : error_context(error, "--sqlite %s", spec->where);
}

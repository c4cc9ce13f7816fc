#include "tools/kaudit/sqlite_source.h"

#include "tools/kaudit/columns.h"

struct sqlite_source {
    sqlite3 *db;
    char *sql;
    sqlite3_stmt **statements; /* by partition; NULL: not asked yet */
    size_t count;
    uint64_t fields;
    bool has_content; /* as one blob */
};

enum { OWN_COLUMNS = 3 };

int sqlite_failed(sqlite3 *db, const char *what, struct error *error)
{
    return error_set(error, "cannot %s: %s", what, sqlite3_errmsg(db));
}

static void close_source(void *state)
{
    struct sqlite_source *s = state;
    for (size_t i = 0; i < s->count; i++)
        sqlite3_finalize(s->statements[i]);
    free(s->statements);
    sqlite3_free(s->sql);
    sqlite3_close(s->db);
    free(s);
}

static int statement_for(struct sqlite_source *s, int32_t partition, sqlite3_stmt **statement,
                         struct error *error)
{
    size_t index = (size_t)partition;
    if (index >= s->count) {
        sqlite3_stmt **grown = realloc(s->statements, (index + 1) * sizeof(sqlite3_stmt *));
        if (grown == NULL)
            return error_set(error, "out of memory");
        for (; s->count <= index; s->count++)
            grown[s->count] = NULL;
        s->statements = grown;
    }
    if (s->statements[index] == NULL) {
        if (sqlite3_prepare_v2(s->db, s->sql, -1, &s->statements[index], NULL) != SQLITE_OK)
            return sqlite_failed(s->db, "ask for the rows", error);
        sqlite3_bind_int64(s->statements[index], 1, partition);
    }
    *statement = s->statements[index];
    return 0;
}

static void read_content(const struct sqlite_source *s, sqlite3_stmt *statement, struct content *content)
{
    int column = OWN_COLUMNS;
    if (s->has_content && sqlite3_column_bytes(statement, column) == (int)sizeof *content)
        memcpy(content, sqlite3_column_blob(statement, column), sizeof *content);
    for (size_t i = 0; i < RECORD_FIELDS_MAX && s->fields >> i != 0; i++) {
        if ((s->fields >> i & 1) == 0)
            continue;
        const char *text = (const char *)sqlite3_column_text(statement, column);
        content_set(content, i, text, (size_t)sqlite3_column_bytes(statement, column));
        column++;
    }
}

static int next(void *state, int32_t partition, struct source_item *item, struct error *error)
{
    struct sqlite_source *s = state;
    sqlite3_stmt *statement = NULL;
    if (statement_for(s, partition, &statement, error) == -1)
        return -1;
    int step = sqlite3_step(statement);
    if (step == SQLITE_DONE)
        return 0;
    if (step != SQLITE_ROW)
        return sqlite_failed(s->db, "read the rows", error);
    *item = (struct source_item){.offset = sqlite3_column_int64(statement, 0),
                                 .tag = sqlite3_column_int64(statement, 1),
                                 .timestamp_ms = sqlite3_column_int64(statement, 2)};
    read_content(s, statement, &item->content);
    return 1;
}

int sqlite_source_open(struct source *source, sqlite3 *db, const struct sqlite_table *table,
                       struct error *error)
{
    sqlite3_stmt *statement = NULL;
    struct sqlite_source *s = calloc(1, sizeof *s);
    char fields[COLUMNS_SQL_BYTES];
    columns_sql(fields, table->schema, table->fields);
    char *sql =
        sqlite3_mprintf("SELECT \"%w\", %s, %s%s%s%s FROM \"%w\" WHERE \"%w\" = ?1 ORDER BY 1", table->offset,
                        table->tag, table->timestamp_ms, fields, table->content != NULL ? ", " : "",
                        table->content != NULL ? table->content : "", table->name, table->partition);
    if (s == NULL || sql == NULL) {
        free(s);
        sqlite3_free(sql);
        sqlite3_close(db);
        return error_set(error, "out of memory");
    }
    *s = (struct sqlite_source){
        .db = db, .sql = sql, .fields = table->fields, .has_content = table->content != NULL};
    *source = (struct source){.next = next, .close = close_source, .state = s};
    int result = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        result = sqlite_failed(db, "read the table", error);
    sqlite3_finalize(statement);
    if (result == -1)
        source_close(source);
    return result;
}

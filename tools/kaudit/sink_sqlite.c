#include "tools/kaudit/sink.h"
#include "tools/kaudit/sqlite_source.h"

#define BUSY_MS 5000

/* The first statement of the transaction, so it also fixes the moment that all others see. */
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

int sink_open_sqlite(struct sink *sink, const char *where, const char *table, int partitions,
                     struct error *error)
{
    const struct sqlite_table its = {table, SINK_PARTITION, SINK_OFFSET, "0"};
    sqlite3 *db = NULL;
    int result = -1;
    if (sqlite3_open_v2(where, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        sqlite_failed(db, "open it", error);
        goto failed;
    }
    sqlite3_busy_timeout(db, BUSY_MS);
    if (sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        sqlite_failed(db, "read it", error);
        goto failed;
    }
    if (count_elsewhere(db, table, partitions, &sink->elsewhere, error) == -1)
        goto failed;
    result = sqlite_source_open(&sink->source, db, &its, error);
    db = NULL; /* the source's */
failed:
    sqlite3_close(db);
    return result == 0 ? 0 : error_context(error, "--sqlite %s", where);
}

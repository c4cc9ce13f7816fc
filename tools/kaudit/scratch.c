#include "tools/kaudit/scratch.h"

#include "tools/kaudit/sqlite_source.h"

struct scratch {
    sqlite3 *db;
    sqlite3_stmt *insert;
};

static const char setup[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;"
    "CREATE TABLE offsets (partition INTEGER, offset INTEGER, tag INTEGER, timestamp INTEGER, "
    "content BLOB);";
static const char unique[] = "CREATE UNIQUE INDEX once ON offsets (partition, offset, timestamp);";
static const char sorted[] =
    "COMMIT; CREATE INDEX IF NOT EXISTS sorted ON offsets (partition, offset, tag, timestamp);";

struct scratch *scratch_open(bool once, struct error *error)
{
    struct scratch *scratch = calloc(1, sizeof *scratch);
    if (scratch == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (sqlite3_open("", &scratch->db) == SQLITE_OK && /* "": a temporary file */
        sqlite3_exec(scratch->db, setup, NULL, NULL, NULL) == SQLITE_OK &&
        (!once || sqlite3_exec(scratch->db, unique, NULL, NULL, NULL) == SQLITE_OK) &&
        sqlite3_prepare_v2(scratch->db, "INSERT OR IGNORE INTO offsets VALUES (?1, ?2, ?3, ?4, ?5)", -1,
                           &scratch->insert, NULL) == SQLITE_OK &&
        sqlite3_exec(scratch->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK)
        return scratch;
    sqlite_failed(scratch->db, "create a temporary table", error);
    scratch_free(scratch);
    return NULL;
}

int scratch_add(struct scratch *scratch, int32_t partition, struct source_item item, struct error *error)
{
    sqlite3_bind_int64(scratch->insert, 1, partition);
    sqlite3_bind_int64(scratch->insert, 2, item.offset);
    sqlite3_bind_int64(scratch->insert, 3, item.tag);
    sqlite3_bind_int64(scratch->insert, 4, item.timestamp_ms > 0 ? item.timestamp_ms : 0);
    if (item.content.known != 0)
        sqlite3_bind_blob(scratch->insert, 5, &item.content, sizeof item.content, SQLITE_STATIC);
    else
        sqlite3_bind_null(scratch->insert, 5);
    int step = sqlite3_step(scratch->insert);
    sqlite3_reset(scratch->insert);
    if (step != SQLITE_DONE)
        return sqlite_failed(scratch->db, "write a temporary table", error);
    return sqlite3_changes(scratch->db);
}

int scratch_source(struct scratch *scratch, struct source *source, struct error *error)
{
    static const struct sqlite_table table = {.name = "offsets",
                                              .partition = "partition",
                                              .offset = "offset",
                                              .tag = "tag",
                                              .timestamp_ms = "timestamp",
                                              .content = "content"};
    sqlite3 *db = scratch->db;
    if (sqlite3_exec(db, sorted, NULL, NULL, NULL) != SQLITE_OK) {
        sqlite_failed(db, "sort a temporary table", error);
        scratch_free(scratch);
        return -1;
    }
    sqlite3_finalize(scratch->insert);
    free(scratch);
    return sqlite_source_open(source, db, &table, error);
}

void scratch_free(struct scratch *scratch)
{
    if (scratch == NULL)
        return;
    sqlite3_finalize(scratch->insert);
    sqlite3_close(scratch->db);
    free(scratch);
}

/* sqlite: exactly once into an SQLite file (sink.h). Write-ahead log, synchronous=NORMAL: a loss of power may
 * take the last transactions back, rows and offsets together, and then they are read again; the file is never
 * half-written. Another process that holds the file's lock is waited for, up to BUSY_MS.
 */
#include "consumer/pipeline/stages/stages.h"

#include <inttypes.h>
#include <sqlite3.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "consumer/sinks/batch_table.h"
#include "consumer/faults.h"
#include "consumer/sinks/sink_table.h"

enum { BUSY_MS = 5000 };

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    OTHERS, /* groups that fill this topic's table too */
    TAKE,
    READ,
    MOVE,
    INSERT,
    OUTBOX_ADD,
    OUTBOX_LIST,
    OUTBOX_REMOVE,
    STATEMENTS
};

/* ?1 … ?3: cluster, group, topic; ?4: partition */
#define WHERE_PARTITION " WHERE cluster = ?1 AND consumer_group = ?2 AND topic = ?3 AND kafka_partition = ?4"

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [OTHERS] = "SELECT consumer_group FROM ksupervise_offsets WHERE topic = ?3 AND "
               "(cluster <> ?1 OR consumer_group <> ?2) LIMIT 1",
    [TAKE] = "INSERT INTO ksupervise_offsets (cluster, consumer_group, topic, kafka_partition, epoch) "
             "VALUES (?1, ?2, ?3, ?4, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1 "
             "RETURNING " SINK_PLACE,
    [READ] = "SELECT " SINK_PLACE " FROM ksupervise_offsets" WHERE_PARTITION,
    [MOVE] =
        "UPDATE ksupervise_offsets SET next_offset = ?7, witness_offset = ?8, witness_timestamp_ms = ?9, "
        "witness_hash = ?10" WHERE_PARTITION " AND epoch = ?5 AND next_offset IS ?6",
    [OUTBOX_ADD] = "INSERT OR REPLACE INTO ksupervise_outbox VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [OUTBOX_LIST] = "SELECT kafka_offset, timestamp_ms, message_key, message_value, headers "
                    "FROM ksupervise_outbox" WHERE_PARTITION " ORDER BY kafka_offset",
    [OUTBOX_REMOVE] = "DELETE FROM ksupervise_outbox" WHERE_PARTITION " AND kafka_offset = ?5",
};

static const char *const tables =
    "CREATE TABLE IF NOT EXISTS ksupervise_offsets (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, "
    "topic TEXT NOT NULL, kafka_partition INTEGER NOT NULL, epoch INTEGER NOT NULL, next_offset INTEGER, "
    "witness_offset INTEGER, witness_timestamp_ms INTEGER, witness_hash INTEGER, "
    "PRIMARY KEY (cluster, consumer_group, topic, kafka_partition));"
    "CREATE TABLE IF NOT EXISTS ksupervise_outbox (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, "
    "topic TEXT NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset INTEGER NOT NULL, "
    "timestamp_ms INTEGER, message_key BLOB, message_value BLOB, headers BLOB, "
    "PRIMARY KEY (cluster, consumer_group, topic, kafka_partition, kafka_offset));";

struct sqlite_sink {
    const struct pipeline *pipeline;
    sqlite3 *db;
    char *path;
    struct batch_table batch;
    sqlite3_stmt *statements[STATEMENTS];
    char cluster[64];
    struct sink_epochs epochs;
};

static int fail(const struct sqlite_sink *sink, const char *what, struct error *error)
{
    return error_set_code(error, EXIT_CODE_SINK, "%s: %s: %s", sink->path, what, sqlite3_errmsg(sink->db));
}

/* --- the file ------------------------------------------------------------------------------------------ */

static void sqlite_close(void *state)
{
    struct sqlite_sink *sink = state;
    for (size_t i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(sink->statements[i]);
    sqlite3_close(sink->db);
    sink_epochs_release(&sink->epochs);
    free(sink->path);
    free(sink);
}

static int execute(struct sqlite_sink *sink, const char *sql, struct error *error)
{
    return sqlite3_exec(sink->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail(sink, sql, error);
}

static bool has_column(struct sqlite_sink *sink, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(sink->db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) ==
           SQLITE_OK;
}

/* Another process may be at it at the same moment, so the look and the change are one transaction; the SELECT
 * is there to make SQLite see what that other has changed. */
static int add_witness(struct sqlite_sink *sink, struct error *error)
{
    if (has_column(sink, "ksupervise_offsets", "witness_offset"))
        return 0;
    if (execute(sink, "BEGIN IMMEDIATE; SELECT 1 FROM ksupervise_offsets LIMIT 0", error) == -1)
        return -1;
    int result = has_column(sink, "ksupervise_offsets", "witness_offset")
                     ? 0
                     : execute(sink,
                               "ALTER TABLE ksupervise_offsets ADD COLUMN witness_offset INTEGER;"
                               "ALTER TABLE ksupervise_offsets ADD COLUMN witness_timestamp_ms INTEGER;"
                               "ALTER TABLE ksupervise_offsets ADD COLUMN witness_hash INTEGER;",
                               error);
    struct error ignored = ERROR_INIT;
    return execute(sink, result == 0 ? "COMMIT" : "ROLLBACK", result == 0 ? error : &ignored) == 0 ? result
                                                                                                   : -1;
}

/* A field that the schema got after the table was made becomes a column. */
static int migrate(struct sqlite_sink *sink, struct error *error)
{
    const struct settings *settings = sink->pipeline->settings;
    char sql[SINK_SQL_BYTES];
    if (add_witness(sink, error) == -1)
        return -1;
    for (size_t i = 0; i < settings->schema->field_count; i++) {
        const struct field *field = &settings->schema->fields[i];
        if (has_column(sink, settings->topic, field->name))
            continue;
        sink_add_column_sql(sql, settings->topic, field, SINK_DIALECT_SQLITE);
        if (execute(sink, sql, error) == -1)
            return -1;
    }
    return 0;
}

static int make_tables(struct sqlite_sink *sink, struct error *error)
{
    const struct settings *settings = sink->pipeline->settings;
    char sql[SINK_SQL_BYTES];
    char index[SINK_SQL_BYTES];
    sink_create_sql(sql, settings->topic, settings->schema, SINK_DIALECT_SQLITE);
    sink_index_sql(index, settings->topic);
    if (execute(sink, "PRAGMA journal_mode = WAL", error) == -1 ||
        execute(sink, "PRAGMA synchronous = NORMAL", error) == -1 || execute(sink, tables, error) == -1 ||
        execute(sink, sql, error) == -1 || migrate(sink, error) == -1)
        return -1;
    return execute(sink, index, error);
}

static int prepare(struct sqlite_sink *sink, struct error *error)
{
    const struct settings *settings = sink->pipeline->settings;
    char insert[SINK_SQL_BYTES];
    sink->batch = (struct batch_table){.schema = settings->schema, .stats = sink->pipeline->stats};
    if (batch_table_register(sink->db, &sink->batch) != SQLITE_OK)
        return fail(sink, "register the batch", error);
    sink_insert_sql(insert, settings->topic, settings->schema, BATCH_TABLE_NAME);
    for (size_t i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(sink->db, i == INSERT ? insert : texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                               &sink->statements[i], NULL) != SQLITE_OK)
            return fail(sink, "prepare", error);
    return 0;
}

static int open_file(struct sqlite_sink *sink, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(sink->path, &sink->db, flags, NULL) != SQLITE_OK)
        return fail(sink, "open", error);
    sqlite3_busy_timeout(sink->db, BUSY_MS);
    return make_tables(sink, error) == 0 ? prepare(sink, error) : -1;
}

static int sqlite_open(void **state, const char *argument, const struct pipeline *pipeline,
                       struct error *error)
{
    struct sqlite_sink *sink = calloc(1, sizeof *sink);
    char *path = strdup(argument);
    if (sink == NULL || path == NULL) {
        free(sink);
        free(path);
        return error_set(error, "out of memory");
    }
    *sink = (struct sqlite_sink){.pipeline = pipeline, .path = path};
    if (!pipeline_checking(pipeline) && open_file(sink, error) == -1) {
        sqlite_close(sink);
        return -1;
    }
    *state = sink;
    return 0;
}

/* --- statements ---------------------------------------------------------------------------------------- */

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static void bind_offset(sqlite3_stmt *statement, int index, int64_t offset)
{
    if (offset == STATS_UNKNOWN)
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_int64(statement, index, offset);
}

/* The statement, its first four parameters set. */
static sqlite3_stmt *about(struct sqlite_sink *sink, enum statement which, int32_t partition)
{
    sqlite3_stmt *statement = sink->statements[which];
    const struct settings *settings = sink->pipeline->settings;
    bind_text(statement, 1, sink->cluster);
    bind_text(statement, 2, settings->group_name);
    bind_text(statement, 3, settings->topic);
    if (which != OTHERS)
        sqlite3_bind_int64(statement, 4, partition);
    return statement;
}

/* Runs a statement that returns nothing. */
static int run(struct sqlite_sink *sink, sqlite3_stmt *statement, struct error *error)
{
    int result = sqlite3_step(statement);
    if (result != SQLITE_DONE && result != SQLITE_ROW)
        fail(sink, "write", error);
    sqlite3_reset(statement);
    return result == SQLITE_DONE || result == SQLITE_ROW ? 0 : -1;
}

static void roll_back(struct sqlite_sink *sink)
{
    struct error ignored = ERROR_INIT;
    if (!sqlite3_get_autocommit(sink->db))
        run(sink, sink->statements[ROLLBACK], &ignored);
}

static int64_t column_offset(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? STATS_UNKNOWN
                                                                 : sqlite3_column_int64(statement, column);
}

/* Of a row of SINK_PLACE. Returns the epoch. */
static int64_t read_place(sqlite3_stmt *statement, struct sink_place *place)
{
    place->next_offset = column_offset(statement, 1);
    place->witness.offset = column_offset(statement, 2);
    place->witness.timestamp_ms = column_offset(statement, 3);
    place->witness.hash = column_offset(statement, 4);
    return sqlite3_column_int64(statement, 0);
}

/* --- where to go on ------------------------------------------------------------------------------------ */

/* The rows of two groups in one table could not be told apart. */
static int check_alone(struct sqlite_sink *sink, struct error *error)
{
    sqlite3_stmt *statement = about(sink, OTHERS, 0);
    int result = 0;
    if (sqlite3_step(statement) == SQLITE_ROW)
        result = error_set_code(error, EXIT_CODE_CONFIG,
                                "%s: table %s is filled by group %s, or from another cluster: give each its "
                                "own file",
                                sink->path, sink->pipeline->settings->topic,
                                (const char *)sqlite3_column_text(statement, 0));
    sqlite3_reset(statement);
    return result;
}

static int sqlite_take(void *state, const struct letter_source *source, int32_t partition,
                       struct sink_place *place, struct error *error)
{
    struct sqlite_sink *sink = state;
    snprintf(sink->cluster, sizeof sink->cluster, "%s", source->cluster);
    if (check_alone(sink, error) == -1)
        return -1;
    sqlite3_stmt *statement = about(sink, TAKE, partition);
    if (sqlite3_step(statement) != SQLITE_ROW) {
        fail(sink, "take over", error);
        sqlite3_reset(statement);
        return -1;
    }
    int64_t epoch = read_place(statement, place);
    /* With RETURNING, all changes are made before the first row is returned; the reset ends the transaction.
     */
    if (sqlite3_reset(statement) != SQLITE_OK)
        return fail(sink, "take over", error);
    return sink_epoch_set(&sink->epochs, partition, epoch, error);
}

static enum sink_result sqlite_reread(void *state, int32_t partition, struct sink_place *place,
                                      struct error *error)
{
    struct sqlite_sink *sink = state;
    sqlite3_stmt *statement = about(sink, READ, partition);
    enum sink_result result = SINK_AGAIN;
    if (sqlite3_step(statement) == SQLITE_ROW)
        result = read_place(statement, place) == sink_epoch(&sink->epochs, partition) ? SINK_DONE : SINK_LOST;
    else
        fail(sink, "read", error);
    sqlite3_reset(statement);
    return result;
}

/* Why a compare-and-set met nothing. */
static enum sink_result explain_miss(struct sqlite_sink *sink, int32_t partition, struct error *error)
{
    struct sink_place place;
    enum sink_result result = sqlite_reread(sink, partition, &place, error);
    if (result == SINK_DONE) { /* still ours: an earlier commit got through, or somebody changed the row */
        error_set(error, "%s: the next offset is not the expected one", sink->path);
        return SINK_UNKNOWN;
    }
    return result;
}

/* The planted bug forget_guards: what the database has is what was expected. */
static void agree_with_everything(struct sqlite_sink *sink, struct sink_range *range)
{
    struct error ignored = ERROR_INIT;
    sqlite3_stmt *statement = about(sink, READ, range->partition);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        sink_epoch_set(&sink->epochs, range->partition, sqlite3_column_int64(statement, 0), &ignored);
        range->expected = column_offset(statement, 1);
    }
    sqlite3_reset(statement);
}

static enum sink_result set_next(struct sqlite_sink *sink, struct sink_range range, struct error *error)
{
    if (PLANTED(forget_guards))
        agree_with_everything(sink, &range);
    sqlite3_stmt *statement = about(sink, MOVE, range.partition);
    sqlite3_bind_int64(statement, 5, sink_epoch(&sink->epochs, range.partition));
    bind_offset(statement, 6, range.expected);
    bind_offset(statement, 7, range.next.next_offset);
    bind_offset(statement, 8, range.next.witness.offset);
    bind_offset(statement, 9, range.next.witness.timestamp_ms);
    bind_offset(statement, 10, range.next.witness.hash);
    if (run(sink, statement, error) == -1)
        return SINK_AGAIN;
    return sqlite3_changes(sink->db) == 1 ? SINK_DONE : explain_miss(sink, range.partition, error);
}

static enum sink_result sqlite_move(void *state, int32_t partition, int64_t from, int64_t to,
                                    bool delete_rows, struct error *error)
{
    struct sqlite_sink *sink = state;
    struct sink_range range = {partition, from, {to, WITNESS_NONE}};
    char sql[SINK_SQL_BYTES];
    if (run(sink, sink->statements[BEGIN], error) == -1)
        return SINK_AGAIN;
    enum sink_result result = set_next(sink, range, error);
    sink_delete_sql(sql, sink->pipeline->settings->topic, partition, to);
    if (result == SINK_DONE && delete_rows && execute(sink, sql, error) == -1)
        result = SINK_AGAIN;
    if (result == SINK_DONE && run(sink, sink->statements[COMMIT], error) == -1)
        result = SINK_UNKNOWN;
    if (result != SINK_DONE)
        roll_back(sink);
    return result;
}

/* --- a batch ------------------------------------------------------------------------------------------- */

static int add_to_outbox(struct sqlite_sink *sink, const struct sink_death *death, struct error *error)
{
    const rd_kafka_message_t *message = death->message;
    size_t bytes;
    void *headers = sink_pack_headers(death->headers, &bytes);
    if (headers == NULL)
        return error_set(error, "out of memory");
    sqlite3_stmt *statement = about(sink, OUTBOX_ADD, message->partition);
    sqlite3_bind_int64(statement, 5, message->offset);
    sqlite3_bind_int64(statement, 6, rd_kafka_message_timestamp(message, NULL));
    sqlite3_bind_blob(statement, 7, message->key, (int)message->key_len, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 8, message->payload, (int)message->len, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 9, headers, (int)bytes, free);
    return run(sink, statement, error);
}

static enum sink_result write_batch(struct sqlite_sink *sink, const struct sink_batch *batch, int32_t *lost,
                                    struct error *error)
{
    for (size_t i = 0; i < batch->range_count; i++) {
        enum sink_result result = set_next(sink, batch->ranges[i], error);
        if (result != SINK_DONE) {
            *lost = batch->ranges[i].partition;
            return result;
        }
    }
    FAULT_POINT(offsets_set);
    if (PLANTED(two_transactions) &&
        (run(sink, sink->statements[COMMIT], error) == -1 || run(sink, sink->statements[BEGIN], error) == -1))
        return SINK_AGAIN;
    sink->batch.items = batch->items;
    sink->batch.count = batch->item_count;
    if (run(sink, sink->statements[INSERT], error) == -1)
        return SINK_AGAIN;
    FAULT_POINT(rows_written);
    for (size_t i = 0; i < batch->death_count && !PLANTED(forget_outbox); i++)
        if (add_to_outbox(sink, &batch->deaths[i], error) == -1)
            return SINK_AGAIN;
    FAULT_POINT(outbox_written);
    return SINK_DONE;
}

static enum sink_result sqlite_commit(void *state, const struct sink_batch *batch, int32_t *lost,
                                      struct error *error)
{
    struct sqlite_sink *sink = state;
    if (run(sink, sink->statements[BEGIN], error) == -1)
        return SINK_AGAIN;
    FAULT_POINT(transaction_open);
    enum sink_result result = write_batch(sink, batch, lost, error);
    if (result == SINK_DONE && run(sink, sink->statements[COMMIT], error) == -1)
        result = SINK_UNKNOWN;
    if (result != SINK_DONE)
        roll_back(sink);
    return result;
}

/* --- the outbox ---------------------------------------------------------------------------------------- */

static int sqlite_outbox(void *state, int32_t partition,
                         void (*each)(void *context, const struct letter_body *letter), void *context,
                         struct error *error)
{
    struct sqlite_sink *sink = state;
    sqlite3_stmt *statement = about(sink, OUTBOX_LIST, partition);
    int result;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        struct letter_body body = {.partition = partition,
                                   .offset = sqlite3_column_int64(statement, 0),
                                   .timestamp_ms = sqlite3_column_int64(statement, 1),
                                   .key = sqlite3_column_blob(statement, 2),
                                   .key_length = (size_t)sqlite3_column_bytes(statement, 2),
                                   .value = sqlite3_column_blob(statement, 3),
                                   .value_length = (size_t)sqlite3_column_bytes(statement, 3)};
        const void *packed = sqlite3_column_blob(statement, 4);
        body.headers = sink_unpack_headers(packed, (size_t)sqlite3_column_bytes(statement, 4));
        each(context, &body);
        rd_kafka_headers_destroy(body.headers);
    }
    if (result != SQLITE_DONE)
        fail(sink, "read the outbox", error);
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? 0 : -1;
}

static int sqlite_forwarded(void *state, const struct letter_place *letters, size_t count,
                            struct error *error)
{
    struct sqlite_sink *sink = state;
    int result = run(sink, sink->statements[BEGIN], error);
    for (size_t i = 0; i < count && result == 0; i++) {
        sqlite3_stmt *statement = about(sink, OUTBOX_REMOVE, letters[i].partition);
        sqlite3_bind_int64(statement, 5, letters[i].offset);
        result = run(sink, statement, error);
    }
    if (result == 0)
        result = run(sink, sink->statements[COMMIT], error);
    roll_back(sink);
    return result;
}

static const struct sink_class sqlite_sink = {
    .take = sqlite_take,
    .reread = sqlite_reread,
    .move = sqlite_move,
    .commit = sqlite_commit,
    .outbox = sqlite_outbox,
    .forwarded = sqlite_forwarded,
};

const struct stage_class stage_sqlite = {
    .name = "sqlite",
    .argument = "FILE",
    .help = "each record exactly once as a row of a table named after the topic; the last stage",
    .open = sqlite_open,
    .sink = &sqlite_sink,
    .close = sqlite_close,
};

#include "consumer/sinks/sqlite_calls.h"

#include "common/exit_codes.h"
#include "consumer/sinks/sink_table.h"

/* ?1 … ?3: cluster, group, topic; ?4: partition */
#define WHERE_PARTITION " WHERE cluster = ?1 AND consumer_group = ?2 AND topic = ?3 AND kafka_partition = ?4"

/* NULL: made for the schema. */
static const char *const texts[CALL_STATEMENTS] = {
    [CALL_BEGIN] = "BEGIN IMMEDIATE",
    [CALL_COMMIT] = "COMMIT",
    [CALL_OTHERS] = "SELECT consumer_group FROM ksupervise_offsets WHERE topic = ?3 AND "
                    "(cluster <> ?1 OR consumer_group <> ?2) LIMIT 1",
    [CALL_TAKE] = "INSERT INTO ksupervise_offsets (cluster, consumer_group, topic, kafka_partition, epoch) "
                  "VALUES (?1, ?2, ?3, ?4, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1 "
                  "RETURNING " SINK_PLACE,
    [CALL_READ_POSITION] = "SELECT " SINK_PLACE " FROM ksupervise_offsets" WHERE_PARTITION,
    [CALL_MOVE] =
        "UPDATE ksupervise_offsets SET next_offset = ?7, witness_offset = ?8, witness_timestamp_ms = ?9, "
        "witness_hash = ?10, group_had_ms = ?11" WHERE_PARTITION " AND epoch = ?5 AND next_offset IS ?6",
    [CALL_OUTBOX_ADD] =
        "INSERT OR REPLACE INTO ksupervise_outbox VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [CALL_OUTBOX_LIST] = "SELECT kafka_offset, timestamp_ms, message_key, message_value, headers "
                         "FROM ksupervise_outbox" WHERE_PARTITION " ORDER BY kafka_offset, timestamp_ms",
    [CALL_OUTBOX_REMOVE] =
        "DELETE FROM ksupervise_outbox" WHERE_PARTITION " AND kafka_offset = ?5 AND timestamp_ms = ?6",
};

static const struct settings *settings_of(const struct sqlite_calls *calls)
{
    return calls->link->pipeline->settings;
}

int sqlite_calls_prepare(struct sqlite_calls *calls, struct error *error)
{
    struct sqlite_link *link = calls->link;
    const struct settings *settings = settings_of(calls);
    char insert[SINK_SQL_BYTES];
    calls->batch = (struct batch_table){.schema = settings->schema, .stats = link->pipeline->stats};
    if (batch_table_register(link->db, &calls->batch) != SQLITE_OK)
        return sqlite_link_fail(link, "register the batch", error);
    sink_insert_sql(insert, settings->topic, settings->schema, BATCH_TABLE_NAME);
    for (size_t i = 0; i < CALL_STATEMENTS; i++)
        if (sqlite3_prepare_v3(link->db, texts[i] != NULL ? texts[i] : insert, -1, SQLITE_PREPARE_PERSISTENT,
                               &calls->statements[i], NULL) != SQLITE_OK)
            return sqlite_link_fail(link, "prepare", error);
    return 0;
}

/* --- parameters and columns ---------------------------------------------------------------------------- */

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
static sqlite3_stmt *about(struct sqlite_calls *calls, enum sqlite_statement which, int32_t partition)
{
    sqlite3_stmt *statement = calls->statements[which];
    const struct settings *settings = settings_of(calls);
    bind_text(statement, 1, calls->cluster);
    bind_text(statement, 2, settings->group_name);
    bind_text(statement, 3, settings->topic);
    if (which != CALL_OTHERS)
        sqlite3_bind_int64(statement, 4, partition);
    return statement;
}

static int64_t column_offset(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? STATS_UNKNOWN
                                                                 : sqlite3_column_int64(statement, column);
}

/* SQLite has no address for a value that is empty, as it has none for NULL. */
static const void *column_bytes(sqlite3_stmt *statement, int column, size_t *length)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    *length = (size_t)sqlite3_column_bytes(statement, column);
    return bytes == NULL && sqlite3_column_type(statement, column) != SQLITE_NULL ? "" : bytes;
}

/* Resets it behind its last step. */
static int ended(struct sqlite_calls *calls, sqlite3_stmt *statement, int step, const char *what,
                 struct error *error)
{
    int result = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : sqlite_link_fail(calls->link, what, error);
    sqlite3_reset(statement);
    return result;
}

/* --- transactions -------------------------------------------------------------------------------------- */

int sqlite_begin(struct sqlite_calls *calls, struct error *error)
{
    return sqlite_link_run(calls->link, calls->statements[CALL_BEGIN], error);
}

int sqlite_commit(struct sqlite_calls *calls, struct error *error)
{
    return sqlite_link_run(calls->link, calls->statements[CALL_COMMIT], error);
}

/* --- where to go on ------------------------------------------------------------------------------------ */

int sqlite_check_alone(struct sqlite_calls *calls, struct error *error)
{
    sqlite3_stmt *statement = about(calls, CALL_OTHERS, 0);
    int step = sqlite3_step(statement);
    int result = 0;
    if (step == SQLITE_ROW)
        result = error_set_code(error, EXIT_CODE_CONFIG,
                                "%s: table %s is filled by group %s, or from another cluster: give each its "
                                "own file",
                                calls->link->path, settings_of(calls)->topic,
                                (const char *)sqlite3_column_text(statement, 0));
    return ended(calls, statement, step, "look for other groups", error) == 0 ? result : -1;
}

/* 1 with what a row of SINK_PLACE says, 0 without one. */
static int ask_position(struct sqlite_calls *calls, sqlite3_stmt *statement, const char *what, int64_t *epoch,
                        struct sink_position *position, struct error *error)
{
    int step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        *epoch = sqlite3_column_int64(statement, 0);
        position->next_offset = column_offset(statement, 1);
        position->witness.offset = column_offset(statement, 2);
        position->witness.timestamp_ms = column_offset(statement, 3);
        position->witness.hash = column_offset(statement, 4);
        position->group_had_ms = column_offset(statement, 5);
    }
    return ended(calls, statement, step, what, error) == 0 ? step == SQLITE_ROW : -1;
}

/* With RETURNING, all changes are made before the first row is returned. */
int sqlite_take(struct sqlite_calls *calls, int32_t partition, int64_t *epoch, struct sink_position *position,
                struct error *error)
{
    return ask_position(calls, about(calls, CALL_TAKE, partition), "take over", epoch, position, error) == -1
               ? -1
               : 0;
}

int sqlite_read(struct sqlite_calls *calls, int32_t partition, int64_t *epoch, struct sink_position *position,
                struct error *error)
{
    return ask_position(calls, about(calls, CALL_READ_POSITION, partition), "read", epoch, position, error);
}

int sqlite_move(struct sqlite_calls *calls, const struct sink_range *range, int64_t epoch,
                struct error *error)
{
    sqlite3_stmt *statement = about(calls, CALL_MOVE, range->partition);
    sqlite3_bind_int64(statement, 5, epoch);
    bind_offset(statement, 6, range->expected);
    bind_offset(statement, 7, range->next.next_offset);
    bind_offset(statement, 8, range->next.witness.offset);
    bind_offset(statement, 9, range->next.witness.timestamp_ms);
    bind_offset(statement, 10, range->next.witness.hash);
    bind_offset(statement, 11, range->next.group_had_ms);
    return sqlite_link_run(calls->link, statement, error) == 0 ? sqlite3_changes(calls->link->db) : -1;
}

int sqlite_insert(struct sqlite_calls *calls, const struct item *items, size_t count, struct error *error)
{
    calls->batch.items = items;
    calls->batch.count = count;
    return sqlite_link_run(calls->link, calls->statements[CALL_INSERT_BATCH], error);
}

/* --- the outbox ---------------------------------------------------------------------------------------- */

int sqlite_outbox_add(struct sqlite_calls *calls, const struct sink_death *death, struct error *error)
{
    const rd_kafka_message_t *message = death->message;
    size_t bytes;
    void *headers = sink_pack_headers(death->headers, &bytes);
    if (headers == NULL)
        return error_set(error, "out of memory");
    sqlite3_stmt *statement = about(calls, CALL_OUTBOX_ADD, message->partition);
    sqlite3_bind_int64(statement, 5, message->offset);
    sqlite3_bind_int64(statement, 6, rd_kafka_message_timestamp(message, NULL));
    sqlite3_bind_blob(statement, 7, message->key, (int)message->key_len, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 8, message->payload, (int)message->len, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 9, headers, (int)bytes, free);
    return sqlite_link_run(calls->link, statement, error);
}

static struct letter_body read_letter(sqlite3_stmt *statement, int32_t partition)
{
    size_t packed_bytes;
    struct letter_body body = {.partition = partition,
                               .offset = sqlite3_column_int64(statement, 0),
                               .timestamp_ms = sqlite3_column_int64(statement, 1)};
    body.key = column_bytes(statement, 2, &body.key_length);
    body.value = column_bytes(statement, 3, &body.value_length);
    const void *packed = column_bytes(statement, 4, &packed_bytes);
    body.headers = sink_unpack_headers(packed, packed_bytes);
    return body;
}

int sqlite_outbox_list(struct sqlite_calls *calls, int32_t partition,
                       void (*each)(void *context, const struct letter_body *letter), void *context,
                       struct error *error)
{
    sqlite3_stmt *statement = about(calls, CALL_OUTBOX_LIST, partition);
    int step;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        struct letter_body body = read_letter(statement, partition);
        each(context, &body);
        rd_kafka_headers_destroy(body.headers);
    }
    return ended(calls, statement, step, "read the outbox", error);
}

int sqlite_outbox_remove(struct sqlite_calls *calls, struct letter_origin letter, struct error *error)
{
    sqlite3_stmt *statement = about(calls, CALL_OUTBOX_REMOVE, letter.partition);
    sqlite3_bind_int64(statement, 5, letter.offset);
    sqlite3_bind_int64(statement, 6, letter.timestamp_ms);
    return sqlite_link_run(calls->link, statement, error);
}

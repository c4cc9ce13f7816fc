#include "consumer/sinks/sqlite_tables.h"

#include "common/exit_codes.h"
#include "consumer/sinks/sink_table.h"

#define CREATE_OUTBOX                                                                                        \
    "CREATE TABLE IF NOT EXISTS ksupervise_outbox (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, "    \
    "topic TEXT NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset INTEGER NOT NULL, "                 \
    "timestamp_ms INTEGER NOT NULL, message_key BLOB, message_value BLOB, headers BLOB, "                    \
    "PRIMARY KEY (cluster, consumer_group, topic, kafka_partition, kafka_offset, timestamp_ms));"

static const char *const own_tables =
    "CREATE TABLE IF NOT EXISTS ksupervise_offsets (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, "
    "topic TEXT NOT NULL, kafka_partition INTEGER NOT NULL, epoch INTEGER NOT NULL, next_offset INTEGER, "
    "witness_offset INTEGER, witness_timestamp_ms INTEGER, witness_hash INTEGER, group_had_ms INTEGER, "
    "PRIMARY KEY (cluster, consumer_group, topic, kafka_partition));" CREATE_OUTBOX;

static const char *const add_witness =
    "ALTER TABLE ksupervise_offsets ADD COLUMN witness_offset INTEGER;"
    "ALTER TABLE ksupervise_offsets ADD COLUMN witness_timestamp_ms INTEGER;"
    "ALTER TABLE ksupervise_offsets ADD COLUMN witness_hash INTEGER;";

static const char *const add_group_had = "ALTER TABLE ksupervise_offsets ADD COLUMN group_had_ms INTEGER;";

/* An older build's has one letter an offset. */
static const char *const widen_outbox =
    "ALTER TABLE ksupervise_outbox RENAME TO ksupervise_outbox_narrow;" CREATE_OUTBOX
    "INSERT INTO ksupervise_outbox SELECT cluster, consumer_group, topic, kafka_partition, kafka_offset, "
    "coalesce(timestamp_ms, -1), message_key, message_value, headers FROM ksupervise_outbox_narrow;"
    "DROP TABLE ksupervise_outbox_narrow;";

static bool outbox_is_narrow(const struct sqlite_link *link)
{
    int in_key = 0;
    return sqlite3_table_column_metadata(link->db, NULL, "ksupervise_outbox", "timestamp_ms", NULL, NULL,
                                         NULL, &in_key, NULL) == SQLITE_OK &&
           !in_key;
}

static bool has_column(const struct sqlite_link *link, const char *table, const char *column)
{
    return sqlite3_table_column_metadata(link->db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) ==
           SQLITE_OK;
}

static int refuse(const struct sqlite_link *link, const char *type, const char *name, struct error *error)
{
    return error_set_code(error, EXIT_CODE_CONFIG,
                          "%s: topic %s needs a table of its name, and there is the %s \"%s\", which SQLite "
                          "cannot tell from it: give each topic its own file",
                          link->path, link->pipeline->settings->topic, type, name);
}

/* Who reads the schema in a transaction also sees what other processes have made of it. */
static int check_name(struct sqlite_link *link, struct error *error)
{
    const char *topic = link->pipeline->settings->topic;
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(link->db, "SELECT type, name FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE",
                           -1, &statement, NULL) != SQLITE_OK)
        return sqlite_link_fail(link, "look at the tables", error);
    sqlite3_bind_text(statement, 1, topic, -1, SQLITE_STATIC);
    int step = sqlite3_step(statement);
    int result = 0;
    if (step == SQLITE_ROW) {
        const char *type = (const char *)sqlite3_column_text(statement, 0);
        const char *name = (const char *)sqlite3_column_text(statement, 1);
        if (strcmp(type, "table") != 0 || strcmp(name, topic) != 0)
            result = refuse(link, type, name, error);
    } else if (step != SQLITE_DONE) {
        result = sqlite_link_fail(link, "look at the tables", error);
    }
    sqlite3_finalize(statement);
    return result;
}

/* https://sqlite.org/datatype3.html, 3.1: what a declared type comes to. What takes values as they are fits
 * any. */
static const char *affinity(const char *type)
{
    static const char *const words[][2] = {{"INT", "INTEGER"}, {"CHAR", "TEXT"}, {"CLOB", "TEXT"},
                                           {"TEXT", "TEXT"},   {"BLOB", NULL},   {"REAL", "REAL"},
                                           {"FLOA", "REAL"},   {"DOUB", "REAL"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasestr(type, words[i][0]) != NULL)
            return words[i][1];
    return NULL;
}

static int check_type(struct sqlite_link *link, const struct field *field, const char *found,
                      struct error *error)
{
    char sql[SINK_SQL_BYTES];
    const char *topic = link->pipeline->settings->topic;
    const char *wanted = sink_column_type(field, SINK_DIALECT_SQLITE);
    const char *one = affinity(found);
    const char *other = affinity(wanted);
    if (one == NULL || other == NULL || strcmp(one, other) == 0)
        return 0;
    sink_alter_column_sql(sql, topic, field, SINK_DIALECT_SQLITE);
    return error_set_code(
        error, EXIT_CODE_CONFIG,
        "%s: table \"%s\": column %s is of type %s, not %s. This moves it out of the way: %s", link->path,
        topic, field->column, found, wanted, sql);
}

/* Of each column that is there. */
static int check_types(struct sqlite_link *link, struct error *error)
{
    const struct schema *schema = link->pipeline->settings->schema;
    for (size_t i = 0; i < schema->field_count; i++) {
        const char *type = NULL;
        if (sqlite3_table_column_metadata(link->db, NULL, link->pipeline->settings->topic,
                                          schema->fields[i].column, &type, NULL, NULL, NULL,
                                          NULL) == SQLITE_OK &&
            type != NULL && check_type(link, &schema->fields[i], type, error) == -1)
            return -1;
    }
    return 0;
}

/* A field that the schema got after the table was made becomes a column. */
static int add_fields(struct sqlite_link *link, struct error *error)
{
    const struct settings *settings = link->pipeline->settings;
    char sql[SINK_SQL_BYTES];
    for (size_t i = 0; i < settings->schema->field_count; i++) {
        const struct field *field = &settings->schema->fields[i];
        if (has_column(link, settings->topic, field->column))
            continue;
        sink_add_column_sql(sql, settings->topic, field, SINK_DIALECT_SQLITE);
        if (sqlite_link_execute(link, sql, error) == -1)
            return -1;
    }
    return 0;
}

static int make(struct sqlite_link *link, struct error *error)
{
    const struct settings *settings = link->pipeline->settings;
    char sql[SINK_SQL_BYTES];
    sink_create_sql(sql, settings->topic, settings->schema, SINK_DIALECT_SQLITE);
    if (check_name(link, error) == -1 || sqlite_link_execute(link, own_tables, error) == -1 ||
        sqlite_link_execute(link, sql, error) == -1)
        return -1;
    if (!has_column(link, "ksupervise_offsets", "witness_offset") &&
        sqlite_link_execute(link, add_witness, error) == -1)
        return -1;
    if (!has_column(link, "ksupervise_offsets", "group_had_ms") &&
        sqlite_link_execute(link, add_group_had, error) == -1)
        return -1;
    if (outbox_is_narrow(link) && sqlite_link_execute(link, widen_outbox, error) == -1)
        return -1;
    sink_index_sql(sql, settings->topic, SINK_DIALECT_SQLITE);
    return check_types(link, error) == 0 && add_fields(link, error) == 0
               ? sqlite_link_execute(link, sql, error)
               : -1;
}

int sqlite_tables_make(struct sqlite_link *link, struct error *error)
{
    if (sqlite_link_execute(link, "BEGIN IMMEDIATE", error) == -1)
        return -1;
    return make(link, error) == 0 ? sqlite_link_execute(link, "COMMIT", error) : -1;
}

#include "consumer/sinks/postgres_tables.h"

#include "common/exit_codes.h"
#include "consumer/sinks/sink_table.h"

/* CREATE TABLE IF NOT EXISTS of two processes at the same moment fails in one of them. */
static const char *const begin_sql = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('ksupervise tables'))";

/* Rows of offsets are changed with each commit: half of each page is left free, so that the new version is
 * put beside the old one, and no index is touched. */
struct own_table {
    const char *name, *sql;
    /* A column that a table of an older build lacks, or has only outside of its key; and what it then needs.
     */
    const char *newest;
    bool in_key;
    const char *upgrade;
};
static const struct own_table own_tables[] = {
    {"ksupervise_offsets",
     "CREATE TABLE ksupervise_offsets (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, "
     "topic TEXT NOT NULL, kafka_partition INTEGER NOT NULL, epoch BIGINT NOT NULL, next_offset BIGINT, "
     "witness_offset BIGINT, witness_timestamp_ms BIGINT, witness_hash BIGINT, group_had_ms BIGINT, "
     "PRIMARY KEY (cluster, consumer_group, topic, kafka_partition)) WITH (fillfactor = 50)",
     "group_had_ms", false,
     "ALTER TABLE ksupervise_offsets ADD COLUMN IF NOT EXISTS witness_offset BIGINT, "
     "ADD COLUMN IF NOT EXISTS witness_timestamp_ms BIGINT, ADD COLUMN IF NOT EXISTS witness_hash BIGINT, "
     "ADD COLUMN group_had_ms BIGINT"},
    {"ksupervise_outbox",
     "CREATE TABLE ksupervise_outbox (cluster TEXT NOT NULL, consumer_group TEXT NOT NULL, "
     "topic TEXT NOT NULL, kafka_partition INTEGER NOT NULL, kafka_offset BIGINT NOT NULL, "
     "timestamp_ms BIGINT NOT NULL, message_key BYTEA, message_value BYTEA, headers BYTEA, "
     "PRIMARY KEY (cluster, consumer_group, topic, kafka_partition, kafka_offset, timestamp_ms))",
     "timestamp_ms", true,
     "UPDATE ksupervise_outbox SET timestamp_ms = -1 WHERE timestamp_ms IS NULL; "
     "ALTER TABLE ksupervise_outbox DROP CONSTRAINT ksupervise_outbox_pkey, "
     "ADD PRIMARY KEY (cluster, consumer_group, topic, kafka_partition, kafka_offset, timestamp_ms)"},
};

/* `name, type, shape of the table, whether it is never NULL`, all of one moment, of each column; none when
 * there is no such table. The caller clears. */
static PGresult *columns_of(struct postgres_link *link, const char *table, struct error *error)
{
    char sql[SINK_SQL_BYTES];
    char *identifier = PQescapeIdentifier(link->handle, table, strlen(table));
    char *literal = identifier != NULL ? PQescapeLiteral(link->handle, identifier, strlen(identifier)) : NULL;
    PGresult *columns = NULL;
    if (literal != NULL) {
        snprintf(sql, sizeof sql,
                 "SELECT attname, format_type(atttypid, NULL), " POSTGRES_SHAPE(
                     "%s") ", attnotnull FROM pg_attribute "
                           "WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped",
                 literal, literal);
        columns = postgres_link_ask(link, "look at the tables", sql, error);
    } else {
        error_set(error, "PostgreSQL: %s", PQerrorMessage(link->handle));
    }
    PQfreemem(identifier);
    PQfreemem(literal);
    return columns;
}

static const char *type_of(const PGresult *columns, const char *name)
{
    for (int i = 0; i < PQntuples(columns); i++)
        if (strcmp(PQgetvalue(columns, i, 0), name) == 0)
            return PQgetvalue(columns, i, 1);
    return NULL;
}

static bool is_of_today(const PGresult *columns, const struct own_table *table)
{
    for (int i = 0; i < PQntuples(columns); i++)
        if (strcmp(PQgetvalue(columns, i, 0), table->newest) == 0)
            return !table->in_key || strcmp(PQgetvalue(columns, i, 3), "t") == 0;
    return false;
}

static int make_own(struct postgres_link *link, const struct own_table *table, struct error *error)
{
    PGresult *columns = columns_of(link, table->name, error);
    if (columns == NULL)
        return -1;
    int result = 0;
    if (PQntuples(columns) == 0)
        result = postgres_link_do(link, "make a table", table->sql, error);
    else if (!is_of_today(columns, table))
        result = postgres_link_do(link, "bring a table up to date", table->upgrade, error);
    PQclear(columns);
    return result;
}

static int add_columns(struct postgres_link *link, const PGresult *columns, struct error *error)
{
    const struct settings *settings = link->pipeline->settings;
    char sql[SINK_SQL_BYTES];
    for (size_t i = 0; i < settings->schema->field_count; i++) {
        const struct field *field = &settings->schema->fields[i];
        if (type_of(columns, field->column) != NULL)
            continue;
        sink_add_column_sql(sql, settings->topic, field, SINK_DIALECT_POSTGRES);
        if (postgres_link_do(link, "add a column", sql, error) == -1)
            return -1;
    }
    return 0;
}

/* NAMEDATALEN - 1: a longer name is cut, and would be another's. */
#define COLUMN_BYTES_MAX 63

static int check_length(const struct field *field, struct error *error)
{
    if (strlen(field->column) <= COLUMN_BYTES_MAX)
        return 0;
    return error_set_code(error, EXIT_CODE_CONFIG,
                          "PostgreSQL: a column's name has at most %d bytes, and %.60s… has %zu: give it a "
                          "shorter one in the schema ('column NAME')",
                          COLUMN_BYTES_MAX, field->column, strlen(field->column));
}

static int make_topics(struct postgres_link *link, struct error *error)
{
    const struct settings *settings = link->pipeline->settings;
    char sql[SINK_SQL_BYTES];
    for (size_t i = 0; i < settings->schema->field_count; i++)
        if (check_length(&settings->schema->fields[i], error) == -1)
            return -1;
    PGresult *columns = columns_of(link, settings->topic, error);
    if (columns == NULL)
        return -1;
    int result;
    if (PQntuples(columns) > 0) {
        result = add_columns(link, columns, error);
    } else {
        sink_create_sql(sql, settings->topic, settings->schema, SINK_DIALECT_POSTGRES);
        result = postgres_link_do(link, "make a table", sql, error);
        sink_index_sql(sql, settings->topic, SINK_DIALECT_POSTGRES);
        if (result == 0)
            result = postgres_link_do(link, "make an index", sql, error);
    }
    PQclear(columns);
    return result;
}

int postgres_tables_make(struct postgres_link *link, struct error *error)
{
    int result = postgres_link_do(link, "lock the tables' making", begin_sql, error);
    for (size_t i = 0; i < sizeof own_tables / sizeof own_tables[0] && result == 0; i++)
        result = make_own(link, &own_tables[i], error);
    if (result == 0)
        result = make_topics(link, error);
    if (result == 0)
        result = postgres_link_do(link, "make the tables", "COMMIT", error);
    if (result == -1)
        postgres_link_roll_back(link);
    return result;
}

/* --- types --------------------------------------------------------------------------------------------- */

/* `field` is NULL for a column of our own. */
static int check_type(const char *table, const char *name, const struct field *field, const char *found,
                      struct error *error)
{
    char sql[SINK_SQL_BYTES] = "alter it, or move the table out of the way";
    const char *wanted = field == NULL ? "bigint" : sink_column_type(field, SINK_DIALECT_POSTGRES);
    if (found != NULL && strcasecmp(found, wanted) == 0)
        return 0;
    if (field != NULL && found != NULL)
        sink_alter_column_sql(sql, table, field, SINK_DIALECT_POSTGRES);
    return error_set_code(error, EXIT_CODE_CONFIG, "PostgreSQL: table \"%s\": column %s %s%s, not %s: %s",
                          table, name, found != NULL ? "is of type " : "is not there",
                          found != NULL ? found : "", wanted, sql);
}

static int check_types(const struct settings *settings, const PGresult *columns, struct error *error)
{
    static const char *const own[] = {"kafka_partition", "kafka_offset", "kafka_timestamp_us"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (check_type(settings->topic, own[i], NULL, type_of(columns, own[i]), error) == -1)
            return -1;
    for (size_t i = 0; i < settings->schema->field_count; i++) {
        const struct field *field = &settings->schema->fields[i];
        if (check_type(settings->topic, field->column, field, type_of(columns, field->column), error) == -1)
            return -1;
    }
    return 0;
}

char *postgres_tables_check(struct postgres_link *link, struct error *error)
{
    const struct settings *settings = link->pipeline->settings;
    PGresult *columns = columns_of(link, settings->topic, error);
    char *shape = NULL;
    if (columns == NULL)
        return NULL;
    if (PQntuples(columns) == 0)
        error_set_code(error, EXIT_CODE_CONFIG, "PostgreSQL: table \"%s\" is not there", settings->topic);
    else if (check_types(settings, columns, error) == 0 &&
             (shape = strdup(PQgetvalue(columns, 0, 2))) == NULL)
        error_set(error, "out of memory");
    PQclear(columns);
    return shape;
}

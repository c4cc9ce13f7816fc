/* One transaction, one cursor a partition, some thousand rows a fetch: the topic is read across its
 * partitions, and libpq's single-row mode could only give one partition after the other. */
#include <libpq-fe.h>
#include <stdarg.h>

#include "tools/kaudit/scratch.h"
#include "tools/kaudit/sink.h"

#define FETCH_ROWS 5000
enum { OWN_COLUMNS = 2 };
#define SQL_BYTES 2048

struct cursor_of {
    bool declared;
    PGresult *rows; /* NULL: fetch */
    int at;
};

struct postgres {
    PGconn *connection;
    char *table;              /* quoted */
    const char *timestamp_ms; /* an expression over its columns, or "0" */
    uint64_t fields;          /* that have a column, bit i */
    char fields_sql[COLUMNS_SQL_BYTES];
    struct cursor_of *cursors;
    int count;
};

static int failed(struct postgres *p, const char *what, struct error *error)
{
    const char *why = PQerrorMessage(p->connection);
    return error_set(error, "cannot %s: %.*s", what, (int)strcspn(why, "\n"), why);
}

/* The answer with that status, which the caller clears; NULL with the error. */
static PGresult *ask(struct postgres *p, ExecStatusType expected, const char *what, struct error *error,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));
static PGresult *ask(struct postgres *p, ExecStatusType expected, const char *what, struct error *error,
                     const char *format, ...)
{
    char sql[SQL_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    PGresult *result = PQexec(p->connection, sql);
    if (PQresultStatus(result) == expected)
        return result;
    failed(p, what, error);
    PQclear(result);
    return NULL;
}

static int command(struct postgres *p, const char *what, const char *sql, struct error *error)
{
    PGresult *result = ask(p, PGRES_COMMAND_OK, what, error, "%s", sql);
    PQclear(result);
    return result == NULL ? -1 : 0;
}

/* 0 for a null. */
static int64_t number(const PGresult *rows, int row, int column)
{
    return strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

static void close_postgres(void *state)
{
    struct postgres *p = state;
    for (int i = 0; p->cursors != NULL && i < p->count; i++)
        PQclear(p->cursors[i].rows);
    free(p->cursors);
    PQfreemem(p->table);
    PQfinish(p->connection);
    free(p);
}

static int declare(struct postgres *p, int32_t partition, struct error *error)
{
    PGresult *result = ask(p, PGRES_COMMAND_OK, "ask for the rows", error,
                           "DECLARE kaudit_%d NO SCROLL CURSOR FOR SELECT " SINK_OFFSET
                           ", %s%s FROM %s WHERE " SINK_PARTITION " = %d ORDER BY " SINK_OFFSET,
                           (int)partition, p->timestamp_ms, p->fields_sql, p->table, (int)partition);
    PQclear(result);
    p->cursors[partition].declared = result != NULL;
    return result == NULL ? -1 : 0;
}

static void read_content(const struct postgres *p, const struct cursor_of *cursor, struct content *content)
{
    int column = OWN_COLUMNS;
    for (size_t i = 0; i < RECORD_FIELDS_MAX && p->fields >> i != 0; i++) {
        if ((p->fields >> i & 1) == 0)
            continue;
        bool is_null = PQgetisnull(cursor->rows, cursor->at, column) != 0;
        content_set(content, i, is_null ? NULL : PQgetvalue(cursor->rows, cursor->at, column),
                    (size_t)PQgetlength(cursor->rows, cursor->at, column));
        column++;
    }
}

static int next(void *state, int32_t partition, struct source_item *item, struct error *error)
{
    struct postgres *p = state;
    struct cursor_of *cursor = &p->cursors[partition];
    if (!cursor->declared && declare(p, partition, error) == -1)
        return -1;
    if (cursor->rows == NULL || cursor->at == PQntuples(cursor->rows)) {
        PQclear(cursor->rows);
        cursor->at = 0;
        cursor->rows = ask(p, PGRES_TUPLES_OK, "read the rows", error, "FETCH %d FROM kaudit_%d", FETCH_ROWS,
                           (int)partition);
        if (cursor->rows == NULL)
            return -1;
    }
    if (PQntuples(cursor->rows) == 0)
        return 0;
    *item = (struct source_item){.offset = number(cursor->rows, cursor->at, 0),
                                 .timestamp_ms = number(cursor->rows, cursor->at, 1)};
    read_content(p, cursor, &item->content);
    cursor->at++;
    return 1;
}

static int count_elsewhere(struct postgres *p, uint64_t *count, struct error *error)
{
    PGresult *result = ask(p, PGRES_TUPLES_OK, "read the table", error,
                           "SELECT count(*) FROM %s WHERE " SINK_PARTITION " IS NULL OR " SINK_OFFSET
                           " IS NULL OR " SINK_PARTITION " NOT BETWEEN 0 AND %d",
                           p->table, p->count - 1);
    if (result == NULL)
        return -1;
    *count = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    return 0;
}

/* A sink of somebody else's has none of ours beside it. */
static int has_table(struct postgres *p, const char *name, bool *has, struct error *error)
{
    PGresult *result =
        ask(p, PGRES_TUPLES_OK, "look for our tables", error, "SELECT to_regclass('%s')", name);
    *has = result != NULL && !PQgetisnull(result, 0, 0);
    PQclear(result);
    return result == NULL ? -1 : 0;
}

/* Before the transaction, which an error would end. */
static bool has_timestamps(struct postgres *p)
{
    struct error none = ERROR_INIT;
    PGresult *result = ask(p, PGRES_TUPLES_OK, "look for the timestamps", &none,
                           "SELECT " SINK_TIMESTAMP " / 1000 FROM %s LIMIT 0", p->table);
    PQclear(result);
    return result != NULL;
}

static int take_letters(struct postgres *p, const PGresult *rows, struct scratch *scratch, struct sink *sink,
                        struct error *error)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        int64_t partition = number(rows, i, 0);
        if (partition < 0 || partition >= p->count)
            sink->elsewhere++;
        else if (scratch_add(
                     scratch, (int32_t)partition,
                     (struct source_item){.offset = number(rows, i, 1), .timestamp_ms = number(rows, i, 2)},
                     error) == -1)
            return -1;
    }
    return 0;
}

static int read_outbox(struct postgres *p, const struct sink_spec *spec, struct sink *sink,
                       struct error *error)
{
    static const char sql[] =
        "SELECT " SINK_PARTITION ", " SINK_OFFSET ", timestamp_ms FROM " SINK_OUTBOX
        " WHERE consumer_group = $1 AND topic = $2 AND ($3::text IS NULL OR cluster = $3)";
    const char *const values[] = {spec->group, spec->topic, spec->cluster};
    bool has = false;
    if (!spec->letters)
        return 0;
    if (has_table(p, SINK_OUTBOX, &has, error) == -1)
        return -1;
    if (!has)
        return 0;
    struct scratch *scratch = scratch_open(true, error);
    if (scratch == NULL)
        return -1;
    PGresult *rows = PQexecParams(p->connection, sql, 3, NULL, values, NULL, NULL, 0);
    int result = PQresultStatus(rows) == PGRES_TUPLES_OK ? take_letters(p, rows, scratch, sink, error)
                                                         : failed(p, "read the outbox", error);
    PQclear(rows);
    if (result == 0)
        return scratch_source(scratch, &sink->outbox, error);
    scratch_free(scratch);
    return -1;
}

/* Where a sink of ours goes on. *ours: one of ours has filled the table, this group's or another's. */
static int read_positions(struct postgres *p, const struct sink_spec *spec, bool *ours, struct error *error)
{
    static const char sql[] =
        "SELECT kafka_partition, next_offset, consumer_group IS NOT DISTINCT FROM $1 "
        "AND ($3::text IS NULL OR cluster = $3) FROM " SINK_OFFSETS_TABLE " WHERE topic = $2";
    const char *const values[] = {spec->group, spec->topic, spec->cluster};
    bool has = false;
    if (has_table(p, SINK_OFFSETS_TABLE, &has, error) == -1)
        return -1;
    if (!has)
        return 0;
    PGresult *rows = PQexecParams(p->connection, sql, 3, NULL, values, NULL, NULL, 0);
    int result =
        PQresultStatus(rows) == PGRES_TUPLES_OK ? 0 : failed(p, "read where the sink goes on", error);
    *ours = result == 0 && PQntuples(rows) > 0;
    for (int i = 0; result == 0 && i < PQntuples(rows); i++)
        if (PQgetvalue(rows, i, 2)[0] == 't' && !PQgetisnull(rows, i, 1))
            sink_take_position(spec, number(rows, i, 0), number(rows, i, 1));
    PQclear(rows);
    return result;
}

static bool has_field(void *context, const char *column)
{
    const PGresult *rows = context;
    for (int i = 0; i < PQntuples(rows); i++)
        if (strcmp(PQgetvalue(rows, i, 0), column) == 0)
            return true;
    return false;
}

/* Of a table that a sink of ours fills. */
static int look_at_columns(struct postgres *p, const struct schema *schema, struct sink *sink,
                           struct error *error)
{
    static const char sql[] = "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
                              "WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped";
    const char *const values[] = {p->table};
    PGresult *rows = PQexecParams(p->connection, sql, 1, NULL, values, NULL, NULL, 0);
    int result = PQresultStatus(rows) == PGRES_TUPLES_OK ? 0 : failed(p, "look at the columns", error);
    for (int i = 0; result == 0 && i < PQntuples(rows); i++)
        columns_look(&sink->altered, COLUMNS_POSTGRES, schema, PQgetvalue(rows, i, 0),
                     PQgetvalue(rows, i, 1));
    if (result == 0)
        sink->schema = columns_schema(schema, has_field, rows, &p->fields);
    columns_sql(p->fields_sql, sink->schema, p->fields);
    PQclear(rows);
    return result;
}

static int prepare(struct postgres *p, const struct sink_spec *spec, struct sink *sink, struct error *error)
{
    bool ours = false;
    if (PQstatus(p->connection) != CONNECTION_OK)
        return failed(p, "connect", error);
    p->table = PQescapeIdentifier(p->connection, spec->table, strlen(spec->table));
    if (p->table == NULL)
        return failed(p, "name the table", error);
    p->timestamp_ms = has_timestamps(p) ? SINK_TIMESTAMP " / 1000" : "0";
    if (command(p, "read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", error) == -1)
        return -1;
    if (count_elsewhere(p, &sink->elsewhere, error) == -1 || read_positions(p, spec, &ours, error) == -1 ||
        (ours && look_at_columns(p, spec->schema, sink, error) == -1))
        return -1;
    return read_outbox(p, spec, sink, error);
}

int sink_open_postgres(struct sink *sink, const struct sink_spec *spec, struct error *error)
{
    struct postgres *p = calloc(1, sizeof *p);
    if (p == NULL)
        return error_set(error, "out of memory");
    p->count = spec->partitions;
    p->cursors = calloc((size_t)spec->partitions + 1, sizeof *p->cursors);
    p->connection = PQconnectdb(spec->where);
    if (p->cursors == NULL || p->connection == NULL)
        error_set(error, "out of memory");
    else if (prepare(p, spec, sink, error) == 0) {
        sink->source = (struct source){.next = next, .close = close_postgres, .state = p};
        return 0;
    }
    close_postgres(p);
    return error_context(error, "--postgres");
}

/* The tables of a sink, made and checked, by a server that is asked and answers as the test says. What a real
 * one makes of the SQL: test_postgres.c. */
#include "consumer/sinks/postgres_tables.h"

#include "common/exit_codes.h"
#include "tests/consumer/sinks/fake_link.h"

static struct settings settings;
static struct pipeline pipeline;
static struct postgres_link to;
static struct error error;

/* --- names, quoted ------------------------------------------------------------------------------------- */

static int quoted_alive;

static char *quote(const char *text, size_t length, char mark)
{
    char *quoted = malloc(length + 3);
    ck_assert_ptr_nonnull(quoted);
    snprintf(quoted, length + 3, "%c%.*s%c", mark, (int)length, text, mark);
    quoted_alive++;
    return quoted;
}

char *PQescapeIdentifier(PGconn *handle, const char *text, size_t length)
{
    (void)handle;
    return strcmp(text, "no name") != 0 ? quote(text, length, '"') : NULL;
}

char *PQescapeLiteral(PGconn *handle, const char *text, size_t length)
{
    (void)handle;
    return strcmp(text, "\"no text\"") != 0 ? quote(text, length, '\'') : NULL;
}

void PQfreemem(void *memory)
{
    quoted_alive -= memory != NULL;
    free(memory);
}

char *PQerrorMessage(const PGconn *handle)
{
    (void)handle;
    return (char *)"an invalid name";
}

/* --- tables as a server describes them ------------------------------------------------------------------ */

#define COLUMN(name, type)                                                                                   \
    {                                                                                                        \
        {name, 0}, {type, 0}, {"the shape", 0},                                                              \
        {                                                                                                    \
            "t", 0                                                                                           \
        }                                                                                                    \
    }
#define COLUMN_WITH_NULLS(name)                                                                              \
    {                                                                                                        \
        {name, 0}, {"bigint", 0}, {"the shape", 0},                                                          \
        {                                                                                                    \
            "f", 0                                                                                           \
        }                                                                                                    \
    }
#define OWN_COLUMNS                                                                                          \
    COLUMN("kafka_partition", "bigint"), COLUMN("kafka_offset", "bigint"),                                   \
        COLUMN("kafka_timestamp_us", "bigint")

static const PGresult none;
static const PGresult offsets = {.rows = 2,
                                 .cells = {COLUMN("epoch", "bigint"), COLUMN_WITH_NULLS("group_had_ms")}};
static const PGresult older_offsets = {.rows = 1, .cells = {COLUMN("epoch", "bigint")}};
static const PGresult outbox = {.rows = 2,
                                .cells = {COLUMN("topic", "text"), COLUMN("timestamp_ms", "bigint")}};
/* Its time was no part of its key, and could be NULL. */
static const PGresult older_outbox = {.rows = 2,
                                      .cells = {COLUMN("topic", "text"), COLUMN_WITH_NULLS("timestamp_ms")}};
static const PGresult letters = {.rows = 5,
                                 .cells = {OWN_COLUMNS, COLUMN("content", "text"), COLUMN("key", "text")}};
static const PGresult older_letters = {.rows = 4, .cells = {OWN_COLUMNS, COLUMN("content", "text")}};

static void describes(const PGresult *its_offsets, const PGresult *its_outbox, const PGresult *its_letters)
{
    server_answers(its_offsets);
    server_answers(its_outbox);
    server_answers(its_letters);
}

static void begin(void)
{
    server_begin();
    settings = (struct settings){.topic = "letters", .schema = schema_by_workload("messages")};
    pipeline = (struct pipeline){.settings = &settings};
    to = (struct postgres_link){.pipeline = &pipeline};
    error = (struct error)ERROR_INIT;
}

static void end(void)
{
    ck_assert_int_eq(results_alive, 0);
    ck_assert_int_eq(quoted_alive, 0);
}

#define LOCK   "lock the tables' making; "
#define LOOK   "look at the tables; "
#define MAKE   "make a table; "
#define COMMIT "make the tables"

static void has_asked_for(const char *sql)
{
    ck_assert_msg(strstr(server.sql, sql) != NULL, "%s is not in:\n%s", sql, server.sql);
}

/* --- making -------------------------------------------------------------------------------------------- */

START_TEST(where_no_table_is_all_are_made_in_one_transaction)
{
    ck_assert_int_eq(postgres_tables_make(&to, &error), 0);
    has_asked_for("BEGIN; SELECT pg_advisory_xact_lock");
    has_asked_for("to_regclass('\"letters\"')");
    has_asked_for("CREATE TABLE ksupervise_offsets");
    has_asked_for("CREATE TABLE ksupervise_outbox");
    has_asked_for("CREATE TABLE IF NOT EXISTS \"letters\"");
    has_asked_for("COMMIT");
    SERVER_SAID(LOCK LOOK MAKE LOOK MAKE LOOK MAKE "make an index; " COMMIT);
}
END_TEST

START_TEST(tables_of_today_are_left_as_they_are)
{
    describes(&offsets, &outbox, &letters);
    ck_assert_int_eq(postgres_tables_make(&to, &error), 0);
    SERVER_SAID(LOCK LOOK LOOK LOOK COMMIT);
}
END_TEST

START_TEST(those_of_an_older_build_are_brought_up_to_date)
{
    describes(&older_offsets, &older_outbox, &older_letters);
    ck_assert_int_eq(postgres_tables_make(&to, &error), 0);
    has_asked_for("ALTER TABLE ksupervise_offsets ADD COLUMN");
    has_asked_for("ALTER TABLE ksupervise_outbox DROP CONSTRAINT");
    has_asked_for("ALTER TABLE \"letters\" ADD COLUMN \"key\" TEXT");
    SERVER_SAID(LOCK LOOK "bring a table up to date; " LOOK "bring a table up to date; " LOOK
                          "add a column; " COMMIT);
}
END_TEST

/* Whatever fails: it is an error, nothing is asked behind it, and the transaction is rolled back. */
static void fails_at_each_call(const PGresult *its_offsets, const PGresult *its_outbox,
                               const PGresult *its_letters, int calls)
{
    for (int i = 1; i <= calls; i++) {
        server_begin();
        server.fails_at = i;
        describes(its_offsets, its_outbox, its_letters);
        ck_assert_int_eq(postgres_tables_make(&to, &error), -1);
        ck_assert_str_eq(error.text, "the server is away");
        ck_assert_int_eq(server.calls, i);
        const char *said = server_said();
        ck_assert_msg(strcmp(strrchr(said, ';'), "; roll back") == 0, "%s", said);
        end();
    }
    server_begin();
    describes(its_offsets, its_outbox, its_letters);
    ck_assert_int_eq(postgres_tables_make(&to, &error), 0);
    ck_assert_int_eq(server.calls, calls);
}

START_TEST(what_fails_in_between_is_rolled_back)
{
    fails_at_each_call(&none, &none, &none, 9);
    fails_at_each_call(&offsets, &outbox, &letters, 5);
    fails_at_each_call(&older_offsets, &older_outbox, &older_letters, 8);
}
END_TEST

START_TEST(a_name_that_cannot_be_quoted_is_an_error)
{
    settings.topic = "no name";
    ck_assert_int_eq(postgres_tables_make(&to, &error), -1);
    ck_assert_str_eq(error.text, "PostgreSQL: an invalid name");
    settings.topic = "no text";
    error = (struct error)ERROR_INIT;
    ck_assert_ptr_null(postgres_tables_check(&to, &error));
    ck_assert_str_eq(error.text, "PostgreSQL: an invalid name");
}
END_TEST

/* --- checking ------------------------------------------------------------------------------------------ */

static void is_refused(const PGresult *table, const char *because)
{
    server_answers(table);
    error = (struct error)ERROR_INIT;
    ck_assert_ptr_null(postgres_tables_check(&to, &error));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_msg(strstr(error.text, because) != NULL, "%s", error.text);
}

START_TEST(a_table_that_fits_has_a_shape)
{
    server_answers(&letters);
    char *shape = postgres_tables_check(&to, &error);
    ck_assert_str_eq(shape, "the shape");
    SERVER_SAID("look at the tables");
    free(shape);
}
END_TEST

START_TEST(one_that_does_not_is_refused)
{
    static const PGresult text_offset = {.rows = 3,
                                         .cells = {COLUMN("kafka_partition", "bigint"),
                                                   COLUMN("kafka_offset", "text"),
                                                   COLUMN("kafka_timestamp_us", "bigint")}};
    static const PGresult no_timestamp = {
        .rows = 2, .cells = {COLUMN("kafka_partition", "bigint"), COLUMN("kafka_offset", "bigint")}};
    static const PGresult other_key = {
        .rows = 5, .cells = {OWN_COLUMNS, COLUMN("content", "TEXT"), COLUMN("key", "uuid")}};
    is_refused(&none, "table \"letters\" is not there");
    is_refused(&text_offset, "column kafka_offset is of type text, not bigint: alter it");
    is_refused(&no_timestamp, "column kafka_timestamp_us is not there, not bigint");
    is_refused(&older_letters, "column key is not there, not TEXT");
    is_refused(&other_key, "column key is of type uuid, not TEXT");
}
END_TEST

START_TEST(one_that_nobody_describes_is_not_refused_but_an_error)
{
    server.fails_at = 1;
    ck_assert_ptr_null(postgres_tables_check(&to, &error));
    ck_assert_str_eq(error.text, "the server is away");
}
END_TEST

CHECK_MAIN_WITH("consumer/sinks/postgres_tables", begin, end,
                where_no_table_is_all_are_made_in_one_transaction, tables_of_today_are_left_as_they_are,
                those_of_an_older_build_are_brought_up_to_date, what_fails_in_between_is_rolled_back,
                a_name_that_cannot_be_quoted_is_an_error, a_table_that_fits_has_a_shape,
                one_that_does_not_is_refused, one_that_nobody_describes_is_not_refused_but_an_error)

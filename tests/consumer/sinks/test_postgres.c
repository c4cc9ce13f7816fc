/* On a real PostgreSQL (own_postgres.h). */
#define CHECK_TIMEOUT_SECONDS 30
#include "tests/consumer/sinks/sink_cases.h"

#include <libpq-fe.h>

#include "consumer/sinks/copy_binary.h"
#include "consumer/sinks/postgres_link.h"
#include "tests/support/own_postgres.h"

const struct stage_class *const stage = &stage_postgres;

static PGconn *own;

void *open_sink(void)
{
    void *state = NULL;
    ck_assert_msg(stage->open(&state, NULL, &pipeline, &error) == 0, "%s", error.text);
    return state;
}

const char *ask(const char *sql)
{
    static char text[1024];
    size_t used = 0;
    PGresult *result = PQexec(own, sql);
    ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql,
                  PQerrorMessage(own));
    text[0] = '\0';
    for (int row = 0; row < PQntuples(result); row++)
        for (int i = 0; i < PQnfields(result); i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     PQgetisnull(result, row, i) ? "NULL" : PQgetvalue(result, row, i),
                                     i + 1 < PQnfields(result) ? "|" : ";");
    PQclear(result);
    return text;
}

static void begin(void)
{
    settle_in();
    own = PQconnectdb("options='-c client_min_messages=warning'");
    ck_assert_msg(PQstatus(own) == CONNECTION_OK, "%s", PQerrorMessage(own));
    ask("DROP TABLE IF EXISTS letters, ksupervise_offsets, ksupervise_outbox");
    sink = open_sink();
}

static void end(void)
{
    clear_work();
    if (sink != NULL)
        stage->close(sink);
    ask("DROP TABLE IF EXISTS letters, ksupervise_offsets, ksupervise_outbox");
    PQfinish(own);
}

void refuse(const char *event, const char *table, const char *when)
{
    char sql[256];
    ask("CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'refused'; END$$");
    snprintf(sql, sizeof sql,
             "CREATE TRIGGER no BEFORE %s ON %s FOR EACH ROW WHEN (%s) EXECUTE FUNCTION refuse()", event,
             table, when != NULL ? when : "true");
    ask(sql);
}

void allow(const char *table)
{
    char sql[64];
    snprintf(sql, sizeof sql, "DROP TRIGGER no ON %s", table);
    ask(sql);
}

void refuse_commits(bool are_refused)
{
    if (!are_refused) {
        allow("letters");
        return;
    }
    ask("CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'refused'; END$$");
    ask("CREATE CONSTRAINT TRIGGER no AFTER INSERT ON letters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION refuse()");
}

static void refuses_to_open(int exit_code, const char *because)
{
    void *state = NULL;
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(stage->open(&state, NULL, &pipeline, &error), -1);
    ck_assert_int_eq(error.exit_code, exit_code);
    ck_assert_msg(strstr(error.text, because) != NULL, "%s", error.text);
}

/* What the sink's connections are: on them as a server sees them. */
#define SESSIONS "FROM pg_stat_activity WHERE application_name = 'ksupervise'"

/* --- tables -------------------------------------------------------------------------------------------- */

START_TEST(a_new_table_has_an_index_and_pages_with_room)
{
    ck_assert_str_eq(ask("SELECT indkey FROM pg_index WHERE indrelid = 'letters'::regclass"), "1 2;");
    ck_assert_str_eq(ask("SELECT reloptions FROM pg_class WHERE relname = 'ksupervise_offsets'"),
                     "{fillfactor=50};");
}
END_TEST

/* PostgreSQL cuts names at 63 bytes. */
START_TEST(a_topic_whose_name_is_too_long_for_a_table_is_refused_even_unseen)
{
    char topic[65];
    memset(topic, 't', sizeof topic);
    topic[64] = '\0';
    settings.topic = topic;
    settings.check = true;
    refuses_to_open(EXIT_CODE_CONFIG, "a table's name has at most 63 bytes, and the topic's 64");
    topic[63] = '\0';
    settings.check = false;
    void *longest = open_sink();
    take(longest, 0);
    ck_assert_int_eq(commit_one(longest, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_str_eq(ask("SELECT count(*) FROM pg_index JOIN pg_class ON indrelid = pg_class.oid "
                         "WHERE relname LIKE 'tttt%'"),
                     "1;");
    stage->close(longest);
    char drop[96];
    snprintf(drop, sizeof drop, "DROP TABLE %s", topic);
    ask(drop);
    settings.topic = "letters";
}
END_TEST

START_TEST(topics_that_differ_in_case_have_tables_of_their_own)
{
    settings.topic = "Letters";
    void *other = open_sink();
    take(other, 0);
    ck_assert_int_eq(commit_one(other, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "");
    stage->close(other);
    ask("DROP TABLE \"Letters\"");
    settings.topic = "letters";
}
END_TEST

START_TEST(columns_of_other_types_are_refused_at_the_start)
{
    ask("ALTER TABLE letters ALTER kafka_timestamp_us TYPE double precision");
    refuses_to_open(EXIT_CODE_CONFIG, "column kafka_timestamp_us is of type double precision, not bigint");
    ask("ALTER TABLE letters ALTER kafka_timestamp_us TYPE bigint, ALTER key TYPE varchar");
    refuses_to_open(EXIT_CODE_CONFIG, "table \"letters\": column key is of type character varying, not TEXT");
    ask("ALTER TABLE letters ALTER key TYPE text, DROP COLUMN kafka_offset");
    refuses_to_open(EXIT_CODE_CONFIG, "column kafka_offset is not there, not bigint");
}
END_TEST

/* --- a table that is altered --------------------------------------------------------------------------- */

/* Eight bytes are eight bytes: COPY would take them. */
START_TEST(a_type_that_is_altered_takes_no_rows_until_it_is_right_again)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ask("ALTER TABLE letters ALTER kafka_timestamp_us TYPE double precision");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_AGAIN);
        ck_assert_msg(strstr(error.text, "column kafka_timestamp_us is of type double precision") != NULL,
                      "%s", error.text);
    }
    ck_assert_str_eq(ask(ROWS), "0|0;");
    ck_assert_str_eq(ask(PLACES), "0|1|1;");
    ask("ALTER TABLE letters ALTER kafka_timestamp_us TYPE bigint");
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    ck_assert_str_eq(ask("SELECT kafka_timestamp_us FROM letters ORDER BY 1"), "1000000;1001000;");
}
END_TEST

START_TEST(a_type_that_copy_itself_refuses_is_told_as_the_cause)
{
    take(sink, 0);
    ask("ALTER TABLE letters ALTER content TYPE uuid USING NULL");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_msg(strstr(error.text, "column content is of type uuid, not TEXT") != NULL, "%s", error.text);
    ask("ALTER TABLE letters DROP COLUMN content");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_msg(strstr(error.text, "column content is not there") != NULL, "%s", error.text);
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN); /* who takes a partition makes what is not there */
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
}
END_TEST

START_TEST(a_column_more_is_an_alteration_that_harms_nothing)
{
    take(sink, 0);
    ask("ALTER TABLE letters ADD COLUMN mine INTEGER");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "table \"letters\" was altered"));
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
}
END_TEST

START_TEST(another_table_of_the_name_is_looked_at_too)
{
    take(sink, 0);
    ask("ALTER TABLE letters RENAME TO former");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "table \"letters\" is not there"));
    ask("CREATE TABLE letters (kafka_partition BIGINT, kafka_offset BIGINT, kafka_timestamp_us TIMESTAMP, "
        "content TEXT, key TEXT)");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "timestamp without time zone, not bigint"));
    ask("DROP TABLE letters");
    ask("ALTER TABLE former RENAME TO letters");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
}
END_TEST

START_TEST(types_are_looked_at_again_at_each_connection)
{
    take(sink, 0);
    ask("SELECT pg_terminate_backend(pid, 5000) " SESSIONS);
    ask("ALTER TABLE letters ALTER kafka_timestamp_us TYPE double precision");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN); /* the connection is gone */
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "of type double precision"));
    ask("ALTER TABLE letters ALTER kafka_timestamp_us TYPE bigint");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
}
END_TEST

/* A restore drops them, and makes them again: neither is the time to make empty ones. */
START_TEST(tables_that_are_gone_are_made_only_for_who_takes_a_partition)
{
    struct sink_position position;
    take(sink, 0);
    ask("DROP TABLE letters, ksupervise_offsets, ksupervise_outbox");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_int_eq(reread(sink, 0, &position), SINK_AGAIN);
    ck_assert_str_eq(ask("SELECT to_regclass('letters'), to_regclass('ksupervise_offsets')"), "NULL|NULL;");
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ask("DROP TABLE ksupervise_offsets");
    ck_assert_int_eq(stage->sink->take(sink, &source, 0, &position, &error), -1);
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN); /* the second try has made it */
}
END_TEST

/* --- waiting ------------------------------------------------------------------------------------------- */

START_TEST(a_row_that_another_transaction_holds_is_waited_for_some_seconds)
{
    take(sink, 0);
    ask("BEGIN; UPDATE ksupervise_offsets SET epoch = epoch");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "lock timeout"));
    ask("ROLLBACK");
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|0;");
}
END_TEST

START_TEST(its_sessions_are_bounded_and_go_with_it)
{
    ck_assert_str_eq(ask("SELECT count(*) " SESSIONS), "1;");
    void *other = open_sink();
    ck_assert_str_eq(ask("SELECT count(*) " SESSIONS), "2;");
    ck_assert_str_eq(ask("SELECT DISTINCT state " SESSIONS), "idle;"); /* in no transaction */
    stage->close(other);
    for (int i = 0; i < 1000 && strcmp(ask("SELECT count(*) " SESSIONS), "1;") != 0; i++)
        ask("SELECT pg_stat_clear_snapshot(), pg_sleep(0.01)");
    ck_assert_str_eq(ask("SELECT count(*) " SESSIONS), "1;");
}
END_TEST

START_TEST(a_connection_that_is_lost_is_made_again_and_nothing_is_done_twice)
{
    struct sink_position position;
    take(sink, 0);
    for (int64_t offset = 0; offset < 3; offset++) {
        ask("SELECT pg_terminate_backend(pid, 5000) " SESSIONS);
        ck_assert_int_eq(commit_one(sink, 0, offset > 0 ? offset : STATS_UNKNOWN, offset), SINK_AGAIN);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
        ck_assert_int_eq(reread(sink, 0, &position), SINK_DONE);
        ck_assert_int_eq(commit_one(sink, 0, offset > 0 ? offset : STATS_UNKNOWN, offset), SINK_DONE);
    }
    ck_assert_str_eq(ask(ROWS), "0|0;0|1;0|2;");
}
END_TEST

START_TEST(a_server_that_is_away_is_no_error_of_the_start)
{
    struct sink_position position;
    void *state = NULL;
    ck_assert_int_eq(stage->open(&state, "host=127.0.0.1 port=1", &pipeline, &error), 0);
    ck_assert_int_eq(stage->sink->take(state, &source, 0, &position, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "PostgreSQL: connect"));
    ck_assert_int_eq(reread(state, 0, &position), SINK_AGAIN);
    ck_assert_int_eq(commit_one(state, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_int_eq(move(state, 0, STATS_UNKNOWN, 1, false), SINK_AGAIN);
    const struct letter_origin sent = {0, 0, 1000};
    ck_assert_int_eq(stage->sink->forwarded(state, &sent, 1, &error), -1);
    ck_assert_int_eq(stage->sink->outbox(state, 0, keep_letter, &kept, &error), -1);
    stage->close(state);
}
END_TEST

START_TEST(a_database_of_another_encoding_is_refused)
{
    ask("DROP DATABASE IF EXISTS latin");
    ask("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    void *state = NULL;
    ck_assert_int_eq(stage->open(&state, "dbname=latin", &pipeline, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "is encoded in LATIN1"));
    ask("DROP DATABASE latin");
}
END_TEST

START_TEST(one_in_utf8_or_without_an_encoding_is_fit)
{
    static const char *const fit[] = {"UTF8", "SQL_ASCII"};
    char sql[160];
    for (size_t i = 0; i < sizeof fit / sizeof fit[0]; i++) {
        void *state = NULL;
        ask("DROP DATABASE IF EXISTS fit");
        snprintf(sql, sizeof sql,
                 "CREATE DATABASE fit ENCODING '%s' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", fit[i]);
        ask(sql);
        ck_assert_msg(stage->open(&state, "dbname=fit", &pipeline, &error) == 0, "%s", error.text);
        stage->close(state);
    }
    ask("DROP DATABASE fit");
}
END_TEST

/* --- rows ---------------------------------------------------------------------------------------------- */

START_TEST(a_batch_of_many_parts_is_there_whole)
{
    enum { MANY = 9000 };
    static struct item items[MANY];
    static struct fake *fakes[MANY];
    take(sink, 0);
    add_item(0, 0, "a text of some length, so that the whole takes several parts of a COPY to send");
    for (size_t i = 0; i < MANY; i++) {
        fakes[i] = fake_bytes(0, (int64_t)i, NULL, 0);
        items[i] = work.items[0];
        items[i].message = &fakes[i]->message;
    }
    const struct sink_range range = {0, STATS_UNKNOWN, {MANY, WITNESS_NONE, STATS_UNKNOWN}};
    const struct sink_batch batch = {.items = items, .item_count = MANY, .ranges = &range, .range_count = 1};
    ck_assert_msg(stage->sink->commit(sink, &batch, &lost, &error) == SINK_DONE, "%s", error.text);
    ck_assert_uint_gt(MANY * 80, 8 * COPY_BINARY_SEND_BYTES);
    ck_assert_str_eq(ask("SELECT count(*), count(DISTINCT kafka_offset), min(length(content)) FROM letters"),
                     "9000|9000|78;");
    for (size_t i = 0; i < MANY; i++)
        rd_kafka_message_destroy(&fakes[i]->message);
}
END_TEST

START_TEST(what_it_cannot_hold_is_answered_dead_and_the_rest_passes)
{
    struct answer answers[3] = {{VERDICT_PASS, NULL}};
    add_item(0, 0, "good");
    add_item(0, 1, "bad");
    add_item(0, 2, "good");
    work.records[1].values[0].text = (struct mp_view){"bad\377", 4};
    ck_assert_int_eq(stage->batch(sink, work.items, 3, answers, &error), 0);
    ck_assert_int_eq(answers[0].verdict, VERDICT_PASS);
    ck_assert_ptr_null(answers[0].why);
    ck_assert_int_eq(answers[1].verdict, VERDICT_DEAD);
    ck_assert_str_eq(answers[1].why, "a text that is not UTF-8, which PostgreSQL cannot hold");
    ck_assert_int_eq(answers[2].verdict, VERDICT_PASS);
}
END_TEST

/* --- main ---------------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
    const TTest *const tests[] = {SINK_CASES,
                                  a_new_table_has_an_index_and_pages_with_room,
                                  a_topic_whose_name_is_too_long_for_a_table_is_refused_even_unseen,
                                  topics_that_differ_in_case_have_tables_of_their_own,
                                  columns_of_other_types_are_refused_at_the_start,
                                  a_type_that_is_altered_takes_no_rows_until_it_is_right_again,
                                  a_type_that_copy_itself_refuses_is_told_as_the_cause,
                                  a_column_more_is_an_alteration_that_harms_nothing,
                                  another_table_of_the_name_is_looked_at_too,
                                  types_are_looked_at_again_at_each_connection,
                                  tables_that_are_gone_are_made_only_for_who_takes_a_partition,
                                  a_row_that_another_transaction_holds_is_waited_for_some_seconds,
                                  its_sessions_are_bounded_and_go_with_it,
                                  a_connection_that_is_lost_is_made_again_and_nothing_is_done_twice,
                                  a_server_that_is_away_is_no_error_of_the_start,
                                  a_database_of_another_encoding_is_refused,
                                  one_in_utf8_or_without_an_encoding_is_fit,
                                  a_batch_of_many_parts_is_there_whole,
                                  what_it_cannot_hold_is_answered_dead_and_the_rest_passes};
    (void)argc;
    if (!own_postgres_is_there())
        return own_postgres_run(argv[0]);
    own_postgres_guard();
    return check_main("consumer/sinks/postgres", begin, end, tests, sizeof tests / sizeof tests[0]);
}

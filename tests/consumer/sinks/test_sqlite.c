#undef _FORTIFY_SOURCE
#include "tests/consumer/sinks/sqlite_file.h"

#include <dlfcn.h>

#include "tests/consumer/sinks/sink_cases.h"

void refuse(const char *event, const char *table, const char *when)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "CREATE TRIGGER no_%s BEFORE %s ON %s WHEN %s BEGIN SELECT RAISE(ABORT, 'refused'); END", table,
             event, table, when != NULL ? when : "true");
    ask(sql);
}

void allow(const char *table)
{
    char sql[64];
    snprintf(sql, sizeof sql, "DROP TRIGGER no_%s", table);
    ask(sql);
}

/* The connection that was opened first: the sink's. */
static sqlite3 *opened;

static int note_opened(sqlite3 *db, const char **message, const void *routines)
{
    (void)message, (void)routines;
    if (opened == NULL)
        opened = db;
    return SQLITE_OK;
}

static int refused(void *context)
{
    (void)context;
    return 1;
}

void refuse_commits(bool are_refused)
{
    sqlite3_commit_hook(opened, are_refused ? refused : NULL, NULL);
}

/* The n-th call of the sink that prepares or runs a statement fails, and does nothing. */
static unsigned steps, failing_step;

/* What SQLite itself runs in between does not count. */
static bool is_to_fail(const sqlite3 *db, void *caller)
{
    Dl_info here, there;
    if (failing_step == 0 || db == own || dladdr((void *)path, &here) == 0 || dladdr(caller, &there) == 0 ||
        here.dli_fbase != there.dli_fbase)
        return false;
    return ++steps == failing_step;
}

int sqlite3_step(sqlite3_stmt *statement)
{
    static int (*step)(sqlite3_stmt *);
    if (step == NULL)
        *(void **)&step = dlsym(RTLD_NEXT, "sqlite3_step");
    return is_to_fail(sqlite3_db_handle(statement), __builtin_return_address(0)) ? SQLITE_IOERR
                                                                                 : step(statement);
}

int sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **), void *context,
                 char **message)
{
    static int (*execute)(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
    if (execute == NULL)
        *(void **)&execute = dlsym(RTLD_NEXT, "sqlite3_exec");
    return is_to_fail(db, __builtin_return_address(0)) ? SQLITE_IOERR
                                                       : execute(db, sql, each, context, message);
}

int sqlite3_prepare_v2(sqlite3 *db, const char *sql, int bytes, sqlite3_stmt **statement, const char **rest)
{
    static int (*prepare)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
    if (prepare == NULL)
        *(void **)&prepare = dlsym(RTLD_NEXT, "sqlite3_prepare_v2");
    if (!is_to_fail(db, __builtin_return_address(0)))
        return prepare(db, sql, bytes, statement, rest);
    *statement = NULL;
    return SQLITE_IOERR;
}

static bool fails_at(unsigned step)
{
    failing_step = step;
    steps = 0;
    error = (struct error)ERROR_INIT;
    return true;
}

/* True when the call had so many steps, and one of them failed. */
static bool failed(void)
{
    bool reached = steps >= failing_step;
    failing_step = 0;
    return reached;
}

static void begin_noted(void)
{
    sqlite3_auto_extension((void (*)(void))note_opened);
    begin();
    sqlite3_reset_auto_extension();
}

static void refuses_to_open(const char *at, int exit_code, const char *because)
{
    void *state = NULL;
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(stage->open(&state, at, &pipeline, &error), -1);
    ck_assert_int_eq(error.exit_code, exit_code);
    ck_assert_msg(strstr(error.text, because) != NULL, "%s", error.text);
}

START_TEST(a_check_looks_at_no_file)
{
    void *state = NULL;
    settings.check = true;
    ck_assert_int_eq(stage->open(&state, "/there/is/no/such/folder/x.db", &pipeline, &error), 0);
    stage->close(state);
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_told)
{
    refuses_to_open("/there/is/no/such/folder/x.db", EXIT_CODE_SINK, "/there/is/no/such/folder/x.db: open");
    refuses_to_open(folder, EXIT_CODE_SINK, folder);
}
END_TEST

START_TEST(its_log_is_written_ahead_and_a_commit_waits_for_no_disk)
{
    ck_assert_str_eq(ask("PRAGMA journal_mode"), "wal;");
    ck_assert_str_eq(ask("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"),
                     "letters_kafka_offset;");
}
END_TEST

/* --- names --------------------------------------------------------------------------------------------- */

START_TEST(topics_that_differ_in_case_only_do_not_share_a_table)
{
    settings.topic = "Letters";
    refuses_to_open(path, EXIT_CODE_CONFIG, "Letters");
    ck_assert_msg(strstr(error.text, "\"letters\"") != NULL, "%s", error.text);
    ck_assert_str_eq(ask("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'letters'"),
                     "letters;");
    settings.topic = "letters"; /* whose table it is goes on */
    stage->close(sink);
    sink = open_sink();
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
}
END_TEST

START_TEST(a_name_that_is_no_tables_is_refused)
{
    ask("CREATE VIEW seen AS SELECT * FROM letters");
    settings.topic = "seen";
    refuses_to_open(path, EXIT_CODE_CONFIG, "seen");
    settings.topic = "letters_kafka_offset"; /* the index of the other */
    refuses_to_open(path, EXIT_CODE_CONFIG, "letters_kafka_offset");
    settings.topic = "SQLite_stat1";
    refuses_to_open(path, EXIT_CODE_CONFIG, "SQLite_stat1");
    settings.topic = "KSupervise_Offsets";
    refuses_to_open(path, EXIT_CODE_CONFIG, "KSupervise_Offsets");
    ck_assert_str_eq(ask("SELECT count(*) FROM sqlite_schema WHERE name LIKE '%stat1'"), "0;");
}
END_TEST

START_TEST(a_topic_with_the_longest_name_has_its_table)
{
    char topic[250];
    memset(topic, 't', sizeof topic - 1);
    topic[sizeof topic - 1] = '\0';
    settings.topic = topic;
    void *long_one = open_sink();
    topic[248] = 'u';
    void *other = open_sink();
    ck_assert_str_eq(ask("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name LIKE 'tttt%'"),
                     "2;");
    stage->close(long_one);
    stage->close(other);
    settings.topic = "letters";
}
END_TEST

/* --- statements that fail ----------------------------------------------------------------------------------
 */

START_TEST(neither_a_taking_nor_letters_that_were_sent_are_done_when_their_commit_fails)
{
    struct sink_position position;
    const struct letter_origin sent = {0, 0, 1000};
    take(sink, 0);
    add_death(0, 0, "k", "v");
    add_range(0, STATS_UNKNOWN, 1);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    refuse_commits(true);
    ck_assert_int_eq(stage->sink->take(sink, &source, 0, &position, &error), -1);
    ck_assert_int_eq(stage->sink->forwarded(sink, &sent, 1, &error), -1);
    refuse_commits(false);
    ck_assert_str_eq(ask(PLACES), "0|1|1;");
    ck_assert_str_eq(ask(OUTBOX), "0|0;");
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE); /* still as it was taken */
}
END_TEST

START_TEST(whatever_step_of_a_commit_fails_it_is_told_and_leaves_nothing)
{
    unsigned step;
    take(sink, 0);
    for (step = 1; fails_at(step); step++) {
        clear_work();
        add_item(0, 0, "x");
        add_death(0, 1, "k", "v");
        add_range(0, STATS_UNKNOWN, 2);
        enum sink_result result = commit(sink);
        if (!failed()) {
            ck_assert_int_eq(result, SINK_DONE);
            break;
        }
        ck_assert(result == SINK_AGAIN || result == SINK_UNKNOWN);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
        ck_assert_str_eq(ask(PLACES), "0|1|NULL;");
        ck_assert_str_eq(ask(ROWS), "");
        ck_assert_str_eq(ask(OUTBOX), "");
    }
    ck_assert_uint_ge(step, 5);
    ck_assert_str_eq(ask(PLACES), "0|1|2;");
}
END_TEST

enum { TAKES, REREADS, MOVES, LISTS, FORWARDS, CALLS };

/* Whether it was done. */
static bool call_sink(int call)
{
    static const struct letter_origin sent[] = {{0, 0, 1000}, {0, 1, 1001}};
    struct sink_position position;
    switch (call) {
    case TAKES:
        return stage->sink->take(sink, &source, 0, &position, &error) == 0;
    case REREADS:
        return reread(sink, 0, &position) == SINK_DONE;
    case MOVES:
        return move(sink, 0, 2, 2, true) == SINK_DONE;
    case LISTS:
        kept.count = 0;
        return stage->sink->outbox(sink, 0, keep_letter, &kept, &error) == 0;
    default:
        return stage->sink->forwarded(sink, sent, 2, &error) == 0;
    }
}

START_TEST(whatever_step_of_another_call_fails_it_is_told)
{
    take(sink, 0);
    add_death(0, 0, "k", "v");
    add_death(0, 1, "k", "v");
    add_range(0, STATS_UNKNOWN, 2);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    for (int call = 0; call < CALLS; call++)
        for (unsigned step = 1; fails_at(step); step++) {
            bool done = call_sink(call);
            if (!failed()) {
                ck_assert_msg(done, "call %d: %s", call, error.text);
                break;
            }
            ck_assert_msg(!done, "call %d, step %u", call, step);
            ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
            ck_assert_str_eq(ask(PLACES), call == TAKES ? "0|1|2;" : "0|2|2;");
            ck_assert_str_eq(ask(OUTBOX), "0|0;0|1;");
        }
    ck_assert_str_eq(ask(OUTBOX), "");
}
END_TEST

#define BOTH_OR_NEITHER                                                                                      \
    "SELECT (SELECT count(*) FROM pragma_table_info('letters') WHERE name = 'content') = "                   \
    "(SELECT count(*) FROM pragma_table_info('ksupervise_offsets') WHERE name = 'witness_hash')"

START_TEST(whatever_step_of_opening_fails_it_is_told)
{
    unsigned step;
    ask("ALTER TABLE letters DROP COLUMN content"); /* there is something to make, too */
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN witness_offset");
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN witness_timestamp_ms");
    ask("ALTER TABLE ksupervise_offsets DROP COLUMN witness_hash");
    for (step = 1; fails_at(step); step++) {
        void *state = NULL;
        int result = stage->open(&state, path, &pipeline, &error);
        if (!failed()) {
            ck_assert_int_eq(result, 0);
            stage->close(state);
            break;
        }
        ck_assert_int_eq(result, -1);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
        ck_assert_str_eq(ask(BOTH_OR_NEITHER), "1;");
    }
    ck_assert_uint_ge(step, 8);
    ck_assert_str_eq(ask("SELECT content, witness_hash FROM letters, ksupervise_offsets"), "");
}
END_TEST

CHECK_MAIN_WITH("consumer/sinks/sqlite", begin_noted, end, SINK_CASES, a_check_looks_at_no_file,
                a_file_that_cannot_be_made_is_told, its_log_is_written_ahead_and_a_commit_waits_for_no_disk,
                topics_that_differ_in_case_only_do_not_share_a_table, a_name_that_is_no_tables_is_refused,
                a_topic_with_the_longest_name_has_its_table,
                neither_a_taking_nor_letters_that_were_sent_are_done_when_their_commit_fails,
                whatever_step_of_a_commit_fails_it_is_told_and_leaves_nothing,
                whatever_step_of_another_call_fails_it_is_told, whatever_step_of_opening_fails_it_is_told)

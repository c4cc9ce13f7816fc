#undef _FORTIFY_SOURCE /* with it poll is an inline function, which a definition of our own would be too */
#include "tests/consumer/sinks/sink_cases.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

static const struct stage_class *const stage = &stage_sqlite;

static char folder[64], path[128];
static sqlite3 *own;
static struct stats_writer writer;
static _Atomic uint64_t ticks;

/* --- what the sink waits with, and looks at a file with --------------------------------------------------
 */

static unsigned waits; /* for a lock */
static unsigned unlock_after;

static void unlock(void)
{
    ck_assert_int_eq(sqlite3_exec(own, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    ck_assert_ptr_null(fds);
    ck_assert_uint_eq(count, 0);
    ck_assert_int_ge(timeout, 1);
    fake_clock_advance(timeout * US_PER_MS);
    waits++;
    if (unlock_after > 0 && waits == unlock_after)
        unlock();
    return 0;
}

/* The n-th look at the file finds that it was deleted just before. */
static unsigned looks, delete_before;

int stat(const char *name, struct stat *of)
{
    if (delete_before > 0 && strcmp(name, path) == 0 && ++looks == delete_before)
        ck_assert_int_eq(unlink(path), 0);
    return fstatat(AT_FDCWD, name, of, 0);
}

static enum worker_stop wanted = WORKER_RUN;

enum worker_stop worker_control_wanted(const struct worker_control *control)
{
    ck_assert_ptr_nonnull(control);
    return wanted;
}

/* --- a file -------------------------------------------------------------------------------------------- */

static int note_opened(sqlite3 *db, const char **message, const void *routines);

static void *open_sink(void)
{
    void *state = NULL;
    ck_assert_msg(stage->open(&state, path, &pipeline, &error) == 0, "%s", error.text);
    return state;
}

static void open_own(void)
{
    sqlite3_close(own);
    ck_assert_int_eq(sqlite3_open(path, &own), SQLITE_OK);
}

static void begin(void)
{
    settle_in();
    snprintf(folder, sizeof folder, "/tmp/check-sqlite-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/records.db", folder);
    writer.tick = &ticks;
    pipeline.stats = &writer;
    sqlite3_auto_extension((void (*)(void))note_opened);
    sink = open_sink();
    sqlite3_reset_auto_extension();
    open_own();
}

static void remove_file(const char *suffix)
{
    char name[160];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    unlink(name);
}

static void remove_all(void)
{
    remove_file("");
    remove_file("-wal");
    remove_file("-shm");
}

static void end(void)
{
    clear_work();
    if (sink != NULL)
        stage->close(sink);
    ck_assert_int_eq(sqlite3_close(own), SQLITE_OK);
    remove_all();
    remove_file(".backup");
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left */
}

static const char *ask(const char *sql)
{
    static char text[1024];
    size_t used = 0;
    int step;
    sqlite3_stmt *statement = NULL;
    ck_assert_msg(sqlite3_prepare_v2(own, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
                  sqlite3_errmsg(own));
    text[0] = '\0';
    while ((step = sqlite3_step(statement)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const unsigned char *value = sqlite3_column_text(statement, i);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     value != NULL ? (const char *)value : "NULL",
                                     i + 1 < sqlite3_column_count(statement) ? "|" : ";");
        }
    ck_assert_msg(step == SQLITE_DONE, "%s: %s", sql, sqlite3_errmsg(own));
    sqlite3_finalize(statement);
    return text;
}

static void refuse(const char *event, const char *table, const char *when)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "CREATE TRIGGER no_%s BEFORE %s ON %s WHEN %s BEGIN SELECT RAISE(ABORT, 'refused'); END", table,
             event, table, when != NULL ? when : "true");
    ask(sql);
}

static void allow(const char *table)
{
    char sql[64];
    snprintf(sql, sizeof sql, "DROP TRIGGER no_%s", table);
    ask(sql);
}

/* The connection that was opened last: the sink's, when the test's own is not yet there. */
static sqlite3 *opened;

static int note_opened(sqlite3 *db, const char **message, const void *routines)
{
    (void)message, (void)routines;
    opened = db;
    return SQLITE_OK;
}

static int refused(void *context)
{
    (void)context;
    return 1;
}

static void refuse_commits(bool are_refused)
{
    sqlite3_commit_hook(opened, are_refused ? refused : NULL, NULL);
}

/* The n-th statement that the sink runs fails, and does nothing. */
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

/* --- locks --------------------------------------------------------------------------------------------- */

static void lock(void)
{
    ask("BEGIN IMMEDIATE");
    waits = unlock_after = 0;
}

/* What a call waits at most, and the same call a moment later. */
#define ONE_SECOND 110

START_TEST(a_file_that_is_locked_elsewhere_is_waited_for_and_each_wait_ticks)
{
    take(sink, 0);
    lock();
    unlock_after = 5;
    uint64_t before = ticks;
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_uint_eq(waits, 5);
    ck_assert_uint_ge(ticks, before + 5);
}
END_TEST

START_TEST(no_call_waits_longer_than_a_second_and_those_that_follow_do_not_wait)
{
    struct sink_place place;
    take(sink, 0);
    lock();
    int64_t began_us = clock_monotonic_us();
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "locked"));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_int_le(clock_monotonic_us() - began_us, US_PER_SECOND);
    ck_assert_int_ge(clock_monotonic_us() - began_us, US_PER_SECOND / 2);
    ck_assert_uint_gt(waits, 10);
    began_us = clock_monotonic_us();
    for (int32_t partition = 1; partition < 200; partition++)
        ck_assert_int_eq(stage->sink->take(sink, &source, partition, &place, &error), -1);
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 5, false), SINK_AGAIN);
    const struct letter_place sent = {0, 0};
    ck_assert_int_eq(stage->sink->forwarded(sink, &sent, 1, &error), -1);
    ck_assert_int_eq(clock_monotonic_us() - began_us, 0);
    ck_assert_int_eq(reread(sink, 0, &place), SINK_DONE); /* who reads waits for no writer */
    fake_clock_advance(2 * US_PER_SECOND);
    began_us = clock_monotonic_us();
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 5, false), SINK_AGAIN);
    ck_assert_int_gt(clock_monotonic_us() - began_us, 0);
    unlock();
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|0;");
}
END_TEST

START_TEST(neither_a_taking_nor_letters_that_were_sent_are_done_when_their_commit_fails)
{
    struct sink_place place;
    const struct letter_place sent = {0, 0};
    take(sink, 0);
    add_death(0, 0, "k", "v");
    add_range(0, STATS_UNKNOWN, 1);
    ck_assert_int_eq(commit(sink), SINK_DONE);
    refuse_commits(true);
    ck_assert_int_eq(stage->sink->take(sink, &source, 0, &place, &error), -1);
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
    static const struct letter_place sent[] = {{0, 0}, {0, 1}};
    struct sink_place place;
    switch (call) {
    case TAKES:
        return stage->sink->take(sink, &source, 0, &place, &error) == 0;
    case REREADS:
        return reread(sink, 0, &place) == SINK_DONE;
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

START_TEST(whatever_step_of_opening_fails_it_is_told)
{
    unsigned step;
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
    }
    ck_assert_uint_ge(step, 2);
}
END_TEST

START_TEST(a_file_that_was_closed_is_opened_again)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_int_eq(sqlite3_close(own), SQLITE_OK);
    own = NULL;
    stage->close(sink);
    char log[160];
    snprintf(log, sizeof log, "%s-wal", path);
    ck_assert_int_eq(access(log, F_OK), -1); /* the last one takes it away */
    sink = open_sink();
    open_own();
    ck_assert_int_eq(take(sink, 0), 1);
}
END_TEST

START_TEST(a_consumer_that_is_to_end_does_not_wait_long_for_a_lock)
{
    int control;
    take(sink, 0);
    lock();
    pipeline.control = (const struct worker_control *)&control;
    wanted = WORKER_DRAIN_LEAVE;
    int64_t began_us = clock_monotonic_us();
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_int_le(clock_monotonic_us() - began_us, 100 * US_PER_MS);
    ck_assert_uint_gt(waits, 0);
    unlock();
}
END_TEST

START_TEST(a_file_that_is_locked_at_the_start_is_waited_for)
{
    struct sink_place place;
    stage->close(sink);
    sink = NULL;
    sqlite3_close(own);
    own = NULL;
    remove_all();
    open_own();
    ask("PRAGMA journal_mode = WAL");
    lock();
    capture_begin();
    void *late = open_sink();
    ck_assert_msg(strstr(capture_end(), "database is locked; retrying") != NULL, "%s", capture.text);
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(stage->sink->take(late, &source, 0, &place, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    unlock();
    fake_clock_advance(2 * US_PER_SECOND);
    ck_assert_int_eq(take(late, 0), STATS_UNKNOWN);
    ck_assert_int_eq(commit_one(late, 0, STATS_UNKNOWN, 0), SINK_DONE);
    stage->close(late);
}
END_TEST

/* --- a file that is another one ------------------------------------------------------------------------ */

START_TEST(a_file_that_was_deleted_is_made_anew_and_its_partitions_are_taken_again)
{
    struct sink_place place;
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    remove_all();
    capture_begin();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_LOST);
    ck_assert_ptr_nonnull(strstr(capture_end(), "was deleted or replaced while it was in use"));
    ck_assert_int_eq(lost, 0);
    ck_assert_int_eq(reread(sink, 0, &place), SINK_LOST);
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 1), SINK_DONE);
    open_own();
    ck_assert_str_eq(ask(ROWS), "0|1;");
    ck_assert_str_eq(ask(PLACES), "0|1|2;");
}
END_TEST

START_TEST(every_call_notices_a_deleted_file)
{
    struct sink_place place;
    const struct letter_place sent = {0, 0};
    take(sink, 0);
    remove_all();
    ck_assert_int_eq(reread(sink, 0, &place), SINK_LOST);
    remove_all();
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 5, false), SINK_LOST);
    remove_all();
    list_letters(sink, 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    remove_all();
    ck_assert_int_eq(stage->sink->forwarded(sink, &sent, 1, &error), 0);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* By SQL, so that what is in the log is in the copy. */
static void back_up(void)
{
    char sql[256];
    snprintf(sql, sizeof sql, "VACUUM INTO '%s.backup'", path);
    ask(sql);
}

static void restore(void)
{
    char backup[160];
    snprintf(backup, sizeof backup, "%s.backup", path);
    ck_assert_int_eq(rename(backup, path), 0);
}

START_TEST(a_file_that_was_replaced_goes_on_where_the_new_one_says)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    back_up();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    remove_all();
    restore();
    ck_assert_int_eq(commit_one(sink, 0, 2, 2), SINK_LOST);
    ck_assert_int_eq(take(sink, 0), 1);
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    open_own();
    ck_assert_str_eq(ask(ROWS), "0|0;0|1;");
    ck_assert_str_eq(ask(PLACES), "0|2|2;");
}
END_TEST

/* The epoch and the place that we know may well be those of the copy. */
START_TEST(what_was_known_of_the_former_file_says_nothing_of_the_new_one)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    back_up();
    remove_all();
    restore();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_LOST);
}
END_TEST

START_TEST(a_file_that_is_deleted_in_the_midst_of_a_commit_makes_it_no_commit)
{
    take(sink, 0);
    looks = 0;
    delete_before = 2; /* the first is before the transaction, the second behind it */
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_LOST);
    ck_assert_int_eq(lost, 0);
    ck_assert_ptr_nonnull(strstr(error.text, "deleted or replaced"));
    delete_before = 0;
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
}
END_TEST

START_TEST(a_move_into_a_file_that_is_deleted_in_its_midst_is_none)
{
    take(sink, 0);
    looks = 0;
    delete_before = 2;
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 7, false), SINK_LOST);
    delete_before = 0;
}
END_TEST

START_TEST(the_log_of_the_former_file_is_not_taken_for_the_new_ones)
{
    struct sink_place place;
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    back_up();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    restore(); /* over the old one, whose log stays */
    ck_assert_int_eq(commit_one(sink, 0, 2, 2), SINK_AGAIN);
    ck_assert_msg(strstr(error.text, "records.db-wal") != NULL, "%s", error.text);
    ck_assert_int_eq(stage->sink->take(sink, &source, 0, &place, &error), -1);
    remove_file("-wal");
    remove_file("-shm");
    ck_assert_int_eq(take(sink, 0), 1);
    open_own();
    ck_assert_str_eq(ask(ROWS), "0|0;");
}
END_TEST

START_TEST(while_no_file_can_be_made_nothing_is_committed_and_the_cause_is_told)
{
    char other[80];
    take(sink, 0);
    remove_all();
    snprintf(other, sizeof other, "%s.away", folder);
    ck_assert_int_eq(rename(folder, other), 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_int_eq(rename(other, folder), 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_LOST);
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
}
END_TEST

CHECK_MAIN_WITH("consumer/sinks/sqlite", begin, end, SINK_CASES, a_check_looks_at_no_file,
                a_file_that_cannot_be_made_is_told, its_log_is_written_ahead_and_a_commit_waits_for_no_disk,
                topics_that_differ_in_case_only_do_not_share_a_table, a_name_that_is_no_tables_is_refused,
                a_topic_with_the_longest_name_has_its_table,
                a_file_that_is_locked_elsewhere_is_waited_for_and_each_wait_ticks,
                no_call_waits_longer_than_a_second_and_those_that_follow_do_not_wait,
                neither_a_taking_nor_letters_that_were_sent_are_done_when_their_commit_fails,
                whatever_step_of_a_commit_fails_it_is_told_and_leaves_nothing,
                whatever_step_of_another_call_fails_it_is_told, whatever_step_of_opening_fails_it_is_told,
                a_file_that_was_closed_is_opened_again,
                a_consumer_that_is_to_end_does_not_wait_long_for_a_lock,
                a_file_that_is_locked_at_the_start_is_waited_for,
                a_file_that_was_deleted_is_made_anew_and_its_partitions_are_taken_again,
                every_call_notices_a_deleted_file, a_file_that_was_replaced_goes_on_where_the_new_one_says,
                what_was_known_of_the_former_file_says_nothing_of_the_new_one,
                a_file_that_is_deleted_in_the_midst_of_a_commit_makes_it_no_commit,
                a_move_into_a_file_that_is_deleted_in_its_midst_is_none,
                the_log_of_the_former_file_is_not_taken_for_the_new_ones,
                while_no_file_can_be_made_nothing_is_committed_and_the_cause_is_told)

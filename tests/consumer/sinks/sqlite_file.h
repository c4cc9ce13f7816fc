/* sqlite_file.h: an SQLite file of a test's own, a sink that is open on it, and a hand on what the sink waits
 * with and looks at the file with: poll(2) and stat(2) are defined here. Stands in the one source file of a
 * test, which undefines _FORTIFY_SOURCE before anything else: with it poll is an inline function.
 */
#ifndef KSUPERVISE_TESTS_CONSUMER_SINKS_SQLITE_FILE_H
#define KSUPERVISE_TESTS_CONSUMER_SINKS_SQLITE_FILE_H

#include "tests/consumer/sinks/sink_work.h"

#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exit_codes.h"
#include "tests/support/fake_clock.h"

const struct stage_class *const stage = &stage_sqlite;

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

void *open_sink(void)
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

static inline void begin(void)
{
    settle_in();
    snprintf(folder, sizeof folder, "/tmp/check-sqlite-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/records.db", folder);
    writer.tick = &ticks;
    pipeline.stats = &writer;
    sink = open_sink();
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

static inline void end(void)
{
    clear_work();
    if (sink != NULL)
        stage->close(sink);
    ck_assert_int_eq(sqlite3_close(own), SQLITE_OK);
    remove_all();
    remove_file(".backup");
    ck_assert_int_eq(rmdir(folder), 0); /* nothing else is left */
}

const char *ask(const char *sql)
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

#endif

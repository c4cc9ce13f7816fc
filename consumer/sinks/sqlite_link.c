#include "consumer/sinks/sqlite_link.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/exit_codes.h"

/* Locks of a process that is at work are over in a moment, so the first looks come soon. */
enum { SOON_WAITS = 10, SOON_MS = 1, LATER_MS = 10, WAITS_MAX = 100, WAITS_ENDING = 15 };
#define LOCKED_AGAIN_US US_PER_SECOND

/* --- errors -------------------------------------------------------------------------------------------- */

int sqlite_link_fail(struct sqlite_link *link, const char *what, struct error *error)
{
    int primary = sqlite3_errcode(link->db) & 0xff; /* what is above it tells kinds of one failure apart */
    link->locked = primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
    return error_set_code(error, EXIT_CODE_SINK, "%s: %s: %s", link->path, what, sqlite3_errmsg(link->db));
}

/* --- which file it is ---------------------------------------------------------------------------------- */

static struct sqlite_identity identity_of(const char *path, off_t *bytes)
{
    struct stat at;
    if (stat(path, &at) == -1)
        return (struct sqlite_identity){0};
    *bytes = at.st_size;
    return (struct sqlite_identity){at.st_dev, at.st_ino};
}

static bool same(struct sqlite_identity a, struct sqlite_identity b)
{
    return a.device == b.device && a.inode == b.inode;
}

bool sqlite_link_moved(const struct sqlite_link *link)
{
    off_t bytes;
    return link->file.inode != 0 && !same(identity_of(link->path, &bytes), link->file);
}

/* SQLite's own look, behind ours, sees whether the file was replaced between its opening and that. */
static int note_file(struct sqlite_link *link, struct error *error)
{
    int moved = 1;
    off_t bytes;
    link->file = identity_of(sqlite3_db_filename(link->db, "main"), &bytes);
    if (sqlite3_file_control(link->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved == 0)
        return 0;
    return error_set_code(error, EXIT_CODE_SINK, "%s: open: it was deleted or replaced at the same moment",
                          link->path);
}

static struct sqlite_identity log_of(const struct sqlite_link *link, off_t *bytes)
{
    char *name = sqlite3_mprintf("%s-wal", link->path);
    struct sqlite_identity log = name != NULL ? identity_of(name, bytes) : (struct sqlite_identity){0};
    sqlite3_free(name);
    return log;
}

void sqlite_link_opened(struct sqlite_link *link)
{
    off_t bytes;
    link->log = log_of(link, &bytes);
}

/* An empty file needs no check: SQLite deletes a log that it finds beside one. */
static int check_log(const struct sqlite_link *link, struct error *error)
{
    off_t bytes = 0;
    off_t log_bytes = 0;
    struct sqlite_identity file = identity_of(link->path, &bytes);
    struct sqlite_identity log = log_of(link, &log_bytes);
    if (bytes == 0 || log_bytes == 0 || same(file, link->file) || !same(log, link->log))
        return 0;
    return error_set_code(error, EXIT_CODE_SINK,
                          "%s was replaced, but %s-wal is still the old file's: remove it, and %s-shm",
                          link->path, link->path, link->path);
}

/* --- the file ------------------------------------------------------------------------------------------ */

int sqlite_link_init(struct sqlite_link *link, const struct pipeline *pipeline, const char *path,
                     struct error *error)
{
    *link = (struct sqlite_link){.pipeline = pipeline, .path = strdup(path)};
    return link->path != NULL ? 0 : error_set(error, "out of memory");
}

void sqlite_link_release(struct sqlite_link *link)
{
    sqlite_link_close(link);
    free(link->path);
    link->path = NULL;
}

void sqlite_link_close(struct sqlite_link *link)
{
    sqlite3_stmt *statement;
    while (link->db != NULL && (statement = sqlite3_next_stmt(link->db, NULL)) != NULL)
        sqlite3_finalize(statement);
    sqlite3_close(link->db);
    link->db = NULL;
}

void sqlite_link_forget(struct sqlite_link *link)
{
    sqlite_link_close(link);
    link->file = (struct sqlite_identity){0};
}

/* SQLite asks before each new look at a lock: 0 gives it up. */
static int on_locked(void *context, int waits)
{
    struct sqlite_link *link = context;
    stats_tick(link->pipeline->stats);
    if (clock_monotonic_us() < link->locked_until_us)
        return 0;
    if (waits >= (pipeline_ending(link->pipeline) ? WAITS_ENDING : WAITS_MAX)) {
        link->locked_until_us = clock_monotonic_us() + LOCKED_AGAIN_US;
        return 0;
    }
    poll(NULL, 0, waits < SOON_WAITS ? SOON_MS : LATER_MS);
    return 1;
}

int sqlite_link_open(struct sqlite_link *link, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (check_log(link, error) == -1)
        return -1;
    if (sqlite3_open_v2(link->path, &link->db, flags, NULL) != SQLITE_OK)
        return sqlite_link_fail(link, "open", error);
    sqlite3_busy_handler(link->db, on_locked, link);
    if (note_file(link, error) == -1 || sqlite_link_execute(link, "PRAGMA journal_mode = WAL", error) == -1)
        return -1;
    return sqlite_link_execute(link, "PRAGMA synchronous = NORMAL", error);
}

/* --- statements ---------------------------------------------------------------------------------------- */

int sqlite_link_execute(struct sqlite_link *link, const char *sql, struct error *error)
{
    return sqlite3_exec(link->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
                                                                      : sqlite_link_fail(link, sql, error);
}

int sqlite_link_run(struct sqlite_link *link, sqlite3_stmt *statement, struct error *error)
{
    int result = sqlite3_step(statement);
    if (result != SQLITE_DONE && result != SQLITE_ROW)
        sqlite_link_fail(link, "write", error);
    sqlite3_reset(statement);
    return result == SQLITE_DONE || result == SQLITE_ROW ? 0 : -1;
}

void sqlite_link_roll_back(struct sqlite_link *link)
{
    struct error ignored = ERROR_INIT;
    if (link->db != NULL && !sqlite3_get_autocommit(link->db) &&
        sqlite_link_execute(link, "ROLLBACK", &ignored) == -1)
        sqlite_link_close(link);
}

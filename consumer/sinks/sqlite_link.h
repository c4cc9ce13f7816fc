/* sqlite_link.h: an SQLite file that is open, and is still the one at its path.
 *
 * A file that was deleted or replaced goes on taking transactions that nobody will ever read: so its device
 * and inode are noted when it is opened and compared with those of the path. That costs a stat(2), about a
 * microsecond: cheap enough before and after each transaction.
 *
 * A lock that another process holds is waited for, for a second at most, and each wait ticks: no hang in a
 * supervisor's eyes. Whoever asks next, within a moment, does not wait at all: a hundred partitions that are
 * asked about one after the other wait once.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_SQLITE_LINK_H
#define KSUPERVISE_CONSUMER_SINKS_SQLITE_LINK_H

#include <sqlite3.h>
#include <sys/types.h>

#include "consumer/pipeline/stage.h"

/* Which file it is. */
struct sqlite_identity {
    dev_t device;
    ino_t inode; /* 0: none */
};

struct sqlite_link {
    const struct pipeline *pipeline; /* ticks; a consumer that is to end waits less */
    char *path;
    sqlite3 *db; /* NULL: not open */
    struct sqlite_identity file, log;
    int64_t locked_until_us; /* monotonic: nobody waits for a lock before then */
    bool locked;             /* the last failure was somebody else's lock */
};

/* Opens nothing. */
int sqlite_link_init(struct sqlite_link *link, const struct pipeline *pipeline, const char *path,
                     struct error *error);
void sqlite_link_release(struct sqlite_link *link);

/* Opens the file, or makes it, with a write-ahead log. A log that is there still of another file, which was
 * replaced, is an error: SQLite would take it for the new one's. */
int sqlite_link_open(struct sqlite_link *link, struct error *error);
/* When the tables are there: notes which file the log is. */
void sqlite_link_opened(struct sqlite_link *link);
/* With all its statements. Does nothing when it is not open. */
void sqlite_link_close(struct sqlite_link *link);
/* What is open, or was before it had to be closed, is not what is at the path. */
bool sqlite_link_moved(const struct sqlite_link *link);
/* Then: closes it, and knows no file any more. */
void sqlite_link_forget(struct sqlite_link *link);

/* -1 with SQLite's last error as `PATH: what: …`. */
int sqlite_link_fail(struct sqlite_link *link, const char *what, struct error *error);
/* Statements as text; a prepared one that returns nothing, which is reset. */
int sqlite_link_execute(struct sqlite_link *link, const char *sql, struct error *error);
int sqlite_link_run(struct sqlite_link *link, sqlite3_stmt *statement, struct error *error);
/* Out of a transaction, if there is one; a connection that will not is closed. */
void sqlite_link_roll_back(struct sqlite_link *link);

#endif

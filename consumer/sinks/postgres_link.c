#include "consumer/sinks/postgres_link.h"

#include <errno.h>
#include <poll.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/secret.h"

/* An answer takes at most as long as statement_timeout and a little more. */
#define CONNECT_US (10 * US_PER_SECOND)
#define ANSWER_US  (20 * US_PER_SECOND)
#define ENDING_US  (3 * US_PER_SECOND)
#define SILENT_US  (2 * US_PER_SECOND)
enum { TICK_MS = 200 };

/* For each session. The lock of a row is waited for as long as a stopped owner's transaction may live at
 * most: the server ends that by idle_in_transaction_session_timeout. Whoever waits for a commit to get
 * visible must see what came of it, hence read committed. */
static const char *const session_sql = "SET statement_timeout = '15s'; SET lock_timeout = '4s'; "
                                       "SET idle_in_transaction_session_timeout = '10s'; "
                                       "SET default_transaction_isolation = 'read committed'";

/* --- errors -------------------------------------------------------------------------------------------- */

static int fail(const char *what, const char *why, struct error *error)
{
    if (why == NULL || why[0] == '\0')
        why = "no answer";
    return error_set_code(error, EXIT_CODE_SINK, "PostgreSQL: %s: %.*s", what, (int)strcspn(why, "\n"), why);
}

/* The connection is of no use any more. */
static int lose(struct postgres_link *link, const char *what, struct error *error)
{
    fail(what, PQerrorMessage(link->handle), error);
    postgres_link_down(link);
    return -1;
}

static int silent(struct postgres_link *link, const char *what, struct error *error)
{
    link->silent_until_us = clock_monotonic_us() + SILENT_US;
    postgres_link_down(link);
    return fail(what, "the server does not answer", error);
}

static void on_notice(void *context, const char *message)
{
    (void)context;
    log_verbose("PostgreSQL: %.*s", (int)strcspn(message, "\n"), message);
}

/* --- waiting ------------------------------------------------------------------------------------------- */

/* Waits for `events` at the connection, until `most_us` after `began_us`; a consumer that is to end does not
 * wait so long. */
static int wait_for(struct postgres_link *link, short events, int64_t began_us, int64_t most_us,
                    const char *what, struct error *error)
{
    for (;;) {
        struct pollfd fd = {.fd = PQsocket(link->handle), .events = events};
        stats_tick(link->pipeline->stats);
        int ready = poll(&fd, 1, TICK_MS);
        if (ready > 0)
            return 0;
        if (ready == -1 && errno != EINTR)
            return lose(link, what, error);
        int64_t most = pipeline_ending(link->pipeline) && most_us > ENDING_US ? ENDING_US : most_us;
        if (clock_monotonic_us() - began_us >= most)
            return silent(link, what, error);
    }
}

static int flush(struct postgres_link *link, const char *what, struct error *error)
{
    int64_t began_us = clock_monotonic_us();
    int left;
    while ((left = PQflush(link->handle)) == 1) {
        if (wait_for(link, POLLIN | POLLOUT, began_us, ANSWER_US, what, error) == -1)
            return -1;
        if (PQconsumeInput(link->handle) == 0)
            return lose(link, what, error);
    }
    return left == 0 ? 0 : lose(link, what, error);
}

/* The next result, NULL behind the last; -1 when the connection was lost. */
static int next_result(struct postgres_link *link, const char *what, PGresult **result, struct error *error)
{
    int64_t began_us = clock_monotonic_us();
    while (PQisBusy(link->handle) != 0) {
        if (wait_for(link, POLLIN, began_us, ANSWER_US, what, error) == -1)
            return -1;
        if (PQconsumeInput(link->handle) == 0)
            return lose(link, what, error);
    }
    *result = PQgetResult(link->handle);
    return 0;
}

/* The last result of what was sent; a COPY that wants data is one. NULL with the error when one failed. */
static PGresult *last_result(struct postgres_link *link, const char *what, struct error *error)
{
    PGresult *last = NULL;
    PGresult *result = NULL;
    bool failed = false;
    while (next_result(link, what, &result, error) == 0) {
        if (result == NULL) {
            if (!failed)
                return last;
            PQclear(last);
            if (PQstatus(link->handle) != CONNECTION_OK)
                postgres_link_down(link);
            return NULL;
        }
        PQclear(last);
        last = result;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_COPY_IN)
            return last;
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !failed) {
            failed = true;
            fail(what, PQresultErrorMessage(result), error);
        }
    }
    PQclear(last);
    return NULL;
}

/* --- the connection ------------------------------------------------------------------------------------ */

/* libpq quotes what it does not understand, which may be the end of a password with a space in it. */
static int refuse(const char *conninfo, char *why, struct error *error)
{
    char masked[8];
    if (why == NULL)
        return error_set(error, "out of memory");
    if (secret_mask(masked, sizeof masked, conninfo))
        why[strcspn(why, "\"")] = '\0';
    return error_set_code(error, EXIT_CODE_USAGE, "%.*s", (int)strcspn(why, "\n"), why);
}

int postgres_link_init(struct postgres_link *link, const struct pipeline *pipeline, const char *conninfo,
                       struct error *error)
{
    size_t length = conninfo != NULL ? strlen(conninfo) : 0;
    bool quoted =
        length >= 2 && (conninfo[0] == '\'' || conninfo[0] == '"') && conninfo[length - 1] == conninfo[0];
    *link = (struct postgres_link){.pipeline = pipeline};
    link->conninfo = quoted ? strndup(conninfo + 1, length - 2) : strdup(conninfo != NULL ? conninfo : "");
    if (link->conninfo == NULL)
        return error_set(error, "out of memory");
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(link->conninfo, &why);
    int result = 0;
    if (options == NULL)
        result = refuse(link->conninfo, why, error);
    PQconninfoFree(options);
    PQfreemem(why);
    if (result == -1)
        postgres_link_release(link);
    return result;
}

void postgres_link_down(struct postgres_link *link)
{
    PQfinish(link->handle);
    link->handle = NULL;
}

void postgres_link_release(struct postgres_link *link)
{
    postgres_link_down(link);
    free(link->conninfo);
    link->conninfo = NULL;
}

/* What stands before dbname the user's own string overrides. A standby among several hosts is passed over. */
static PGconn *start(const struct postgres_link *link)
{
    const char *const words[] = {"fallback_application_name", "tcp_user_timeout",
                                 "target_session_attrs",      "dbname",
                                 "client_encoding",           NULL};
    const char *const values[] = {"ksupervise", "10000", "read-write", link->conninfo, "UTF8", NULL};
    return PQconnectStartParams(words, values, 1);
}

static int shake_hands(struct postgres_link *link, struct error *error)
{
    int64_t began_us = clock_monotonic_us();
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED || PQstatus(link->handle) == CONNECTION_BAD)
            return lose(link, "connect", error);
        short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (wait_for(link, events, began_us, CONNECT_US, "connect", error) == -1)
            return -1;
        status = PQconnectPoll(link->handle);
    }
    return 0;
}

/* The text of records is UTF-8, and what a database of another encoding lacks a letter for would never get
 * in.
 */
static int check_encoding(struct postgres_link *link, struct error *error)
{
    const char *encoding = PQparameterStatus(link->handle, "server_encoding");
    if (encoding == NULL || strcmp(encoding, "UTF8") == 0 || strcmp(encoding, "SQL_ASCII") == 0)
        return 0;
    error_set_code(error, EXIT_CODE_CONFIG,
                   "PostgreSQL: database %s is encoded in %s: create it with ENCODING 'UTF8'",
                   PQdb(link->handle), encoding);
    postgres_link_down(link);
    return -1;
}

int postgres_link_up(struct postgres_link *link, bool *fresh, struct error *error)
{
    *fresh = false;
    if (link->handle != NULL)
        return 0;
    if (clock_monotonic_us() < link->silent_until_us)
        return fail("connect", "the server did not answer a moment ago", error);
    link->handle = start(link);
    if (link->handle == NULL)
        return error_set(error, "out of memory");
    PQsetNoticeProcessor(link->handle, on_notice, NULL);
    if (shake_hands(link, error) == -1 || check_encoding(link, error) == -1)
        return -1;
    if (PQsetnonblocking(link->handle, 1) != 0)
        return lose(link, "connect", error);
    if (postgres_link_do(link, "set the session's bounds", session_sql, error) == -1) {
        postgres_link_down(link); /* without them it must not be used */
        return -1;
    }
    *fresh = true;
    return 0;
}

/* --- statements ---------------------------------------------------------------------------------------- */

static int not_connected(const char *what, struct error *error)
{
    return fail(what, "not connected", error);
}

PGresult *postgres_link_ask(struct postgres_link *link, const char *what, const char *sql,
                            struct error *error)
{
    if (link->handle == NULL)
        not_connected(what, error);
    else if (PQsendQuery(link->handle, sql) == 0)
        lose(link, what, error);
    else if (flush(link, what, error) == 0)
        return last_result(link, what, error);
    return NULL;
}

PGresult *postgres_link_call(struct postgres_link *link, const struct postgres_call *call,
                             struct error *error)
{
    const char *what = call->statement;
    if (link->handle == NULL)
        not_connected(what, error);
    else if (PQsendQueryPrepared(link->handle, what, call->count, call->values, call->lengths, call->formats,
                                 call->result_format) == 0)
        lose(link, what, error);
    else if (flush(link, what, error) == 0)
        return last_result(link, what, error);
    return NULL;
}

static int done(PGresult *result)
{
    PQclear(result);
    return result != NULL ? 0 : -1;
}

int postgres_link_do(struct postgres_link *link, const char *what, const char *sql, struct error *error)
{
    return done(postgres_link_ask(link, what, sql, error));
}

int postgres_link_prepare(struct postgres_link *link, const char *name, const char *sql, struct error *error)
{
    if (link->handle == NULL)
        return not_connected(name, error);
    if (PQsendPrepare(link->handle, name, sql, 0, NULL) == 0)
        return lose(link, name, error);
    return flush(link, name, error) == 0 ? done(last_result(link, name, error)) : -1;
}

/* --- COPY ---------------------------------------------------------------------------------------------- */

static const char *const copying = "copy the rows";

/* It is on its way before the next is taken, so libpq's own buffer stays as small as one part. */
int postgres_link_send(struct postgres_link *link, const void *data, size_t bytes, struct error *error)
{
    if (PQputCopyData(link->handle, data, (int)bytes) != 1)
        return lose(link, copying, error);
    return flush(link, copying, error);
}

int postgres_link_sent(struct postgres_link *link, struct error *error)
{
    if (PQputCopyEnd(link->handle, NULL) != 1)
        return lose(link, copying, error);
    return flush(link, copying, error) == 0 ? done(last_result(link, copying, error)) : -1;
}

void postgres_link_roll_back(struct postgres_link *link)
{
    struct error ignored = ERROR_INIT;
    if (link->handle == NULL || PQtransactionStatus(link->handle) == PQTRANS_IDLE)
        return;
    if (PQtransactionStatus(link->handle) == PQTRANS_ACTIVE ||
        postgres_link_do(link, "roll back", "ROLLBACK", &ignored) == -1)
        postgres_link_down(link);
}

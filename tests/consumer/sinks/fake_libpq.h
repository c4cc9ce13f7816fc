/* fake_libpq.h: a connection of libpq that answers as the test says: what is asked of it is noted as text.
 * Behind fake_results.h, with whose rule it stands in the test's one source file.
 *
 *   pq.results[0] = (PGresult){.status = PGRES_TUPLES_OK};
 *   pq.busy = 2;
 */
#ifndef KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_LIBPQ_H
#define KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_LIBPQ_H

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/banned.h"
#include "tests/consumer/sinks/fake_results.h"

enum { PQ_RESULTS = 4, PQ_SOCKET = 77, PQ_SHAKES = 4 };

static struct {
    char said[2048];
    bool starts, sends, consumes, puts, nonblocking; /* whether these succeed */
    PGresult results[PQ_RESULTS];
    int result_count, next;
    int flushes, busy; /* so many times it is not done yet */
    bool flush_fails;
    PostgresPollingStatusType shakes[PQ_SHAKES];
    int shaken;
    ConnStatusType status;
    PGTransactionStatusType transaction;
    const char *encoding;
    PQnoticeProcessor notice;
    int waits, ready; /* how often it was waited for; what poll answers */
    short events;     /* of the last wait */
    int waiting_errno;
    int finished;
} pq;

static char pq_place;
#define PQ_HANDLE ((PGconn *)(void *)&pq_place)

/* All succeeds, at once. */
static inline void pq_begin(void)
{
    memset(&pq, 0, sizeof pq);
    pq.starts = pq.sends = pq.consumes = pq.puts = pq.nonblocking = true;
    pq.status = CONNECTION_OK;
    pq.encoding = "UTF8";
    pq.ready = 1;
    pq.shakes[0] = PGRES_POLLING_OK;
    results_alive = 0;
}

static inline void pq_note(const char *what, const char *text)
{
    size_t used = strlen(pq.said);
    snprintf(pq.said + used, sizeof pq.said - used, "%s%s%s%s", used > 0 ? "; " : "", what,
             text[0] != '\0' ? " " : "", text);
}

static inline const char *pq_said(void)
{
    static char copy[sizeof pq.said];
    memcpy(copy, pq.said, sizeof copy);
    pq.said[0] = '\0';
    return copy;
}

#define PQ_SAID(text) ck_assert_str_eq(pq_said(), text)

static inline void pq_is(const PGconn *handle)
{
    ck_assert_ptr_eq(handle, PQ_HANDLE);
}

/* --- the connection ------------------------------------------------------------------------------------ */

PGconn *PQconnectStartParams(const char *const *words, const char *const *values, int expand)
{
    pq_note("connect", "");
    for (int i = 0; words[i] != NULL; i++)
        pq_note(words[i], values[i]);
    ck_assert_int_eq(expand, 1);
    return pq.starts ? PQ_HANDLE : NULL;
}

PostgresPollingStatusType PQconnectPoll(PGconn *handle)
{
    pq_is(handle);
    ck_assert_int_lt(pq.shaken, PQ_SHAKES);
    return pq.shakes[pq.shaken++];
}

ConnStatusType PQstatus(const PGconn *handle)
{
    pq_is(handle);
    return pq.status;
}

int PQsocket(const PGconn *handle)
{
    pq_is(handle);
    return PQ_SOCKET;
}

int PQsetnonblocking(PGconn *handle, int on)
{
    pq_is(handle);
    ck_assert_int_eq(on, 1);
    return pq.nonblocking ? 0 : -1;
}

PQnoticeProcessor PQsetNoticeProcessor(PGconn *handle, PQnoticeProcessor processor, void *context)
{
    pq_is(handle);
    (void)context;
    pq.notice = processor;
    return NULL;
}

const char *PQparameterStatus(const PGconn *handle, const char *name)
{
    pq_is(handle);
    ck_assert_str_eq(name, "server_encoding");
    return pq.encoding;
}

char *PQdb(const PGconn *handle)
{
    pq_is(handle);
    return (char *)"payments";
}

char *PQerrorMessage(const PGconn *handle)
{
    pq_is(handle);
    return (char *)"the line is cut\nand more";
}

PGTransactionStatusType PQtransactionStatus(const PGconn *handle)
{
    pq_is(handle);
    return pq.transaction;
}

void PQfinish(PGconn *handle)
{
    pq.finished += handle != NULL;
}

/* --- what is sent -------------------------------------------------------------------------------------- */

int PQsendQuery(PGconn *handle, const char *sql)
{
    pq_is(handle);
    pq_note("query", sql);
    return pq.sends;
}

int PQsendPrepare(PGconn *handle, const char *name, const char *sql, int count, const Oid *types)
{
    pq_is(handle);
    pq_note(name, sql);
    ck_assert_int_eq(count, 0);
    ck_assert_ptr_null(types);
    return pq.sends;
}

int PQsendQueryPrepared(PGconn *handle, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int result_format)
{
    char text[64];
    pq_is(handle);
    snprintf(text, sizeof text, "%d %s %d %d %d", count, values[0], lengths[0], formats[0], result_format);
    pq_note(name, text);
    return pq.sends;
}

int PQputCopyData(PGconn *handle, const char *bytes, int length)
{
    char text[64];
    pq_is(handle);
    snprintf(text, sizeof text, "%.*s", length, bytes);
    pq_note("copy", text);
    return pq.puts ? 1 : -1;
}

int PQputCopyEnd(PGconn *handle, const char *message)
{
    pq_is(handle);
    ck_assert_ptr_null(message);
    pq_note("copied", "");
    return pq.puts ? 1 : -1;
}

int PQflush(PGconn *handle)
{
    pq_is(handle);
    if (pq.flushes-- > 0)
        return 1;
    return pq.flush_fails ? -1 : 0;
}

/* --- what comes ---------------------------------------------------------------------------------------- */

int PQconsumeInput(PGconn *handle)
{
    pq_is(handle);
    return pq.consumes;
}

int PQisBusy(PGconn *handle)
{
    pq_is(handle);
    return pq.busy-- > 0;
}

PGresult *PQgetResult(PGconn *handle)
{
    pq_is(handle);
    return pq.next < pq.result_count ? result_of(&pq.results[pq.next++]) : NULL;
}

static inline void pq_answers(ExecStatusType status, const char *message)
{
    ck_assert_int_lt(pq.result_count, PQ_RESULTS);
    pq.results[pq.result_count++] = (PGresult){.status = status, .message = message};
}

#endif

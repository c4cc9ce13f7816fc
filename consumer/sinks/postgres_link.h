/* postgres_link.h: a connection to PostgreSQL on which no wait is without end. libpq's calls that block are
 * not used: everything goes by its asynchronous ones, poll(2) and a deadline, and each wait ticks. A server
 * that stands still is so an outage like one that is away, and never a hang in a supervisor's eyes. (The one
 * thing that libpq does not do so is to ask a name server; the resolver's own bound, some seconds, holds.)
 *
 * A server that did not answer in time is not asked again for a moment: a dozen partitions that ask one after
 * the other wait once.
 *
 * After a failure the connection may be gone: handle is NULL then, and postgres_link_up makes a new one.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_POSTGRES_LINK_H
#define KSUPERVISE_CONSUMER_SINKS_POSTGRES_LINK_H

#include <libpq-fe.h>

#include "consumer/pipeline/stage.h"

struct postgres_link {
    const struct pipeline *pipeline; /* ticks; a consumer that is to end waits less */
    char *conninfo;
    PGconn *handle;          /* NULL: not connected */
    int64_t silent_until_us; /* monotonic: the server did not answer; not before then */
};

/* `conninfo` as libpq reads it, NULL or "" for what the environment says; quotes around the whole are taken
 * off. A usage error when libpq cannot read it. Connects to nothing. */
int postgres_link_init(struct postgres_link *link, const struct pipeline *pipeline, const char *conninfo,
                       struct error *error);
void postgres_link_release(struct postgres_link *link);

/* Connected: 0, *fresh when it was not before. Tries once. */
int postgres_link_up(struct postgres_link *link, bool *fresh, struct error *error);
void postgres_link_down(struct postgres_link *link);

/* A prepared statement and its parameters: as PQsendQueryPrepared has them. */
struct postgres_call {
    const char *statement;
    int count;
    const char *const *values;
    const int *lengths, *formats; /* NULL: all of them are text */
    int result_format;            /* 0: text, 1: binary */
};

/* One or several statements as text; a statement to prepare; a prepared one. The last result, which the
 * caller clears; NULL with the error `what: …`. */
PGresult *postgres_link_ask(struct postgres_link *link, const char *what, const char *sql,
                            struct error *error);
PGresult *postgres_link_call(struct postgres_link *link, const struct postgres_call *call,
                             struct error *error);
/* The same when nothing is wanted of the result. */
int postgres_link_do(struct postgres_link *link, const char *what, const char *sql, struct error *error);
int postgres_link_prepare(struct postgres_link *link, const char *name, const char *sql, struct error *error);

/* While a COPY … FROM STDIN, which postgres_link_ask began, takes data. */
int postgres_link_send(struct postgres_link *link, const void *data, size_t bytes, struct error *error);
int postgres_link_sent(struct postgres_link *link, struct error *error);

/* Out of a transaction, if there is one; a connection that will not is closed. */
void postgres_link_roll_back(struct postgres_link *link);

#endif

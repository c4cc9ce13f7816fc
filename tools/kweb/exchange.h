/* exchange.h: one request and its answer. Made by the server when a request's first line has come, freed by
 * it when the answer is over. A route's function answers at once, or begins a call and answers later; each
 * exchange gets exactly one answer. One thread. */
#ifndef KSUPERVISE_TOOLS_KWEB_EXCHANGE_H
#define KSUPERVISE_TOOLS_KWEB_EXCHANGE_H

#include "tools/kweb/kweb.h"
#include "tools/kweb/route.h"

#include <jansson.h>
#include <microhttpd.h>

#define BODY_BYTES_MAX 16384
#define FILE_TYPE      "application/octet-stream"

struct exchange {
    struct kweb *kweb;
    struct MHD_Connection *connection;
    struct peer *peer;
    char *authority;                      /* of a target in absolute form: instead of Host; NULL: in none.
                                             Owned */
    char *path;                           /* decoded, without the query; owned */
    const struct route *route;            /* NULL: there is none */
    const char *values[ROUTE_PARAMS_MAX]; /* of the route's parameters, in its order; NULL: not given. They
                                             live as long as this */
    int64_t numbers[ROUTE_PARAMS_MAX];    /* of those that are numbers or booleans */
    char *body;                           /* NUL-terminated; NULL: none. Owned */
    size_t body_bytes;
    bool body_too_large;
    int file;     /* instead, where the route takes a file: in memory, and of no name; 0: none. Owned */
    bool head;    /* only the answer's head is wanted */
    bool refused; /* the answer was made before the body came, which is not looked at */
    bool closing; /* the connection ends with the answer, whatever else was sent on it */
    bool served;  /* the route's function was called */
    bool waiting; /* the connection is suspended until the answer is there */
    unsigned status;
    struct MHD_Response *response; /* the answer; NULL: not yet. Owned */
};

/* --- answers: each of these gives the one answer -------------------------------------------------------- */

/* Takes the reference. NULL, for want of memory, is answered as that. */
void answer_json(struct exchange *exchange, unsigned status, json_t *value);
/* `text` was allocated, and is taken. */
void answer_text(struct exchange *exchange, unsigned status, const char *type, char *text, size_t length);
/* What is made as it is taken: `read` as of MHD_create_response_from_callback, `release` when it is over. A
 * HEAD gets the headers alone. */
void answer_stream(struct exchange *exchange, const char *type, size_t block_bytes,
                   MHD_ContentReaderCallback read, void *context, MHD_ContentReaderFreeCallback release);
/* Any response, which is taken. */
void answer(struct exchange *exchange, unsigned status, struct MHD_Response *response);

/* A problem (RFC 9457): the title is the status's phrase, the detail is ours. */
void answer_problem(struct exchange *exchange, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, with more members; takes the reference. */
void answer_problem_with(struct exchange *exchange, unsigned status, const char *detail, json_t *members);
/* A foreign text; where it is no UTF-8 with '?' for what is beyond ASCII. */
json_t *json_of_text(const char *text);

/* --- what was asked ------------------------------------------------------------------------------------- */

/* A header of the request; NULL. */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* For whom it is: the target's authority, or the Host header; NULL: it does not say. */
const char *exchange_host(const struct exchange *exchange);

/* The value of a parameter of the route, by name; NULL: not given, or there is none. */
const char *exchange_value(const struct exchange *exchange, const char *name);
bool exchange_number(const struct exchange *exchange, const char *name, int64_t *number);

#endif

/* fake_link.h: a server behind the functions of postgres_link.h: what it is asked is noted as text, and it
 * answers in the order in which answers were given to it; with no row when there is none.
 *
 *   server_answers(&(PGresult){.rows = 1, .cells = {{{"5"}}}});
 *   server.fails_at = 3;
 */
#ifndef KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_LINK_H
#define KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_LINK_H

#include <stdarg.h>

#include "consumer/sinks/postgres_link.h"
#include "tests/consumer/sinks/fake_results.h"

enum { ANSWERS_MAX = 16 };

static struct {
    char said[4096], sql[16384];
    PGresult answers[ANSWERS_MAX];
    size_t answer_count, answered;
    int calls, fails_at; /* the call of that number fails; 0: none does */
} server;

static inline void server_begin(void)
{
    memset(&server, 0, sizeof server);
    results_alive = 0;
}

static inline void server_answers(const PGresult *answer)
{
    ck_assert_uint_lt(server.answer_count, ANSWERS_MAX);
    server.answers[server.answer_count++] = *answer;
}

static inline void server_note(char *said, size_t bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void server_note(char *said, size_t bytes, const char *format, ...)
{
    size_t used = strlen(said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said + used, bytes - used, format, arguments);
    va_end(arguments);
}

/* NULL: it fails. */
static inline PGresult *server_answer(struct error *error)
{
    static const PGresult nothing;
    if (++server.calls == server.fails_at) {
        error_set(error, "the server is away");
        return NULL;
    }
    return result_of(server.answered < server.answer_count ? &server.answers[server.answered++] : &nothing);
}

static inline void server_note_call(const char *what)
{
    server_note(server.said, sizeof server.said, "%s%s", server.said[0] != '\0' ? "; " : "", what);
}

static inline void server_note_value(const struct postgres_call *call, int i)
{
    bool binary = call->formats != NULL && call->formats[i] == 1;
    const char *value = call->values[i] != NULL ? call->values[i] : "NULL";
    server_note(server.said, sizeof server.said, "%c", i == 0 ? ' ' : '|');
    if (binary && call->values[i] != NULL)
        server_note(server.said, sizeof server.said, "%d bytes", call->lengths[i]);
    else
        server_note(server.said, sizeof server.said, "%s", value);
}

PGresult *postgres_link_call(struct postgres_link *link, const struct postgres_call *call,
                             struct error *error)
{
    (void)link;
    server_note_call(call->statement);
    for (int i = 0; i < call->count; i++)
        server_note_value(call, i);
    if (call->result_format == 1)
        server_note(server.said, sizeof server.said, " in binary");
    return server_answer(error);
}

PGresult *postgres_link_ask(struct postgres_link *link, const char *what, const char *sql,
                            struct error *error)
{
    (void)link;
    server_note_call(what);
    server_note(server.sql, sizeof server.sql, "%s\n", sql);
    return server_answer(error);
}

/* Takes no answer: nothing is wanted of it. */
int postgres_link_do(struct postgres_link *link, const char *what, const char *sql, struct error *error)
{
    (void)link;
    server_note_call(what);
    server_note(server.sql, sizeof server.sql, "%s\n", sql);
    return ++server.calls == server.fails_at ? error_set(error, "the server is away") : 0;
}

int postgres_link_prepare(struct postgres_link *link, const char *name, const char *sql, struct error *error)
{
    return postgres_link_do(link, name, sql, error);
}

void postgres_link_roll_back(struct postgres_link *link)
{
    (void)link;
    server_note_call("roll back");
}

/* What it was asked since the last look. */
static inline const char *server_said(void)
{
    static char copy[sizeof server.said];
    memcpy(copy, server.said, sizeof copy);
    server.said[0] = server.sql[0] = '\0';
    return copy;
}

#define SERVER_SAID(text) ck_assert_str_eq(server_said(), text)

#endif

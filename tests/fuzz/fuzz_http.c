/* A request as text, `METHOD TARGET LF BODY`, through kweb's routes, parameters and bodies, to the question
 * that the supervisor would be asked; there is none. Whatever comes, there is one answer, it is JSON, and it
 * is a problem. */
#include <microhttpd.h>
#include <string.h>
#include <strings.h>

#include "common/asset.h"
#include "tools/kweb/exchange.h"
#include "tools/kweb/parameters.h"
#include "tools/kweb/peer.h"

enum { TEXT_BYTES = 65536 };

static const struct settings settings = {.instance = "fuzz"};
static struct kweb kweb = {.settings = &settings};
static struct peer peer = {.text = "127.0.0.1"};
static char text[TEXT_BYTES + 1], answer_text_of[TEXT_BYTES * 8];
static unsigned answers;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

/* --- libmicrohttpd without a connection ----------------------------------------------------------------- */

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                        const char *name)
{
    (void)connection;
    (void)kind;
    (void)name;
    return NULL;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
    demand(size < sizeof answer_text_of);
    memcpy(answer_text_of, buffer, size);
    answer_text_of[size] = '\0';
    answers++;
    if (mode == MHD_RESPMEM_MUST_FREE)
        free(buffer);
    return MHD_create_response_from_buffer_with_free_callback(1, strdup("x"), free);
}

/* --- the request ---------------------------------------------------------------------------------------- */

static int take_query(struct exchange *exchange, char *query, struct error *error)
{
    for (char *next; query != NULL; query = next) {
        next = strchr(query, '&');
        if (next != NULL)
            *next++ = '\0';
        char *value = strchr(query, '=');
        if (value != NULL)
            *value++ = '\0';
        MHD_http_unescape(query);
        if (value != NULL)
            MHD_http_unescape(value);
        if (parameter_take(exchange, query, value, error) == -1)
            return -1;
    }
    return parameters_check(exchange, error);
}

/* Those that ask the supervisor; the others look at shared memory, or wait for a connection. */
static bool is_asked(const struct route *route)
{
    return route->verb != NULL;
}

static void serve(struct exchange *exchange, char *query)
{
    struct error error = ERROR_INIT;
    if (take_query(exchange, query, &error) == 0)
        exchange->route->serve(exchange);
    else
        answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "%s", error.text);
}

static void check_answer(const struct exchange *exchange)
{
    json_t *problem = json_loads(answer_text_of, 0, NULL);
    demand(answers == 1 && exchange->response != NULL && exchange->status >= 400);
    demand(json_integer_value(json_object_get(problem, "status")) == exchange->status);
    demand(json_string_length(json_object_get(problem, "detail")) > 0);
    json_decref(problem);
}

static void end(struct exchange *exchange)
{
    for (size_t i = 0; i < ROUTE_PARAMS_MAX && exchange->route->params[i].name != NULL; i++)
        if (param_in_path(exchange->route, &exchange->route->params[i]))
            free((char *)(uintptr_t)exchange->values[i]);
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
}

static void ask(const char *method, char *target, char *body, size_t body_bytes)
{
    char *values[ROUTE_PARAMS_MAX] = {NULL}, allowed[64];
    char *query = strchr(target, '?');
    if (query != NULL)
        *query++ = '\0';
    MHD_http_unescape(target);
    struct exchange exchange = {
        .kweb = &kweb, .peer = &peer, .path = target, .body = body, .body_bytes = body_bytes};
    exchange.route = route_find(method, target, values, allowed);
    demand(strlen(allowed) < sizeof allowed);
    if (exchange.route == NULL)
        return;
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        exchange.values[i] = values[i];
    answers = 0;
    if (is_asked(exchange.route)) {
        serve(&exchange, query);
        check_answer(&exchange);
    }
    end(&exchange);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_BYTES)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    char *space = strchr(text, ' ');
    char *body = space != NULL ? strchr(space, '\n') : NULL;
    if (body == NULL)
        return 0;
    *space = *body++ = '\0';
    size_t body_bytes = (size_t)(text + size - body);
    if (body_bytes <= BODY_BYTES_MAX)
        ask(text, space + 1, body, body_bytes);
    return 0;
}

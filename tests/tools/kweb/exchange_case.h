/* exchange_case.h: a request without a connection: its headers, cookies and query are a test's, and its
 * answer is kept to be looked at. libmicrohttpd's functions that would need a connection are stood in for:
 * include it once.
 */
#ifndef KSUPERVISE_TESTS_TOOLS_KWEB_EXCHANGE_CASE_H
#define KSUPERVISE_TESTS_TOOLS_KWEB_EXCHANGE_CASE_H

#include <string.h>
#include <strings.h>

#include "tests/support/check_main.h"
#include "tools/kweb/exchange.h"
#include "tools/kweb/parameters.h"
#include "tools/kweb/peer.h"

struct fake_value {
    enum MHD_ValueKind kind;
    const char *name, *value;
};

static struct {
    struct fake_value values[16];
    size_t count;
    int suspended, resumed;
    char *body; /* of the answer */
} fake;

static struct settings settings = {.instance = "check"};
static struct kweb kweb = {.settings = &settings};
static struct peer peer = {.ours = true, .text = "127.0.0.1"};
static struct exchange exchange;

/* --- libmicrohttpd -------------------------------------------------------------------------------------- */

const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                                        const char *name)
{
    (void)connection;
    for (size_t i = 0; i < fake.count; i++)
        if (fake.values[i].kind == kind && strcasecmp(fake.values[i].name, name) == 0)
            return fake.values[i].value;
    return NULL;
}

int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                              MHD_KeyValueIterator look, void *context)
{
    int count = 0;
    (void)connection;
    for (size_t i = 0; i < fake.count; i++)
        if (fake.values[i].kind == kind && ++count > 0 &&
            look(context, kind, fake.values[i].name, fake.values[i].value) == MHD_NO)
            break;
    return count;
}

struct MHD_Response *MHD_create_response_from_buffer(size_t size, void *buffer,
                                                     enum MHD_ResponseMemoryMode mode)
{
    free(fake.body);
    fake.body = size > 0 ? strndup(buffer, size) : strdup("");
    if (mode == MHD_RESPMEM_MUST_FREE)
        free(buffer);
    return MHD_create_response_from_buffer_with_free_callback(strlen(fake.body), strdup(fake.body), free);
}

void MHD_resume_connection(struct MHD_Connection *connection)
{
    (void)connection;
    fake.resumed++;
}

void MHD_suspend_connection(struct MHD_Connection *connection)
{
    (void)connection;
    fake.suspended++;
}

/* --- requests ------------------------------------------------------------------------------------------- */

__attribute__((unused)) static void give(enum MHD_ValueKind kind, const char *name, const char *value)
{
    ck_assert_uint_lt(fake.count, sizeof fake.values / sizeof fake.values[0]);
    fake.values[fake.count++] = (struct fake_value){kind, name, value};
}

__attribute__((unused)) static void header(const char *name, const char *value)
{
    give(MHD_HEADER_KIND, name, value);
}

static void end_exchange(void)
{
    for (size_t i = 0; exchange.route != NULL && exchange.route->params[i].name != NULL; i++)
        if (param_in_path(exchange.route, &exchange.route->params[i]))
            free((char *)(uintptr_t)exchange.values[i]);
    if (exchange.response != NULL)
        MHD_destroy_response(exchange.response);
    free(exchange.path);
    exchange = (struct exchange){.kweb = NULL};
}

/* The request's path without its query; its route is looked for. */
__attribute__((unused)) static void ask(const char *method, const char *path)
{
    char *in_path[ROUTE_PARAMS_MAX] = {NULL}, allowed[64];
    end_exchange();
    exchange = (struct exchange){.kweb = &kweb, .peer = &peer, .path = strdup(path)};
    exchange.head = strcmp(method, "HEAD") == 0;
    exchange.route = route_find(method, path, in_path, allowed);
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        exchange.values[i] = in_path[i];
}

/* The route's function, with its parameters' fallbacks. */
__attribute__((unused)) static void serve(void)
{
    struct error error = ERROR_INIT;
    ck_assert_msg(parameters_check(&exchange, &error) == 0, "%s", error.text);
    exchange.route->serve(&exchange);
}

__attribute__((unused)) static void query(const char *name, const char *value)
{
    struct error error = ERROR_INIT;
    ck_assert_msg(parameter_take(&exchange, name, value, &error) == 0, "%s", error.text);
}

/* --- answers -------------------------------------------------------------------------------------------- */

__attribute__((unused)) static json_t *answered(unsigned status)
{
    json_error_t problem;
    ck_assert_ptr_nonnull(exchange.response);
    json_t *value = json_loads(fake.body, 0, &problem);
    ck_assert_msg(value != NULL, "%s: %s", problem.text, fake.body);
    ck_assert_msg(exchange.status == status, "%u: %s", exchange.status, fake.body);
    return value;
}

/* A problem whose detail has this in it. */
__attribute__((unused)) static void is_refused(unsigned status, const char *detail)
{
    json_t *problem = answered(status);
    ck_assert_str_eq(MHD_get_response_header(exchange.response, "Content-Type"), "application/problem+json");
    ck_assert_int_eq(json_integer_value(json_object_get(problem, "status")), status);
    const char *text = json_string_value(json_object_get(problem, "detail"));
    ck_assert_msg(text != NULL && strstr(text, detail) != NULL, "'%s' is not in: %s", detail, fake.body);
    json_decref(problem);
}

__attribute__((unused)) static void clean_up_exchange(void)
{
    end_exchange();
    free(fake.body);
    fake.body = NULL;
    fake.count = 0;
}

#endif

#include "tools/kweb/guard.h"

#include <inttypes.h>
#include <strings.h>

#include "common/decimal.h"
#include "tools/kweb/peer.h"

/* --- pure ---------------------------------------------------------------------------------------------- */

bool guard_host_is_loopback(const char *host, uint16_t port)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        int64_t number;
        if (strncasecmp(host, names[i], length) != 0)
            continue;
        if (host[length] == '\0')
            return true;
        const char *end = host[length] == ':' ? decimal_read(host + length + 1, UINT16_MAX, &number) : NULL;
        return end != NULL && *end == '\0' && number == port;
    }
    return false;
}

bool guard_origin_is(const char *origin, const char *host)
{
    static const char scheme[] = "http://";
    return strncasecmp(origin, scheme, strlen(scheme)) == 0 && strcasecmp(origin + strlen(scheme), host) == 0;
}

/* --- the rules ----------------------------------------------------------------------------------------- */

/* 127.0.0.2:8000, where that is asked for: a number leads nowhere else. */
static bool is_where_we_listen(const struct listen_address *address, const char *host)
{
    char text[LISTEN_TEXT_BYTES];
    listen_address_text(address, text);
    text[strlen(text) - 1] = '\0'; /* the slash */
    return guard_origin_is(text, host);
}

/* A name of another site's that leads here (DNS rebinding) makes its page same-origin with us: only where
 * nothing else is asked of who comes does that matter, and there we have few names. */
static bool host_is_ours(struct exchange *exchange)
{
    const struct listen_address *address = &exchange->kweb->address;
    const char *host = exchange_host(exchange);
    if (host != NULL && origins_find(&exchange->kweb->behind, host) != NULL)
        return true;
    if (!address->loopback || address->socket.ss_family == AF_UNIX ||
        (host != NULL &&
         (guard_host_is_loopback(host, listen_address_port(address)) || is_where_we_listen(address, host))))
        return true;
    answer_problem(exchange, MHD_HTTP_MISDIRECTED_REQUEST,
                   "the Host header does not name this server: it is localhost, 127.0.0.1 or the address it "
                   "listens on, with its port");
    return false;
}

/* Behind a proxy it is what browsers know of it; its own Host says nothing of their scheme. */
static bool is_our_origin(const struct exchange *exchange, const char *origin)
{
    const struct origins *behind = &exchange->kweb->behind;
    const char *host = exchange_host(exchange);
    if (origins_have(behind, origin))
        return true;
    return host != NULL && origins_find(behind, host) == NULL && guard_origin_is(origin, host);
}

/* A browser says whose page it is that asks. */
static bool origin_is_ours(struct exchange *exchange)
{
    const char *origin = exchange_header(exchange, MHD_HTTP_HEADER_ORIGIN);
    const char *site = exchange_header(exchange, "Sec-Fetch-Site");
    bool acts = exchange->route != NULL && (exchange->route->changes || exchange->route->verb != NULL);
    bool foreign = acts && site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    if (!foreign && (origin == NULL || is_our_origin(exchange, origin)))
        return true;
    answer_problem(exchange, MHD_HTTP_FORBIDDEN,
                   "a page of another site may not do this: its origin is not ours");
    return false;
}

/* A browser keeps one jar for all ports of a host: two instances there have a cookie each. */
static void name_cookie(const struct exchange *exchange, char name[GUARD_COOKIE_BYTES])
{
    const char *host = exchange_host(exchange);
    const char *colon = host != NULL ? strrchr(host, ':') : NULL;
    int64_t port;
    const char *end = colon != NULL ? decimal_read(colon + 1, UINT16_MAX, &port) : NULL;
    if (end != NULL && *end == '\0')
        snprintf(name, GUARD_COOKIE_BYTES, GUARD_COOKIE "_%" PRId64, port);
    else
        snprintf(name, GUARD_COOKIE_BYTES, GUARD_COOKIE);
}

static bool brings_cookie(const struct exchange *exchange)
{
    char name[GUARD_COOKIE_BYTES];
    name_cookie(exchange, name);
    const char *given = MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, name);
    return given != NULL && token_is(exchange->kweb->token, given);
}

static bool brings_header(const struct exchange *exchange)
{
    static const char scheme[] = "Bearer ";
    const char *given = exchange_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
    return given != NULL && strncasecmp(given, scheme, strlen(scheme)) == 0 &&
           token_is(exchange->kweb->token, given + strlen(scheme));
}

/* In the address of the page alone, which then leaves it behind: addresses are remembered and shown. */
static bool brings_query(const struct exchange *exchange)
{
    const char *given = MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, "token");
    return given != NULL && strcmp(exchange->path, "/") == 0 && token_is(exchange->kweb->token, given);
}

/* A proxy that this user runs is this user's process, whoever stands behind it. */
static bool is_known(const struct exchange *exchange)
{
    return exchange->kweb->address.loopback && exchange->kweb->behind.count == 0 && exchange->peer->ours;
}

static bool peer_may(struct exchange *exchange)
{
    if (is_known(exchange) || brings_cookie(exchange) || brings_header(exchange) || brings_query(exchange))
        return true;
    answer_problem(
        exchange, MHD_HTTP_UNAUTHORIZED,
        "the token is missing or wrong: 'Authorization: Bearer TOKEN', or once /?token=TOKEN in a browser; "
        "'kweb -i %s --print-token' prints it on the machine where it runs",
        exchange->kweb->settings->instance);
    MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    return false;
}

static bool may_change(struct exchange *exchange)
{
    if (exchange->route == NULL || !exchange->route->changes || !exchange->kweb->settings->read_only)
        return true;
    answer_problem(exchange, MHD_HTTP_FORBIDDEN,
                   "this server is read-only (--http-read-only); use kctl on the machine where it runs");
    return false;
}

bool guard(struct exchange *exchange)
{
    static bool (*const rules[])(struct exchange *) = {host_is_ours, origin_is_ours, peer_may, may_change};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (!rules[i](exchange))
            return false;
    return true;
}

void guard_cookie(const struct exchange *exchange, char *text, size_t bytes)
{
    char name[GUARD_COOKIE_BYTES];
    const char *host = exchange_host(exchange);
    const struct origin *public = host != NULL ? origins_find(&exchange->kweb->behind, host) : NULL;
    name_cookie(exchange, name);
    snprintf(text, bytes, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", name, exchange->kweb->token,
             public != NULL && public->tls ? "; Secure" : "");
}

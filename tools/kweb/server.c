#include "tools/kweb/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/decimal.h"
#include "common/log.h"
#include "tools/kweb/call.h"
#include "tools/kweb/captures.h"
#include "tools/kweb/exchange.h"
#include "tools/kweb/framing.h"
#include "tools/kweb/guard.h"
#include "tools/kweb/parameters.h"
#include "tools/kweb/peer.h"

#define CHECK_US US_PER_SECOND

enum { SPARE_DESCRIPTORS = 64 };

/* --- the request --------------------------------------------------------------------------------------- */

static struct peer *peer_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* "%00" would end a text before its end: it becomes a control character, which no path and no value has. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    for (char *at = text; (at = strstr(at, "%00")) != NULL; at += 3)
        at[2] = '1';
    return MHD_http_unescape(text);
}

/* Where the authority of a target in absolute form begins (RFC 9112, 3.2.2); NULL: it is in another one. */
static const char *authority_of(const char *target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncasecmp(target, schemes[i], strlen(schemes[i])) == 0)
            return target + strlen(schemes[i]);
    return NULL;
}

/* False: out of memory. */
static bool take_target(struct exchange *exchange, const char *target)
{
    const char *authority = authority_of(target), *path = target;
    if (authority != NULL) {
        path = authority + strcspn(authority, "/");
        exchange->authority = strndup(authority, (size_t)(path - authority));
        path = *path != '\0' ? path : "/";
    }
    exchange->path = strdup(path);
    return exchange->path != NULL && (authority == NULL || exchange->authority != NULL);
}

static struct exchange *begin(struct kweb *kweb, struct MHD_Connection *connection, const char *url,
                              const char *method)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL || peer_of(connection) == NULL || !take_target(exchange, url)) {
        if (exchange != NULL) {
            free(exchange->authority);
            free(exchange->path);
        }
        free(exchange);
        return NULL;
    }
    exchange->kweb = kweb;
    exchange->connection = connection;
    exchange->peer = peer_of(connection);
    exchange->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    return exchange;
}

static void drop_file(struct exchange *exchange)
{
    if (exchange->file == 0)
        return;
    close(exchange->file);
    exchange->file = 0;
    exchange->kweb->files--;
}

static void end(struct exchange *exchange)
{
    for (size_t i = 0; exchange->route != NULL && i < ROUTE_PARAMS_MAX && exchange->route->params[i].name;
         i++)
        if (param_in_path(exchange->route, &exchange->route->params[i]))
            free((char *)(uintptr_t)exchange->values[i]);
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
    drop_file(exchange);
    free(exchange->body);
    free(exchange->authority);
    free(exchange->path);
    free(exchange);
}

static void find_route(struct exchange *exchange, const char *method)
{
    char *in_path[ROUTE_PARAMS_MAX] = {NULL}, allowed[64];
    exchange->route = route_find(method, exchange->path, in_path, allowed);
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        exchange->values[i] = in_path[i];
    if (!guard(exchange) || exchange->route != NULL)
        return;
    if (allowed[0] == '\0') {
        answer_problem(exchange, MHD_HTTP_NOT_FOUND, "there is no such path; /docs lists them");
        return;
    }
    answer_problem(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this path takes %s", allowed);
    MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_ALLOW, allowed);
}

/* --- its parameters ------------------------------------------------------------------------------------ */

struct query {
    struct exchange *exchange;
    struct error *error;
};

static enum MHD_Result take_argument(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    const struct query *query = context;
    (void)kind;
    return parameter_take(query->exchange, name, value, query->error) == 0 ? MHD_YES : MHD_NO;
}

static bool take_parameters(struct exchange *exchange)
{
    struct error error = ERROR_INIT;
    struct query query = {exchange, &error};
    MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, take_argument, &query);
    if (error.text[0] == '\0' && parameters_check(exchange, &error) == 0)
        return true;
    answer_problem(exchange, MHD_HTTP_BAD_REQUEST, "%s", error.text);
    return false;
}

/* --- its body ------------------------------------------------------------------------------------------ */

static size_t body_bytes_max(const struct exchange *exchange)
{
    return exchange->route->file_bytes > 0 ? exchange->route->file_bytes : BODY_BYTES_MAX;
}

/* The rest of it is not waited for. */
static void refuse_body(struct exchange *exchange)
{
    exchange->closing = true;
    answer_problem(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large: at most %zu bytes",
                   body_bytes_max(exchange));
}

/* "application/json; charset=utf-8" */
static bool is_type(const char *given, const char *type)
{
    return given != NULL && strncasecmp(given, type, strlen(type)) == 0 &&
           strchr("; \t", given[strlen(type)]) != NULL;
}

/* A form of another site's page cannot say these types without being asked about it first. */
static bool type_is_welcome(struct exchange *exchange)
{
    const char *given = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE);
    const char *type = exchange->route->file_bytes > 0 ? FILE_TYPE : "application/json";
    if ((exchange->route->body == NULL && exchange->route->file_bytes == 0) || is_type(given, type))
        return true;
    answer_problem(exchange, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "the body is %s: Content-Type: %s",
                   exchange->route->file_bytes > 0 ? "a file" : "JSON", type);
    return false;
}

/* It may take longer to arrive than a request does. */
static bool begin_file(struct exchange *exchange)
{
    if (exchange->route->file_bytes == 0)
        return true;
    int fd = exchange->kweb->files < SERVER_FILES_MAX ? memfd_create("kweb", MFD_CLOEXEC) : -1;
    if (fd == -1) {
        exchange->closing = true;
        answer_problem(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                       "other files are being read: try again in a moment");
        return false;
    }
    exchange->file = fd;
    exchange->kweb->files++;
    exchange->peer->arriving_us += SERVER_FILE_US - SERVER_ARRIVAL_US;
    return true;
}

/* What it says of itself; what comes is looked at, too. */
static bool body_is_welcome(struct exchange *exchange)
{
    const char *length = exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t bytes;
    if (length != NULL && (!decimal_parse(length, strlen(length), INT64_MAX, &bytes) ||
                           (uint64_t)bytes > body_bytes_max(exchange))) {
        refuse_body(exchange);
        return false;
    }
    return type_is_welcome(exchange);
}

static void take_file(struct exchange *exchange, const char *bytes, size_t length)
{
    exchange->body_bytes += length;
    exchange->body_too_large = exchange->body_bytes > exchange->route->file_bytes ||
                               write(exchange->file, bytes, length) != (ssize_t)length;
}

static void take_body(struct exchange *exchange, const char *bytes, size_t length)
{
    char *body = NULL;
    if (exchange->refused || exchange->body_too_large)
        return;
    if (exchange->file != 0) {
        take_file(exchange, bytes, length);
        return;
    }
    if (exchange->body_bytes + length <= BODY_BYTES_MAX)
        body = realloc(exchange->body, exchange->body_bytes + length + 1);
    if (body == NULL) {
        exchange->body_too_large = true;
        return;
    }
    memcpy(body + exchange->body_bytes, bytes, length);
    exchange->body = body;
    exchange->body_bytes += length;
    body[exchange->body_bytes] = '\0';
}

/* --- its answer ---------------------------------------------------------------------------------------- */

static enum MHD_Result send_answer(struct exchange *exchange)
{
    return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

static enum MHD_Result serve(struct exchange *exchange)
{
    exchange->peer->arriving_us = 0;
    if (exchange->response == NULL && !exchange->served) {
        exchange->served = true;
        if (exchange->body_too_large)
            refuse_body(exchange);
        else
            exchange->route->serve(exchange);
    }
    if (exchange->response != NULL)
        return send_answer(exchange);
    exchange->waiting = true;
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

static enum MHD_Result begin_exchange(struct kweb *kweb, struct MHD_Connection *connection, const char *url,
                                      const char *method, void **context)
{
    struct exchange *exchange = begin(kweb, connection, url, method);
    if (exchange == NULL)
        return MHD_NO;
    *context = exchange;
    if (framing_is_clear(exchange))
        find_route(exchange, method);
    if (exchange->response == NULL && body_is_welcome(exchange) && take_parameters(exchange))
        begin_file(exchange);
    exchange->refused = exchange->response != NULL;
    return exchange->closing ? send_answer(exchange) : MHD_YES;
}

static enum MHD_Result handle(void *server, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *bytes, size_t *length,
                              void **context)
{
    struct exchange *exchange = *context;
    (void)version;
    if (exchange == NULL)
        return begin_exchange(server, connection, url, method, context);
    if (*length == 0)
        return serve(exchange);
    take_body(exchange, bytes, *length);
    *length = 0;
    return MHD_YES;
}

static void completed(void *server, struct MHD_Connection *connection, void **context,
                      enum MHD_RequestTerminationCode code)
{
    (void)server;
    (void)code;
    struct peer *peer = peer_of(connection);
    if (peer != NULL)
        peer->arriving_us = clock_monotonic_us();
    if (*context != NULL)
        end(*context);
    *context = NULL;
}

/* --- connections --------------------------------------------------------------------------------------- */

/* A peer that takes nothing, and one that has vanished, look alike: what was sent is not acknowledged, or the
 * window stays shut. */
static void bound_unread(int fd)
{
    const unsigned bound_ms = SERVER_UNREAD_MS;
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &bound_ms, sizeof bound_ms); /* fails on a Unix socket */
}

static void connection_begins(struct kweb *kweb, struct MHD_Connection *connection, void **context)
{
    struct peer *peer = calloc(1, sizeof *peer);
    int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    *context = peer;
    if (peer == NULL) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    peer_init(peer, fd);
    bound_unread(fd);
    peer->arriving_us = clock_monotonic_us();
    peer->next = kweb->peers;
    peer->link = &kweb->peers;
    if (peer->next != NULL)
        peer->next->link = &peer->next;
    kweb->peers = peer;
}

static void connection_ends(struct peer *peer)
{
    if (peer == NULL)
        return;
    *peer->link = peer->next;
    if (peer->next != NULL)
        peer->next->link = peer->link;
    free(peer);
}

static void notice_connection(void *server, struct MHD_Connection *connection, void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_begins(server, connection, context);
    else
        connection_ends(*context);
}

/* The library knows who is idle, but not who sends a byte every nine seconds. */
static void drop_the_slow(struct kweb *kweb, int64_t now_us)
{
    for (struct peer *peer = kweb->peers; peer != NULL; peer = peer->next)
        if (peer->arriving_us != 0 && now_us - peer->arriving_us > SERVER_ARRIVAL_US)
            shutdown(peer->fd, SHUT_RDWR);
}

/* --- opening and closing ------------------------------------------------------------------------------- */

static void log_trouble(void *context, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void log_trouble(void *context, const char *format, va_list arguments)
{
    char text[256];
    (void)context;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_verbose("HTTP: %s", text);
}

static void readable(void *context)
{
    struct kweb *kweb = context;
    MHD_run(kweb->daemon);
}

/* As many connections as there are descriptors for. */
static unsigned connections_max(void)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};
    rlim_t wanted = SERVER_CONNECTIONS_MAX + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return SERVER_CONNECTIONS_MAX;
    return limit.rlim_cur > 2 * SPARE_DESCRIPTORS ? (unsigned)limit.rlim_cur - SPARE_DESCRIPTORS
                                                  : SPARE_DESCRIPTORS;
}

int server_open(struct kweb *kweb, int listener, struct error *error)
{
    kweb->daemon =
        MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle,
                         kweb, MHD_OPTION_EXTERNAL_LOGGER, log_trouble, NULL, MHD_OPTION_LISTEN_SOCKET,
                         listener, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_CONNECTION_LIMIT,
                         connections_max(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)SERVER_HEAD_BYTES_MAX,
                         MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
                         MHD_OPTION_NOTIFY_CONNECTION, notice_connection, kweb, MHD_OPTION_END);
    if (kweb->daemon == NULL)
        return error_set(error, "cannot start the HTTP server: %m");
    int fd = MHD_get_daemon_info(kweb->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return reactor_add(&kweb->reactor, &kweb->http, dup(fd), readable, kweb, error);
}

void server_close(struct kweb *kweb)
{
    calls_close(kweb); /* answers those that wait: none may be suspended at the end */
    captures_close(kweb);
    reactor_close(&kweb->reactor, &kweb->http);
    if (kweb->daemon != NULL) {
        MHD_run(kweb->daemon);
        MHD_stop_daemon(kweb->daemon);
    }
}

void server_run(struct kweb *kweb, int64_t now_us)
{
    MHD_run(kweb->daemon); /* what was resumed raises no event */
    drop_the_slow(kweb, now_us);
}

int64_t server_deadline_us(const struct kweb *kweb)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    int64_t now_us = clock_monotonic_us();
    int64_t own_us = kweb->peers != NULL ? now_us + CHECK_US : INT64_MAX;
    if (MHD_get_timeout(kweb->daemon, &wait_ms) != MHD_YES)
        return own_us;
    int64_t library_us = now_us + (int64_t)wait_ms * US_PER_MS;
    return library_us < own_us ? library_us : own_us;
}

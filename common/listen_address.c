#include "common/listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/decimal.h"
#include "common/own_file.h"

#define UNIX_PREFIX "unix:"

enum { BACKLOG = 128, HOST_BYTES = 64 };

/* --- the text ------------------------------------------------------------------------------------------ */

static int parse_unix(struct listen_address *address, const char *path, struct error *error)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&address->socket;
    if (path[0] == '\0' || strlen(path) >= sizeof un->sun_path)
        return error_set(error, "the path of a Unix socket has 1 to %zu bytes", sizeof un->sun_path - 1);
    un->sun_family = AF_UNIX;
    snprintf(un->sun_path, sizeof un->sun_path, "%s", path);
    address->length = sizeof *un;
    address->loopback = true;
    return 0;
}

static bool parse_ip(struct listen_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in *in = (struct sockaddr_in *)&address->socket;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->socket;
    if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        address->length = sizeof *in;
        address->loopback = ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
        return true;
    }
    struct in6_addr number;
    if (inet_pton(AF_INET6, host, &number) != 1)
        return false;
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = number};
    address->length = sizeof *in6;
    address->loopback = IN6_IS_ADDR_LOOPBACK(&number);
    return true;
}

/* "127.0.0.1" of "127.0.0.1:8000", "::1" of "[::1]:8000", "" of "8000"; *port behind it. */
static bool split(const char *text, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(text, ':');
    const char *begin = text, *end = colon != NULL ? colon : text;
    *port = colon != NULL ? colon + 1 : text;
    if (text[0] == '[') {
        begin = text + 1;
        end = strchr(text, ']');
        if (end == NULL || end[1] != ':')
            return false;
        *port = end + 2;
    }
    if ((size_t)(end - begin) >= HOST_BYTES || (begin == text && memchr(begin, ':', (size_t)(end - begin))))
        return false;
    snprintf(host, HOST_BYTES, "%.*s", (int)(end - begin), begin);
    return colon == NULL || host[0] != '\0';
}

int listen_address_parse(struct listen_address *address, const char *text, struct error *error)
{
    char host[HOST_BYTES];
    const char *port_text;
    int64_t port;
    *address = (struct listen_address){.length = 0};
    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return parse_unix(address, text + strlen(UNIX_PREFIX), error);
    if (!split(text, host, &port_text) || port_text[0] == '\0' ||
        decimal_read(port_text, UINT16_MAX, &port) != port_text + strlen(port_text))
        return error_set(
            error, "'%s' is not a valid address to listen at: 8000, 127.0.0.1:8000, [::1]:8000 or unix:PATH",
            text);
    const char *number = host[0] == '\0' || strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (!parse_ip(address, number, (uint16_t)port))
        return error_set(error, "'%s' is not an IP address, and names are not looked up: give the number",
                         host);
    return 0;
}

/* --- the socket ---------------------------------------------------------------------------------------- */

/* A dead server's socket is in the way of bind; a living one's must not be taken. */
static int make_room(const struct sockaddr_un *un, struct error *error)
{
    struct stat info;
    if (lstat(un->sun_path, &info) == -1)
        return 0;
    if (own_file_check(un->sun_path, S_IFSOCK, error) == -1)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool lives = fd != -1 && (connect(fd, (const struct sockaddr *)un, sizeof *un) == 0 || errno == EAGAIN);
    if (fd != -1)
        close(fd);
    if (lives) {
        errno = EADDRINUSE;
        return error_set(error, "another process listens at %s", un->sun_path);
    }
    unlink(un->sun_path);
    return 0;
}

static int bind_to(int fd, struct listen_address *address)
{
    bool is_unix = address->socket.ss_family == AF_UNIX;
    const int yes = 1;
    mode_t mask = umask(0177);
    /* So that a new process can take the port of one that has just died. */
    int result = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 || is_unix
                     ? bind(fd, (struct sockaddr *)&address->socket, address->length)
                     : -1;
    umask(mask);
    if (result == 0 && !is_unix) {
        address->length = sizeof address->socket;
        result = getsockname(fd, (struct sockaddr *)&address->socket, &address->length);
    }
    return result == 0 ? listen(fd, BACKLOG) : -1;
}

int listen_address_open(struct listen_address *address, struct error *error)
{
    char text[LISTEN_TEXT_BYTES];
    if (address->socket.ss_family == AF_UNIX &&
        make_room((const struct sockaddr_un *)&address->socket, error) == -1)
        return -1;
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd != -1 && bind_to(fd, address) == 0)
        return fd;
    int cause = errno;
    listen_address_text(address, text);
    error_set(error, "cannot listen at %s: %s", text, strerror(cause));
    if (fd != -1)
        close(fd);
    errno = cause;
    return -1;
}

void listen_address_remove(const struct listen_address *address)
{
    if (address->socket.ss_family == AF_UNIX)
        unlink(((const struct sockaddr_un *)&address->socket)->sun_path);
}

uint16_t listen_address_port(const struct listen_address *address)
{
    if (address->socket.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address->socket)->sin_port);
    if (address->socket.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->socket)->sin6_port);
    return 0;
}

void listen_address_text(const struct listen_address *address, char text[LISTEN_TEXT_BYTES])
{
    char host[INET6_ADDRSTRLEN] = "";
    unsigned port = listen_address_port(address);
    switch (address->socket.ss_family) {
    case AF_INET:
        inet_ntop(AF_INET, &((const struct sockaddr_in *)&address->socket)->sin_addr, host, sizeof host);
        snprintf(text, LISTEN_TEXT_BYTES, "http://%s:%u/", host, port);
        break;
    case AF_INET6:
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&address->socket)->sin6_addr, host, sizeof host);
        snprintf(text, LISTEN_TEXT_BYTES, "http://[%s]:%u/", host, port);
        break;
    default:
        snprintf(text, LISTEN_TEXT_BYTES, UNIX_PREFIX "%s",
                 ((const struct sockaddr_un *)&address->socket)->sun_path);
    }
}

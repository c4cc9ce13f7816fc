#include "common/brokers.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "common/dotenv.h"
#include "common/exit_codes.h"

#define KAFKA_PORT       "9092" /* Kafka's registered port, IANA XmlIpcRegSvc; every Kafka document uses it */
#define ALIVE_TIMEOUT_MS 200
#define DEVELOPMENT_FILE "kafka/bootstrap" /* under build/ */

static int check_list(const char *list, const char *source, struct error *error)
{
    if (strlen(list) >= BROKERS_BYTES)
        return error_set_code(error, EXIT_CODE_USAGE, "%s: the address list is longer than %d characters",
                              source, BROKERS_BYTES - 1);
    static const char marks[] = "._-:,[]/% ";         /* fe80::1%eth0: an address with its interface */
    bool is_list = list[strspn(list, marks)] != '\0'; /* not marks alone */
    for (const char *c = list; *c != '\0'; c++)
        is_list = is_list && (isalnum((unsigned char)*c) || strchr(marks, *c) != NULL);
    return is_list
               ? 0
               : error_set_code(error, EXIT_CODE_USAGE, "%s: '%s' is not a list of HOST:PORT", source, list);
}

/* `port` is for an address that has none; an IPv6 address wants brackets then. */
static void put_address(struct brokers *brokers, const char *address, const char *port)
{
    const char *colon = strchr(address, ':');
    bool is_ipv6 = address[0] != '[' && colon != NULL && strchr(colon + 1, ':') != NULL;
    bool has_port =
        port == NULL || (address[0] == '[' ? strstr(address, "]:") != NULL : colon != NULL && !is_ipv6);
    if (has_port)
        snprintf(brokers->bootstrap, sizeof brokers->bootstrap, "%s", address);
    else
        snprintf(brokers->bootstrap, sizeof brokers->bootstrap, is_ipv6 ? "[%.500s]:%s" : "%.500s:%s",
                 address, port);
}

static int take(struct brokers *brokers, const char *address, const char *port, const char *source,
                struct error *error)
{
    if (address[0] == '\0')
        return error_set_code(error, EXIT_CODE_USAGE, "%s is set but empty: give HOST:PORT, or remove it",
                              source);
    if (check_list(address, source, error) == -1)
        return -1;
    put_address(brokers, address, port);
    snprintf(brokers->source, sizeof brokers->source, "%s", source);
    return 0;
}

/* --- where an address may stand ------------------------------------------------------------------------ */

struct variable {
    const char *name, *port; /* the port of an address without one; NULL: it has one */
    const char *in_dotenv;   /* how the source is called */
};

static const struct variable VARIABLES[] = {{"KAFKA_BOOTSTRAP", NULL, "KAFKA_BOOTSTRAP in .env"},
                                            {"KAFKA_HOST_IP", KAFKA_PORT, "KAFKA_HOST_IP in .env"}};
enum { VARIABLE_COUNT = sizeof VARIABLES / sizeof VARIABLES[0] };

/* 1: taken; 0: it is not set. */
static int take_from_environment(struct brokers *brokers, const struct variable *variable,
                                 struct error *error)
{
    const char *value = getenv(variable->name);
    if (value == NULL)
        return 0;
    return take(brokers, value, variable->port, variable->name, error) == -1 ? -1 : 1;
}

static int take_from_dotenv(struct brokers *brokers, const struct variable *variable, struct error *error)
{
    char value[BROKERS_BYTES + 64];
    int found = dotenv_find(variable->name, value, sizeof value, error);
    if (found != 1)
        return found;
    return take(brokers, value, variable->port, variable->in_dotenv, error) == -1 ? -1 : 1;
}

static int take_from_variables(struct brokers *brokers,
                               int (*from)(struct brokers *, const struct variable *, struct error *),
                               struct error *error)
{
    int found = 0;
    for (size_t i = 0; i < VARIABLE_COUNT && found == 0; i++)
        found = from(brokers, &VARIABLES[i], error);
    return found;
}

/* --- the broker of `make kafka` ------------------------------------------------------------------------ */

static bool connects(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1)
        return false;
    int error = 0;
    socklen_t length = sizeof error;
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    bool ok = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ||
              (errno == EINPROGRESS && poll(&waiting, 1, ALIVE_TIMEOUT_MS) == 1 &&
               getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0);
    close(fd);
    return ok;
}

/* Any of HOST:PORT,HOST:PORT accepts a connection. */
static bool answers(const char *list)
{
    char copy[BROKERS_BYTES];
    snprintf(copy, sizeof copy, "%.*s", (int)sizeof copy - 1, list);
    char *rest = copy;
    for (char *address = strsep(&rest, ","); address != NULL; address = strsep(&rest, ",")) {
        char *port = strrchr(address, ':');
        if (port == NULL)
            continue;
        *port++ = '\0';
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
        struct addrinfo *found = NULL;
        if (getaddrinfo(address, port, &hints, &found) != 0)
            continue;
        bool ok = connects(found);
        freeaddrinfo(found);
        if (ok)
            return true;
    }
    return false;
}

/* Opens the file in which `make kafka` leaves the address: our program lies in build/bin, or in
 * build/debug/bin and the like. */
static FILE *open_development_file(void)
{
    static const char *const above[] = {"/../", "/../../"};
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return NULL;
    program[length] = '\0';
    const char *folder = dirname(program);
    size_t end = strlen(folder);
    if (end < 4 || strcmp(folder + end - 4, "/bin") != 0) /* a test of ours, or installed elsewhere */
        return NULL;
    FILE *file = NULL;
    for (size_t i = 0; file == NULL && i < sizeof above / sizeof above[0]; i++) {
        char path[PATH_MAX + 64];
        snprintf(path, sizeof path, "%s%s" DEVELOPMENT_FILE, folder, above[i]);
        file = fopen(path, "re");
    }
    return file;
}

static bool development_broker(char *list, size_t bytes)
{
    FILE *file = open_development_file();
    if (file == NULL)
        return false;
    bool ok = fgets(list, (int)bytes, file) != NULL;
    fclose(file);
    if (ok)
        list[strcspn(list, "\r\n")] = '\0';
    return ok && answers(list);
}

int brokers_find(struct brokers *brokers, const char *flag, struct error *error)
{
    *brokers = (struct brokers){"", ""};
    if (flag != NULL)
        return take(brokers, flag, NULL, "--bootstrap", error);
    int found = take_from_variables(brokers, take_from_environment, error);
    if (found == 0)
        found = take_from_variables(brokers, take_from_dotenv, error);
    if (found != 0)
        return found == -1 ? -1 : 0;
    char list[BROKERS_BYTES];
    if (development_broker(list, sizeof list))
        return take(brokers, list, NULL, "make kafka", error);
    return 0;
}

void brokers_advice(const struct brokers *brokers, char *text, size_t bytes)
{
    if (brokers->bootstrap[0] == '\0')
        snprintf(text, bytes,
                 "no broker is configured: give --bootstrap HOST:PORT, set KAFKA_BOOTSTRAP (or .env), or "
                 "start one with 'make kafka'");
    else
        snprintf(text, bytes,
                 "no broker answers at %.400s (from %s): is it running, and is the address right?",
                 brokers->bootstrap, brokers->source);
}

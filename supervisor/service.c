#include "supervisor/service.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/options.h"
#include "common/text.h"
#include "supervisor/log/line.h"

/* How long to wait for a manager that does not read. */
#define SEND_MS 200

/* --- from the environment ------------------------------------------------------------------------------ */

/* A path, or @NAME: the abstract namespace, whose names begin with a NUL. */
static int take_address(struct service *service, const char *text, struct error *error)
{
    size_t length = strlen(text);
    struct sockaddr_un *address = &service->address;
    if ((text[0] != '/' && text[0] != '@') || length >= sizeof address->sun_path)
        return error_set(error, "NOTIFY_SOCKET '%s' is neither a path nor an @NAME of at most %zu characters",
                         text, sizeof address->sun_path - 1);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, text, length);
    if (text[0] == '@')
        address->sun_path[0] = '\0';
    service->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return 0;
}

/* Half of the time, as sd_watchdog_enabled(3) advises. A value for another process, or one that is not a
 * number, is ignored. */
static int64_t watchdog_us(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    const char *time = getenv("WATCHDOG_USEC");
    int64_t number;
    if (time == NULL || option_parse_integer(time, 1, INT64_MAX, &number, NULL) == -1)
        return 0;
    int64_t whose;
    if (pid != NULL &&
        (option_parse_integer(pid, 1, INT64_MAX, &whose, NULL) == -1 || whose != (int64_t)getpid()))
        return 0;
    return number / 2 > 0 ? number / 2 : 1;
}

int service_open(struct service *service, struct error *error)
{
    static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    const char *address = getenv(names[0]);
    int result = 0;
    *service = (struct service){.fd = -1, .watchdog_due_us = INT64_MAX};
    if (address != NULL && address[0] != '\0')
        result = take_address(service, address, error);
    if (result == 0 && service->address_bytes > 0) {
        struct timeval patience = {.tv_usec = SEND_MS * US_PER_MS};
        service->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (service->fd == -1)
            result = error_set(error, "cannot create a socket for NOTIFY_SOCKET: %m");
        else
            setsockopt(service->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        service->watchdog_us = watchdog_us();
        if (service->watchdog_us > 0)
            service->watchdog_due_us = 0;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    return result;
}

void service_close(struct service *service)
{
    if (service->fd != -1)
        close(service->fd);
    service->fd = -1;
}

/* --- what is told -------------------------------------------------------------------------------------- */

/* A manager that is gone or busy is not an error: supervision continues without it. */
static void tell(const struct service *service, const char *text)
{
    if (service->fd != -1)
        sendto(service->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&service->address,
               service->address_bytes);
}

/* "3 of 4 workers ready; zulu: held, 10 deaths within 60 s" */
static void describe(const struct supervisor *supervisor, char *text, size_t bytes)
{
    size_t count = 0;
    size_t ready = 0;
    const struct worker *other = NULL;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if ((worker->kind != KIND_CONSUMER && worker->kind != KIND_PRODUCER) || worker->retired)
            continue;
        count++;
        ready += worker_works_or_done(worker);
        if (!worker_works_or_done(worker) && (other == NULL || worker->state == WORKER_HELD))
            other = worker;
    }
    size_t used = text_append(text, bytes, 0, "%s%zu of %zu workers ready",
                              supervisor->stopping ? "stopping; " : "", ready, count);
    if (other != NULL)
        text_append(text, bytes, used, "; %s: %s%s%s", other->name, worker_state_name(other->state),
                    other->reason[0] != '\0' ? ", " : "", other->reason);
}

static void tell_status(const struct supervisor *supervisor, struct service *service)
{
    char text[SERVICE_STATUS_BYTES];
    char message[SERVICE_STATUS_BYTES + 16];
    describe(supervisor, text, sizeof text);
    if (strcmp(text, service->status) == 0)
        return;
    memcpy(service->status, text, sizeof text);
    snprintf(message, sizeof message, "STATUS=%s", text);
    tell(service, message);
}

static void tell_once(struct service *service, bool *told, bool now, const char *text)
{
    if (!now || *told)
        return;
    *told = true;
    tell(service, text);
}

void service_check(struct supervisor *supervisor, int64_t now_us)
{
    struct service *service = supervisor->service;
    if (service->fd == -1)
        return;
    tell_once(service, &service->ready_told, supervisor->ready_told, "READY=1");
    tell_once(service, &service->stopping_told, supervisor->stopping, "STOPPING=1");
    tell_status(supervisor, service);
    if (now_us >= service->watchdog_due_us) {
        tell(service, "WATCHDOG=1");
        service->watchdog_due_us = now_us + service->watchdog_us;
    }
}

int64_t service_deadline_us(const struct service *service)
{
    return service->watchdog_due_us;
}

/* systemd compares the time with that of its own request, and wants it in the same datagram. */
void service_reloading(struct service *service, int64_t now_us)
{
    char text[80];
    service->reloading = true;
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, now_us);
    tell(service, text);
}

/* A fleet that was not ready before the reload is not ready now: its READY=1 comes later. */
void service_reloaded(struct service *service)
{
    if (service->reloading && service->ready_told)
        tell(service, "READY=1");
    service->reloading = false;
}

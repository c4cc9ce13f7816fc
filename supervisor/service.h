/* service.h: tells a service manager how the instance is, where one started it: systemd's protocol, a
 * datagram of NAME=VALUE lines to $NOTIFY_SOCKET (sd_notify(3), which promises that it stays as it is).
 *
 *   READY=1                          all consumers work
 *   STATUS=…                         whenever it changed
 *   WATCHDOG=1                       at half of $WATCHDOG_USEC, when that is meant for this process
 *   RELOADING=1, MONOTONIC_USEC=…    before a reload, READY=1 after it
 *   STOPPING=1                       the end has begun
 *
 * Without a service manager all of this does nothing, and nothing is ever due.
 */
#ifndef KSUPERVISE_SUPERVISOR_SERVICE_H
#define KSUPERVISE_SUPERVISOR_SERVICE_H

#include "supervisor/supervisor.h"

#include <sys/socket.h>
#include <sys/un.h>

#define SERVICE_STATUS_BYTES 256

/* The service manager that started us, if one did. */
struct service {
    int fd; /* -1: none did */
    struct sockaddr_un address;
    socklen_t address_bytes;
    int64_t watchdog_us;     /* how often it wants to hear that we live; 0: not */
    int64_t watchdog_due_us; /* monotonic */
    bool ready_told, stopping_told, reloading;
    char status[SERVICE_STATUS_BYTES]; /* told last */
};

/* Reads the environment and takes it out: it is not for the workers. Before any thread is made. An address
 * that cannot be one is an error that names NOTIFY_SOCKET. */
int service_open(struct service *service, struct error *error);
void service_close(struct service *service);

/* Says what has changed, and that we live when that is due; after every round of events. */
void service_check(struct supervisor *supervisor, int64_t now_us);
/* The next call is due then, monotonic; INT64_MAX: no watchdog. */
int64_t service_deadline_us(const struct service *service);

/* Around a reload; the second one may be called without the first. */
void service_reloading(struct service *service, int64_t now_us);
void service_reloaded(struct service *service);

#endif

/* reactor.h: the one thread's wait: descriptors through epoll, one deadline. A watch is embedded in what owns
 * it; nothing is allocated. */
#ifndef KSUPERVISE_COMMON_REACTOR_H
#define KSUPERVISE_COMMON_REACTOR_H

#include "common/error.h"

#include <stdint.h>

struct watch {
    int fd; /* -1: not watched */
    void (*act)(void *context);
    void *context;
};

struct reactor {
    int epoll_fd;
};

int reactor_init(struct reactor *reactor, struct error *error);
void reactor_release(struct reactor *reactor);

/* Calls `act` while `fd` is readable or hung up (level-triggered). */
int reactor_add(struct reactor *reactor, struct watch *watch, int fd, void (*act)(void *), void *context,
                struct error *error);
/* Stops watching and closes the descriptor. Fine when it is not watched. */
void reactor_close(struct reactor *reactor, struct watch *watch);

/* Waits until something is ready or `deadline_us` (monotonic; INT64_MAX: none) has come, and calls what is
 * ready. A watch that was closed by an earlier call of the same round is passed over. */
void reactor_wait(struct reactor *reactor, int64_t deadline_us);

#endif

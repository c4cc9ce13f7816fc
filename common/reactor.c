#include "common/reactor.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>

#include "common/clock.h"

enum { ROUND_EVENTS = 64 };

int reactor_init(struct reactor *reactor, struct error *error)
{
    reactor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return reactor->epoll_fd == -1 ? error_set(error, "cannot create an epoll descriptor: %m") : 0;
}

void reactor_release(struct reactor *reactor)
{
    close(reactor->epoll_fd);
}

int reactor_add(struct reactor *reactor, struct watch *watch, int fd, void (*act)(void *), void *context,
                struct error *error)
{
    *watch = (struct watch){fd, act, context};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = watch};
    if (epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    watch->fd = -1;
    return error_set(error, "cannot watch a descriptor: %m");
}

void reactor_close(struct reactor *reactor, struct watch *watch)
{
    if (watch->fd == -1)
        return;
    /* A child may hold a copy of the description, so closing ours alone would not end the watch. */
    epoll_ctl(reactor->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    close(watch->fd);
    watch->fd = -1;
}

/* Rounded up: to wake a moment early would be to spin until the deadline. */
static int timeout_ms(int64_t deadline_us)
{
    if (deadline_us == INT64_MAX)
        return -1;
    int64_t wait_us = deadline_us - clock_monotonic_us();
    if (wait_us <= 0)
        return 0;
    int64_t wait_ms = (wait_us + US_PER_MS - 1) / US_PER_MS;
    return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

void reactor_wait(struct reactor *reactor, int64_t deadline_us)
{
    struct epoll_event events[ROUND_EVENTS];
    int count = epoll_wait(reactor->epoll_fd, events, ROUND_EVENTS, timeout_ms(deadline_us));
    for (int i = 0; i < count; i++) {
        struct watch *watch = events[i].data.ptr;
        if (watch->fd != -1)
            watch->act(watch->context);
    }
}

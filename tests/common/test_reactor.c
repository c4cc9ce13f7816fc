#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/reactor.h"

static struct reactor reactor;
static struct error error;

static struct {
    int timeout_ms, events; /* of the last wait */
} waited;

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms)
{
    waited.timeout_ms = timeout_ms;
    waited.events = (int)syscall(SYS_epoll_pwait, fd, events, count, timeout_ms, NULL, 8);
    return waited.events;
}

struct source {
    struct watch watch;
    int writer;
    int called;
    struct watch *closes; /* what its call closes, or NULL */
};

static void open_reactor(void)
{
    ck_assert_msg(reactor_init(&reactor, &error) == 0, "%s", error.text);
}

static void close_reactor(void)
{
    reactor_release(&reactor);
}

static void act(void *context)
{
    struct source *source = context;
    source->called++;
    if (source->closes != NULL)
        reactor_close(&reactor, source->closes);
}

static void open_source(struct source *source)
{
    int ends[2];
    *source = (struct source){.writer = -1};
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    source->writer = ends[1];
    ck_assert_msg(reactor_add(&reactor, &source->watch, ends[0], act, source, &error) == 0, "%s", error.text);
}

static void close_source(struct source *source)
{
    reactor_close(&reactor, &source->watch);
    close(source->writer);
}

static void wait_ms(int64_t milliseconds)
{
    reactor_wait(&reactor, clock_monotonic_us() + milliseconds * US_PER_MS);
}

START_TEST(what_is_readable_is_called_again_and_again_until_it_is_read)
{
    struct source source, silent;
    open_source(&source);
    open_source(&silent);
    ck_assert_int_eq(write(source.writer, "x", 1), 1);
    wait_ms(10000);
    wait_ms(10000);
    ck_assert_int_eq(source.called, 2);
    ck_assert_int_eq(silent.called, 0);
    close_source(&source);
    close_source(&silent);
}
END_TEST

START_TEST(a_hang_up_is_called_too)
{
    struct source source;
    open_source(&source);
    close(source.writer);
    wait_ms(10000);
    ck_assert_int_eq(source.called, 1);
    source.writer = -1;
    close_source(&source);
}
END_TEST

START_TEST(it_wakes_at_the_deadline_and_never_before)
{
    for (int i = 0; i < 10; i++) {
        int64_t deadline_us = clock_monotonic_us() + 3300;
        reactor_wait(&reactor, deadline_us);
        ck_assert_int_ge(clock_monotonic_us(), deadline_us);
    }
}
END_TEST

START_TEST(a_deadline_that_has_passed_does_not_wait)
{
    int64_t began_us = clock_monotonic_us();
    reactor_wait(&reactor, 0);
    ck_assert_int_eq(waited.timeout_ms, 0);
    reactor_wait(&reactor, began_us - 1);
    ck_assert_int_eq(waited.timeout_ms, 0);
    ck_assert_int_lt(clock_monotonic_us() - began_us, US_PER_SECOND);
}
END_TEST

START_TEST(without_a_deadline_an_event_ends_the_wait)
{
    struct source source;
    open_source(&source);
    ck_assert_int_eq(write(source.writer, "x", 1), 1);
    reactor_wait(&reactor, INT64_MAX);
    ck_assert_int_eq(waited.timeout_ms, -1);
    ck_assert_int_eq(source.called, 1);
    close_source(&source);
}
END_TEST

START_TEST(what_an_earlier_call_of_the_round_closed_is_passed_over)
{
    struct source first, second;
    open_source(&first);
    open_source(&second);
    first.closes = &second.watch;
    second.closes = &first.watch;
    ck_assert_int_eq(write(first.writer, "x", 1), 1);
    ck_assert_int_eq(write(second.writer, "x", 1), 1);
    wait_ms(10000);
    ck_assert_int_eq(first.called + second.called, 1);
    close_source(&first);
    close_source(&second);
}
END_TEST

START_TEST(a_call_may_close_its_own_watch)
{
    struct source source;
    open_source(&source);
    source.closes = &source.watch;
    ck_assert_int_eq(write(source.writer, "x", 1), 1);
    wait_ms(10000);
    ck_assert_int_eq(source.called, 1);
    ck_assert_int_eq(source.watch.fd, -1);
    wait_ms(1);
    ck_assert_int_eq(source.called, 1);
    close_source(&source);
}
END_TEST

START_TEST(closing_ends_the_watch_also_when_somebody_holds_a_copy)
{
    struct source source;
    open_source(&source);
    int copy = dup(source.watch.fd);
    reactor_close(&reactor, &source.watch);
    ck_assert_int_eq(write(source.writer, "x", 1), 1);
    wait_ms(1);
    ck_assert_int_eq(source.called, 0);
    ck_assert_int_eq(waited.events, 0); /* nor is anybody woken */
    close(copy);
    close(source.writer);
}
END_TEST

START_TEST(more_events_than_a_round_takes_are_all_served)
{
    enum { MANY = 200 };
    static struct source sources[MANY];
    for (int i = 0; i < MANY; i++) {
        open_source(&sources[i]);
        sources[i].closes = &sources[i].watch;
        ck_assert_int_eq(write(sources[i].writer, "x", 1), 1);
    }
    for (int i = 0; i < 10; i++)
        wait_ms(1);
    for (int i = 0; i < MANY; i++) {
        ck_assert_int_eq(sources[i].called, 1);
        close(sources[i].writer);
    }
}
END_TEST

START_TEST(at_its_end_its_own_descriptor_is_closed)
{
    int first = reactor.epoll_fd;
    reactor_release(&reactor);
    ck_assert_int_eq(fcntl(first, F_GETFD), -1);
    open_reactor();
}
END_TEST

START_TEST(what_cannot_be_watched_is_an_error_and_no_watch)
{
    struct watch watch;
    int file = memfd_create("check", MFD_CLOEXEC); /* epoll takes no plain file */
    ck_assert_int_eq(reactor_add(&reactor, &watch, file, act, NULL, &error), -1);
    ck_assert_int_eq(watch.fd, -1);
    ck_assert_ptr_nonnull(strstr(error.text, strerror(EPERM)));
    reactor_close(&reactor, &watch);
    ck_assert_int_ne(fcntl(file, F_GETFD), -1);
    close(file);
}
END_TEST

CHECK_MAIN_WITH("common/reactor", open_reactor, close_reactor,
                what_is_readable_is_called_again_and_again_until_it_is_read, a_hang_up_is_called_too,
                it_wakes_at_the_deadline_and_never_before, a_deadline_that_has_passed_does_not_wait,
                without_a_deadline_an_event_ends_the_wait,
                what_an_earlier_call_of_the_round_closed_is_passed_over, a_call_may_close_its_own_watch,
                closing_ends_the_watch_also_when_somebody_holds_a_copy,
                more_events_than_a_round_takes_are_all_served,
                what_cannot_be_watched_is_an_error_and_no_watch, at_its_end_its_own_descriptor_is_closed)

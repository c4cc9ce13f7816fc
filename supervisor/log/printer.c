#include "supervisor/log/printer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>

#include "common/clock.h"
#include "supervisor/log/byte_ring.h"

struct printer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int fd;
    bool closing;
    uint64_t dropped;
    uint64_t dropped_said;
    printer_notice *notice;
    struct byte_ring ring;
    char bytes[PRINTER_RING_BYTES];
};

/* --- the thread ---------------------------------------------------------------------------------------- */

static size_t plain_notice(char *line, size_t bytes, uint64_t count)
{
    int length = snprintf(line, bytes, "… %" PRIu64 " lines were dropped: the terminal was too slow", count);
    return length > 0 ? (size_t)length : 0;
}

/* False when there is no room for it. */
static bool put_line(struct printer *printer, const char *line, size_t length)
{
    if (byte_ring_room(&printer->ring) < length + 1)
        return false;
    byte_ring_put(&printer->ring, line, length);
    byte_ring_put(&printer->ring, "\n", 1);
    return true;
}

static void say_dropped(struct printer *printer)
{
    uint64_t count = printer->dropped - printer->dropped_said;
    char line[PRINTER_NOTICE_BYTES];
    if (count > 0 && put_line(printer, line, printer->notice(line, sizeof line, count)))
        printer->dropped_said = printer->dropped;
}

/* Non-blocking is a flag of the open terminal, not of the descriptor, so anybody who shares it may have set
 * it.
 */
static void wait_for_room(struct printer *printer)
{
    struct pollfd writable = {.fd = printer->fd, .events = POLLOUT};
    pthread_mutex_unlock(&printer->lock);
    poll(&writable, 1, -1);
    pthread_mutex_lock(&printer->lock);
}

/* Writes without the lock; the part being written stays in the ring, so nobody overwrites it. */
static void write_some(struct printer *printer)
{
    const char *bytes;
    size_t length = byte_ring_piece(&printer->ring, &bytes);
    pthread_mutex_unlock(&printer->lock);
    ssize_t written = write(printer->fd, bytes, length);
    int cause = errno;
    pthread_mutex_lock(&printer->lock);
    if (written == -1 && cause == EINTR)
        return;
    if (written == -1 && cause == EAGAIN) {
        wait_for_room(printer);
        return;
    }
    /* A terminal that is gone (EIO, EPIPE) takes everything: the workers' lines have nowhere to go, and
     * supervision goes on. */
    byte_ring_drop(&printer->ring, written > 0 ? (size_t)written : length);
    if (printer->ring.used < PRINTER_RING_BYTES / 2)
        say_dropped(printer);
}

static void *printer_thread(void *argument)
{
    struct printer *printer = argument;
    pthread_mutex_lock(&printer->lock);
    for (;;) {
        while (printer->ring.used == 0 && !printer->closing)
            pthread_cond_wait(&printer->changed, &printer->lock);
        if (printer->ring.used == 0)
            break;
        write_some(printer);
        pthread_cond_broadcast(&printer->changed);
    }
    pthread_mutex_unlock(&printer->lock);
    return NULL;
}

/* --- the others ---------------------------------------------------------------------------------------- */

int printer_open(struct printer **out, int fd, struct error *error)
{
    struct printer *printer = calloc(1, sizeof *printer);
    if (printer == NULL)
        return error_set(error, "out of memory");
    pthread_mutex_init(&printer->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&printer->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    printer->fd = fd;
    printer->notice = plain_notice;
    printer->ring = (struct byte_ring){.bytes = printer->bytes, .size = sizeof printer->bytes};
    int failure = pthread_create(&printer->thread, NULL, printer_thread, printer);
    if (failure != 0) {
        free(printer);
        return error_set(error, "cannot start the printer thread: %s", strerror(failure));
    }
    *out = printer;
    return 0;
}

void printer_line(struct printer *printer, const char *line, size_t length)
{
    pthread_mutex_lock(&printer->lock);
    if (put_line(printer, line, length))
        pthread_cond_broadcast(&printer->changed);
    else
        printer->dropped++;
    pthread_mutex_unlock(&printer->lock);
}

void printer_set_notice(struct printer *printer, printer_notice *notice)
{
    pthread_mutex_lock(&printer->lock);
    printer->notice = notice;
    pthread_mutex_unlock(&printer->lock);
}

uint64_t printer_dropped(struct printer *printer)
{
    pthread_mutex_lock(&printer->lock);
    uint64_t dropped = printer->dropped;
    pthread_mutex_unlock(&printer->lock);
    return dropped;
}

void printer_close(struct printer *printer, int64_t timeout_us)
{
    if (printer == NULL)
        return;
    int64_t until_us = clock_monotonic_us() + timeout_us;
    struct timespec until = {until_us / US_PER_SECOND, until_us % US_PER_SECOND * 1000};
    pthread_mutex_lock(&printer->lock);
    printer->closing = true;
    pthread_cond_broadcast(&printer->changed);
    while (printer->ring.used > 0)
        if (pthread_cond_timedwait(&printer->changed, &printer->lock, &until) == ETIMEDOUT)
            break;
    bool stuck = printer->ring.used > 0;
    pthread_mutex_unlock(&printer->lock);
    if (stuck) {
        /* The thread hangs in write(2) on a terminal that stands still; the process is about to end, and
         * takes it along. */
        pthread_detach(printer->thread);
        return;
    }
    pthread_join(printer->thread, NULL);
    pthread_mutex_destroy(&printer->lock);
    pthread_cond_destroy(&printer->changed);
    free(printer);
}

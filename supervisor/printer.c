#include "supervisor/printer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>

#include "common/clock.h"

struct printer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int fd;
    bool closing;
    uint64_t dropped;
    uint64_t dropped_said;
    size_t head, used; /* bytes [head, head + used) modulo the size */
    char ring[PRINTER_RING_BYTES];
};

/* --- the thread
 * ---------------------------------------------------------------------------------------------- */

static void put(struct printer *printer, const char *bytes, size_t length)
{
    size_t tail = (printer->head + printer->used) % PRINTER_RING_BYTES;
    size_t first = PRINTER_RING_BYTES - tail < length ? PRINTER_RING_BYTES - tail : length;
    memcpy(printer->ring + tail, bytes, first);
    memcpy(printer->ring, bytes + first, length - first);
    printer->used += length;
}

static void say_dropped(struct printer *printer)
{
    uint64_t count = printer->dropped - printer->dropped_said;
    if (count == 0)
        return;
    char line[80];
    int length =
        snprintf(line, sizeof line, "… %" PRIu64 " lines were dropped: the terminal was too slow\n", count);
    if (printer->used + (size_t)length > PRINTER_RING_BYTES)
        return;
    put(printer, line, (size_t)length);
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
    size_t length = PRINTER_RING_BYTES - printer->head;
    if (length > printer->used)
        length = printer->used;
    const char *bytes = printer->ring + printer->head;
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
    size_t gone = written > 0 ? (size_t)written : length;
    printer->head = (printer->head + gone) % PRINTER_RING_BYTES;
    printer->used -= gone;
    if (printer->used < PRINTER_RING_BYTES / 2)
        say_dropped(printer);
}

static void *printer_thread(void *argument)
{
    struct printer *printer = argument;
    pthread_mutex_lock(&printer->lock);
    for (;;) {
        while (printer->used == 0 && !printer->closing)
            pthread_cond_wait(&printer->changed, &printer->lock);
        if (printer->used == 0)
            break;
        write_some(printer);
        pthread_cond_broadcast(&printer->changed);
    }
    pthread_mutex_unlock(&printer->lock);
    return NULL;
}

/* --- the others
 * ---------------------------------------------------------------------------------------------- */

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
    if (printer->used + length + 1 > PRINTER_RING_BYTES) {
        printer->dropped++;
    } else {
        put(printer, line, length);
        put(printer, "\n", 1);
        pthread_cond_broadcast(&printer->changed);
    }
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
    while (printer->used > 0)
        if (pthread_cond_timedwait(&printer->changed, &printer->lock, &until) == ETIMEDOUT)
            break;
    bool stuck = printer->used > 0;
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

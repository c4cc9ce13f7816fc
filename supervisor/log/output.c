#include "supervisor/log/output.h"

#include <errno.h>
#include <fcntl.h>

#include "common/exit_codes.h"
#include "supervisor/log/line.h"
#include "supervisor/log/report.h"

enum { READ_BYTES = 64 * 1024, READS_A_ROUND = 4, READS_AT_CLOSE = 32 };

static void say_partial(struct worker *worker)
{
    struct output *output = &worker->output;
    if (output->partial_length > 0)
        report_worker_line(worker, output->partial, output->partial_length);
    output->partial_length = 0;
}

/* A line that is not whole yet, or too long: it goes on behind what is there; what is full goes out when more
 * comes. Without memory the piece goes out as a line of its own. */
static void keep_partial(struct worker *worker, const char *bytes, size_t length)
{
    struct output *output = &worker->output;
    if (output->partial == NULL)
        output->partial = malloc(OUTPUT_LINE_BYTES);
    if (output->partial == NULL) {
        report_worker_line(worker, bytes, length);
        return;
    }
    while (length > 0) {
        if (output->partial_length == OUTPUT_LINE_BYTES)
            say_partial(worker);
        size_t room = OUTPUT_LINE_BYTES - output->partial_length;
        size_t part = length < room ? length : room;
        memcpy(output->partial + output->partial_length, bytes, part);
        output->partial_length += part;
        bytes += part;
        length -= part;
    }
}

static void take_line(struct worker *worker, const char *line, size_t length)
{
    if (worker->output.partial_length == 0 && length <= OUTPUT_LINE_BYTES) {
        report_worker_line(worker, line, length);
        return;
    }
    keep_partial(worker, line, length);
    say_partial(worker);
}

static void take(struct worker *worker, const char *bytes, size_t length)
{
    const char *end = bytes + length;
    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        if (newline == NULL) {
            keep_partial(worker, bytes, (size_t)(end - bytes));
            return;
        }
        take_line(worker, bytes, (size_t)(newline - bytes));
        bytes = newline + 1;
    }
}

/* Reads at most `reads` times. */
static void drain(struct worker *worker, int reads)
{
    static char buffer[READ_BYTES]; /* one thread, and nothing stays in it */
    for (int i = 0; i < reads && worker->output.watch.fd != -1; i++) {
        ssize_t length = read(worker->output.watch.fd, buffer, sizeof buffer);
        if (length > 0)
            take(worker, buffer, (size_t)length);
        else if (length == 0 || (errno != EAGAIN && errno != EINTR))
            reactor_close(&worker->supervisor->reactor, &worker->output.watch);
        else
            return;
    }
}

static void output_readable(void *context)
{
    drain(context, READS_A_ROUND);
}

int output_open(struct worker *worker, struct error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) == -1)
        return error_set_code(error, exit_code_of_errno(errno, EXIT_CODE_FAILED), "cannot create a pipe: %m");
    /* Only our end: the worker is to see an ordinary pipe. */
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == -1 ||
        reactor_add(&worker->supervisor->reactor, &worker->output.watch, ends[0], output_readable, worker,
                    error) == -1) {
        close(ends[0]);
        close(ends[1]);
        return -1;
    }
    return ends[1];
}

void output_close(struct worker *worker)
{
    drain(worker, READS_AT_CLOSE);
    say_partial(worker);
    reactor_close(&worker->supervisor->reactor, &worker->output.watch);
}

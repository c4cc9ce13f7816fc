#include "producer/input.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

int input_init(struct input *input, int fd, struct error *error)
{
    *input = (struct input){.fd = fd, .capacity = INPUT_LINE_MAX + 1};
    input->buffer = malloc(input->capacity);
    if (input->buffer == NULL)
        return error_set(error, "out of memory");
    return 0;
}

void input_release(struct input *input)
{
    free(input->buffer);
    input->buffer = NULL;
}

static bool is_readable(const struct input *input)
{
    struct pollfd wanted = {.fd = input->fd, .events = POLLIN};
    return poll(&wanted, 1, 0) > 0;
}

/* Reads what is there, behind what is there already. False: nothing for now, the end, or an error (errno). */
static bool fill(struct input *input)
{
    errno = 0;
    if (!is_readable(input))
        return false;
    memmove(input->buffer, input->buffer + input->begin, input->end - input->begin);
    input->end -= input->begin;
    input->scanned -= input->begin;
    input->begin = 0;
    ssize_t got = read(input->fd, input->buffer + input->end, input->capacity - input->end);
    if (got == 0)
        input->ended = true;
    if (got <= 0)
        return false;
    input->end += (size_t)got;
    return true;
}

static enum input_answer hand_out(struct input *input, size_t end, size_t next, const char **text,
                                  size_t *length)
{
    *text = input->buffer + input->begin;
    *length = end - input->begin;
    input->begin = input->scanned = next;
    input->line++;
    return INPUT_LINE;
}

/* The rest of a line that is too long has gone by. */
static enum input_answer too_long(struct input *input, size_t next)
{
    input->begin = input->scanned = next;
    input->dropping = false;
    input->line++;
    return INPUT_TOO_LONG;
}

static enum input_answer at_end(struct input *input, const char **text, size_t *length)
{
    if (input->dropping)
        return too_long(input, input->end);
    if (input->begin == input->end)
        return INPUT_END;
    return hand_out(input, input->end, input->end, text, length);
}

enum input_answer input_next(struct input *input, const char **text, size_t *length)
{
    for (;;) {
        const char *newline = memchr(input->buffer + input->scanned, '\n', input->end - input->scanned);
        if (newline != NULL) {
            size_t at = (size_t)(newline - input->buffer);
            return input->dropping ? too_long(input, at + 1) : hand_out(input, at, at + 1, text, length);
        }
        if (input->end - input->begin == input->capacity)
            input->dropping = true;
        if (input->dropping)
            input->begin = input->end;
        input->scanned = input->end;
        if (input->ended)
            return at_end(input, text, length);
        if (!fill(input) && !input->ended)
            return errno == 0 || errno == EAGAIN || errno == EINTR ? INPUT_WAIT : INPUT_FAILED;
    }
}

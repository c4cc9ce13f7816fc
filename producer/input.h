/* input.h: lines from a descriptor, without ever blocking in read: the loop waits for the descriptor together
 * with everything else that can happen. */
#ifndef KSUPERVISE_PRODUCER_INPUT_H
#define KSUPERVISE_PRODUCER_INPUT_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INPUT_LINE_MAX (1024 * 1024)

struct input {
    int fd; /* the caller's */
    char *buffer;
    size_t capacity;
    size_t begin, end; /* what has been read and not handed out */
    size_t scanned;    /* no newline before this */
    uint64_t line;     /* number of the line handed out last, from 1 */
    bool ended;
    bool dropping; /* a line that is too long */
};

enum input_answer {
    INPUT_LINE,     /* *text, *length: valid until the next call */
    INPUT_WAIT,     /* poll the descriptor for POLLIN */
    INPUT_TOO_LONG, /* a line was longer than INPUT_LINE_MAX; it is passed over */
    INPUT_END,
    INPUT_FAILED /* errno */
};

int input_init(struct input *input, int fd, struct error *error);
void input_release(struct input *input);

/* The next line, without its newline; a last line without one counts. */
enum input_answer input_next(struct input *input, const char **text, size_t *length);

#endif

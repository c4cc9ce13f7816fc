/* tail.h: the last lines of a worker, kept in memory for `kctl logs` and the post-mortem.
 *
 * A ring of at most TAIL_LINES lines in at most TAIL_BYTES; the oldest make room. A longer line than
 * TAIL_LINE_BYTES is kept up to there, its end cut between characters and marked with `…`. Every line has a
 * number that is never used again, so that a follower asks for the lines after the last one that it saw;
 * `forgotten` tells it how many it missed.
 *
 * Storage belongs to the caller; all zero is an empty tail. The bytes are allocated by the first line;
 * without memory lines are counted and not kept. One thread. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_TAIL_H
#define KSUPERVISE_SUPERVISOR_LOG_TAIL_H

#include "supervisor/log/byte_ring.h"

#include <stdint.h>

enum { TAIL_LINES = 64, TAIL_BYTES = 8192, TAIL_LINE_BYTES = 1024 };

struct tail {
    struct byte_ring ring; /* whole lines, each behind its header */
    size_t count;          /* lines kept */
    uint64_t last;         /* number of the newest line; 0: none ever */
    uint64_t forgotten;    /* likewise, of those that are not kept any more */
};

struct tail_line {
    uint64_t number;
    int64_t time_us;     /* wall: when it was read from the worker */
    uint64_t generation; /* of the process that printed it */
    const char *text;    /* as it was added, NUL-terminated; good during the visit only */
    size_t length;
};

/* Keeps a line, without its newline. The caller escapes it (text_escape), since it is shown on terminals. Its
 * number is greater than that of the line before. */
void tail_add(struct tail *tail, uint64_t number, int64_t time_us, uint64_t generation, const char *text,
              size_t length);

/* Visits the lines whose number is greater than `after` (0: all), oldest first. */
typedef void tail_visitor(const struct tail_line *line, void *context);
void tail_each(const struct tail *tail, uint64_t after, tail_visitor *visit, void *context);

void tail_release(struct tail *tail);

#endif

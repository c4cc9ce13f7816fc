/* lines.h: the line a batch. At a learner's pace every batch has one; under load they would be thousands a
 * second, so from the twentieth in a second on they are gathered into one line a second. */
#ifndef KSUPERVISE_CONSUMER_LINES_H
#define KSUPERVISE_CONSUMER_LINES_H

#include <stdbool.h>
#include <stdint.h>

struct lines {
    const char *noun;        /* "payments" */
    int64_t second_began_us; /* monotonic */
    unsigned said;           /* lines in this second */
    uint64_t gathered_records, gathered_batches;
};

void lines_batch(struct lines *lines, uint64_t records, int64_t now_us);
/* Says what is gathered, when its second is over or `now` is the end. */
void lines_flush(struct lines *lines, int64_t now_us, bool end);

#endif

/* sequence.h: the numbers that a producer gave its records (header `seq`): which are missing, which came
 * twice. Records come in the order of their timestamps, those of one millisecond in the order of seq, over
 * all partitions: nearly the order of sending.
 *
 * A producer that is started anew begins again at 1, under the same name: a 1 that is younger than all of the
 * run before begins a new run. Any other number that was there already is a record that came twice. A
 * repeated sending of a client keeps its timestamp; one that is younger was sent again later, unless the
 * first records of a new run were never stored: numbers that go up without a gap from near the beginning, two
 * of them or more, and do not stop for the run before to go on, are such a run. (Where the broker stamps
 * records, log append time, only a 1 begins a new run.)
 *
 * Memory: the open gaps, GAPS_MAX at most; the oldest are final when there are more.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SEQUENCE_H
#define KSUPERVISE_TOOLS_KAUDIT_SEQUENCE_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCE_GAPS_MAX     16384
#define SEQUENCE_EXAMPLES_MAX 8

struct gap {
    int64_t first, last; /* both missing */
};

struct sequence {
    uint64_t records;
    uint64_t doubled; /* numbers that came again in their run */
    uint64_t missing; /* numbers between the first and the last of a run that did not come; at the end */
    uint64_t gap_count;
    struct gap gaps[SEQUENCE_EXAMPLES_MAX]; /* the first of them */
    uint32_t runs;
    /* the run that goes on */
    int64_t first, highest;
    int64_t newest; /* timestamp */
    struct gap *open;
    size_t open_count;
    /* younger numbers that were there already: repeats, or a new run without its first records */
    struct {
        int64_t first, last;
        uint64_t count;
    } again;
};

/* `sequence` must be zeroed. */
enum sequence_answer {
    SEQUENCE_NEW,      /* not seen before in this run */
    SEQUENCE_DOUBLED,  /* seen before */
    SEQUENCE_NO_MEMORY /* for the gaps */
};
enum sequence_answer sequence_take(struct sequence *sequence, int64_t seq, int64_t timestamp,
                                   bool broker_stamped);

/* After the last record: the open gaps are final. */
void sequence_finish(struct sequence *sequence);
void sequence_release(struct sequence *sequence);

#endif

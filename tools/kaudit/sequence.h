/* sequence.h: the numbers that a producer gave its records (header `seq`): which are missing, which came
 * twice. Records come in the order of their timestamps, those of one millisecond in the order of seq, over
 * all partitions: nearly the order of sending.
 *
 * A producer that is started anew begins again at 1, under the same name: a new run. A number that was there
 * already is a new run's when its record is younger than all of the run before, and a record that was stored
 * twice when not: a repeated sending keeps its timestamp. (Where the broker stamps records, log append time,
 * only a 1 begins a new run.)
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

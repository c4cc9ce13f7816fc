/* histogram.h: log-linear buckets: each octave (power of two) is cut into 16 equal steps, so that a value
 * read back is at most 1/16 = 6.25 % above the one put in, from 1 µs to 12 days, in 4.6 KiB. The scheme is
 * HdrHistogram's (Gil Tene), with a fixed precision.
 *
 *   value      0 … 15            bucket = value: exact
 *   value     16 … 2^40 − 1      octave e = floor(log2 value), bucket = (e − 3) · 16 + the four bits
 *                                below the leading one
 *   value   2^40 …               the last bucket
 */
#ifndef KSUPERVISE_COMMON_STATS_HISTOGRAM_H
#define KSUPERVISE_COMMON_STATS_HISTOGRAM_H

#include "common/banned.h"

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEP_BITS  4
#define HISTOGRAM_STEPS      (1 << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_VALUE_BITS 40
#define HISTOGRAM_BUCKETS    ((HISTOGRAM_VALUE_BITS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)

static inline size_t histogram_bucket(uint64_t value)
{
    if (value < HISTOGRAM_STEPS)
        return (size_t)value;
    if (value >> HISTOGRAM_VALUE_BITS != 0)
        return HISTOGRAM_BUCKETS - 1;
    unsigned octave = 63U - (unsigned)__builtin_clzll(value);
    unsigned shift = octave - HISTOGRAM_STEP_BITS;
    return (size_t)(shift + 1) * HISTOGRAM_STEPS + ((value >> shift) & (HISTOGRAM_STEPS - 1));
}

/* The smallest and the largest value of a bucket. */
uint64_t histogram_lower(size_t bucket);
uint64_t histogram_upper(size_t bucket);

/* The largest value of the bucket in which the q-quantile (0 < q ≤ 1) of `total` observations lies. `counts`
 * has HISTOGRAM_BUCKETS entries, which add up to `total`, not 0. */
uint64_t histogram_quantile(const uint64_t *counts, uint64_t total, double q);

#endif

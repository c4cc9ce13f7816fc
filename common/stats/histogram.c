#include "common/stats/histogram.h"

uint64_t histogram_lower(size_t bucket)
{
    if (bucket < HISTOGRAM_STEPS)
        return bucket;
    unsigned shift = (unsigned)(bucket / HISTOGRAM_STEPS) - 1;
    return (uint64_t)(HISTOGRAM_STEPS + bucket % HISTOGRAM_STEPS) << shift;
}

uint64_t histogram_upper(size_t bucket)
{
    return histogram_lower(bucket + 1) - 1;
}

uint64_t histogram_quantile(const uint64_t *counts, uint64_t total, double q)
{
    /* The rank is rounded up: the median of 3 is the 2nd. */
    double exact = q * (double)total;
    uint64_t rank = (uint64_t)exact;
    rank += (double)rank < exact || rank == 0;
    uint64_t seen = 0;
    for (size_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += counts[bucket];
        if (seen >= rank)
            return histogram_upper(bucket);
    }
    return histogram_upper(HISTOGRAM_BUCKETS - 1);
}

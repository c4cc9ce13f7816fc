/* generate.h: makes records of a workload, the same stream for the same seed. */
#ifndef KSUPERVISE_COMMON_RECORD_GENERATE_H
#define KSUPERVISE_COMMON_RECORD_GENERATE_H

#include "common/record/record.h"

/* xoshiro256** by Blackman and Vigna (https://prng.di.unimi.it/), seeded through SplitMix64. Lives in the caller. */
struct generator {
    uint64_t state[4];
    uint64_t serial; /* records made so far */
    char scratch[1024]; /* backs the views of the record made last */
};

void generator_init(struct generator *generator, uint64_t seed);

/* Makes the next record of `schema`; its views are valid until the next call. With seed-made identifiers (UUID version 4 bits set from the
 * stream), so that a seed repeats everything but the time. */
void generator_next(struct generator *generator, const struct schema *schema, int64_t wall_us, struct record *record);

#endif

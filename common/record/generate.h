/* generate.h: makes records of a workload, the same stream for the same seed. */
#ifndef KSUPERVISE_COMMON_RECORD_GENERATE_H
#define KSUPERVISE_COMMON_RECORD_GENERATE_H

#include "common/record/record.h"

/* xoshiro256** by Blackman and Vigna (https://prng.di.unimi.it/), seeded through SplitMix64. Lives in the
 * caller. No allocation; one thread at a time. */
struct generator {
    uint64_t state[4];
    uint64_t serial;       /* records made so far */
    uint64_t first_number; /* of identifiers with a running number, TXN-45678; drawn from the seed, so that
                              two streams hardly ever meet */
    char scratch[4608];    /* backs the views of the record made last */
    size_t scratch_used;
};

void generator_init(struct generator *generator, uint64_t seed);

/* The next 64 random bits; for whoever needs more of the same stream. */
uint64_t generator_draw(struct generator *generator);

/* Makes the next record of `schema`; its views are valid until the next call. With seed-made identifiers
 * (UUIDs whose version 4 bits are set over bits from the stream), so that a seed repeats everything but the
 * time. The record is valid. */
void generator_next(struct generator *generator, const struct schema *schema, int64_t wall_us,
                    struct record *record);

#endif

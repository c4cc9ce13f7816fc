/* random.h: where every decision of a history comes from: its seed. splitmix64
 * (https://prng.di.unimi.it/splitmix64.c): one word of state, good enough, and quick. */
#ifndef KSUPERVISE_TESTS_SIM_RANDOM_H
#define KSUPERVISE_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t random_next(struct random *random)
{
    return random_mix(random->state += UINT64_C(0x9e3779b97f4a7c15));
}

/* 0 to before `n`. */
static inline uint32_t random_below(struct random *random, uint32_t n)
{
    return (uint32_t)(((random_next(random) >> 32) * n) >> 32);
}

/* Both included. */
static inline int64_t random_between(struct random *random, int64_t from, int64_t to)
{
    return from + (int64_t)(random_next(random) % (uint64_t)(to - from + 1));
}

static inline bool random_percent(struct random *random, unsigned percent)
{
    return random_below(random, 100) < percent;
}

/* A decision that belongs to something, and not to the order in which things happen: the same whatever else a
 * shortened history leaves out. */
static inline uint64_t random_of(uint64_t seed, uint64_t a, uint64_t b)
{
    return random_mix(random_mix(seed + a * UINT64_C(0x9e3779b97f4a7c15)) + b);
}

#endif

/* hash.h: FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): detects accidental changes and spreads keys
 * that no adversary chooses. It does not protect against an adversary.
 *
 * Any thread; no state. */
#ifndef KSUPERVISE_COMMON_HASH_H
#define KSUPERVISE_COMMON_HASH_H

#include "common/banned.h"

#include <stddef.h>
#include <stdint.h>

#define HASH_64_START UINT64_C(0xcbf29ce484222325)
#define HASH_32_START UINT32_C(0x811c9dc5)

/* The hash of what was hashed before (HASH_…_START: nothing) and these bytes after it. */
uint64_t hash_64(uint64_t before, const void *bytes, size_t length);
uint32_t hash_32(uint32_t before, const void *bytes, size_t length);

/* SplitMix64's finalizer (Steele, Lea, Flood 2014): each bit of the result depends on each of `value`. */
static inline uint64_t hash_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

#endif

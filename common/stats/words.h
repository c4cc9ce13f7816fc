/* words.h: how several words are published so that a reader sees all of them of one moment, or knows that it
 * did not.
 *
 * A record of N words has two copies and a selector, a count whose lowest bit names the current copy. The
 * writer never touches the current copy. Publication n writes copy n & 1, then stores n into the selector:
 *
 *       writer                                      reader
 *   W1  fence(release)                          R1  s = selector, acquire
 *   W2  copy[n & 1] = values, relaxed           R2  read copy[s & 1]
 *   W3  selector = n, release                   R3  fence(acquire)
 *                                               R4  counts only if selector is still s
 *
 * If R2 saw a word of publication n ≥ s + 2 (the next one that writes copy s & 1), then W1 of n and R3 make
 * every store before W1 visible to R4, the selector n − 1 > s among them: R4 differs and the copy is dropped.
 * If R1 saw n, then W3 and R1 make the whole copy visible. A SIGKILL between any two instructions leaves the
 * former selector: a whole record.
 *
 * Only common/stats includes this.
 */
#ifndef KSUPERVISE_COMMON_STATS_WORDS_H
#define KSUPERVISE_COMMON_STATS_WORDS_H

#include "common/banned.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef _Atomic uint64_t stats_word;
_Static_assert(sizeof(stats_word) == 8 && ATOMIC_LLONG_LOCK_FREE == 2, "8-byte atomics must be plain stores");

static inline uint64_t word_load(const stats_word *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static inline void word_store(stats_word *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

static inline void word_release(stats_word *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_release);
}

#if defined(__SANITIZE_THREAD__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored                                                                               \
    "-Wtsan" /* its checker does not model fences; every access beside them is atomic anyway */
#endif
static inline void fence_release(void)
{
    atomic_thread_fence(memory_order_release);
}

static inline void fence_acquire(void)
{
    atomic_thread_fence(memory_order_acquire);
}
#if defined(__SANITIZE_THREAD__)
#pragma GCC diagnostic pop
#endif

/* The fence, then the stores: W1 and W2. */
static inline void words_store_after(stats_word *to, const uint64_t *from, size_t count)
{
    fence_release();
    for (size_t i = 0; i < count; i++)
        word_store(&to[i], from[i]);
}

/* `copies`: 2 · count words. */
static inline void words_publish(stats_word *selector, stats_word *copies, const uint64_t *values,
                                 size_t count)
{
    uint64_t next = word_load(selector) + 1;
    words_store_after(copies + (next & 1) * count, values, count);
    word_release(selector, next);
}

#endif

/* id_set.h: have we met this id before? Of each a 64-bit hash is kept: a million ids take 16 MiB, and two of
 * them are taken for one with a probability of 3e-8. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_DLQ_ID_SET_H
#define KSUPERVISE_TOOLS_KTOPIC_DLQ_ID_SET_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct id_set {
    uint64_t *hashes; /* 0: free */
    size_t capacity, count;
};

/* `set` must be zeroed. 1 when it is new, 0 when it was there, -1 without memory. */
int id_set_add(struct id_set *set, const void *id, size_t length, struct error *error);
bool id_set_has(const struct id_set *set, const void *id, size_t length);
void id_set_release(struct id_set *set);

#endif

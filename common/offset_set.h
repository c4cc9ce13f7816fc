/* offset_set.h: which offsets of a partition are done, one by one and in any order: all before one offset,
 * and ranges beyond it. A commit keeps the offset, and in its metadata the ranges: as what text, its users
 * say (consumer/acks.h, tools/ktopic/dlq/replayed.h). Pure state; one thread at a time.
 */
#ifndef KSUPERVISE_COMMON_OFFSET_SET_H
#define KSUPERVISE_COMMON_OFFSET_SET_H

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct offset_range {
    int64_t first, end; /* `end` is one past the last */
};

/* All zero is a set of no offsets, from 0 on. */
struct offset_set {
    int64_t next;                /* all before are in it, this one is not */
    struct offset_range *ranges; /* beyond `next`; ascending, apart from it and from each other; owned */
    size_t count, capacity;
};

/* Nothing from `next` on. Keeps the room that it has. */
void offset_set_begin(struct offset_set *set, int64_t next);
void offset_set_release(struct offset_set *set);

/* first to before end; what is in it already changes nothing. Allocates only when there are more ranges than
 * ever before. -1 when there is no memory; then nothing has changed. */
int offset_set_add(struct offset_set *set, int64_t first, int64_t end, struct error *error);
bool offset_set_has(const struct offset_set *set, int64_t offset);

/* How many are in it beyond `next`. */
int64_t offset_set_ahead(const struct offset_set *set);

/* Bit i: offset `next` + i is in it, of the first OFFSET_SET_MAP_BITS. */
#define OFFSET_SET_MAP_BITS 63
int64_t offset_set_map(const struct offset_set *set);

/* What an offset_set_add would do: `range` replaces ranges[begin] to before ranges[past], or is inserted
 * there when these are none. A range that begins at `next` advances `next` instead. */
struct offset_join {
    struct offset_range range;
    size_t begin, past;
};
struct offset_join offset_set_join(const struct offset_set *set, int64_t first, int64_t end);

#endif

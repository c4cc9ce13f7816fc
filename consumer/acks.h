/* acks.h: which records of a partition are acknowledged, one by one and in any order (--commit manual). What
 * is committed is the first unacknowledged offset; those that are acknowledged beyond it ride in the commit's
 * metadata, as text, relative to the committed offset:
 *
 *   acks1:1-17,20       committed 40: 41 to 57 and 60 are acknowledged, 40, 58 and 59 are not
 *
 * Kafka bounds the metadata (offset.metadata.max.bytes, 4096): what would not fit is refused, and the
 * partition waits before that (--max-unacknowledged).
 */
#ifndef KSUPERVISE_CONSUMER_ACKS_H
#define KSUPERVISE_CONSUMER_ACKS_H

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

#define ACKS_METADATA_BYTES 4000 /* Kafka's bound, and room */

struct ack_range {
    int64_t first, end; /* `end` is one past the last */
};

/* All zero is one that nothing was begun with. */
struct acks {
    int64_t prefix;           /* the first unacknowledged offset */
    struct ack_range *ranges; /* beyond it: ascending, apart from each other and from the prefix; owned */
    size_t count, capacity;
    bool changed; /* since the last acks_begin, acks_load or acks_metadata */
};

/* Nothing is acknowledged from `prefix` on. */
void acks_begin(struct acks *acks, int64_t prefix);
void acks_release(struct acks *acks);

/* first to before end. -1 with the error when the metadata could not hold it; then nothing has changed. */
int acks_add(struct acks *acks, int64_t first, int64_t end, struct error *error);
bool acks_has(const struct acks *acks, int64_t offset);
/* How many are acknowledged beyond the prefix. */
int64_t acks_ahead(const struct acks *acks);

/* The metadata, and a NUL; "" when nothing is ahead. Returns its length. */
size_t acks_metadata(struct acks *acks, char text[ACKS_METADATA_BYTES]);
/* What a commit of `prefix` said. False, and nothing ahead, when it is somebody else's metadata. */
bool acks_load(struct acks *acks, int64_t prefix, const void *metadata, size_t length);

#endif

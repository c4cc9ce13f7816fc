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

#include "common/offset_set.h"

#define ACKS_METADATA_BYTES 4000 /* Kafka's bound, and room */

/* All zero is one that nothing was begun with. */
struct acks {
    struct offset_set done;  /* `next` is the first unacknowledged offset */
    struct offset_set later; /* done without anybody's word, but the metadata could not hold it: entered when
                                the first unacknowledged offset comes to it */
    bool changed;            /* since the last acks_begin, acks_load or acks_metadata */
};

/* Nothing is acknowledged from `first` on. */
void acks_begin(struct acks *acks, int64_t first);
void acks_release(struct acks *acks);

/* first to before end. -1 with the error when the metadata could not hold it; then nothing has changed. */
int acks_add(struct acks *acks, int64_t first, int64_t end, struct error *error);

/* The same of what needs nobody's word (dropped, dead and lettered, never there): never refused for want of
 * room in the metadata. A restart finds such again. -1: no memory. */
int acks_settle(struct acks *acks, int64_t first, int64_t end, struct error *error);

static inline bool acks_has(const struct acks *acks, int64_t offset)
{
    return offset_set_has(&acks->done, offset) || offset_set_has(&acks->later, offset);
}

/* How many are acknowledged beyond the first that is not. */
static inline int64_t acks_ahead(const struct acks *acks)
{
    return offset_set_ahead(&acks->done) + offset_set_ahead(&acks->later);
}

/* Which, of the next 63 offsets from the first that is not (offset_set_map). */
static inline int64_t acks_map(const struct acks *acks)
{
    return offset_set_map(&acks->done);
}

/* The metadata, and a NUL; "" when nothing is ahead. Returns its length. */
size_t acks_metadata(struct acks *acks, char text[ACKS_METADATA_BYTES]);
/* What a commit of `first` said. False, and nothing ahead, when it is somebody else's metadata. */
bool acks_load(struct acks *acks, int64_t first, const void *metadata, size_t length);

#endif

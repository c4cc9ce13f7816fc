/* behind.h: since when a partition has been behind: when its high watermark passed the committed offset. A short
 * ring of (high watermark, when it was first seen there) answers that for any committed offset.
 *
 * The time is that of the look which first saw the watermark beyond the committed offset. So the lag that
 * follows from it is never too long. It can be too short: by the distance of two looks (partition.h says how
 * often that is), and by a fifteenth of the longest lag in between, since a full ring keeps every other look
 * and from then on fewer of them. What lies before the committed offset is not kept.
 *
 * It is a lower bound (`at_least`) where the watermark was beyond the committed offset at the first look, or
 * at the first one after a silence. A record's timestamp is not used: by default the producer sets it, and it
 * may have any age.
 *
 * Times are wall times in microseconds: they are shown. Plain memory, one thread.
 */
#ifndef KSUPERVISE_CONSUMER_BEHIND_H
#define KSUPERVISE_CONSUMER_BEHIND_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEHIND_LOOKS      32
#define BEHIND_SPACING_US INT64_C(250000)   /* looks closer together than that are kept only as the newest */
#define BEHIND_SILENCE_US INT64_C(10000000) /* after a longer gap between looks, what happened is unknown */

struct behind_look {
    int64_t high; /* the watermark, higher than in the look before */
    int64_t us;   /* when it was first seen there */
    bool late;    /* after a silence: it may have come long before */
};

struct behind {
    struct behind_look looks[BEHIND_LOOKS]; /* oldest first */
    size_t count;
    int64_t spacing_us;
    int64_t looked_us; /* the last time that the watermark was known; STATS_UNKNOWN: never */
};

struct behind_since {
    int64_t us;    /* STATS_UNKNOWN: it is not behind, or that is not known */
    bool at_least; /* the watermark passed the committed offset then, or earlier */
};

void behind_init(struct behind *behind);
/* The watermark is `high` now. One that went back is a replica's that is a moment late, or, when nothing
 * higher was seen for BEHIND_SILENCE_US, that of another topic of this name: then all is forgotten that was
 * seen before. */
void behind_look(struct behind *behind, int64_t high, int64_t now_us);
/* The watermark is `high` or beyond: a record before it was read. */
void behind_reach(struct behind *behind, int64_t high, int64_t now_us);
/* From the segment of an earlier process of this consumer: behind since then at this committed offset, and the
 * watermark as it last saw it. Where that is all that is known, it counts. */
void behind_resume(struct behind *behind, int64_t committed, const struct behind_since *since, int64_t high,
                   int64_t looked_us, int64_t now_us);
/* After a silence: what it was then says nothing about now. */
void behind_forget_stale(struct behind *behind, int64_t now_us);
/* The watermark, as it was last seen; STATS_UNKNOWN before the first look. */
int64_t behind_high(const struct behind *behind);
/* Forgets what lies before the committed offset. STATS_UNKNOWN as `committed`: unknown. */
struct behind_since behind_since(struct behind *behind, int64_t committed);

#endif

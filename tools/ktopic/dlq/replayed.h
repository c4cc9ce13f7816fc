/* replayed.h: which records of a partition of the dead-letter topic were sent back: all before an offset, and
 * some beyond it, because not all were chosen. It is what a replay commits: the offset, and beside it this
 * text (Kafka keeps 4096 bytes of it):
 *
 *   replay 1 1772099522102594 3+2 5
 *
 * when the replay began that is under way ("-": none is; what was sent since then is in doubt until the next
 * replay has looked), then the offsets beyond: 3 that are not sent back, 2 that are, 5 that are not, 1 that
 * is. Pure state; needs no Kafka.
 */
#ifndef KSUPERVISE_TOOLS_KTOPIC_DLQ_REPLAYED_H
#define KSUPERVISE_TOOLS_KTOPIC_DLQ_REPLAYED_H

#include "common/offset_set.h"

#define REPLAYED_TEXT_BYTES 4000 /* of the 4096 that Kafka keeps */

struct replayed {
    struct offset_set done; /* those that were sent back, and what is no letter to send back */
    int64_t begun_us;       /* 0: no replay is under way */
};

/* From what is committed; `text` NULL or "": nothing beyond. A text that is not ours is an error. `replayed`
 * must be zeroed. */
int replayed_parse(struct replayed *replayed, int64_t committed, const char *text, struct error *error);

/* The text to commit. -1 when the ranges are too many for it. */
int replayed_text(const struct replayed *replayed, char text[REPLAYED_TEXT_BYTES], struct error *error);

#endif

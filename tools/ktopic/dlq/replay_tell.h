/* replay_tell.h: what a replay says of itself: lines for people, with --json one object. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_DLQ_REPLAY_TELL_H
#define KSUPERVISE_TOOLS_KTOPIC_DLQ_REPLAY_TELL_H

#include "tools/ktopic/dlq/letters.h"

struct replay_counts {
    uint64_t sent;   /* back, now; of a dry run, that would be */
    uint64_t before; /* by an earlier replay */
    uint64_t found;  /* by one that was cut off: they are in the topic, and not sent again */
    uint64_t others; /* not among those asked for */
};

/* A dry run's: a letter that would be sent back. With --json the counts are all there is to say. */
void replay_tell_letter(const struct letters *letters, const struct letter *letter);

void replay_tell_end(const struct letters *letters, const struct replay_counts *counts);

#endif

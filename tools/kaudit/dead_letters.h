/* dead_letters.h: the dead letters of one group for one topic, as a source of the offsets that they stand for
 * (common/dead_letter.h says what a letter looks like): those of the dead-letter topic, and those that a sink
 * still has in its outbox. */
#ifndef KSUPERVISE_TOOLS_KAUDIT_DEAD_LETTERS_H
#define KSUPERVISE_TOOLS_KAUDIT_DEAD_LETTERS_H

#include "tools/kaudit/source.h"
#include "tools/kaudit/topic.h"

struct dead_letters {
    struct source
        source; /* each once; tag: enum letter_tag. In both it is sent, and not taken out of the outbox yet */
    uint64_t letters;    /* different ones, of this group and topic */
    uint64_t repeats;    /* the same again: a kill between letter and commit; no double */
    uint64_t others;     /* of other groups, topics or clusters */
    uint64_t unreadable; /* without the headers of a dead letter */
    uint64_t outbox;     /* in the outbox alone */
};

/* Reads all of `dlq`, whose absence is no dead letter at all, and then all of `outbox`, which was made
 * before; NULL: there is none. `partitions` are the source topic's. */
int dead_letters_read(struct dead_letters *letters, const struct cluster *cluster, const char *dlq,
                      const struct source *outbox, const char *topic, const char *group, int partitions,
                      struct error *error);

#endif

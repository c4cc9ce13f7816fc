/* starts_private.h: the partitions that are being placed, and what is known of each so far; shared by the files
 * that ask (starts.c: the group and the sink; starts_fresh.c: where one begins that nobody has read).
 */
#ifndef KSUPERVISE_CONSUMER_STARTS_PRIVATE_H
#define KSUPERVISE_CONSUMER_STARTS_PRIVATE_H

#include "consumer/list_offsets.h"
#include "consumer/starts.h"

enum { QUERY_MS = LIST_OFFSETS_MS };

/* One partition on its way to a place. */
struct start {
    int32_t partition;
    struct place place;
    bool in_sink;         /* the sink has a place of it */
    bool fresh;           /* nobody has a place of it */
    bool failed;          /* it is not known */
    bool silent;          /* the group did not answer */
    bool deleted;         /* the group had an offset of it, and has none */
    bool expired;         /* or it has expired */
    int64_t group_had_ms; /* when the sink's place was written; STATS_UNKNOWN: it is not known to have had */
    int64_t edge;         /* of a fresh one: RD_KAFKA_OFFSET_BEGINNING or _END */
};

struct starts {
    struct consumer *consumer;
    struct start *list;
    size_t count;
    int topic_partitions; /* how many the topic had, when that was asked first */
    struct error error;   /* the last one */
};

static inline void start_fail(struct start *start)
{
    start->failed = true;
    start->fresh = false;
}

/* Those of which nobody knows where to go on: by --from, or at the first record where the partition is new. */
void starts_begin_fresh(struct starts *starts);

#endif

/* manual.h: --commit manual: a record counts once it is acknowledged (kctl ack), one by one and in any order
 * (acks.h). A restart delivers the unacknowledged ones again, and no others. A partition with too many of
 * them waits. Records that a stage dropped, and dead letters, need no acknowledgement.
 */
#ifndef KSUPERVISE_CONSUMER_MANUAL_H
#define KSUPERVISE_CONSUMER_MANUAL_H

#include "consumer/consumer.h"

static inline bool manual_is(const struct consumer *consumer)
{
    return consumer->partitions.manual;
}

/* For every turn: partitions with --max-unacknowledged records are full, others have room. Published. */
void manual_serve(struct consumer *consumer);

/* How many records may be processed at once, so that no partition has more than --max-unacknowledged. */
size_t manual_room(const struct consumer *consumer);

/* The request `ack`: "3:41", "3:41-60", "all" that was delivered until now, or several with commas. Those of
 * partitions that are not ours are ignored. */
int manual_ack(struct consumer *consumer, const char *text, struct error *error);
/* Its second half, when no other commit is under way: 0 means that all is committed, and nothing of it is
 * seen again. */
int manual_ack_commit(struct consumer *consumer, const char *text, struct error *error);

#endif

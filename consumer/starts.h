/* starts.h: where partitions start: at the database's offset if there is one; else at the group's committed
 * offset; else at --from. But a partition that is new to a group which has committed offsets of others begins
 * at its first record, whatever --from says: records written to it before it was discovered must not be
 * skipped.
 *
 * A question that fails is retried with backoff; until then the partition is placing
 * (partition_states.h).
 */
#ifndef KSUPERVISE_CONSUMER_STARTS_H
#define KSUPERVISE_CONSUMER_STARTS_H

#include "consumer/consumer.h"

/* Before joining, with --from latest: how many partitions the topic has. A partition that is added later is
 * new, whichever member starts it. A second at most. */
void starts_look(struct consumer *consumer);

/* Asks for all that are placing and whose time has come. From the rebalance callback, and for every turn;
 * cheap when there is none. A broker or a database that is away costs seconds, once for all. */
void starts_serve(struct consumer *consumer);

/* Goes on at another offset than the next, in the sink too. -1 with the error when the sink does not say that
 * it is done; then the partition is asked for again. */
enum move_cause {
    MOVE_ASKED,         /* somebody wants it there: nothing is acknowledged from there on */
    MOVE_ASKED_ANEW,    /* likewise, and the rows of a sink from there on are deleted */
    MOVE_ANOTHER_TOPIC, /* the topic was recreated */
    MOVE_GAP            /* the records before it are gone */
};
int starts_move(struct consumer *consumer, int32_t partition, int64_t offset, enum move_cause cause,
                struct error *error);

#endif

/* fetching.h: whether, and from where, librdkafka fetches each partition: a function of the partition's state
 * and of the consumer's pause, and of nothing else. It is computed in one place, and librdkafka is told
 * to pause or resume, after each assignment too: an application's pause survives that.
 *
 * One thread, the one that owns the handle.
 */
#ifndef KSUPERVISE_CONSUMER_FETCHING_H
#define KSUPERVISE_CONSUMER_FETCHING_H

#include "consumer/partition.h"

struct fetching {
    rd_kafka_t *rk; /* NULL: nothing is told */
    struct partitions *partitions;
    bool paused;      /* no records are taken; partitions and membership are kept */
    bool cooperative; /* as of the last rebalance: fetching_look_at_protocol */
};

/* At the beginning of each rebalance. While the handle is being closed librdkafka does not say any more, or
 * even waits for ever: then it is not to be called. */
void fetching_look_at_protocol(struct fetching *fetching);

/* The group assigns these, which the table has already: sets where they start, assigns, and says for each
 * whether it is fetched. `array_holds`: the application's array has messages from before, so that what it
 * gets next is not told from them: reading begins anew once the array is empty. Called from the rebalance
 * callback. */
void fetching_assign(struct fetching *fetching, rd_kafka_topic_partition_list_t *partitions,
                     bool array_holds);
/* The group revokes these. */
void fetching_unassign(struct fetching *fetching, const rd_kafka_topic_partition_list_t *partitions);

/* True when partitions come and go one by one (cooperative-sticky). */
static inline bool fetching_is_cooperative(const struct fetching *fetching)
{
    return fetching->cooperative;
}

/* All are paused, or not any more. */
void fetching_pause(struct fetching *fetching, bool paused);

/* Makes librdkafka match the table: for each turn, between two batches. Cheap when nothing changed.
 * Seeks wait for their answers, some milliseconds. */
void fetching_settle(struct fetching *fetching);

#endif

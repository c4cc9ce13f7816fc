/* added.h: partitions that were added to the topic while a static member was away.
 *
 * A broker gives a returning static member its old assignment, without a rebalance, and does not even tell it
 * that it leads the group (KAFKA-13435). Only the leader assigns, and librdkafka joins again only
 * when the topic changes after it has joined: so partitions that were added between the leader's death and
 * its restart stayed unassigned until the next rebalance. A member that comes back therefore checks once whether
 * the topic's last partition is assigned; if not, rejoining makes the leader assign again.
 *
 * The two questions are asked on a thread of its own, as they wait for answers and the loop must not.
 */
#ifndef KSUPERVISE_CONSUMER_ADDED_H
#define KSUPERVISE_CONSUMER_ADDED_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>

struct added; /* opaque */

/* Starts the check. `topic` and `group` outlive it. NULL without memory or a thread: then there is no check,
 * and the next rebalance finds them. */
struct added *added_look(rd_kafka_t *rk, const char *topic, const char *group);
/* Waits for a request in flight, three seconds at most. NULL is fine. */
void added_close(struct added *added);

/* The number of partitions of the topic if the last one is unassigned, returned once; else 0, also for NULL. */
int added_found(struct added *added);

#endif

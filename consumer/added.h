/* added.h: partitions that were added to the topic while a static member was away.
 *
 * A broker gives a static member that comes back its old assignment, without a rebalance, and does not even
 * let it know that it leads the group (KAFKA-13435). Only the leader assigns, and librdkafka joins again only
 * when the topic changes after it has joined: so partitions that were added between the leader's death and
 * its restart were nobody's until the next rebalance. Whoever comes back therefore looks once whether the
 * topic's last partition is somebody's; if it is nobody's, joining again makes the leader assign anew.
 *
 * The two questions are asked on a thread of its own, as they wait for answers and the loop must not.
 */
#ifndef KSUPERVISE_CONSUMER_ADDED_H
#define KSUPERVISE_CONSUMER_ADDED_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>

struct added; /* opaque */

/* Begins to look. `topic` and `group` outlive it. NULL when there is no memory or no thread: then nobody
 * looks, and the next rebalance finds them. */
struct added *added_look(rd_kafka_t *rk, const char *topic, const char *group);
/* Waits for a question under way, three seconds at most. NULL is fine. */
void added_close(struct added *added);

/* How many partitions the topic has, when the last of them is nobody's: said once. 0 otherwise, and for NULL.
 */
int added_found(struct added *added);

#endif

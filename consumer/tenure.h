/* tenure.h: whether the partitions are still this member's. A process that was stopped (SIGSTOP, a machine
 * that was suspended or swapped) continues where it was, with records in its array that the group may have
 * assigned to another member meanwhile: it learns that only by asking. So it asks before it works.
 *
 * The consumer's thread.
 */
#ifndef KSUPERVISE_CONSUMER_TENURE_H
#define KSUPERVISE_CONSUMER_TENURE_H

#include "consumer/consumer.h"

/* What was taken from librdkafka may be another member's: it is to be dropped, and librdkafka polled, before
 * anything is processed. The group has taken all; or the coordinator answered a heartbeat after more than a
 * session, which is said once; or it has been silent for so long. The last for two seconds at most: a
 * coordinator that is away has given nothing to others. */
bool tenure_in_doubt(struct consumer *consumer);

#endif

/* process.h: a filled batch, from the raw messages to moved positions: sorts out errors and what is not ours
 * any more, publishes what is in flight, runs the pipeline, counts.
 *
 * A batch is worked off in slices that are bounded in time, by what the last ones took, with a poll between
 * two: so a rebalance is served, and the group keeps this member, whatever a stage takes. At the usual speed
 * a slice is the whole batch.
 */
#ifndef KSUPERVISE_CONSUMER_PROCESS_H
#define KSUPERVISE_CONSUMER_PROCESS_H

#include "consumer/consumer.h"

/* Works consumer->batch off and empties it. Returns how many records were processed or refused. */
uint64_t process_batch(struct consumer *consumer);

/* For librdkafka, from within a stage that works long: this member is alive. Takes no message and runs no
 * callback. Cheap. */
void process_keep_alive(void *consumer);

#endif

/* process.h: a filled batch, from the raw messages to moved positions: sorts out errors and messages that are no
 * longer ours, publishes what is in flight, runs the pipeline, counts.
 *
 * A batch is processed in slices bounded in time, by the pace of the last ones, with a poll between two: so a
 * rebalance is served, and the group keeps this member, however long a stage takes. At the usual speed
 * a slice is the whole batch.
 */
#ifndef KSUPERVISE_CONSUMER_PROCESS_H
#define KSUPERVISE_CONSUMER_PROCESS_H

#include "consumer/consumer.h"

/* Processes consumer->batch and empties it. Returns how many records were processed or refused. */
uint64_t process_batch(struct consumer *consumer);

/* For librdkafka, from within a slow stage: this member is alive. Takes no message and runs no
 * callback. Cheap. */
void process_keep_alive(void *consumer);

#endif

/* process.h: a filled batch, from the raw messages to moved positions: sorts out errors and what is not ours
 * any more, publishes what is in flight, runs the pipeline, counts. */
#ifndef KSUPERVISE_CONSUMER_PROCESS_H
#define KSUPERVISE_CONSUMER_PROCESS_H

#include "consumer/consumer.h"

/* Works consumer->batch off and empties it. Returns how many records were processed or refused. */
uint64_t process_batch(struct consumer *consumer);

/* The topic is not there: said once. */
void process_missing_topic(struct consumer *consumer);

#endif

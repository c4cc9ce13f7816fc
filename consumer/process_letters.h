/* process_letters.h: what becomes of the records of a slice that died: told, sent to the dead-letter topic, and
 * made sure of before the next record is tried. The consumer's thread.
 */
#ifndef KSUPERVISE_CONSUMER_PROCESS_LETTERS_H
#define KSUPERVISE_CONSUMER_PROCESS_LETTERS_H

#include "consumer/consumer.h"

/* Of struct pipeline_events: its partition was stopped at the record, or before it. */
bool process_blocked(void *context, const rd_kafka_message_t *message);

/* Returns how many died. Each is an entry of the ring of errors; a few are lines, too. */
uint64_t process_tell_deaths(struct consumer *consumer);

/* Sends the dead letters of Kafka's modes; a sink has them in its transaction. */
void process_send_letters(struct consumer *consumer);

/* With candidates ahead (candidates.h), waits until letters are out and offsets committed. */
void process_make_sure(struct consumer *consumer, uint64_t died);

#endif

/* offset_loss.h: the next offset is gone: retention deleted the records, or the topic is not the one that was
 * read. It is logged in one line, and then --on-offset-loss decides whether the consumer stops (with nothing
 * skipped) or continues, from the first record that is there or after the last one.
 *
 * It is met while a batch is sorted out (the partition is losing from then on: what the batch has of it from
 * before is processed, nothing behind it is), and settled between two batches.
 */
#ifndef KSUPERVISE_CONSUMER_OFFSET_LOSS_H
#define KSUPERVISE_CONSUMER_OFFSET_LOSS_H

#include "consumer/consumer.h"

/* The topic has no such offset (_AUTO_OFFSET_RESET, with the offset). */
void offset_loss_gone(struct consumer *consumer, const rd_kafka_message_t *message);

/* For every turn: settles what is losing and due. Records that are gone, or passed over, are counted. Asks
 * the broker, which may take seconds. Cheap when nothing is lost. */
void offset_loss_serve(struct consumer *consumer);

#endif

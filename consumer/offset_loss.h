/* offset_loss.h: where to go on is not there: retention took the records, or the topic is not the one that
 * was read. Told in one line, and then --on-offset-loss says whether the consumer stops (with nothing
 * skipped) or goes on, from the first record that is there or behind the last one.
 *
 * It is met while a batch is sorted out, and settled between two batches (holds.h): what the batch has of the
 * partition from before is processed, nothing behind it is.
 */
#ifndef KSUPERVISE_CONSUMER_OFFSET_LOSS_H
#define KSUPERVISE_CONSUMER_OFFSET_LOSS_H

#include "consumer/consumer.h"

/* Before positions move: which record is the last that they move over, partition by partition. */
void offset_loss_note(struct consumer *consumer);

/* The topic has no such offset (_AUTO_OFFSET_RESET, with the offset). */
void offset_loss_gone(struct consumer *consumer, const rd_kafka_message_t *message);

/* A record from before the position of its partition. True when it is the awaited one (witness.h): it is
 * nobody's to process or to count, and is compared here. */
bool offset_loss_compare(struct consumer *consumer, const rd_kafka_message_t *message);

/* There is nothing at the awaited witness's offset any more (compaction or retention took it): whether the
 * topic is the same cannot be told, and is no more asked. */
void offset_loss_untold(struct consumer *consumer, int32_t partition);

/* Records that are gone, or passed over, are counted. Asks the broker, which may take seconds. */
void offset_loss_settle(struct consumer *consumer, int32_t partition, enum loss loss);

#endif

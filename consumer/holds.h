/* holds.h: partitions that wait, because a record, or a whole batch, could not be processed for now. Such a
 * partition is paused at that record; the others go on, and so does polling, so the group sees nothing of it.
 * When its time is over it is read again from that record. The wait doubles from --retry-delay, up to half a
 * minute, with a quarter of jitter either way.
 *
 * A record that is tried more than --retries times after the first is given up. A batch that failed as a
 * whole (its database is away) is nobody's fault and is tried for ever.
 */
#ifndef KSUPERVISE_CONSUMER_HOLDS_H
#define KSUPERVISE_CONSUMER_HOLDS_H

#include "consumer/consumer.h"

/* The record cannot be processed for now. False: it has been tried often enough. */
bool hold_record(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                 const char *why);
/* Nothing of the batch in flight could be processed. */
void hold_batch(struct consumer *consumer, const struct error *error);

/* Where to go on in an assigned partition cannot be known for now: the sink is away. `reread`: it was known
 * before. */
void hold_untaken(struct consumer *consumer, int32_t partition, bool reread, const struct error *error);

/* Something is not there. What follows in the batch in flight is not processed; what came before it is. Then,
 * after `wait_us`, offset_loss.h settles it between two batches. */
void hold_for_loss(struct consumer *consumer, int32_t partition, enum loss loss, int64_t wait_us);

/* True for the record at which a partition came to wait in this batch, and for what follows it. */
bool hold_covers(struct consumer *consumer, const rd_kafka_message_t *message);

/* How often the record has been tried, this time included, and when it failed first (wall microseconds). */
unsigned hold_attempts(struct consumer *consumer, const rd_kafka_message_t *message,
                       int64_t *first_failure_us);

/* After a batch, before positions move: they go no farther than the records that wait, whose partitions are
 * paused. */
void holds_apply(struct consumer *consumer);

/* Reads on where the time is over. Cheap when nothing waits. */
void holds_release(struct consumer *consumer);

/* Until the next is due, microseconds from now; INT64_MAX when nothing waits. */
int64_t holds_due_us(const struct consumer *consumer);

#endif

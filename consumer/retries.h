/* retries.h: partitions that wait, because a record, a whole batch, or a dead letter failed for now. Such a
 * partition is not fetched; the others continue, and so does polling, so the group does not notice.
 * When its wait is over it is read again from that record. The length of the wait: backoff.h.
 *
 * A record that is tried more than --retries times after the first is given up. A batch that failed as a
 * whole (its database is away) is retried for ever, and so is a letter that the topic
 * refuses.
 */
#ifndef KSUPERVISE_CONSUMER_RETRIES_H
#define KSUPERVISE_CONSUMER_RETRIES_H

#include "consumer/consumer.h"

/* The record cannot be processed for now. False: it has been tried often enough. */
bool retry_record(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                  const char *why);
/* Nothing of the batch in flight could be processed. */
void retry_batch(struct consumer *consumer, const struct error *error);

/* How often the record has been tried, this time included, and when it failed first (wall microseconds). */
unsigned retry_attempts(const struct consumer *consumer, const rd_kafka_message_t *message,
                        int64_t *first_failure_us);

/* For every turn: partitions whose letters are refused wait; those whose wait is over continue. Cheap when
 * nothing waits. */
void retries_serve(struct consumer *consumer);

/* Where a partition continues is not known: the question is retried with backoff. The event leads to that. */
void retry_place(struct consumer *consumer, int32_t partition, enum partition_event event,
                 const struct error *error);

#endif

/* dead_letters.h: records that can never be processed go to the dead-letter topic, as they came, with headers
 * that say why (common/dead_letter.h). By a producer of its own, which is made when the first is sent.
 *
 * Nothing waits for the broker's answer but the commit: a row's barrier (offsets.h) stands at the first
 * record whose letter is not acknowledged, and no offset beyond it is committed. So a kill delivers the
 * record again and writes the letter again, with the same id; it is never lost. librdkafka sends until it
 * gets through; what the brokers refuse for good (too large, not allowed) ends the consumer, before the
 * record.
 *
 * One thread, the one that owns the consumer's handle.
 */
#ifndef KSUPERVISE_CONSUMER_DEAD_LETTERS_H
#define KSUPERVISE_CONSUMER_DEAD_LETTERS_H

#include "common/stats/writer.h"
#include "consumer/offsets.h"
#include "consumer/settings.h"

struct dead_letters; /* opaque */

/* What is said of a record. */
struct obituary {
    const char *stage;
    const char *why;
    unsigned attempts;
    int64_t first_failure_us; /* wall */
};

/* `consumer` is the handle whose cluster and topic it is; `queue` is woken when an answer came. Connects to
 * nothing yet. */
int dead_letters_open(struct dead_letters **letters, const struct settings *settings, rd_kafka_t *consumer,
                      rd_kafka_queue_t *queue, struct offsets *offsets, struct stats_writer *stats,
                      struct error *error);

/* Destroys the producer; what is not acknowledged is given up. Before rd_kafka_consumer_close, which a wake
 * from here could disturb. NULL is fine. */
void dead_letters_close(struct dead_letters *letters);

/* Where they go, for lines; NULL: nowhere (--dead-letters off), and dead_letters_send is not to be called. */
const char *dead_letters_topic(const struct dead_letters *letters);

/* Copies the message and sends it on its way. -1: it cannot be sent, now or ever. */
int dead_letters_send(struct dead_letters *letters, const rd_kafka_message_t *message,
                      const struct obituary *obituary, struct error *error);

/* Takes answers that came; moves barriers. -1 when a letter was refused for good. Cheap when there are none.
 */
int dead_letters_serve(struct dead_letters *letters, struct error *error);

/* The same, waiting until all are answered, at most `timeout_us`. -1 also when some are not. */
int dead_letters_flush(struct dead_letters *letters, int64_t timeout_us, struct error *error);

/* So many are under way that no batch should be begun. */
bool dead_letters_full(const struct dead_letters *letters);

/* A partition goes: answers for it mean nothing any more. */
void dead_letters_forget(struct dead_letters *letters, int32_t partition);

#endif

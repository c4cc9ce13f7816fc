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

/* A letter as it is sent. */
struct letter_body {
    int32_t partition; /* of the source */
    int64_t offset;
    int64_t timestamp_ms;
    const void *key, *value; /* NULL: none */
    size_t key_length, value_length;
    rd_kafka_headers_t *headers;
};

struct letter_place {
    int32_t partition;
    int64_t offset;
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

/* The headers of a message's letter: its own, and what is said of it. The caller destroys them. */
rd_kafka_headers_t *dead_letters_headers(struct dead_letters *letters, const rd_kafka_message_t *message,
                                         const struct obituary *obituary);
/* The letter of a message, whose key and value it points at. */
struct letter_body dead_letters_body(const rd_kafka_message_t *message, rd_kafka_headers_t *headers);
/* A letter that is kept elsewhere until it is acknowledged; nothing is taken over. Sets no barrier. */
int dead_letters_send_kept(struct dead_letters *letters, const struct letter_body *body, struct error *error);
/* Kafka's cluster id; "unknown" when nobody answers. Good until close. */
const char *dead_letters_cluster(struct dead_letters *letters);

/* The places of kept letters that were acknowledged, for whoever keeps them, after dead_letters_keep_places;
 * good until the next call of anything here. The first `count` are forgotten when their keeper has let go. */
void dead_letters_keep_places(struct dead_letters *letters);
const struct letter_place *dead_letters_acknowledged(const struct dead_letters *letters, size_t *count);
void dead_letters_let_go(struct dead_letters *letters, size_t count);

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

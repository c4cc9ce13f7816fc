/* dead_letters.h: records that can never be processed go to the dead-letter topic, as they came, with headers
 * that say why (letter.h). By a producer of its own, which is made when the first is sent.
 *
 * Nothing waits for the broker's answer but the commit: a partition's barrier (partition.h) stands at the
 * first record whose letter is not acknowledged, and no offset beyond it is committed. So a kill delivers the
 * record again and writes the letter again, with the same id; it is never lost. librdkafka sends until it
 * gets through. What the broker, or librdkafka, refuses (too large, not allowed, no such topic) is kept here
 * and sent again and again, with backoff, until the topic accepts it; meanwhile its partition waits, and
 * no other.
 *
 * One thread, the one that owns the consumer's handle.
 */
#ifndef KSUPERVISE_CONSUMER_DEAD_LETTERS_H
#define KSUPERVISE_CONSUMER_DEAD_LETTERS_H

#include "common/stats/writer.h"
#include "consumer/letter.h"
#include "consumer/partition.h"
#include "consumer/settings.h"

struct dead_letters; /* opaque */

/* `consumer` is the handle whose cluster and topic it is; `queue` is woken when an answer came. Connects to
 * nothing yet. */
int dead_letters_open(struct dead_letters **letters, const struct settings *settings, rd_kafka_t *consumer,
                      rd_kafka_queue_t *queue, struct partitions *partitions, struct stats_writer *stats,
                      struct error *error);

/* Destroys the producer; what is not acknowledged is given up. Before the consumer is closed,
 * whose queue a wake from here uses. NULL is fine. */
void dead_letters_close(struct dead_letters *letters);

/* Where they go, for lines; NULL: nowhere (--dead-letters off), and nothing is to be sent. */
const char *dead_letters_topic(const struct dead_letters *letters);
/* Whose records they are. The cluster is "unknown" while nobody answers. Good until close. */
const struct letter_source *dead_letters_source(struct dead_letters *letters);

/* Copies the letter and sends it on its way. Its headers are taken over. `kept`: elsewhere, until it is
 * acknowledged (an outbox): sets no barrier, and its origin is told. -1: it was not even kept here, for want
 * of memory or of a producer; nothing was taken over. */
int dead_letters_send(struct dead_letters *letters, const struct letter_body *body, bool kept,
                      struct error *error);

/* The origins of kept letters that were acknowledged, for their keeper, after
 * dead_letters_keep_origins; good until the next call of anything here. The first `count` are forgotten when
 * their keeper has let go. */
int dead_letters_keep_origins(struct dead_letters *letters, struct error *error);
const struct letter_origin *dead_letters_acknowledged(const struct dead_letters *letters, size_t *count);
void dead_letters_let_go(struct dead_letters *letters, size_t count);

/* None of that partition's is under way or refused, and none is to be let go. */
bool dead_letters_idle(const struct dead_letters *letters, int32_t partition);

/* Takes answers that came; moves barriers; sends again what was refused, when its time has come. Cheap when
 * there is nothing. */
void dead_letters_serve(struct dead_letters *letters);

/* The same, waiting until all that are under way are answered, at most `timeout_us`. -1 with the error when
 * some are not acknowledged: their records are redelivered. */
int dead_letters_flush(struct dead_letters *letters, int64_t timeout_us, struct error *error);

/* Too many are in flight to begin another batch. */
bool dead_letters_full(const struct dead_letters *letters);

/* Some letter of that partition was refused, and is not acknowledged yet: why. NULL: none. */
const char *dead_letters_refused(const struct dead_letters *letters, int32_t partition);

/* The first record at or after `from` whose letter is not acknowledged yet; INT64_MAX: there is none. */
int64_t dead_letters_next(const struct dead_letters *letters, int32_t partition, int64_t from);

/* Until a refused one is sent again, microseconds from now; INT64_MAX: there is none. */
int64_t dead_letters_due_us(const struct dead_letters *letters);

/* A partition goes: answers for it mean nothing any more. Letters whose records are gone are sent
 * nevertheless. */
void dead_letters_forget(struct dead_letters *letters, int32_t partition);

/* The topic holds that partition's records before `before` no more: nobody can make their letters again. They
 * are sent until the topic takes them, whatever becomes of the partition; its barrier is set for them. */
void dead_letters_records_gone(struct dead_letters *letters, int32_t partition, int64_t before);

#endif

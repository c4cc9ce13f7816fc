/* exactly_once.h: the consumer's side of a sink (sink.h): where to begin is the database's to say, a batch is
 * over when its transaction is, and a partition that another process took is dropped. Kafka's committed
 * offsets follow afterwards, for the tools' sake; nothing depends on them.
 */
#ifndef KSUPERVISE_CONSUMER_EXACTLY_ONCE_H
#define KSUPERVISE_CONSUMER_EXACTLY_ONCE_H

#include "consumer/consumer.h"

/* Whether --commit agrees with where the pipeline ends; `sink` is that stage, NULL: in no database. */
int exactly_once_check(const struct settings *settings, const struct stage *sink, struct error *error);

/* 0, also when the pipeline has no sink: then exactly_once_is is false, and nothing else here is to be
 * called.
 */
int exactly_once_open(struct consumer *consumer, struct error *error);
void exactly_once_close(struct consumer *consumer);

static inline bool exactly_once_is(const struct consumer *consumer)
{
    return consumer->sink.class != NULL;
}

/* A partition was assigned: takes it over in the database. *place is where to go on. -1 when the database
 * cannot be asked now. */
int exactly_once_take(struct consumer *consumer, int32_t partition, struct sink_place *place,
                      struct error *error);

/* Where to go on after a commit whose end is not known; -1: it cannot be asked now. A partition that is
 * another process's is dropped. */
int exactly_once_reread(struct consumer *consumer, int32_t partition, struct sink_place *place,
                        struct error *error);

/* Sets where to go on: the first start, a gap that retention tore, a reset. -1: not done. */
int exactly_once_move(struct consumer *consumer, int32_t partition, int64_t from, int64_t to,
                      bool delete_rows, struct error *error);

/* A record is dead: its letter will be part of the transaction. */
void exactly_once_dead(struct consumer *consumer, const rd_kafka_message_t *message,
                       const struct obituary *obituary);

/* The transaction of the batch, whose rows say how far it goes. False when it was not done: the batch then
 * comes again, but for partitions that are another process's. */
bool exactly_once_commit(struct consumer *consumer, size_t item_count);

/* Once a turn: acknowledged letters leave the outbox. */
void exactly_once_serve(struct consumer *consumer);

#endif

/* exactly_once.h: the consumer's side of a sink (sinks/sink.h): where to begin is the database's to say, a
 * batch is over when its transaction is, and a partition that another process took waits for the group to say
 * so. Kafka's committed offsets follow afterwards, for the tools' sake; nothing depends on them.
 *
 * A sink in the group (sinks/kafka.c) sets the committed offsets itself, and these say where to begin, as
 * without a sink.
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

static inline bool exactly_once_in_group(const struct consumer *consumer)
{
    return exactly_once_is(consumer) && consumer->sink.class->in_group;
}

/* The places are in a database, and not the group's. */
static inline bool exactly_once_in_database(const struct consumer *consumer)
{
    return exactly_once_is(consumer) && !consumer->sink.class->in_group;
}

/* Before the group is asked where to go on: what its sink has left open is ended. -1: not now. */
int exactly_once_recover(struct consumer *consumer, struct error *error);

/* Where the database has a partition that is assigned: takes it over, or asks again where it is ours already.
 * -1 when it cannot be asked now; then the partition may be dispossessed. */
int exactly_once_position(struct consumer *consumer, int32_t partition, struct sink_position *position,
                          struct error *error);

/* True when a move of a sink in the group is committed with it; not so while the offsets of a group without
 * members are set, which are committed as all are. */
static inline bool exactly_once_commits_moves(const struct consumer *consumer)
{
    return exactly_once_in_group(consumer) && consumer->settings->reset == NULL;
}

/* Sets where to go on: the first start, a gap that retention tore, a reset. `committed`: what the group has;
 * STATS_UNKNOWN: nothing that is known. SINK_LOST: the partition is dispossessed now. */
struct exactly_once_move {
    int32_t partition;
    int64_t from, to, committed;
    bool delete_rows;
};
enum sink_result exactly_once_move(struct consumer *consumer, const struct exactly_once_move *move,
                                   struct error *error);

/* The transaction of the batch, whose rows say how far it goes; consumer->deaths are part of it. False when
 * it was not done: the batch then comes again, but for partitions that are another process's. */
bool exactly_once_commit(struct consumer *consumer, size_t item_count);

/* Once a turn: acknowledged letters leave the outbox. */
void exactly_once_serve(struct consumer *consumer);

#endif

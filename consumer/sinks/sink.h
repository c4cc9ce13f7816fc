/* sink.h: a database that stores a topic's records together with the offsets that they came from, in one
 * transaction, so that each record is there exactly once, whatever is killed and when. A stage whose class has
 * a sink_class is a sink; a pipeline has at most one, as its last stage.
 *
 * One sink is another topic (kafka.c): it is `in_group`. It continues at the group's committed offset, which
 * its transaction sets, and the group's generation replaces the epoch. It has only `recover` and `commit`; what
 * follows about rows, an outbox and positions applies to databases.
 *
 * The database holds, beside a table named after the topic:
 *
 *   ksupervise_offsets   one row per (cluster, group, topic, partition): epoch, next_offset, witness_…,
 *                        group_had_ms. The process that is assigned a partition raises its epoch; a commit is
 *                        a compare-and-set on the epoch and on the offset that the database expects next. So a
 *                        process that was replaced, or stopped and woken, or whose partition has moved, can
 *                        change nothing any more. The witness (witness.h) is the last record before next_offset
 *                        that was read; NULL if none is known: a database from before there were witnesses, or
 *                        an offset that was set. Then the group may reveal that the topic was recreated, as
 *                        Kafka deletes its offsets with the topic: group_had_ms is when the position was
 *                        written, if the group was known to have an offset of the partition; else NULL.
 *   ksupervise_outbox    dead letters of committed batches that the dead-letter topic has not acknowledged. One
 *                        row per letter, identified by (cluster, group, topic, partition), offset and
 *                        timestamp. So any process that deletes one, even one that was replaced meanwhile,
 *                        deletes an acknowledged one, and the letters of a recreated topic are kept apart from
 *                        the old topic's.
 *
 * A record that a database cannot store must not block its partition for ever: the `batch` function of the
 * stage's class, beside the sink, returns VERDICT_DEAD for it, and it becomes a dead letter like any other.
 *
 * All functions are called by the loop's thread. They may block, but for less than a supervisor's
 * --hang-after: each implementation says how it bounds that.
 */
#ifndef KSUPERVISE_CONSUMER_SINKS_SINK_H
#define KSUPERVISE_CONSUMER_SINKS_SINK_H

#include "common/error.h"
#include "consumer/letter.h"
#include "consumer/witness.h"

struct item; /* pipeline.h */

/* Where a partition goes on, and the last record before that. */
struct sink_position {
    int64_t next_offset; /* STATS_UNKNOWN: nothing of it was ever committed */
    struct witness witness;
    int64_t group_had_ms; /* wall: it was written, and the group had an offset; STATS_UNKNOWN: not known */
};

#define SINK_POSITION_NONE                                                                                   \
    {                                                                                                        \
        STATS_UNKNOWN, WITNESS_NONE, STATS_UNKNOWN                                                           \
    }

/* One partition's part of a batch: compare-and-set from `expected` to `next`. */
struct sink_range {
    int32_t partition;
    int64_t expected;
    struct sink_position next;
};

/* A record that went to the dead letters with this batch. */
struct sink_death {
    const rd_kafka_message_t *message;
    rd_kafka_headers_t *headers; /* the letter's; owned by the creator of the batch */
};

/* A partition's items and deaths lie before its range's next offset: what lies behind that comes again. */
struct sink_batch {
    const struct item *items;
    size_t item_count;
    const struct sink_range *ranges;
    size_t range_count;
    const struct sink_death *deaths;
    size_t death_count;
    /* Of a sink in the group: */
    const rd_kafka_consumer_group_metadata_t *membership;
    const char *letters; /* the topic of the dead letters; NULL: there are none */
};

enum sink_result {
    SINK_DONE,
    SINK_AGAIN,   /* nothing was written; the error says why. May succeed later */
    SINK_UNKNOWN, /* perhaps it was written, perhaps not: `reread` will tell */
    SINK_LOST /* nothing was written: *lost, a partition, is not ours any more; the error says why. Another
                 process took it; or the database was restored, replaced or changed, so that it has another
                 epoch, or no row. `take` then says where to go on, if the partition is still to be ours */
};

struct sink_class {
    bool in_group;
    /* Of one in the group, before the group is asked where to go on: what this worker, or a former process of
     * it, has left open is ended, one way or the other. Cheap when nothing is. -1: not now. */
    int (*recover)(void *state, const struct letter_source *source, struct error *error);

    /* Takes a partition over: its epoch is raised, and who had it before can commit no more. *position is
     * where to go on. */
    int (*take)(void *state, const struct letter_source *source, int32_t partition,
                struct sink_position *position, struct error *error);

    /* Where to go on, of a partition that is ours already, when the end of a commit is not known. SINK_DONE,
     * SINK_LOST, or SINK_AGAIN (the row cannot be read now). */
    enum sink_result (*reread)(void *state, int32_t partition, struct sink_position *position,
                               struct error *error);

    /* Sets where to go on: a first start, a gap that retention tore, a reset; `delete_rows`: of the partition
     * from there on, in the same transaction. The position has no witness then. SINK_LOST when the partition
     * is not ours any more. */
    enum sink_result (*move)(void *state, const struct sink_range *range, bool delete_rows,
                             struct error *error);

    enum sink_result (*commit)(void *state, const struct sink_batch *batch, int32_t *lost,
                               struct error *error);

    /* The letters of a partition that are not acknowledged yet, oldest first. */
    int (*outbox)(void *state, int32_t partition,
                  void (*each)(void *context, const struct letter_body *letter), void *context,
                  struct error *error);
    /* These are acknowledged: deleted from the outbox, whichever process owns the partition now. */
    int (*forwarded)(void *state, const struct letter_origin *letters, size_t count, struct error *error);
};

#endif

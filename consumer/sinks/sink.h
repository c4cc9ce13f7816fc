/* sink.h: a database that keeps a topic's records together with the offsets that they came from, in one
 * transaction, so that each record is there exactly once, whatever is killed when. A stage whose class has a
 * sink_class is one; a pipeline has one at most, as its last stage.
 *
 * One sink is another topic (kafka.c): it is `in_group`. Where to go on is then the group's committed offset,
 * which its transaction sets, and the group's generation takes the epoch's part. It has `recover` and
 * `commit` alone, and what is said below of rows, an outbox and places is said of databases.
 *
 * The database holds, beside a table named after the topic:
 *
 *   ksupervise_offsets   a row a (cluster, group, topic, partition): epoch, next_offset, witness_…,
 * group_had_ms. Whoever is assigned a partition raises its epoch; a commit is a compare-and-set on the epoch
 * and on the offset that the database expects next. So a process that was replaced, or stopped and woken, or
 * whose partition has moved, changes nothing any more. The witness (witness.h) is the last record before
 * next_offset that was read, NULL where none is known: a database from before there were any, an offset that
 * was set. Then the group may tell a topic that was made anew, as Kafka deletes its offsets with the topic:
 * group_had_ms is when the position was written, if the group was known to have an offset of the partition;
 * else NULL. ksupervise_outbox    dead letters of committed batches that the dead-letter topic has not
 * acknowledged. A row a letter, as its id tells them apart: by (cluster, group, topic, partition), offset and
 * timestamp. So whoever takes one out, be it a process that was replaced meanwhile, takes out what was
 * acknowledged, and the letters of a topic that was made anew stand beside the former one's.
 *
 * What a database cannot hold at all must not hold its partition up for ever: the `batch` of the stage's
 * class, beside the sink, says VERDICT_DEAD of it, and it goes the way of all dead letters.
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
    rd_kafka_headers_t *headers; /* the letter's; owned by whoever made the batch */
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
    /* These are acknowledged: out of the outbox, whoever has the partition now. */
    int (*forwarded)(void *state, const struct letter_origin *letters, size_t count, struct error *error);
};

#endif

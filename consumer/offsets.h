/* offsets.h: the consumer's own table of offsets, a row a partition. It alone says what has been processed
 * and may be committed: librdkafka's position moves when a message enters the application's array, before it
 * is processed, so it is never asked.
 *
 * One topic, so a row is found by the partition number. One thread.
 */
#ifndef KSUPERVISE_CONSUMER_OFFSETS_H
#define KSUPERVISE_CONSUMER_OFFSETS_H

#include "common/error.h"
#include "common/stats/writer.h"
#include "consumer/acks.h"
#include "consumer/witness.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/* What is not there where a partition is to go on: offset_loss.h. */
enum loss {
    LOSS_NONE,
    LOSS_NOTHING, /* it is elsewhere that something is gone: reading has stopped for that, and goes on */
    LOSS_GONE,    /* the offset */
    LOSS_WITNESS  /* the record before it: there is another one, `found` */
};

/* Why a partition waits: a record that could not be processed for now. holds.h. */
struct hold {
    int64_t offset;           /* the record; STATS_UNKNOWN: none has failed */
    unsigned attempts;        /* at it */
    int64_t first_failure_us; /* wall */
    int64_t until_us;         /* monotonic; 0: it does not wait */
    bool untaken;             /* where to go on is not known: exactly_once.h */
    bool reread;              /* and it is ours already */
    enum loss loss;           /* to be settled before anything more is processed */
    bool in_batch;            /* the batch in flight met it: what follows it there is not processed */
};

struct partition {
    bool known;
    bool assigned;
    int slot;             /* in the segment; -1: no room */
    uint32_t assignments; /* how often it was assigned to this process */
    int64_t position;     /* processed + 1: the next offset to process; STATS_UNKNOWN before the first */
    int64_t committed;    /* as the broker confirmed it; STATS_UNKNOWN: nothing */
    int64_t barrier;      /* no commit goes beyond it, whatever was processed; STATS_UNKNOWN: there is none */
    int64_t requested;    /* in the commit under way; STATS_UNKNOWN: none */
    int64_t batch_first;  /* of the batch in flight; STATS_UNKNOWN: not part of it */
    int64_t batch_end;
    int64_t batch_oldest_us;
    struct hold hold;
    struct witness witness;      /* the last record before the position, where it is known */
    struct witness next_witness; /* before batch_end */
    bool awaited;                /* the witness is read again, and compared, before anything is processed */
    struct witness found;        /* what is there instead */
    bool doubted;      /* the topic was not there: nothing is committed before the witness is seen */
    struct acks *acks; /* --commit manual; owned; else NULL */
    bool acks_full;    /* it waits for acknowledgements: manual.h */
};

struct offsets {
    const char *topic;
    struct stats_writer *stats;
    struct partition *rows;
    size_t row_count;
    size_t assigned_count;
    bool manual; /* rows have acks: what is acknowledged is committed, not what is processed */
};

void offsets_init(struct offsets *offsets, const char *topic, struct stats_writer *stats);
void offsets_release(struct offsets *offsets);

/* The row, made when it is new; NULL when memory is out. Grows by doubling: pointers are good until the next
 * call. */
struct partition *offsets_row(struct offsets *offsets, int32_t number);
/* The row of a partition that is assigned now, or NULL. */
static inline struct partition *offsets_assigned(struct offsets *offsets, int32_t number)
{
    if (number < 0 || (size_t)number >= offsets->row_count || !offsets->rows[number].assigned)
        return NULL;
    return &offsets->rows[number];
}

/* An assignment begins reading at `start`; `committed` is what the group had (STATS_UNKNOWN: nothing).
 * Published. */
int offsets_assign(struct offsets *offsets, int32_t number, int64_t start, int64_t committed);
void offsets_revoke(struct offsets *offsets, int32_t number);

/* Of an assigned partition that has its start: reading begins at the witness, if there is one, to see whether
 * it is there. The position stays where it is. */
void offsets_await(struct offsets *offsets, int32_t number, const struct witness *witness);
/* It was there, or nobody can tell. */
void offsets_witnessed(struct partition *row);
/* Where reading begins, or goes on. */
static inline int64_t offsets_read_from(const struct partition *row)
{
    return row->awaited ? row->witness.offset : row->position;
}

/* The batch in flight moves the position. */
static inline bool offsets_moves(const struct partition *row)
{
    return row->batch_first != STATS_UNKNOWN && row->batch_end != row->position;
}

/* Publishes the rows of one kind of change. */
void offsets_publish_batch(struct offsets *offsets); /* batch_first … batch_end, before processing */
void offsets_publish_processed(struct offsets *offsets, int64_t wall_us); /* position; the batch is over */

/* Barriers: what was processed is not to be committed before something else happened (dead_letters.h).
 * Lifting is for all, before they are set anew. */
void offsets_lower_barrier(struct offsets *offsets, int32_t number, int64_t offset);
void offsets_lift_barriers(struct offsets *offsets);

/* True when some assigned partition has processed more than is committed or being committed. */
bool offsets_dirty(const struct offsets *offsets);

/* A list of what is to be committed now, `requested` noted in the rows; NULL when there is nothing. The
 * caller destroys it. */
rd_kafka_topic_partition_list_t *offsets_to_commit(struct offsets *offsets);
/* Commits that somebody else asked for, with these offsets (--commit auto). */
void offsets_requested(struct offsets *offsets, const rd_kafka_topic_partition_list_t *list);
/* The answer to a commit: a partition at a time. Returns how many were confirmed; publishes. */
size_t offsets_commit_result(struct offsets *offsets, rd_kafka_resp_err_t err,
                             const rd_kafka_topic_partition_list_t *list, int64_t wall_us);

/* Asks librdkafka for the high watermarks it knows (no traffic) and publishes them. */
void offsets_publish_high(struct offsets *offsets, rd_kafka_t *rk, int64_t wall_us);
/* Low watermarks, as a query brought them. */
void offsets_publish_low(struct offsets *offsets, const rd_kafka_topic_partition_list_t *list,
                         int64_t wall_us);

#endif

/* batch.h: fills an array of messages until it has enough records or its time is up. It is worked off from
 * the front, in slices; between two of them the consumer polls, and what that brings is added behind the
 * rest. Nothing is allocated after batch_init. */
#ifndef KSUPERVISE_CONSUMER_BATCH_H
#define KSUPERVISE_CONSUMER_BATCH_H

#include "common/error.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct batch {
    rd_kafka_message_t **messages; /* owned: from `first` on */
    size_t size;                   /* of the array: more than a batch, for what is no record */
    size_t first, count;           /* what is left */
    size_t records_max;            /* as many make a batch */
    size_t records;                /* that came since it was last filled, errors aside */
    rd_kafka_message_t **slice;    /* owned: what is being processed */
    size_t slice_count;
};

int batch_init(struct batch *batch, size_t records_max, struct error *error);
void batch_release(struct batch *batch);

/* Waits up to `idle_us` for a first message; then fills until the batch is full or `wait_us` passed
 * since the first. Callbacks (rebalance, commit, error) run inside. Ends early when the queue is yielded (a
 * request from outside, an assignment), or when nothing but errors is there. Messages with `err` set (the end
 * of a partition is one) are among the result. */
void batch_fill(struct batch *batch, rd_kafka_queue_t *queue, int64_t idle_us, int64_t wait_us);

/* Lets callbacks run, without waiting. A message that comes is added. */
void batch_poll(struct batch *batch, rd_kafka_queue_t *queue);

static inline bool batch_full(const struct batch *batch)
{
    return batch->records >= batch->records_max;
}

/* The next message, which is the caller's; NULL: there is none left. */
static inline rd_kafka_message_t *batch_next(struct batch *batch)
{
    if (batch->count == 0)
        return NULL;
    batch->count--;
    return batch->messages[batch->first++];
}

/* Part of the slice now, and destroyed with it. No more than `records_max`. */
static inline void batch_add_to_slice(struct batch *batch, rd_kafka_message_t *message)
{
    batch->slice[batch->slice_count++] = message;
}

/* Destroys what is in the slice. */
void batch_clear_slice(struct batch *batch);
/* Destroys all. */
void batch_clear(struct batch *batch);

#endif

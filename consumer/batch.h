/* batch.h: fills an array of messages until it is full or its time is up. Nothing is allocated after
 * batch_init. */
#ifndef KSUPERVISE_CONSUMER_BATCH_H
#define KSUPERVISE_CONSUMER_BATCH_H

#include "common/error.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

struct batch {
    rd_kafka_message_t **messages; /* owned until batch_clear */
    size_t capacity;
    size_t count;
};

int batch_init(struct batch *batch, size_t size, struct error *error);
void batch_release(struct batch *batch);

/* Waits up to `idle_us` for a first message; then fills until the batch is full or `wait_us` passed
 * since the first. Callbacks (rebalance, commit, error) run inside. Ends early when the queue is yielded (a
 * wish from outside, an assignment). Messages with `err` set are among the result. */
void batch_fill(struct batch *batch, rd_kafka_queue_t *queue, int64_t idle_us, int64_t wait_us);

static inline bool batch_full(const struct batch *batch)
{
    return batch->count == batch->capacity;
}

/* Destroys the messages. */
void batch_clear(struct batch *batch);

#endif

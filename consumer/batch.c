#include "consumer/batch.h"

#include "common/clock.h"

int batch_init(struct batch *batch, size_t size, struct error *error)
{
    *batch = (struct batch){.capacity = size};
    batch->messages = calloc(size, sizeof(rd_kafka_message_t *));
    if (batch->messages == NULL)
        return error_set(error, "no memory for a batch of %zu records: --batch-size is too large", size);
    return 0;
}

void batch_release(struct batch *batch)
{
    if (batch->messages != NULL)
        batch_clear(batch);
    free(batch->messages);
    *batch = (struct batch){0};
}

/* Appends up to `most` messages; false when none came: time is up, or somebody wants the loop. */
static bool take(struct batch *batch, rd_kafka_queue_t *queue, int64_t timeout_us, size_t most)
{
    int timeout_ms = (int)((timeout_us + US_PER_MS - 1) / US_PER_MS);
    ssize_t n = rd_kafka_consume_batch_queue(queue, timeout_ms, batch->messages + batch->count, most);
    if (n <= 0)
        return false;
    batch->count += (size_t)n;
    return true;
}

void batch_fill(struct batch *batch, rd_kafka_queue_t *queue, int64_t idle_us, int64_t wait_us)
{
    if (!take(batch, queue, idle_us, 1) || batch_full(batch))
        return;
    /* The call itself waits until the array is full or the time is up, so once is enough; a yield ends it
     * early, and what has come so far is a batch. */
    take(batch, queue, wait_us, batch->capacity - batch->count);
}

void batch_clear(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        rd_kafka_message_destroy(batch->messages[i]);
    batch->count = 0;
}

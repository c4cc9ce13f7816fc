#include "consumer/batch.h"

#include "common/clock.h"

enum { OTHERS = 256 }; /* room for ends of partitions and errors among the records */

int batch_init(struct batch *batch, size_t records_max, struct error *error)
{
    *batch = (struct batch){.records_max = records_max, .size = records_max + OTHERS};
    batch->messages = calloc(batch->size, sizeof(rd_kafka_message_t *));
    batch->slice = calloc(records_max, sizeof(rd_kafka_message_t *));
    if (batch->messages != NULL && batch->slice != NULL)
        return 0;
    batch_release(batch);
    return error_set(error, "no memory for a batch of %zu records: --batch-size is too large", records_max);
}

void batch_release(struct batch *batch)
{
    if (batch->messages != NULL && batch->slice != NULL)
        batch_clear(batch);
    free(batch->messages);
    free(batch->slice);
    *batch = (struct batch){0};
}

/* What is left moves to the front: the room is behind it. */
static void make_room(struct batch *batch)
{
    for (size_t i = 0; i < batch->count && batch->first > 0; i++)
        batch->messages[i] = batch->messages[batch->first + i];
    batch->first = 0;
}

/* Appends up to `most` messages. False when fewer came: time is up, or somebody wants the loop. */
static bool take(struct batch *batch, rd_kafka_queue_t *queue, int64_t timeout_us, size_t most)
{
    int timeout_ms = (int)((timeout_us + US_PER_MS - 1) / US_PER_MS);
    size_t room = batch->size - batch->count;
    most = most < room ? most : room;
    ssize_t n = rd_kafka_consume_batch_queue(queue, timeout_ms, batch->messages + batch->count, most);
    size_t end = batch->count + (n > 0 ? (size_t)n : 0);
    for (; batch->count < end; batch->count++)
        batch->records += batch->messages[batch->count]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    return n > 0 && (size_t)n == most;
}

/* The call itself waits until the array is full or the time is up, so once is enough, but for what comes
 * among the records and is none. */
void batch_fill(struct batch *batch, rd_kafka_queue_t *queue, int64_t idle_us, int64_t wait_us)
{
    make_room(batch);
    batch->records = 0;
    if (!take(batch, queue, idle_us, 1))
        return;
    while (batch->records == 0 && batch->count < batch->size) /* an error seldom comes alone */
        if (!take(batch, queue, 0, 1))
            return;
    int64_t until_us = clock_monotonic_us() + wait_us;
    int64_t left_us = wait_us;
    while (!batch_full(batch) && batch->count < batch->size &&
           take(batch, queue, left_us, batch->records_max - batch->records)) {
        left_us = until_us - clock_monotonic_us();
        left_us = left_us > 0 ? left_us : 0;
    }
}

void batch_poll(struct batch *batch, rd_kafka_queue_t *queue)
{
    make_room(batch);
    take(batch, queue, 0, 1);
}

static void destroy(rd_kafka_message_t **messages, size_t count)
{
    for (size_t i = 0; i < count; i++)
        rd_kafka_message_destroy(messages[i]);
}

void batch_clear_slice(struct batch *batch)
{
    destroy(batch->slice, batch->slice_count);
    batch->slice_count = 0;
}

void batch_clear(struct batch *batch)
{
    batch_clear_slice(batch);
    destroy(batch->messages + batch->first, batch->count);
    batch->first = batch->count = 0;
}

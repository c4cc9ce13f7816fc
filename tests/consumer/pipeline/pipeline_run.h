/* pipeline_run.h: a pipeline, a batch of messages that nobody delivered, and what became of it. */
#ifndef KSUPERVISE_TESTS_CONSUMER_PIPELINE_PIPELINE_RUN_H
#define KSUPERVISE_TESTS_CONSUMER_PIPELINE_PIPELINE_RUN_H

#include "consumer/pipeline/pipeline.h"
#include "tests/consumer/fake_messages.h"

enum { BATCH_MAX = 32 };

static struct settings settings;
static struct pipeline pipeline;
static struct pipeline_result result;
static struct error error;

static struct {
    size_t count;
    int64_t offsets[BATCH_MAX];
    const char *stages[BATCH_MAX];
    char why[BATCH_MAX][STAGE_WHY_BYTES];
} refusals;

static struct {
    struct fake *fakes[BATCH_MAX];
    size_t count;
} batch;

static inline void open_pipeline(void)
{
    settings = (struct settings){.schema = schema_by_workload("payments")};
    ck_assert_msg(pipeline_open(&pipeline, &settings, NULL, &error) == 0, "%s", error.text);
}

static inline void clear_batch(void)
{
    for (size_t i = 0; i < batch.count; i++)
        rd_kafka_message_destroy(&batch.fakes[i]->message);
    batch.count = 0;
}

static inline void close_pipeline(void)
{
    clear_batch();
    pipeline_close(&pipeline);
}

static void dead(void *context, const rd_kafka_message_t *message, const char *stage, const char *why)
{
    ck_assert_ptr_eq(context, &refusals);
    refusals.offsets[refusals.count] = message->offset;
    refusals.stages[refusals.count] = stage;
    snprintf(refusals.why[refusals.count++], STAGE_WHY_BYTES, "%s", why);
}

/* A partition waits from its first record on that is to be tried again, unless `tries` is spent. */
static struct {
    unsigned tries;
    unsigned asked;
    int64_t from[4]; /* of each partition; 0: it does not wait */
} waits;

static bool retry(void *context, const rd_kafka_message_t *message, const char *stage, const char *why)
{
    ck_assert_ptr_eq(context, &refusals);
    ck_assert_ptr_nonnull(stage);
    ck_assert_ptr_nonnull(why);
    if (waits.asked++ >= waits.tries)
        return false;
    waits.from[message->partition] = message->offset;
    return true;
}

static bool blocked(void *context, const rd_kafka_message_t *message)
{
    ck_assert_ptr_eq(context, &refusals);
    return waits.from[message->partition] != 0 && message->offset >= waits.from[message->partition];
}

static const struct pipeline_events events = {
    .context = &refusals, .dead = dead, .retry = retry, .blocked = blocked};

static inline void add(struct fake *fake)
{
    batch.fakes[batch.count++] = fake;
}

static inline void run(void)
{
    rd_kafka_message_t *messages[BATCH_MAX];
    for (size_t i = 0; i < batch.count; i++)
        messages[i] = &batch.fakes[i]->message;
    ck_assert_int_eq(pipeline_run(&pipeline, messages, batch.count, &events, &result, &error), 0);
}

/* A payment's key without a payment: a compacted topic's way to delete. */
static inline struct fake *tombstone(int32_t partition, int64_t offset)
{
    struct fake *fake = fake_bytes(partition, offset, NULL, 0);
    fake->message.payload = NULL;
    return fake;
}

#endif

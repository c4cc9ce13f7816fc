/* scripted_stage.h: a consumer whose pipeline is one stage that does as a test says; partition 0 is at 10 and
 * partition 1 at 20. Behind fake_consumer.h and fake_queue.h. */
#ifndef KSUPERVISE_TESTS_CONSUMER_SCRIPTED_STAGE_H
#define KSUPERVISE_TESTS_CONSUMER_SCRIPTED_STAGE_H

#include "consumer/process.h"
#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_queue.h"
#include "tests/support/capture.h"

static struct {
    enum verdict verdict; /* of the records of `partition` at `offset`; the others pass */
    int32_t partition;
    int64_t offset;
    size_t seen;          /* records */
    int64_t takes_us;     /* each; the fake clock moves */
    bool batch_end_fails; /* nothing of the batch is done */
    void (*on_record)(int64_t offset);
} script;

static inline enum verdict script_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    script.seen++;
    fake_clock_advance(script.takes_us);
    if (script.on_record != NULL)
        script.on_record(item->message->offset);
    snprintf(why, STAGE_WHY_BYTES, "it rains");
    bool meant = item->message->partition == script.partition && item->message->offset == script.offset;
    return meant ? script.verdict : VERDICT_PASS;
}

static inline int script_batch_end(void *state, struct error *why)
{
    (void)state;
    return script.batch_end_fails ? error_set(why, "the program died") : 0;
}

static const struct stage_class scripted = {
    .name = "scripted", .help = "as told", .record = script_record, .batch_end = script_batch_end};

static inline void open_consumer(void)
{
    memset(&script, 0, sizeof script);
    script.offset = -1;
    queue_begin();
    consumer_begin();
    ck_assert_int_eq(pipeline_open(&consumer.pipeline, &settings, consumer.stats, &error), 0);
    consumer.pipeline.stages[0] = (struct stage){&scripted, NULL};
    ck_assert_int_eq(deaths_init(&consumer.deaths, CONSUMER_BATCH, &error), 0);
    begin(0, 10);
    begin(1, 20);
}

static inline void close_consumer(void)
{
    queue_end();
    pipeline_close(&consumer.pipeline);
    deaths_release(&consumer.deaths);
    consumer_end();
}

/* Into the array. */
static inline void add(struct fake *fake)
{
    if (consumer.batch.count == 0)
        consumer.batch.first = 0;
    consumer.batch.messages[consumer.batch.first + consumer.batch.count++] = &fake->message;
}

/* Works the batch off; what was said is in capture.text. */
static inline uint64_t process(void)
{
    consumer.batch.first = 0;
    capture_begin();
    uint64_t records = process_batch(&consumer);
    capture_end();
    ck_assert_uint_eq(consumer.batch.count, 0);
    ck_assert_uint_eq(consumer.batch.slice_count, 0);
    return records;
}

#endif

/* batch_run.h: a batch stage by itself, given messages of the workload `messages`. */
#ifndef KSUPERVISE_TESTS_CONSUMER_STAGES_BATCH_RUN_H
#define KSUPERVISE_TESTS_CONSUMER_STAGES_BATCH_RUN_H

#include "tests/consumer/pipeline/stages/stage_run.h"

#define BATCH_MAX 512

static struct {
    rd_kafka_message_t messages[BATCH_MAX];
    struct item items[BATCH_MAX];
    struct answer answers[BATCH_MAX];
    struct record records[BATCH_MAX];
    struct record_storage storages[BATCH_MAX];
    size_t count;
    struct error error;
} batch;

/* One more: partition 0, the offset counts up from 0 over all batches. */
static inline void batch_add(const char *content)
{
    static int64_t offset;
    size_t i = batch.count++;
    ck_assert_uint_lt(i, BATCH_MAX);
    batch.messages[i] = (rd_kafka_message_t){.partition = 0, .offset = offset++};
    batch.items[i] = (struct item){&batch.messages[i], &batch.records[i], (uint64_t)i + 1};
    fill_record(&batch.records[i], &batch.storages[i], run.settings.schema,
                (const char *const[]){"content", content, NULL});
}

/* One whose JSON line would be too long: decoding lets such a record through, validation would not. */
static inline void batch_add_too_long(void)
{
    static char content[500 * 1024];
    memset(content, 'x', sizeof content);
    batch_add("");
    int index = schema_field_index(run.settings.schema, "content", strlen("content"));
    batch.records[batch.count - 1].values[index].text = (struct mp_view){content, sizeof content};
}

static inline int batch_run(void)
{
    memset(batch.answers, 0, sizeof batch.answers);
    batch.error = (struct error)ERROR_INIT;
    return run.class->batch(run.state, batch.items, batch.count, batch.answers, &batch.error);
}

static inline void batch_passes(void)
{
    ck_assert_msg(batch_run() == 0, "%s", batch.error.text);
}

static inline void batch_fails(const char *why)
{
    ck_assert_int_eq(batch_run(), -1);
    ck_assert_msg(strstr(batch.error.text, why) != NULL, "'%s' does not say '%s'", batch.error.text, why);
}

/* What the stage said of an item. */
static inline void batch_answer(size_t i, enum verdict verdict, const char *why)
{
    ck_assert_int_eq(batch.answers[i].verdict, verdict);
    if (why == NULL)
        ck_assert_ptr_null(batch.answers[i].why);
    else
        ck_assert_str_eq(batch.answers[i].why, why);
}

#endif

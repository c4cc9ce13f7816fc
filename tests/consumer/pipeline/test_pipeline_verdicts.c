#include "tests/consumer/pipeline/pipeline_run.h"

/* --- stages that are made here ------------------------------------------------------------------------- */

static struct {
    enum verdict of_offset[BATCH_MAX]; /* the same for record and batch stages */
    bool fails;                        /* the batch as a whole */
    bool fails_at_the_end;
    unsigned ends;
    int64_t seen[BATCH_MAX];
    size_t seen_count;
} script;

static enum verdict scripted_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    snprintf(why, STAGE_WHY_BYTES, "because");
    return script.of_offset[item->message->offset];
}

static int scripted_batch(void *state, const struct item *items, size_t count, struct answer *answers,
                          struct error *batch_error)
{
    (void)state;
    if (script.fails)
        return error_set(batch_error, "it is away");
    for (size_t i = 0; i < count; i++)
        answers[i] = (struct answer){script.of_offset[items[i].message->offset], "said the batch stage"};
    return 0;
}

static enum verdict noting_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    (void)why;
    script.seen[script.seen_count++] = item->message->offset;
    return VERDICT_PASS;
}

static int scripted_end(void *state, struct error *end_error)
{
    (void)state;
    script.ends++;
    return script.fails_at_the_end ? error_set(end_error, "the disk is full") : 0;
}

static const struct stage_class one_by_one = {.name = "one", .record = scripted_record};
static const struct stage_class together = {
    .name = "together", .batch = scripted_batch, .batch_end = scripted_end};
static const struct stage_class noting = {.name = "noting", .record = noting_record};

/* A pipeline of this stage, and behind it one that notes what comes through. */
static void open_scripted(const struct stage_class *class)
{
    pipeline_close(&pipeline);
    settings.pipeline = "";
    settings.batch_size = BATCH_MAX;
    ck_assert_int_eq(pipeline_open(&pipeline, &settings, NULL, &error), 0);
    ck_assert_uint_eq(pipeline.stage_count, 0);
    pipeline.stages[0].class = class;
    pipeline.stages[1].class = &noting;
    pipeline.stage_count = 2;
    pipeline.first_batch_stage = class->batch != NULL ? 0 : 2;
    free(pipeline.items);
    free(pipeline.answers);
    pipeline.items = calloc(BATCH_MAX, sizeof *pipeline.items);
    pipeline.answers = calloc(BATCH_MAX, sizeof *pipeline.answers);
    free(pipeline.record_memory);
    pipeline.record_memory = calloc(BATCH_MAX, pipeline.record_bytes);
    memset(&script, 0, sizeof script);
    memset(&refusals, 0, sizeof refusals);
    memset(&waits, 0, sizeof waits);
    clear_batch();
}

/* Six records: 1 to 4 of partition 0, 5 and 6 of partition 1. */
static void add_six(void)
{
    for (int64_t i = 1; i <= 6; i++)
        add(fake_payment(i <= 4 ? 0 : 1, i));
}

static void saw(const char *offsets)
{
    char text[BATCH_MAX * 4] = "";
    for (size_t i = 0; i < script.seen_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", i > 0 ? " " : "",
                 (int)script.seen[i]);
    ck_assert_str_eq(text, offsets);
}

static const struct stage_class *const both_kinds[] = {&one_by_one, &together};

START_TEST(a_record_to_try_again_holds_what_follows_it_in_its_partition_and_nothing_else)
{
    for (size_t kind = 0; kind < 2; kind++) {
        open_scripted(both_kinds[kind]);
        add_six();
        script.of_offset[3] = VERDICT_RETRY;
        script.of_offset[4] = VERDICT_DEAD; /* not now: it comes again */
        waits.tries = 1;
        run();
        saw("1 2 5 6");
        ck_assert_uint_eq(result.processed, 4);
        ck_assert_uint_eq(result.failed, 0);
        ck_assert_uint_eq(refusals.count, 0);
        ck_assert_int_eq(waits.from[0], 3);
    }
}
END_TEST

START_TEST(a_record_that_was_tried_often_enough_is_dead_and_the_next_go_on)
{
    for (size_t kind = 0; kind < 2; kind++) {
        open_scripted(both_kinds[kind]);
        add_six();
        script.of_offset[3] = VERDICT_RETRY;
        run();
        saw("1 2 4 5 6");
        ck_assert_uint_eq(result.failed, 1);
        ck_assert_int_eq(refusals.offsets[0], 3);
        ck_assert_str_eq(refusals.stages[0], both_kinds[kind]->name);
    }
}
END_TEST

START_TEST(what_a_stage_drops_counts_as_processed_and_what_it_refuses_does_not)
{
    for (size_t kind = 0; kind < 2; kind++) {
        open_scripted(both_kinds[kind]);
        add_six();
        script.of_offset[1] = VERDICT_DROP;
        script.of_offset[6] = VERDICT_DEAD;
        run();
        saw("2 3 4 5");
        ck_assert_uint_eq(result.processed, 5);
        ck_assert_uint_eq(result.failed, 1);
        ck_assert_str_eq(refusals.why[0], both_kinds[kind] == &together ? "said the batch stage" : "because");
    }
}
END_TEST

START_TEST(a_batch_stage_that_could_do_nothing_fails_the_whole_batch)
{
    open_scripted(&together);
    add_six();
    script.fails = true;
    rd_kafka_message_t *messages[] = {&batch.fakes[0]->message, &batch.fakes[1]->message};
    ck_assert_int_eq(pipeline_run(&pipeline, messages, 2, &events, &result, &error), -1);
    ck_assert_str_eq(error.text, "together: it is away");
    saw("");
}
END_TEST

START_TEST(what_came_through_a_batch_stage_is_gathered_in_its_order)
{
    open_scripted(&together);
    add_six();
    script.of_offset[2] = VERDICT_DEAD;
    script.of_offset[5] = VERDICT_RETRY;
    waits.tries = 1;
    run();
    ck_assert_uint_eq(result.gathered, 3);
    ck_assert_int_eq(pipeline.items[0].message->offset, 1);
    ck_assert_int_eq(pipeline.items[1].message->offset, 3);
    ck_assert_int_eq(pipeline.items[2].message->offset, 4);
    ck_assert_uint_eq(script.ends, 1);
}
END_TEST

START_TEST(a_stage_that_cannot_end_its_batch_fails_the_whole_batch)
{
    open_scripted(&together);
    add_six();
    script.fails_at_the_end = true;
    rd_kafka_message_t *messages[] = {&batch.fakes[0]->message};
    ck_assert_int_eq(pipeline_run(&pipeline, messages, 1, &events, &result, &error), -1);
    ck_assert_str_eq(error.text, "together: the disk is full");
    ck_assert_uint_eq(script.ends, 1);
}
END_TEST

/* A stage behind a batch stage may be slow, too: no hang. */
START_TEST(each_record_ticks_before_a_batch_stage_and_behind_it)
{
    _Atomic uint64_t ticks = 0;
    _Atomic uint64_t counters[STATS_CONSUMER_COUNTER_COUNT] = {0};
    struct stats_writer writer = {
        .tick = &ticks, .counters = counters, .counter_count = STATS_CONSUMER_COUNTER_COUNT};
    open_scripted(&together);
    add_six();
    pipeline.stats = &writer;
    run();
    ck_assert_uint_eq(ticks, 12);
    ck_assert_uint_eq(counters[CONSUMER_TOMBSTONES], 0);
    clear_batch();
    add(tombstone(0, 1));
    add(tombstone(0, 2));
    run();
    ck_assert_uint_eq(counters[CONSUMER_TOMBSTONES], 2);
    script.fails_at_the_end = true; /* what comes again is not counted */
    rd_kafka_message_t *messages[] = {&batch.fakes[0]->message};
    ck_assert_int_eq(pipeline_run(&pipeline, messages, 1, &events, &result, &error), -1);
    ck_assert_uint_eq(counters[CONSUMER_TOMBSTONES], 2);
}
END_TEST

CHECK_MAIN_WITH("consumer/pipeline/verdicts", open_pipeline, close_pipeline,
                a_record_to_try_again_holds_what_follows_it_in_its_partition_and_nothing_else,
                a_record_that_was_tried_often_enough_is_dead_and_the_next_go_on,
                what_a_stage_drops_counts_as_processed_and_what_it_refuses_does_not,
                a_batch_stage_that_could_do_nothing_fails_the_whole_batch,
                what_came_through_a_batch_stage_is_gathered_in_its_order,
                a_stage_that_cannot_end_its_batch_fails_the_whole_batch,
                each_record_ticks_before_a_batch_stage_and_behind_it)

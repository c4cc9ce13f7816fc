/* loop_case.h: a consumer whose loop is run: what happens in its n-th poll a test writes down as steps; when
 * they are used up, it is to drain and to keep its membership. Its librdkafka, supervisor, dead letters and
 * watermarks are fakes, its one stage is scripted. */
#ifndef KSUPERVISE_TESTS_CONSUMER_LOOP_CASE_H
#define KSUPERVISE_TESTS_CONSUMER_LOOP_CASE_H

#include "tests/consumer/fake_consumer.h"

#include "consumer/loop.h"
#include "tests/consumer/fake_handle.h"
#include "tests/consumer/fake_queue.h"
#include "tests/support/capture.h"

enum { STEPS = 64 };

static struct {
    void (*list[STEPS])(void);
    size_t count, at;
    int idle_ms[STEPS]; /* how long each poll may wait */
} steps;

static uint64_t seen_records;
static bool finished;

static inline enum verdict pass_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    (void)state;
    (void)item;
    (void)why;
    seen_records++;
    return VERDICT_PASS;
}

static inline void finish_stage(void *state)
{
    (void)state;
    finished = true;
}

static const struct stage_class passing = {
    .name = "passing", .help = "all", .record = pass_record, .finish = finish_stage};

static inline void step(void)
{
    size_t at = steps.at < STEPS ? steps.at++ : STEPS - 1;
    steps.idle_ms[at] = queue.timeout_ms;
    if (at < steps.count && steps.list[at] != NULL)
        steps.list[at]();
    else if (at >= steps.count && control.wanted == WORKER_RUN)
        control.wanted = WORKER_DRAIN_KEEP;
}

static inline void set_steps(void (*const *list)(void), size_t count)
{
    memset(&steps, 0, sizeof steps);
    memcpy(steps.list, list, count * sizeof *list);
    steps.count = count;
}

/* What happens in each poll in turn; NULL: nothing. */
#define STEPS_ARE(...)                                                                                       \
    set_steps((void (*const[])(void)){__VA_ARGS__},                                                          \
              sizeof((void (*const[])(void)){__VA_ARGS__}) / sizeof(void (*)(void)))

static inline void begin_loop(void)
{
    handle_begin();
    queue_begin();
    consumer_begin();
    consumer.letters = NULL; /* loop_open makes what it needs */
    consumer.rk = NULL;
    consumer.queue = NULL;
    seen_records = 0;
    finished = false;
    settings.client = "bravo";
    settings.brokers = (struct brokers){.bootstrap = "127.0.0.1:9092"};
    settings.batch_wait_us = 50 * US_PER_MS;
    ck_assert_int_eq(pipeline_open(&consumer.pipeline, &settings, consumer.stats, &error), 0);
    consumer.pipeline.stages[0] = (struct stage){&passing, NULL};
    ck_assert_int_eq(deaths_init(&consumer.deaths, CONSUMER_BATCH, &error), 0);
    for (int i = 0; i < FAKE_PARTITIONS; i++)
        kafka.group[i].offset = 10;
    queue.on_poll = step;
}

static inline void end_loop(void)
{
    loop_close(&consumer);
    pipeline_close(&consumer.pipeline);
    deaths_release(&consumer.deaths);
    queue_end();
    handle_end();
    consumer_end();
}

static inline void open_loop(void)
{
    ck_assert_msg(loop_open(&consumer, &error) == 0, "%s", error.text);
    kafka_said();
}

/* Opens, runs, returns the exit code; what was printed is in capture.text. */
static inline int run_loop(void)
{
    open_loop();
    capture_begin();
    int exit_code = loop_run(&consumer);
    capture_end();
    return exit_code;
}

/* --- steps --------------------------------------------------------------------------------------------- */

static inline void give_one(void)
{
    handle_give(1);
}

static inline void give_two(void)
{
    handle_give(2);
}

/* So many more records of partition 0. */
static inline void put_records(int count)
{
    static int64_t next;
    const struct partition *of = partition_assigned(&consumer.partitions, 0);
    if (of->flight.end == STATS_UNKNOWN && (next < of->position || next > of->position))
        next = of->position;
    for (int i = 0; i < count; i++)
        queue_put(fake_payment(0, next++));
}

static inline void put_one(void)
{
    put_records(1);
}

static inline void put_three(void)
{
    put_records(3);
}

#endif

/* One simulated process: what consumer/main.c does, with settings that were made in memory. The one file that
 * knows how a consumer is put together. */
#include <inttypes.h>
#include <stdarg.h>

#include "common/exit_codes.h"
#include "consumer/exactly_once.h"
#include "consumer/loop.h"
#include "consumer/reset.h"
#include "consumer/retries.h"
#include "tests/sim/client.h"
#include "tests/sim/sim.h"

static char *text_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *text_of(const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return strdup(text);
}

static void add_property(struct settings *settings, char *pair)
{
    settings->properties.items =
        realloc(settings->properties.items, (settings->properties.count + 1) * sizeof(char *));
    settings->properties.items[settings->properties.count++] = pair;
}

static void fill(struct settings *settings, const struct worker *worker)
{
    const struct plan *plan = sim.plan;
    *settings = (struct settings){
        .client = "bravo",
        .workload = "payments",
        .topic = "payments",
        .from = plan->from,
        .on_offset_loss = sim.faults.tolerate_loss && plan->on_offset_loss == OFFSET_LOSS_STOP
                              ? OFFSET_LOSS_EARLIEST
                              : plan->on_offset_loss,
        .batch_size = plan->batch_size,
        .batch_wait_us = plan->batch_wait_us,
        .pipeline = plan->commit == COMMIT_SINK ? "record, batch, last, sqlite" : "record, batch, last",
        .retries = plan->retries,
        .retry_delay_us = plan->retry_delay_us,
        .commit = plan->commit,
        .max_unacknowledged = plan->max_unacknowledged,
        .reset = worker->reset,
        .dead_letters = plan->letters_off ? "off" : NULL,
        .quiet = true,
        .session_timeout_us = plan->session_us,
        .supervised = true,
        .schema = schema_by_workload("payments")};
    snprintf(settings->brokers.bootstrap, sizeof settings->brokers.bootstrap, "simulated:9092");
    snprintf(settings->group_name, sizeof settings->group_name, "group");
    add_property(settings, text_of("max.poll.interval.ms=%" PRId64, plan->max_poll_us / MS));
    if (plan->cooperative)
        add_property(settings, text_of("partition.assignment.strategy=cooperative-sticky"));
    if (plan->fixed_members && worker->slot >= 0)
        settings->instance_id = text_of("sim.host.bravo.%d", worker->slot + 1);
}

static int run(struct consumer *consumer, struct error *error)
{
    const struct settings *settings = consumer->settings;
    if (candidates_open(&consumer->candidates, settings->candidates, settings->quarantine, error) == -1 ||
        batch_init(&consumer->batch, (size_t)settings->batch_size, error) == -1 ||
        pipeline_open(&consumer->pipeline, settings, consumer->stats, error) == -1 ||
        deaths_init(&consumer->deaths, (size_t)settings->batch_size, error) == -1 ||
        loop_open(consumer, error) == -1 || exactly_once_open(consumer, error) == -1)
        return -1;
    consumer->pipeline.control = consumer->control;
    return settings->reset != NULL ? reset_stopped(consumer, error) : loop_run(consumer);
}

/* What the consumer makes of a record that a stage wants to see again: it has a count of its own. */
bool __real_retry_record(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                         const char *why);
bool __wrap_retry_record(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                         const char *why);
bool __wrap_retry_record(struct consumer *consumer, const rd_kafka_message_t *message, const char *stage,
                         const char *why)
{
    struct entry *entry = ((const struct op *)message)->entry;
    bool again = __real_retry_record(consumer, message, stage, why);
    if (again)
        oracle_stopped(sim.workers.current, entry);
    else
        oracle_judged(sim.workers.current, entry, true);
    return again;
}

int process_main(struct worker *worker)
{
    struct settings settings;
    struct error error = ERROR_INIT;
    fill(&settings, worker);
    worker->stats = (struct stats_writer){
        .counters = worker->counters, .tick = &worker->tick, .counter_count = STATS_CONSUMER_COUNTER_COUNT};
    struct consumer consumer = {
        .settings = &settings, .control = (struct worker_control *)worker, .stats = &worker->stats};
    int exit_code = run(&consumer, &error);
    if (exit_code == -1) {
        world_trace("error: %s", error.text);
        exit_code = error.exit_code;
    }
    loop_close(&consumer);
    exactly_once_close(&consumer);
    pipeline_close(&consumer.pipeline);
    batch_release(&consumer.batch);
    deaths_release(&consumer.deaths);
    candidates_close(&consumer.candidates);
    return exit_code;
}

/* kconsume: one member of a consumer group. */
#include <unistd.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/streams.h"
#include "common/worker/publish.h"
#include "consumer/check.h"
#include "consumer/exactly_once.h"
#include "consumer/loop.h"
#include "consumer/pipeline/stage_list.h"
#include "consumer/reset.h"

static void publish(struct consumer *consumer, struct worker_publication *publication)
{
    const struct settings *settings = consumer->settings;
    struct error error = ERROR_INIT;
    if (!settings->publish)
        return;
    if (worker_publish(publication, settings->supervised, STATS_KIND_CONSUMER, settings->client,
                       settings->group_name, &error) == -1)
        log_warning("no statistics: %s", error.text);
    consumer->stats = publication->writer;
    stats_phase(consumer->stats, PHASE_STARTING, clock_wall_us());
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

/* Threads that librdkafka has left behind use what is on our stack, and in the settings. */
static void end_at_once(int exit_code)
{
    log_flush();
    _exit(streams_end(consumer_program.name, exit_code));
}

static int consume(const struct settings *settings)
{
    struct consumer consumer = {.settings = settings};
    struct worker_publication publication = {0};
    struct error error = ERROR_INIT;

    log_set_verbose(settings->verbose);
    /* Before librdkafka makes threads: they inherit the blocked signals. */
    if (worker_control_start(&consumer.control, settings->supervised, NULL, NULL, &error) == -1)
        return program_fail(consumer_program.name, &error);
    publish(&consumer, &publication);

    int exit_code = run(&consumer, &error);
    if (exit_code == -1)
        exit_code = program_fail(consumer_program.name, &error);

    loop_close(&consumer);
    exactly_once_close(&consumer);
    pipeline_close(&consumer.pipeline);
    batch_release(&consumer.batch);
    deaths_release(&consumer.deaths);
    candidates_close(&consumer.candidates);
    worker_unpublish(&publication, exit_code == EXIT_CODE_OK);
    worker_control_stop(consumer.control);
    if (consumer.end.abandoned)
        end_at_once(exit_code);
    return exit_code;
}

static int check(const struct settings *settings)
{
    struct error error = ERROR_INIT;
    return check_settings(settings, &error) == 0 ? EXIT_CODE_OK : program_fail(consumer_program.name, &error);
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct error error = ERROR_INIT;

    log_init();
    if (settings_load(&settings, argc, argv, &error) == -1)
        return program_fail(consumer_program.name, &error);
    int exit_code = EXIT_CODE_OK;
    if (settings.list_stages)
        stage_list_print(stdout);
    else if (settings.explain_partitions)
        partition_states_print(stdout);
    else
        exit_code = settings.check ? check(&settings) : consume(&settings);
    settings_release(&settings);
    return streams_end(consumer_program.name, exit_code);
}

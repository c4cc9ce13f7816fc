/* kproduce: sends a workload's records to a topic. */
#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/worker/publish.h"
#include "producer/loop.h"

static void publish(const struct settings *settings, struct worker_publication *publication)
{
    struct error error = ERROR_INIT;
    if (!settings->publish || settings->mode == MODE_ONE)
        return;
    if (worker_publish(publication, settings->supervised, STATS_KIND_PRODUCER, settings->name, "", &error) ==
        -1)
        log_warning("no statistics: %s", error.text);
    stats_phase(publication->writer, PHASE_STARTING, clock_wall_us());
}

static int run(struct producer *producer, struct stats_writer *stats, struct error *error)
{
    if (source_open(&producer->source, producer->settings, error) == -1 ||
        delivery_open(&producer->delivery, producer->settings, producer->control, stats, error) == -1)
        return -1;
    return loop_run(producer);
}

/* The one record of flags is made at the opening of the source. */
static int check(struct producer *producer, struct error *error)
{
    if (producer->settings->mode == MODE_ONE &&
        source_open(&producer->source, producer->settings, error) == -1)
        return -1;
    return delivery_check(producer->settings, error);
}

int main(int argc, char **argv)
{
    static struct settings settings;
    static struct producer producer = {.settings = &settings}; /* 64 KiB of storage: not for the stack */
    struct worker_publication publication = {0};
    struct error error = ERROR_INIT;

    log_init();
    if (settings_load(&settings, argc, argv, &error) == -1)
        return program_fail(PRODUCER_PROGRAM, &error);
    if (settings.check)
        return check(&producer, &error) == 0 ? EXIT_CODE_OK : program_fail(PRODUCER_PROGRAM, &error);
    log_set_verbose(settings.verbose);
    /* Before librdkafka makes threads: they inherit the blocked signals. */
    if (worker_control_start(&producer.control, settings.supervised, NULL, NULL, &error) == -1)
        return program_fail(PRODUCER_PROGRAM, &error);
    publish(&settings, &publication);

    int exit_code = run(&producer, publication.writer, &error);
    if (exit_code == -1)
        exit_code = program_fail(PRODUCER_PROGRAM, &error);

    delivery_close(&producer.delivery);
    source_close(&producer.source);
    stats_phase(publication.writer, PHASE_STOPPED, clock_wall_us());
    worker_unpublish(&publication, exit_code == EXIT_CODE_OK);
    worker_control_stop(producer.control);
    settings_release(&settings);
    return exit_code;
}

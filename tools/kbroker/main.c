/* kbroker: an embedded Kafka for play, in a process of its own. */
#include <semaphore.h>

#include "common/exit_codes.h"
#include "common/log.h"
#include "common/options.h"
#include "common/text.h"
#include "common/worker/config.h"
#include "common/worker/control.h"
#include "tools/kbroker/cluster.h"

struct settings {
    struct option_given given;
    bool supervised;
    int64_t brokers;
    int64_t partitions;
    struct option_list topics;
};

static const struct option_def options[] = {
    {.type = OPTION_INTEGER,
     .name = "brokers",
     .argument = "N",
     .fallback = "1",
     .minimum = 1,
     .maximum = 9,
     .offset = offsetof(struct settings, brokers),
     .help = "how many brokers the cluster has"},
    {.type = OPTION_INTEGER,
     .name = "partitions",
     .argument = "N",
     .fallback = "3",
     .minimum = 1,
     .maximum = TOPIC_PARTITIONS_MAX,
     .offset = offsetof(struct settings, partitions),
     .help = "partitions of each topic"},
    {.type = OPTION_LIST,
     .name = "topic",
     .argument = "NAME[:PARTITIONS]",
     .offset = offsetof(struct settings, topics),
     .help = "a topic besides those of the workloads; may be repeated"},
    WORKER_OPTION(struct settings),
};

static const struct program program = {
    .name = "kbroker",
    .synopsis = "[OPTION]…",
    .about = "Runs an embedded Kafka on 127.0.0.1 for play and quick tests: librdkafka's mock cluster. "
             "Prints its address and\n"
             "runs until SIGTERM or Ctrl-C. Nothing is stored: use 'make kafka' for a real one.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static void wake(void *context)
{
    sem_post(context);
}

static void announce(const struct cluster *cluster, const struct topic_list *topics)
{
    log_line("embedded broker at %s", cluster_address(cluster));
    log_line("it is for play: in memory only, 5 MiB per partition, then the oldest records are dropped, no "
             "retention, no transactions, a new cluster at each start");
    char line[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < topics->count; i++)
        used = text_append(line, sizeof line, used, "%s%s (%d)", i == 0 ? "" : ", ", topics->items[i].name,
                           topics->items[i].partitions);
    log_line("topics and their partitions: %s", line);
    log_flush();
}

static int serve(const struct settings *settings, struct error *error)
{
    struct topic_list topics;
    struct worker_control *control = NULL;
    struct cluster *cluster = NULL;
    sem_t woken;
    int result = -1;
    if (topics_collect(&topics, (int)settings->partitions, &settings->topics, error) == -1)
        return -1;
    sem_init(&woken, 0, 0);
    /* Before the cluster: its threads must not receive the signals. */
    if (worker_control_start(&control, settings->supervised, wake, &woken, error) == -1 ||
        cluster_open(&cluster, (int)settings->brokers, &topics, error) == -1)
        goto out;
    announce(cluster, &topics);
    worker_notify_text(control, "address", cluster_address(cluster));
    worker_notify_count(control, "ready", 0);
    while (worker_control_wanted(control) == WORKER_RUN)
        sem_wait(&woken);
    result = 0;
out:
    cluster_close(cluster);
    worker_control_stop(control);
    sem_destroy(&woken);
    return result;
}

int main(int argc, char **argv)
{
    struct settings settings = {0};
    struct operands operands;
    struct error error = ERROR_INIT;
    log_init();
    if (options_parse(&program, &settings, argc, argv, &operands, &error) == -1 ||
        (settings.supervised && worker_config_read(WORKER_CONFIG_FD, &program, &settings, &error) == -1) ||
        serve(&settings, &error) == -1)
        return program_fail(program.name, &error);
    options_release(&program, &settings);
    return EXIT_CODE_OK;
}

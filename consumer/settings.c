#include "consumer/settings.h"

#include "common/exit_codes.h"
#include "common/kafka.h"
#include "common/worker/config.h"
#include "consumer/stage_list.h"

#define AT(field) offsetof(struct settings, field)

static const char *const from_choices[] = {"earliest", "latest", NULL};
static const char *const loss_choices[] = {"stop", "earliest", "latest", NULL};

static const char *const commit_choices[] = {"batch", "auto", "manual", "sink", NULL};

static const struct option_def options[] = {
    {.type = OPTION_HEADING, .help = "What to read"},
    {OPTION_STRING, "client", 'c', "NAME", "consumer", NULL, AT(client), 0, 0, NULL, "name of this consumer",
     false},
    {OPTION_STRING, "group", 'g', "NAME", NULL, "GROUP_ID", AT(group), 0, 0, NULL,
     "consumer group (default: test_group_CLIENT)", false},
    {OPTION_STRING, "workload", 'w', "NAME", "payments", NULL, AT(workload_name), 0, 0, NULL,
     "payments, orders, transactions or messages", false},
    {OPTION_STRING, "topic", 't', "NAME", NULL, NULL, AT(topic), 0, 0, NULL,
     "topic, when it is not the workload's own", false},
    {OPTION_CHOICE, "from", 0, "WHERE", "earliest", NULL, AT(from), 0, 0, from_choices,
     "where a group begins that has committed nothing", false},
    {OPTION_CHOICE, "on-offset-loss", 0, "WHAT", "stop", NULL, AT(on_offset_loss), 0, 0, loss_choices,
     "when the records at the committed offset are gone", false},
    {OPTION_STRING, "reset", 0, "WHERE", NULL, NULL, AT(reset), 0, 0, NULL,
     "set the group's offsets and end: earliest, latest, offset:N, timestamp:T, shift:±N; then ,partition=P "
     ",dry-run",
     false},
    {OPTION_INTEGER, "count", 'n', "N", "0", NULL, AT(count), 0, 0, NULL,
     "end after about N records (whole batches); 0: never", false},

    {.type = OPTION_HEADING, .help = "Batches"},
    {OPTION_INTEGER, "batch-size", 0, "N", "500", NULL, AT(batch_size), 1, 100000, NULL,
     "a batch is closed when it holds N records", false},
    {OPTION_DURATION, "batch-wait", 0, "TIME", "100ms", NULL, AT(batch_wait_us), 0, 3600000000, NULL,
     "or so long after its first record", false},

    {.type = OPTION_HEADING, .help = "What is done with a record"},
    {OPTION_STRING, "pipeline", 0, "STAGES", NULL, NULL, AT(pipeline), 0, 0, NULL,
     "'validate, flag:amount>1000, stats': in this order (default: validate, and what the flags below say)",
     false},
    {OPTION_FLAG, "stages", 0, NULL, NULL, NULL, AT(list_stages), 0, 0, NULL,
     "list the stages that there are, and end", false},
    {OPTION_INTEGER, "retries", 0, "N", "5", NULL, AT(retries), 0, 1000000, NULL,
     "a record that a stage cannot process for now is tried so often again, then given up", false},
    {OPTION_DURATION, "retry-delay", 0, "TIME", "100ms", NULL, AT(retry_delay_us), 1000, 30000000, NULL,
     "so long after the first failure; then twice as long each time, up to 30 s", false},
    {OPTION_STRING, "dead-letters", 0, "TOPIC", NULL, NULL, AT(dead_letters), 0, 0, NULL,
     "where records go that can never be processed (default: the topic's name and .dlq); off: nowhere",
     false},

    {OPTION_CHOICE, "commit", 0, "WHEN", "batch", NULL, AT(commit), 0, 0, commit_choices,
     "offsets are committed after each batch; auto: by a timer, which loses records; manual: when told "
     "(kctl ack); sink: with the rows, which a pipeline that ends in a database does anyway",
     false},
    {OPTION_INTEGER, "max-unacknowledged", 0, "N", "1000", NULL, AT(max_unacknowledged), 1, 1000000, NULL,
     "manual: a partition with so many unacknowledged records waits", false},
    {OPTION_STRING, "quarantine", 0, "P:OFFSET,…", NULL, NULL, AT(quarantine), 0, 0, NULL,
     "records that go to the dead letters undecoded, because they kill whoever decodes them", false},
    {OPTION_STRING, "suspects", 0, "P:FIRST-END,…", NULL, NULL, AT(suspects), 0, 0, NULL,
     "records that are taken one by one, because one of them may have killed an earlier process", true},

    {.type = OPTION_HEADING, .help = "Output"},
    {OPTION_FLAG, "print", 'p', NULL, NULL, NULL, AT(print), 0, 0, NULL,
     "print every record instead of a line a batch", false},
    {OPTION_INTEGER, "statistics-every", 0, "N", "0", NULL, AT(statistics_every), 0, 0, NULL,
     "print totals every N records, and at the end", false},
    {OPTION_FLAG, "quiet", 'q', NULL, NULL, NULL, AT(quiet), 0, 0, NULL, "print no batches", false},
    {OPTION_FLAG, "verbose", 'v', NULL, NULL, NULL, AT(verbose), 0, 0, NULL,
     "say more: partitions, librdkafka's log", false},

    {.type = OPTION_HEADING, .help = "Kafka"},
    KAFKA_OPTIONS(struct settings),
    {OPTION_STRING, "instance-id", 0, "ID", NULL, NULL, AT(instance_id), 0, 0, NULL,
     "group.instance.id: static membership", false},
    {OPTION_DURATION, "session-timeout", 0, "TIME", "45s", NULL, AT(session_timeout_us), 1000000, 1800000000,
     NULL, "the group waits so long for a member that is gone", false},
    {OPTION_FLAG, "publish", 0, NULL, "yes", NULL, AT(publish), 0, 0, NULL,
     "publish statistics in shared memory (--publish=no: do not)", false},
    WORKER_OPTION(struct settings),
};

const struct program consumer_program = {
    .name = "kconsume",
    .synopsis = "[OPTION]…",
    .about =
        "Reads a topic as a member of a consumer group, in batches, and commits each after it was processed.",
    .epilogue =
        "Examples:\n"
        "  kconsume --client bravo                      group test_group_bravo on payments\n"
        "  kconsume --group payment-tracker --print     a line for every payment\n"
        "  kconsume --pipeline 'validate, flag:amount > 400, stats:100'\n"
        "  GROUP_ID=order-analytics kconsume --workload orders --from latest\n\n"
        "Exit codes: 0 ended when asked to, 1 failed, 2 usage, 78 configuration, 80 fatal Kafka error, 81 "
        "fenced,\n"
        "82 instance id not released yet, 83 the sink failed, 84 committed offsets are gone, 85 the "
        "supervisor is gone.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static int resolve(struct settings *settings, struct error *error)
{
    if (name_check(settings->client, "client", error) == -1)
        return error_context(error, "--client");
    settings->schema = schema_require(settings->workload_name, error);
    if (settings->schema == NULL)
        return -1;
    if (settings->topic == NULL && (settings->topic = strdup(settings->schema->topic)) == NULL)
        return error_set(error, "out of memory");
    if (settings->group == NULL)
        snprintf(settings->group_name, sizeof settings->group_name, "test_group_%s", settings->client);
    else
        snprintf(settings->group_name, sizeof settings->group_name, "%s", settings->group);
    return brokers_require(&settings->brokers, settings->bootstrap, error);
}

int settings_load(struct settings *settings, int argc, char **argv, struct error *error)
{
    if (options_parse(&consumer_program, settings, argc, argv, NULL, error) == -1)
        return -1;
    if (settings->supervised &&
        worker_config_read(WORKER_CONFIG_FD, &consumer_program, settings, error) == -1)
        return -1;
    kafka_help_if_asked(&settings->properties);
    if (settings->list_stages) {
        stage_list_print(stdout);
        exit(EXIT_CODE_OK);
    }
    return resolve(settings, error);
}

void settings_release(struct settings *settings)
{
    options_release(&consumer_program, settings);
}

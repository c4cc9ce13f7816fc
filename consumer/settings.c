#include "consumer/settings.h"

#include "common/schema_file.h"
#include "common/complete_names.h"
#include "common/exit_codes.h"
#include "common/kafka.h"
#include "common/names.h"
#include "common/worker/config.h"

#define AT(field) offsetof(struct settings, field)

static const struct option_def options[] = {
    {.type = OPTION_HEADING, .help = "What to read"},
    {OPTION_STRING, "client", 'c', "NAME", "consumer", NULL, AT(client), 0, 0, NULL, "name of this consumer",
     0},
    {OPTION_STRING, "group", 'g', "NAME", NULL, "GROUP_ID", AT(group), 0, 0, NULL,
     "consumer group (default: test_group_CLIENT)", 0},
    WORKLOAD_OPTIONS(struct settings, 0),
    SCHEMA_OPTIONS(struct settings, 0, 0),
    CONSUMER_START_OPTIONS(struct settings, 0),
    {OPTION_STRING, "reset", 0, "WHERE", NULL, NULL, AT(reset), 0, 0, NULL,
     "set the group's offsets and exit: earliest, latest, offset:N, timestamp:T, shift:±N; then ,partition=P "
     ",dry-run",
     0},
    {OPTION_INTEGER, "count", 'n', "N", "0", NULL, AT(count), 0, 0, NULL, "exit after N records; 0: never",
     0},

    {.type = OPTION_HEADING, .help = "Batches"},
    CONSUMER_BATCH_OPTIONS(struct settings, 0),

    {.type = OPTION_HEADING, .help = "What is done with a record"},
    {OPTION_STRING, "pipeline", 0, "STAGES", NULL, NULL, AT(pipeline), 0, 0, NULL,
     "the stages, in this order: 'validate, flag:amount>1000, stats' (default: validate, and what the flags "
     "below add)",
     0},
    {OPTION_FLAG, "stages", 0, NULL, NULL, NULL, AT(list_stages), 0, 0, NULL, "list the stages and exit", 0},
    {OPTION_FLAG, "explain-partitions", 0, NULL, NULL, NULL, AT(explain_partitions), 0, 0, NULL,
     "print the life of a partition (every state, event and action) and exit", 0},
    {OPTION_FLAG, "check", 0, NULL, NULL, NULL, AT(check), 0, 0, NULL,
     "validate the configuration and exit; nothing is opened", 0},
    CONSUMER_FAILURE_OPTIONS(struct settings, 0),
    CONSUMER_COMMIT_OPTIONS(struct settings, 0),
    {OPTION_STRING, "quarantine", 0, "P:OFFSET,…", NULL, NULL, AT(quarantine), 0, 0, NULL,
     "records sent to the dead-letter topic undecoded, because decoding them kills the consumer", 0},
    {OPTION_STRING, "candidates", 0, "P:FIRST-END,…", NULL, NULL, AT(candidates), 0, 0, NULL,
     "records processed one by one, because one of them may have killed an earlier process", OPTION_HIDDEN},

    {.type = OPTION_HEADING, .help = "Output"},
    CONSUMER_OUTPUT_OPTIONS(struct settings, 0),
    {OPTION_FLAG, "quiet", 'q', NULL, NULL, NULL, AT(quiet), 0, 0, NULL, "print no batches", 0},
    {OPTION_FLAG, "verbose", 'v', NULL, NULL, NULL, AT(verbose), 0, 0, NULL,
     "print more: partitions, librdkafka's log", 0},

    {.type = OPTION_HEADING, .help = "Kafka"},
    KAFKA_OPTIONS(struct settings),
    {OPTION_STRING, "instance-id", 0, "ID", NULL, NULL, AT(instance_id), 0, 0, NULL,
     "group.instance.id: static membership", 0},
    {OPTION_FLAG, "take-over", 0, NULL, NULL, NULL, AT(take_over), 0, 0, NULL,
     "the former owner of that id is dead: with group.protocol=consumer, join by the classic protocol, which "
     "does not wait for its session",
     0},
    CONSUMER_SESSION_OPTION(struct settings, 0),
    PUBLISH_OPTION(struct settings),
    WORKER_OPTION(struct settings),
};

const struct program consumer_program = {
    .name = "kconsume",
    .synopsis = "[OPTION]…",
    .about = "Reads a topic as a member of a consumer group, in batches, and commits each batch after "
             "processing it.",
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
    .complete = complete_known_options,
};

/* It would read its own letters, and each would die again, and be a letter again. */
static int check_dead_letters(const struct settings *settings, struct error *error)
{
    if (settings->dead_letters == NULL || strcmp(settings->dead_letters, settings->topic) != 0)
        return 0;
    return error_set_code(error, EXIT_CODE_CONFIG,
                          "--dead-letters: '%s' is the topic that is read: its dead letters would be read "
                          "and fail again, for ever; name another topic, or 'off'",
                          settings->topic);
}

static int resolve(struct settings *settings, struct error *error)
{
    if (name_check(settings->client, "client", error) == -1)
        return error_context(error, "--client");
    const struct schema_spec spec = {settings->workload,
                                     options_given(&consumer_program, settings, "workload"),
                                     settings->schema_file, settings->schema_text};
    settings->schema = schema_open(&spec, &settings->own_schema, error);
    if (settings->schema == NULL)
        return spec.file != NULL ? -1 : error_context(error, "--workload");
    if (settings->topic == NULL && (settings->topic = strdup(settings->schema->topic)) == NULL)
        return error_set(error, "out of memory");
    if (topic_name_check(settings->topic, error) == -1)
        return error_context(error, "--topic");
    if (check_dead_letters(settings, error) == -1)
        return -1;
    if (settings->group != NULL && group_name_check(settings->group, error) == -1)
        return error_context(error, "--group");
    if (settings->instance_id != NULL && instance_id_check(settings->instance_id, error) == -1)
        return error_context(error, "--instance-id");
    if (settings->group == NULL)
        snprintf(settings->group_name, sizeof settings->group_name, "test_group_%s", settings->client);
    else
        snprintf(settings->group_name, sizeof settings->group_name, "%s", settings->group);
    /* An embedded broker has no address before it runs. */
    if (settings->check && settings->supervised && settings->bootstrap == NULL)
        return 0;
    /* The supervisor has read the file: its properties are among ours. */
    const struct kafka_source source = {settings->bootstrap,
                                        settings->supervised ? "" : settings->kafka_config};
    return kafka_config_require(&settings->brokers, &source, &settings->properties, error);
}

int settings_load(struct settings *settings, int argc, char **argv, struct error *error)
{
    if (options_parse(&consumer_program, settings, argc, argv, NULL, error) == -1)
        return -1;
    if (settings->supervised &&
        worker_config_read(WORKER_CONFIG_FD, &consumer_program, settings, error) == -1)
        return -1;
    kafka_help_if_asked(&settings->properties);
    return settings->list_stages || settings->explain_partitions ? 0 : resolve(settings, error);
}

void settings_release(struct settings *settings)
{
    schema_free(settings->own_schema);
    options_release(&consumer_program, settings);
}

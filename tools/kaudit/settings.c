#include "tools/kaudit/settings.h"

#include "common/complete_names.h"
#include "common/exit_codes.h"
#include "common/kafka.h"
#include "common/names.h"
#include "common/schema_file.h"

#define AT(member) offsetof(struct settings, member)

static const struct option_def options[] = {
    {.type = OPTION_HEADING, .help = "What the consumers did"},
    {.type = OPTION_STRING,
     .name = "group",
     .letter = 'g',
     .argument = "NAME",
     .offset = AT(group),
     .help = "the consumer group to audit"},
    {.type = OPTION_STRING,
     .name = "sqlite",
     .argument = "FILE",
     .offset = AT(sqlite),
     .help = "its sink: a table with the columns kafka_partition and kafka_offset, one row per record"},
    {.type = OPTION_STRING,
     .name = "postgres",
     .argument = "CONNINFO",
     .offset = AT(postgres),
     .help = "the same in PostgreSQL; '' takes PGHOST, PGDATABASE, … from the environment"},
    {.type = OPTION_STRING,
     .name = "kafka",
     .argument = "TOPIC",
     .offset = AT(kafka),
     .help = "its sink: another topic, where a header names the source of each record; only committed "
             "records are read"},
    {.type = OPTION_STRING,
     .name = "ndjson",
     .argument = "FILE",
     .offset = AT(ndjson),
     .help = "its sink: JSON lines with partition and offset"},
    {.type = OPTION_STRING,
     .name = "table",
     .argument = "NAME",
     .offset = AT(table),
     .help = "the sink's table (default: the topic's name)"},
    {.type = OPTION_STRING,
     .name = "schema",
     .argument = "FILE",
     .offset = AT(schema_file),
     .help = "the schema of the records, if they belong to no workload; rows are compared with the records"},
    {.type = OPTION_FLAG,
     .name = "dlq",
     .offset = AT(dead_letters),
     .help =
         "also account for records in the dead-letter topic, and in a database's outbox on their way there"},
    {.type = OPTION_STRING,
     .name = "dlq-topic",
     .argument = "TOPIC",
     .offset = AT(dead_letter_topic),
     .help = "the same, in another topic than TOPIC.dlq"},

    {.type = OPTION_HEADING, .help = "What the producers did"},
    {.type = OPTION_LIST,
     .name = "ledger",
     .argument = "FILE",
     .offset = AT(ledgers),
     .help = "a file that 'kproduce --ledger' wrote; may be repeated"},

    {.type = OPTION_HEADING, .help = "Output and Kafka"},
    {.type = OPTION_FLAG, .name = "json", .offset = AT(json), .help = "one JSON object"},
    KAFKA_OPTIONS(struct settings),
};

static void complete(const struct completion *completion)
{
    if (completion->option == NULL && completion->count == 0)
        complete_topics(completion);
    else
        complete_known_options(completion);
}

static const struct program program = {
    .complete = complete,
    .name = AUDIT_PROGRAM,
    .synopsis = "[OPTION]… TOPIC",
    .about = "Audits a topic: reads it from its first record to its present end, and reports per partition "
             "what was\nproduced, committed and processed, and what is missing, doubled or out of order. "
             "Joins no group, commits\nnothing, writes nothing.",
    .epilogue =
        "A record below the group's committed offset is missing when it has neither a row nor a dead letter; "
        "it is doubled when\nit has more than one of these. A dead letter that is in the outbox of the "
        "database and in the dead-letter topic is one,\nsent and not yet deleted there. A consumer that "
        "drops records on purpose (filter, --tombstones skip) causes missing ones here, too. Numbers that "
        "a\nproducer left out (seq) are shown; only a ledger tells whether they were "
        "acknowledged.\n\nExamples:\n  kaudit payments --group test_group_bravo\n  kaudit orders --group "
        "shop --sqlite orders.db --dlq\n  kaudit payments --group bridge --kafka payments.clean --dlq\n  "
        "kaudit payments --ledger sent.ledger --json\n\nExit codes: 0 clean, 1 something is lost, doubled or "
        "out of order, or the audit failed, 2 usage, 78 configuration.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 1,
    .operands_max = 1,
};

struct sink_kind {
    size_t offset;
    sink_opener open;
};

static const struct sink_kind sink_kinds[] = {
    {AT(sqlite), sink_open_sqlite},
    {AT(postgres), sink_open_postgres},
    {AT(kafka), sink_open_kafka},
    {AT(ndjson), sink_open_ndjson},
};

static int choose_sink(struct settings *settings, struct error *error)
{
    for (size_t i = 0; i < sizeof sink_kinds / sizeof sink_kinds[0]; i++) {
        const char *where = *(const char **)((char *)settings + sink_kinds[i].offset);
        if (where == NULL)
            continue;
        if (settings->open_sink != NULL)
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "--sqlite, --postgres, --kafka and --ndjson: only one of them at a time");
        settings->open_sink = sink_kinds[i].open;
        settings->sink_where = where;
    }
    return 0;
}

static int resolve(struct settings *settings, struct error *error)
{
    if (topic_name_check(settings->topic, error) == -1)
        return -1;
    if (settings->dead_letter_topic != NULL && topic_name_check(settings->dead_letter_topic, error) == -1)
        return error_context(error, "--dlq-topic");
    if (settings->group != NULL && group_name_check(settings->group, error) == -1)
        return error_context(error, "--group");
    settings->dead_letters = settings->dead_letters || settings->dead_letter_topic != NULL;
    if (choose_sink(settings, error) == -1)
        return -1;
    if (settings->group == NULL && (settings->open_sink != NULL || settings->dead_letters))
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--group is needed: what it has committed decides what must be there");
    if (settings->schema_file != NULL &&
        (settings->schema = schema_file_read(settings->schema_file, error)) == NULL)
        return error_context(error, "--schema");
    if (settings->table != NULL && settings->sqlite == NULL && settings->postgres == NULL)
        return error_set_code(error, EXIT_CODE_USAGE, "--table needs --sqlite or --postgres");
    return 0;
}

int settings_load(struct settings *settings, int argc, char **argv, struct error *error)
{
    struct operands operands;
    if (options_parse(&program, settings, argc, argv, &operands, error) == -1)
        return -1;
    settings->topic = operands.items[0];
    return resolve(settings, error);
}

void settings_release(struct settings *settings)
{
    schema_free(settings->schema);
    options_release(&program, settings);
}

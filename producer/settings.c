#include "producer/settings.h"

#include <assert.h>

#include "common/complete_names.h"
#include "common/exit_codes.h"
#include "common/names.h"
#include "common/schema_file.h"
#include "common/kafka.h"
#include "common/worker/config.h"
#include "common/worker/options.h"

#define AT(field) offsetof(struct settings, field)

static const struct option_def base_options[] = {
    {.type = OPTION_HEADING, .help = "What to send"},
    WORKLOAD_OPTIONS(struct settings, 0),
    SCHEMA_OPTIONS(struct settings, 0, 0),
    {OPTION_INTEGER, "count", 'n', "N", "0", NULL, AT(count), 0, 0, NULL, "end after N records; 0: never", 0},
    {OPTION_INTEGER, "seed", 0, "N", NULL, NULL, AT(seed), 0, 0, NULL,
     "the same N gives the same records, except for their times", 0},
    {OPTION_FLAG, "stdin", 0, NULL, NULL, NULL, AT(from_stdin), 0, 0, NULL,
     "one record for each line of JSON on standard input", 0},

    {OPTION_FLAG, "on-request", 0, NULL, NULL, NULL, AT(on_request), 0, 0, NULL,
     "make no records: send those of 'kctl produce' (ksupervise starts it this way)", 0},

    {OPTION_FLAG, "check", 0, NULL, NULL, NULL, AT(check), 0, 0, NULL,
     "validate the configuration and exit; send nothing", 0},

    {.type = OPTION_HEADING, .help = "How fast"},
    {OPTION_DURATION, "interval", 0, "TIME", "2s", NULL, AT(interval_us), 0, 86400000000, NULL,
     "time from one record to the next; 0: as fast as possible", 0},
    {OPTION_INTEGER, "rate", 'r', "N", NULL, NULL, AT(rate), 0, 100000000, NULL,
     "records a second, instead of --interval; 0: as fast as possible", 0},

    {.type = OPTION_HEADING, .help = "Output"},
    {OPTION_FLAG, "quiet", 'q', NULL, NULL, NULL, AT(quiet), 0, 0, NULL, "print only what went wrong", 0},
    {OPTION_FLAG, "verbose", 'v', NULL, NULL, NULL, AT(verbose), 0, 0, NULL, "print more: librdkafka's log",
     0},

    {.type = OPTION_HEADING, .help = "Kafka"},
    KAFKA_OPTIONS(struct settings),
    {OPTION_STRING, "name", 0, "NAME", PRODUCER_WORKER, NULL, AT(name), 0, 0, NULL,
     "who made the records: the header 'producer'", 0},
    {OPTION_DURATION, "drain-timeout", 0, "TIME", "8s", NULL, AT(drain_timeout_us), 0, 3600000000, NULL,
     "how long to wait for outstanding deliveries when asked to end", 0},
    {OPTION_STRING, "ledger", 0, "FILE", NULL, NULL, AT(ledger), 0, 0, NULL,
     "append the outcome of each record (acknowledged, failed or unknown) to FILE, for kaudit", 0},
    PUBLISH_OPTION(struct settings),
    WORKER_OPTION(struct settings),

    {.type = OPTION_HEADING, .help = "One record, field by field (the others are generated where possible)"},
    {OPTION_LIST, "set", 0, "NAME=VALUE", NULL, NULL, AT(named), 0, 0, NULL,
     "a field of any schema, may be repeated", 0},
};

/* What a field may be, in any of the schemas. */
static void complete_field(const struct completion *completion, const struct field *field)
{
    for (const struct choice *choice = field->choices; choice != NULL && choice->text != NULL; choice++)
        complete_add(completion, choice->text, field->label);
}

static void complete(const struct completion *completion)
{
    const struct schema *schema;
    complete_known_options(completion);
    for (size_t i = 0; completion->option != NULL && (schema = schema_at(i)) != NULL; i++) {
        int index = schema_label_index(schema, completion->option->name, strlen(completion->option->name));
        if (index >= 0)
            complete_field(completion, &schema->fields[index]);
    }
}

static const struct program base_program = {
    .name = PRODUCER_PROGRAM,
    .complete = complete,
    .synopsis = "[OPTION]…",
    .about =
        "Sends records of a workload to a topic: generated ones, JSON lines, or one from the command line.\n"
        "Idempotent, acknowledged by all replicas; a record counts as sent when its delivery report says so.",
    .epilogue = "Examples:\n"
                "  kproduce                                          a payment every 2 seconds\n"
                "  kproduce --rate 1000 --count 60000 --seed 7       paced, without bursts\n"
                "  kproduce --user marek --amount 249.99 --currency PLN --method credit_card\n"
                "  kproduce --workload orders --stdin < orders.json\n\n"
                "Exit codes: 0 everything was delivered, 1 failed or a line was refused, 2 usage, 78 "
                "configuration, 80 fatal "
                "Kafka error,\n86 some records were not delivered, 87 the ledger cannot be written.\n",
};

/* --- a flag for each field ----------------------------------------------------------------------------- */

static struct field_flag *find_flag(struct settings *settings, const char *label)
{
    for (size_t i = 0; i < settings->field_flag_count; i++)
        if (strcmp(settings->field_flags[i].label, label) == 0)
            return &settings->field_flags[i];
    return NULL;
}

static struct field_flag *add_flag(struct settings *settings, const char *label)
{
    assert(settings->field_flag_count < FIELD_FLAGS_MAX);
    struct field_flag *flag = &settings->field_flags[settings->field_flag_count++];
    flag->label = label;
    snprintf(flag->flag, sizeof flag->flag, "%s", label);
    for (char *c = flag->flag; *c != '\0'; c++)
        if (*c == '_')
            *c = '-';
    snprintf(flag->help, sizeof flag->help, "of");
    return flag;
}

static void collect_flags(struct settings *settings)
{
    const struct schema *schema;
    for (size_t s = 0; (schema = schema_at(s)) != NULL; s++)
        for (size_t f = 0; f < schema->field_count; f++) {
            struct field_flag *flag = find_flag(settings, schema->fields[f].label);
            if (flag == NULL)
                flag = add_flag(settings, schema->fields[f].label);
            size_t length = strlen(flag->help);
            snprintf(flag->help + length, sizeof flag->help - length, "%s %s", length == 2 ? "" : ",",
                     schema->workload);
        }
}

static void make_table(struct settings *settings)
{
    size_t count = sizeof base_options / sizeof base_options[0];
    collect_flags(settings);
    assert(count + settings->field_flag_count <= OPTIONS_MAX);
    memcpy(settings->options, base_options, sizeof base_options);
    for (size_t i = 0; i < settings->field_flag_count; i++)
        settings->options[count++] =
            (struct option_def){.type = OPTION_STRING,
                                .name = settings->field_flags[i].flag,
                                .argument = "VALUE",
                                .offset = AT(fields) + i * sizeof settings->fields[0],
                                .help = settings->field_flags[i].help};
    settings->program = base_program;
    settings->program.options = settings->options;
    settings->program.option_count = count;
}

/* --- what follows from the flags ----------------------------------------------------------------------- */

static bool given(const struct settings *settings, const char *name)
{
    return options_given(&settings->program, settings, name);
}

static int check_fields(struct settings *settings, struct error *error)
{
    for (size_t i = 0; i < settings->named.count; i++) {
        settings->mode = MODE_ONE;
        if (strchr(settings->named.items[i], '=') == NULL)
            return error_set_code(error, EXIT_CODE_USAGE, "--set %.60s: write NAME=VALUE",
                                  settings->named.items[i]);
    }
    for (size_t i = 0; i < settings->field_flag_count; i++) {
        const struct field_flag *flag = &settings->field_flags[i];
        if (settings->fields[i] == NULL)
            continue;
        settings->mode = MODE_ONE;
        if (schema_label_index(settings->schema, flag->label, strlen(flag->label)) < 0)
            return error_set_code(error, EXIT_CODE_USAGE, "--%s: %s have no such field (it is one %s)",
                                  flag->flag, settings->schema->workload, flag->help);
    }
    return 0;
}

static int check_mode(struct settings *settings, struct error *error)
{
    static const char *const for_many[] = {"stdin", "on-request", "count", "seed", "interval", "rate"};
    settings->mode = settings->from_stdin ? MODE_STDIN : settings->on_request ? MODE_REQUESTS : MODE_GENERATE;
    if (check_fields(settings, error) == -1)
        return -1;
    for (size_t i = 0; settings->mode == MODE_ONE && i < sizeof for_many / sizeof for_many[0]; i++)
        if (given(settings, for_many[i]))
            return error_set_code(error, EXIT_CODE_USAGE, "--%s: not together with the fields of one record",
                                  for_many[i]);
    if (settings->mode == MODE_STDIN && given(settings, "seed"))
        return error_set_code(error, EXIT_CODE_USAGE,
                              "--seed: the records come from standard input, none is generated");
    if (settings->on_request && (!settings->supervised || settings->from_stdin))
        return error_set_code(error, EXIT_CODE_USAGE, "--on-request: %s",
                              settings->from_stdin ? "not together with --stdin"
                                                   : "only a supervisor can send it requests");
    if (given(settings, "rate") && given(settings, "interval"))
        return error_set_code(error, EXIT_CODE_USAGE, "--rate and --interval: give one of them");
    settings->by_rate = given(settings, "rate");
    bool unpaced = settings->by_rate ? settings->rate == 0 : settings->interval_us == 0;
    bool asked = settings->by_rate || given(settings, "interval") || settings->mode == MODE_GENERATE;
    settings->paced = asked && !unpaced;
    return 0;
}

static int resolve(struct settings *settings, struct error *error)
{
    if (name_check(settings->name, "producer", error) == -1)
        return error_context(error, "--name");
    const struct schema_spec spec = {settings->workload,
                                     options_given(&settings->program, settings, "workload"),
                                     settings->schema_file, settings->schema_text};
    settings->schema = schema_open(&spec, &settings->own_schema, error);
    if (settings->schema == NULL)
        return spec.file != NULL ? -1 : error_context(error, "--workload");
    if (check_mode(settings, error) == -1)
        return -1;
    if (settings->topic == NULL && (settings->topic = strdup(settings->schema->topic)) == NULL)
        return error_set(error, "out of memory");
    if (topic_name_check(settings->topic, error) == -1)
        return error_context(error, "--topic");
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
    make_table(settings);
    if (options_parse(&settings->program, settings, argc, argv, NULL, error) == -1)
        return -1;
    if (settings->supervised &&
        worker_config_read(WORKER_CONFIG_FD, &settings->program, settings, error) == -1)
        return -1;
    kafka_help_if_asked(&settings->properties);
    return resolve(settings, error);
}

void settings_set_pace(struct settings *settings, int64_t rate, int64_t interval_us)
{
    settings->by_rate = interval_us == 0;
    settings->rate = rate;
    settings->interval_us = interval_us;
    settings->paced = !settings->by_rate || rate > 0;
}

void settings_release(struct settings *settings)
{
    schema_free(settings->own_schema);
    options_release(&settings->program, settings);
}

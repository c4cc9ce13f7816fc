#include "supervisor/config/settings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <strings.h>

#include "common/complete_names.h"
#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/listen_address.h"
#include "common/origins.h"
#include "common/schema_file.h"
#include "common/secret.h"
#include "common/worker/options.h"
#include "supervisor/log/files.h"
#include "supervisor/restart.h"

#define AT(field) offsetof(struct settings, field)

static const char *const restart_choices[] = {"always", "on-failure", "never", NULL};

static const char *const format_choices[] = {"text", "json", NULL};

static const struct option_def options[] = {
    {.type = OPTION_HEADING, .help = "Who"},
    {OPTION_STRING, "config", 0, "FILE", NULL, "KSUPERVISE_CONFIG", AT(config), 0, 0, NULL,
     "a configuration file: any of these options, and a section for each client; flags override it", 0},
    {OPTION_FLAG, "check", 0, NULL, NULL, NULL, AT(check), 0, 0, NULL,
     "validate the configuration, as the workers' programs do too, print what would run, and exit", 0},
    {OPTION_NAMES, "clients", 'c', "A,B,…", NULL, NULL, AT(clients), 0, 0, NULL,
     "a consumer for each name; each has its own group: test_group_NAME", IN_INSTANCE},
    {OPTION_STRING, "group", 'g', "NAME", NULL, NULL, AT(group), 0, 0, NULL,
     "one group for all clients: they share the partitions", IN_INSTANCE | IN_CLIENT | RESTARTS | SHOWN},
    WORKLOAD_OPTIONS(struct settings, OF_WORKERS | ALWAYS | SHOWN),
    SCHEMA_OPTIONS(struct settings, OF_WORKERS, TO_CONSUMER | TO_PRODUCER),
    {OPTION_INTEGER, "partitions", 0, "N", "3", NULL, AT(partitions), 1, 10000, NULL,
     "partitions of the topic, if it has to be created", IN_INSTANCE | TO_PROVISION},
    {OPTION_FLAG, "no-producer", 0, NULL, NULL, NULL, AT(no_producer), 0, 0, NULL, "consumers only",
     IN_INSTANCE},

    {.type = OPTION_HEADING, .help = "Consumers"},
    CONSUMER_START_OPTIONS(struct settings, OF_CONSUMERS),
    CONSUMER_BATCH_OPTIONS(struct settings, OF_CONSUMERS),
    {OPTION_STRING, "pipeline", 0, "STAGES", NULL, NULL, AT(pipeline), 0, 0, NULL,
     "stages that process each record: 'validate, flag:amount>1000, stats' ('kconsume --stages' lists them)",
     OF_CONSUMERS},
    CONSUMER_FAILURE_OPTIONS(struct settings, OF_CONSUMERS),
    CONSUMER_COMMIT_OPTIONS(struct settings, OF_CONSUMERS),
    CONSUMER_OUTPUT_OPTIONS(struct settings, OF_CONSUMERS),
    CONSUMER_SESSION_OPTION(struct settings, OF_CONSUMERS),

    {.type = OPTION_HEADING, .help = "Producer"},
    {OPTION_DURATION, "interval", 0, "TIME", "2s", NULL, AT(interval_us), 0, 86400000000, NULL,
     "time from one record to the next", OF_PRODUCER},
    {OPTION_INTEGER, "rate", 'r', "N", NULL, NULL, AT(rate), 0, 100000000, NULL,
     "records a second, instead of --interval; 0: as fast as possible", OF_PRODUCER},
    {OPTION_INTEGER, "count", 'n', "N", "0", NULL, AT(count), 0, 0, NULL, "end after N records; 0: never",
     IN_INSTANCE | IN_PRODUCER | RESTARTS},
    {OPTION_INTEGER, "seed", 0, "N", NULL, NULL, AT(seed), 0, 0, NULL, "the same N gives the same records",
     OF_PRODUCER},
    {OPTION_STRING, "ledger", 0, "FILE", NULL, NULL, AT(ledger), 0, 0, NULL,
     "append the outcome of each record to FILE, for kaudit", OF_PRODUCER},

    {.type = OPTION_HEADING, .help = "Kafka"},
    {OPTION_STRING, "bootstrap", 'b', "HOST:PORT", NULL, NULL, AT(bootstrap), 0, 0, NULL,
     "brokers to ask first; otherwise KAFKA_BOOTSTRAP, KAFKA_HOST_IP, .env, what 'make kafka' started, or an "
     "embedded one",
     IN_INSTANCE},
    {OPTION_STRING, "kafka-config", 0, "FILE", NULL, NULL, AT(kafka_config), 0, 0, NULL,
     "properties of the cluster, for all workers, a line each, NAME=VALUE; otherwise KAFKA_CONFIG, .env. -X "
     "overrides it",
     IN_INSTANCE},
    {OPTION_LIST, "property", 'X', "NAME=VALUE", NULL, NULL, AT(properties), 0, 0, NULL,
     "any property of librdkafka, may be repeated; VALUE @FILE reads a file ('kconsume -X help' lists them)",
     0},

    {.type = OPTION_HEADING, .help = "Supervision"},
    {OPTION_STRING, "instance", 'i', "NAME", INSTANCE_DEFAULT, "KSUPERVISE_INSTANCE", AT(instance), 0, 0,
     NULL, "name of this supervisor: several can run side by side", IN_INSTANCE | TO_WEB | ALWAYS | FIXED},
    {OPTION_FLAG, "exit-when-done", 0, NULL, NULL, NULL, AT(exit_when_done), 0, 0, NULL,
     "end when --count records are produced and every group has committed them all", IN_INSTANCE},
    {OPTION_DURATION, "start-timeout", 0, "TIME", "6m", NULL, AT(start_timeout_us), 100000, 86400000000, NULL,
     "kill and restart a worker that is not ready within TIME; the time stands still while no broker "
     "answers. A group waits up to 5m (max.poll.interval.ms) for a slow member",
     IN_ANY_SECTION},
    {OPTION_DURATION, "stop-timeout", 0, "TIME", "10s", NULL, AT(stop_timeout_us), 100000, 3600000000, NULL,
     "kill a worker that has not ended within TIME after it was asked to", IN_ANY_SECTION},
    {OPTION_DURATION, "hang-after", 0, "TIME", "60s", NULL, AT(hang_after_us), 1000000, 86400000000, NULL,
     "kill and restart a worker that has made no progress for TIME", IN_ANY_SECTION},
    {OPTION_INTEGER, "max-lag", 0, "N", "1000", NULL, AT(max_lag), 0, 0, NULL,
     "'kctl rolling-restart' goes on to the next consumer when the previous one is at most N records behind, "
     "or no further behind than it was",
     IN_INSTANCE | IN_CLIENT},
    {OPTION_CHOICE, "restart", 0, "WHEN", "always", NULL, AT(restart), 0, 0, restart_choices,
     "always: whenever a worker ends without being asked to; on-failure: not after exit code 0; or never",
     IN_ANY_SECTION | SHOWN},
    {OPTION_DURATION, "restart-delay", 0, "TIME", "100ms", NULL, AT(restart_delay_us), 1000, 3600000000, NULL,
     "delay before the second restart, doubled for each further one; the first restart is immediate",
     IN_ANY_SECTION},
    {OPTION_DURATION, "restart-delay-max", 0, "TIME", "30s", NULL, AT(restart_delay_max_us), 1000,
     86400000000, NULL, "the longest delay before a restart", IN_ANY_SECTION},
    {OPTION_INTEGER, "max-deaths", 0, "N", "10", NULL, AT(deaths_max), 1, RESTART_DEATHS_MAX, NULL,
     "hold a worker after N deaths within a minute", IN_ANY_SECTION},
    {OPTION_DURATION, "healthy-after", 0, "TIME", "30s", NULL, AT(healthy_us), 1000, 86400000000, NULL,
     "a worker that was ready for TIME is restarted at once when it dies; the delay of others grows each "
     "time",
     IN_ANY_SECTION},
    {OPTION_FLAG, "keep", 0, NULL, NULL, NULL, AT(keep), 0, 0, NULL,
     "leave the statistics in shared memory at the end, for kstat", IN_INSTANCE},
    {OPTION_FLAG, "quiet", 'q', NULL, NULL, NULL, AT(quiet), 0, 0, NULL,
     "print no batches and no single records", OF_WORKERS},
    {OPTION_FLAG, "verbose", 'v', NULL, NULL, NULL, AT(verbose), 0, 0, NULL,
     "print more: each partition, librdkafka's log", OF_WORKERS},

    {.type = OPTION_HEADING, .help = "Browser"},
    {OPTION_STRING, "http", 0, "[ADDRESS:]PORT|unix:PATH", NULL, NULL, AT(http), 0, 0, NULL,
     "serve a page, an API and metrics there (kweb); PORT alone is on 127.0.0.1. Other users and other "
     "machines need the token: 'kweb --print-token'",
     IN_INSTANCE | TO_WEB | ALWAYS | FIXED},
    {OPTION_FLAG, "http-read-only", 0, NULL, NULL, NULL, AT(http_read_only), 0, 0, NULL,
     "the page shows everything and changes nothing", IN_INSTANCE | TO_WEB | FIXED},
    {OPTION_STRING, "http-behind", 0, "ORIGIN,…", NULL, NULL, AT(http_behind), 0, 0, NULL,
     "the origin (https://fleet.example) of a proxy in front of it, or several with commas; then everyone "
     "needs the token, since every request comes from the proxy",
     IN_INSTANCE | TO_WEB | FIXED},

    {.type = OPTION_HEADING, .help = "Logs"},
    {OPTION_CHOICE, "log-format", 0, "FORMAT", "text", NULL, AT(log_format), 0, 0, format_choices,
     "format of standard output: lines for people, or a JSON object per line", IN_INSTANCE | FIXED},
    {OPTION_STRING, "log-dir", 0, "FOLDER", NULL, NULL, AT(log_dir), 0, 0, NULL,
     "also write the lines of each worker to NAME.log in this folder, and the supervisor's to ksupervise.log",
     IN_INSTANCE | FIXED},
    {OPTION_SIZE, "log-size", 0, "SIZE", "10MiB", NULL, AT(log_size_bytes), LOG_FILES_SIZE_MIN,
     INT64_C(1) << 40, NULL, "rotate a log file that reaches this size: it becomes NAME.log.1",
     IN_INSTANCE | FIXED},
    {OPTION_INTEGER, "log-files", 0, "N", "5", NULL, AT(log_files), 1, 1000, NULL,
     "log files to keep for each worker", IN_INSTANCE | FIXED},

    {.type = OPTION_HEADING, .help = "Explanations"},
    {OPTION_FLAG, "explain-exits", 0, NULL, NULL, NULL, AT(explain_exits), 0, 0, NULL,
     "print every exit code, what it means and what ksupervise does then", 0},
    {OPTION_FLAG, "explain-states", 0, NULL, NULL, NULL, AT(explain_states), 0, 0, NULL,
     "print the state table: what each event does in each state", 0},
};

const struct program supervisor_program = {
    .name = "ksupervise",
    .synopsis = "--clients A,B,… [OPTION]… | --config FILE [OPTION]…",
    .about =
        "Runs a producer and a consumer for each client as separate processes, restarts what dies, and "
        "publishes what each is\n"
        "doing in shared memory (kstat). Ctrl-C ends everything in order; a second Ctrl-C ends it at once.",
    .epilogue =
        "Examples:\n"
        "  ksupervise --clients bravo,zulu                         two groups, each gets every payment\n"
        "  ksupervise --clients bravo,zulu --group shared          one group: they split the partitions\n"
        "  ksupervise --clients tracker --workload orders --print\n"
        "  ksupervise --clients bravo --rate 1000 --count 100000 --exit-when-done\n"
        "  ksupervise --config fleet.ini --check\n\n"
        "Exit codes: 0 stopped when asked to, or done; 1 failed; 2 usage; 78 configuration; 130 forced by a "
        "second Ctrl-C.\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .complete = complete_known_options,
};

/* --- what no single value can tell --------------------------------------------------------------------- */

static int wrong(const char **culprit, const char *name, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static int wrong(const char **culprit, const char *name, struct error *error, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    *culprit = name;
    return error_set_code(error, EXIT_CODE_USAGE, "%s", text);
}

static int check_workload(struct settings *settings, const char **culprit, struct error *error)
{
    const struct schema_spec spec = {settings->workload,
                                     options_given(&supervisor_program, settings, "workload"),
                                     settings->schema_file, NULL};
    if (spec.file != NULL && spec.workload_given)
        return wrong(culprit, "schema", error, "--schema and --workload both say what records are: give one");
    settings->schema = schema_open(&spec, &settings->own_schema, error);
    if (settings->schema == NULL) {
        *culprit = spec.file != NULL ? "schema" : "workload";
        return -1;
    }
    if (spec.file != NULL && options_set(&supervisor_program, settings, "schema-text", settings->schema->text,
                                         spec.file, error) == -1)
        return -1;
    if (settings->topic == NULL && (settings->topic = strdup(settings->schema->topic)) == NULL)
        return error_set(error, "out of memory");
    return 0;
}

const char *settings_owner_of(const char *name)
{
    static const struct {
        const char *name, *owner;
    } owners[] = {{PRODUCER_WORKER, "producer"},  {"ksupervise", "supervisor"},
                  {"kbroker", "embedded broker"}, {"kweb", "page"},
                  {"provision", "provisioning"},  {"all", "whole fleet"}}; /* kctl stop all */
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
        if (strcasecmp(owners[i].name, name) == 0)
            return owners[i].owner;
    return NULL;
}

static int check_http(const struct settings *settings, const char **culprit, struct error *error)
{
    struct listen_address address;
    struct origins origins;
    *culprit = "http";
    if (settings->http != NULL && listen_address_parse(&address, settings->http, error) == -1)
        return -1;
    *culprit = "http-behind";
    if (origins_parse(&origins, settings->http_behind, error) == -1)
        return -1;
    *culprit = NULL;
    return 0;
}

int settings_check(struct settings *settings, const char **culprit, struct error *error)
{
    *culprit = NULL;
    if (settings->clients.count > SETTINGS_CLIENTS_MAX)
        return wrong(culprit, "clients", error, "%zu clients: one instance has at most %d",
                     settings->clients.count, SETTINGS_CLIENTS_MAX);
    for (size_t i = 0; i < settings->clients.count; i++)
        if (settings_owner_of(settings->clients.items[i]) != NULL)
            return wrong(culprit, "clients", error, "'%s' is reserved for the %s", settings->clients.items[i],
                         settings_owner_of(settings->clients.items[i]));
    if (name_check(settings->instance, "instance", error) == -1) {
        *culprit = "instance";
        return -1;
    }
    if (strcmp(settings->instance, INSTANCE_SOLO) == 0)
        return wrong(culprit, "instance", error,
                     "'%s' is reserved for workers without a supervisor: take another name",
                     settings->instance);
    if (options_given(&supervisor_program, settings, "rate") &&
        options_given(&supervisor_program, settings, "interval"))
        return wrong(culprit, "interval", error, "--rate and --interval both say how fast: give one");
    if (settings->restart_delay_max_us < settings->restart_delay_us)
        return wrong(culprit, "restart-delay-max", error, "it is shorter than --restart-delay");
    return check_http(settings, culprit, error) == -1 ? -1 : check_workload(settings, culprit, error);
}

/* --- for people ---------------------------------------------------------------------------------------- */

static void render_duration(int64_t us, char *text, size_t bytes)
{
    if (us % US_PER_SECOND == 0)
        snprintf(text, bytes, "%" PRId64 "s", us / US_PER_SECOND);
    else if (us % US_PER_MS == 0)
        snprintf(text, bytes, "%" PRId64 "ms", us / US_PER_MS);
    else
        snprintf(text, bytes, "%" PRId64 "us", us);
}

static void render_text(const char *whole, char *text, size_t bytes)
{
    static const char cut[] = "…";
    size_t room = bytes - strlen(cut);
    secret_mask(text, room, whole);
    if (strlen(text) == room - 1)
        memcpy(text + room - 1, cut, sizeof cut);
}

bool settings_render(const struct option_def *def, const struct settings *settings, char *text, size_t bytes)
{
    const char *at = (const char *)settings + def->offset;
    const char *whole = def->type == OPTION_STRING ? *(const char *const *)at : NULL;
    if (whole == NULL && def->type != OPTION_DURATION)
        return option_render(def, settings, text, bytes);
    if (whole != NULL)
        render_text(whole, text, bytes);
    else
        render_duration(*(const int64_t *)at, text, bytes);
    return true;
}

void settings_group(const struct settings *settings, const char *client, char *group, size_t bytes)
{
    if (settings->group != NULL)
        snprintf(group, bytes, "%s", settings->group);
    else
        snprintf(group, bytes, "test_group_%s", client);
}

void settings_release(struct settings *settings)
{
    schema_free(settings->own_schema);
    options_release(&supervisor_program, settings);
}

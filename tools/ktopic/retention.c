/* ktopic retention */
#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "tools/ktopic/admin.h"
#include "tools/ktopic/verbs.h"
#include "tools/ktopic/complete.h"

#define RETENTION    "retention.ms"
#define SETTINGS_MAX 64 /* Kafka 4.3 knows 32 of a topic's */
#define READ_BACK_US (5 * US_PER_SECOND)
#define RETRY_US     (20 * US_PER_MS)

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
};

static const struct option_def options[] = {KAFKA_OPTIONS(struct settings)};

static const struct program program = {
    .complete = complete_topic,
    .name = "ktopic retention",
    .synopsis = "[OPTION]… TOPIC [TIME | unlimited | default]",
    .about = "Shows how long a topic keeps its records, or changes that; its other settings stay as they "
             "are.\n'default' is the broker's setting for all topics.",
    .epilogue = "Kafka deletes by segments: a segment is deleted when its newest record is older than that, "
                "at the broker's next check\n(log.retention.check.interval.ms, 5 minutes by default).\n",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_min = 1,
    .operands_max = 2,
};

/* --- a topic's own settings ---------------------------------------------------------------------------- */

struct own_settings {
    struct admin_setting items[SETTINGS_MAX];
    size_t count;
    bool too_many, secret, out_of_memory;
    char retention[24]; /* what is in force, wherever it comes from */
    bool is_own;        /* the topic's own */
};

static void collect(void *context, const char *name, const char *value, rd_kafka_ConfigSource_t source)
{
    struct own_settings *own = context;
    bool is_own = source == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG;
    if (strcmp(name, RETENTION) == 0) {
        snprintf(own->retention, sizeof own->retention, "%s", value == NULL ? "" : value);
        own->is_own = is_own;
        return;
    }
    if (!is_own)
        return;
    if (value == NULL || own->count == SETTINGS_MAX - 1) {
        own->secret = own->secret || value == NULL;
        own->too_many = own->too_many || value != NULL;
        return;
    }
    struct admin_setting *setting = &own->items[own->count++];
    *setting = (struct admin_setting){strdup(name), strdup(value)};
    own->out_of_memory = own->out_of_memory || setting->name == NULL || setting->value == NULL;
}

static void own_settings_release(struct own_settings *own)
{
    for (size_t i = 0; i < own->count; i++) {
        free((char *)own->items[i].name);
        free((char *)own->items[i].value);
    }
    own->count = 0;
}

static int own_settings_read(const struct kafka_cluster *cluster, const char *topic, struct own_settings *own,
                             struct error *error)
{
    *own = (struct own_settings){0};
    int result = admin_topic_settings(cluster, topic, collect, own, error);
    if (result == 0 && own->out_of_memory)
        result = error_set(error, "out of memory");
    if (result == -1)
        own_settings_release(own);
    return result;
}

/* --- words --------------------------------------------------------------------------------------------- */

#define SHOWN_BYTES 64

/* "60 s", "7 days", "unlimited" */
static const char *shown(const struct own_settings *own, char text[SHOWN_BYTES])
{
    static const struct unit {
        int64_t ms;
        const char *name;
    } units[] = {{86400000, "days"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
    int64_t ms = strtoll(own->retention, NULL, 10);
    const struct unit *unit = units;
    while (unit->ms > 1 && (ms % unit->ms != 0 || ms < 2 * unit->ms))
        unit++;
    const char *from = own->is_own ? "" : ", the broker's default";
    if (ms < 0)
        snprintf(text, SHOWN_BYTES, "unlimited%s", from);
    else
        snprintf(text, SHOWN_BYTES, "%" PRId64 " %s%s", ms / unit->ms, unit->name, from);
    return text;
}

/* What the broker is to be told: "60000", "-1" for unlimited, "" for its default. */
static int parse(const char *word, char value[24], struct error *error)
{
    int64_t us;
    if (strcmp(word, "default") == 0) {
        value[0] = '\0';
    } else if (strcmp(word, "unlimited") == 0) {
        snprintf(value, 24, "-1");
    } else {
        if (option_parse_duration(word, &us, error) == -1) {
            error->exit_code = EXIT_CODE_USAGE;
            return error_context(error, "TIME (or 'unlimited', or 'default')");
        }
        if (us < US_PER_MS)
            return error_set_code(error, EXIT_CODE_USAGE,
                                  "TIME '%s': Kafka counts in milliseconds, 1ms at least", word);
        snprintf(value, 24, "%" PRId64, us / US_PER_MS);
    }
    return 0;
}

/* --- changing it --------------------------------------------------------------------------------------- */

/* AlterConfigs takes away what it is not told, so all of the topic's own settings are sent again. */
static int change(const struct kafka_cluster *cluster, const char *topic, struct own_settings *own,
                  const char *value, struct error *error)
{
    if (own->secret || own->too_many)
        return error_set(error,
                         "topic %s has %s, which would be lost: set retention.ms with Kafka's own "
                         "kafka-configs",
                         topic,
                         own->secret ? "a setting that is secret" : "more settings of its own than expected");
    size_t count = own->count;
    if (value[0] != '\0')
        own->items[count++] = (struct admin_setting){RETENTION, value}; /* the one place kept free */
    return admin_replace_settings(cluster, topic, own->items, count, error);
}

static bool is_in_force(const struct own_settings *own, const char *value)
{
    return value[0] == '\0' ? !own->is_own : own->is_own && strcmp(own->retention, value) == 0;
}

/* Brokers learn of a change some milliseconds after it was accepted. */
static int read_back(const struct kafka_cluster *cluster, const char *topic, const char *value,
                     struct own_settings *own, struct error *error)
{
    int64_t deadline_us = clock_monotonic_us() + READ_BACK_US;
    for (;;) {
        if (own_settings_read(cluster, topic, own, error) == -1)
            return -1;
        if (is_in_force(own, value))
            return 0;
        if (clock_monotonic_us() > deadline_us)
            return error_set(error,
                             "the broker accepted it, but after 5 s it still says %s = %s for topic %s",
                             RETENTION, own->retention, topic);
        own_settings_release(own);
        usleep(RETRY_US);
    }
}

static int set(const struct kafka_cluster *cluster, const char *topic, const char *value,
               struct own_settings *own, struct error *error)
{
    char before[SHOWN_BYTES], after[SHOWN_BYTES];
    struct own_settings now = {0};
    if (change(cluster, topic, own, value, error) == -1 ||
        read_back(cluster, topic, value, &now, error) == -1) {
        own_settings_release(&now);
        return -1;
    }
    log_line("%s: retention %s → %s", topic, shown(own, before), shown(&now, after));
    own_settings_release(&now);
    return 0;
}

static int check_topic(const struct kafka_cluster *cluster, const char *topic, struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    if (kafka_cluster_metadata(cluster, &metadata, error) == -1)
        return -1;
    int result =
        kafka_metadata_topic(metadata, topic) != NULL ? 0 : unknown_topic(cluster, metadata, topic, error);
    rd_kafka_metadata_destroy(metadata);
    return result;
}

static int act(const struct kafka_cluster *cluster, const char *topic, const char *value, struct error *error)
{
    struct own_settings own = {0};
    char text[SHOWN_BYTES];
    if (cluster_real(cluster, "keeps no settings, and deletes by size alone", error) == -1 ||
        check_topic(cluster, topic, error) == -1 || own_settings_read(cluster, topic, &own, error) == -1)
        return -1;
    int result = 0;
    if (value == NULL)
        log_line("%s: retention %s", topic, shown(&own, text));
    else
        result = set(cluster, topic, value, &own, error);
    own_settings_release(&own);
    return result;
}

static int retention(void *given, const struct operands *operands, struct error *error)
{
    struct settings *settings = given;
    struct kafka_cluster cluster;
    char value[24] = "";
    const char *word = operands->count > 1 ? operands->items[1] : NULL;
    if ((word != NULL && parse(word, value, error) == -1) ||
        cluster_open(&cluster, RD_KAFKA_PRODUCER,
                     &(struct kafka_source){settings->bootstrap, settings->kafka_config},
                     &settings->properties, NULL, error) == -1)
        return -1;
    int result = act(&cluster, operands->items[0], word != NULL ? value : NULL, error);
    kafka_cluster_close(&cluster);
    return result;
}

int verb_retention(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&program, &settings, retention, argc, argv);
}

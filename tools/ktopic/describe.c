/* ktopic describe */
#include <jansson.h>

#include "common/log.h"
#include "common/log_json.h"
#include "common/text.h"
#include "tools/ktopic/admin.h"
#include "tools/ktopic/verbs.h"
#include "tools/ktopic/complete.h"

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    bool json;
};

static const struct option_def options[] = {
    KAFKA_OPTIONS(struct settings),
    {.type = OPTION_FLAG,
     .name = "json",
     .offset = offsetof(struct settings, json),
     .help = "an array of objects"},
};

static const struct program program = {
    .complete = complete_all_topics,
    .name = "ktopic describe",
    .synopsis = "[OPTION]… [TOPIC]…",
    .about = "Shows the leaders, replicas and offsets of a topic's partitions, and the settings that are not "
             "Kafka's default;\n"
             "without a topic, of all but Kafka's own.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = -1,
};

/* A topic as JSON, which the table is printed from too: one gathering, two ways to show it. */
static json_t *ids(const int32_t *brokers, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_integer(brokers[i]));
    return list;
}

static json_t *known(int64_t value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static json_t *partitions_json(const struct rd_kafka_metadata_topic *topic,
                               const struct kafka_watermarks *watermarks)
{
    json_t *list = json_array();
    for (int i = 0; i < topic->partition_cnt; i++) {
        const struct rd_kafka_metadata_partition *p = &topic->partitions[i];
        json_array_append_new(list, json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "partition", p->id, "leader",
                                              known(p->leader), "replicas", ids(p->replicas, p->replica_cnt),
                                              "isr", ids(p->isrs, p->isr_cnt), "low",
                                              known(watermarks[i].low), "high", known(watermarks[i].high)));
    }
    return list;
}

static void add_setting(void *context, const char *name, const char *value, rd_kafka_ConfigSource_t source)
{
    if (source == RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG)
        return;
    bool own = source == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG;
    json_array_append_new(context, json_pack("{s:s, s:s?, s:s}", "name", name, "value", value, "from",
                                             own ? "topic" : "broker"));
}

/* A partition without a leader, or a broker without the Admin API, leaves gaps that are shown; it is no
 * reason to show nothing. */
static json_t *topic_json(const struct kafka_cluster *cluster, const struct rd_kafka_metadata_topic *topic,
                          struct error *error)
{
    struct kafka_watermarks *watermarks = calloc((size_t)topic->partition_cnt + 1, sizeof *watermarks);
    if (watermarks == NULL) {
        error_set(error, "out of memory");
        return NULL;
    }
    if (kafka_cluster_watermarks(cluster, topic, watermarks, error) == -1)
        log_warning("%s", error->text);
    json_t *configs = json_array();
    if (admin_topic_settings(cluster, topic->topic, add_setting, configs, error) == -1)
        log_warning("%s", error->text);
    json_t *json = json_pack("{s:s, s:o, s:o}", "topic", topic->topic, "partitions",
                             partitions_json(topic, watermarks), "settings", configs);
    free(watermarks);
    return json;
}

/* "1,2,3" */
static const char *join(const json_t *list, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(list) && used < bytes; i++)
        used = text_append(text, bytes, used, "%s%" JSON_INTEGER_FORMAT, i == 0 ? "" : ",",
                           json_integer_value(json_array_get(list, i)));
    return text;
}

static const char *number(const json_t *value, char text[24])
{
    if (json_is_integer(value))
        snprintf(text, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else
        snprintf(text, 24, "?");
    return text;
}

static void print_partition(const json_t *p)
{
    char id[24], leader[24], low[24], high[24], count[24] = "?", replicas[256], isr[256];
    const json_t *first = json_object_get(p, "low");
    const json_t *end = json_object_get(p, "high");
    if (json_is_integer(first) && json_is_integer(end))
        snprintf(count, sizeof count, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(end) - json_integer_value(first));
    log_line("  %9s %7s  %-12s %-12s %12s %12s %12s", number(json_object_get(p, "partition"), id),
             number(json_object_get(p, "leader"), leader),
             join(json_object_get(p, "replicas"), replicas, sizeof replicas),
             join(json_object_get(p, "isr"), isr, sizeof isr), number(first, low), number(end, high), count);
}

static void print_topic(const json_t *topic)
{
    const json_t *partitions = json_object_get(topic, "partitions");
    size_t index;
    json_t *item;
    log_line("Topic %s: %zu partition%s", json_string_value(json_object_get(topic, "topic")),
             json_array_size(partitions), json_array_size(partitions) == 1 ? "" : "s");
    log_line("  %9s %7s  %-12s %-12s %12s %12s %12s", "PARTITION", "LEADER", "REPLICAS", "ISR", "FIRST",
             "END", "RECORDS");
    json_array_foreach(partitions, index, item) print_partition(item);
    json_array_foreach(json_object_get(topic, "settings"), index, item)
    {
        const char *value = json_string_value(json_object_get(item, "value"));
        log_line("  %s = %s (set by the %s)", json_string_value(json_object_get(item, "name")),
                 value ? value : "(hidden)", json_string_value(json_object_get(item, "from")));
    }
}

static void print(const json_t *topics, bool json)
{
    size_t index;
    json_t *topic;
    if (json) {
        log_json(topics);
        return;
    }
    json_array_foreach(topics, index, topic) print_topic(topic);
}

/* Adds the topics of these names, or all but Kafka's own. */
static int gather(const struct kafka_cluster *cluster, const struct rd_kafka_metadata *metadata,
                  const struct operands *names, json_t *topics, struct error *error)
{
    for (int i = 0; i < (names->count > 0 ? names->count : metadata->topic_cnt); i++) {
        const struct rd_kafka_metadata_topic *topic =
            names->count > 0 ? kafka_metadata_topic(metadata, names->items[i]) : &metadata->topics[i];
        if (topic == NULL)
            return unknown_topic(cluster, metadata, names->items[i], error);
        if (names->count == 0 && strncmp(topic->topic, "__", 2) == 0)
            continue;
        json_t *json = topic_json(cluster, topic, error);
        if (json == NULL)
            return -1;
        json_array_append_new(topics, json);
    }
    return 0;
}

static int describe(void *given, const struct operands *names, struct error *error)
{
    struct settings *settings = given;
    struct kafka_cluster cluster;
    const struct rd_kafka_metadata *metadata;
    if (cluster_open(&cluster, RD_KAFKA_PRODUCER,
                     &(struct kafka_source){settings->bootstrap, settings->kafka_config},
                     &settings->properties, NULL, error) == -1)
        return -1;
    int result = kafka_cluster_metadata(&cluster, &metadata, error);
    if (result == 0) {
        json_t *topics = json_array();
        result = gather(&cluster, metadata, names, topics, error);
        if (result == 0)
            print(topics, settings->json);
        json_decref(topics);
        rd_kafka_metadata_destroy(metadata);
    }
    kafka_cluster_close(&cluster);
    return result;
}

int verb_describe(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&program, &settings, describe, argc, argv);
}

/* ktopic list */
#include <jansson.h>

#include "common/log.h"
#include "common/log_json.h"
#include "tools/ktopic/cluster.h"
#include "tools/ktopic/verbs.h"

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    bool all;
    bool json;
};

static const struct option_def options[] = {
    KAFKA_OPTIONS(struct settings),
    {.type = OPTION_FLAG,
     .name = "all",
     .letter = 'a',
     .offset = offsetof(struct settings, all),
     .help = "Kafka's own topics too"},
    {.type = OPTION_FLAG,
     .name = "json",
     .offset = offsetof(struct settings, json),
     .help = "an array of objects"},
};

static const struct program program = {
    .name = "ktopic list",
    .synopsis = "[OPTION]…",
    .about = "Lists the topics, with partitions and replicas.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct rd_kafka_metadata_topic *)a)->topic,
                  ((const struct rd_kafka_metadata_topic *)b)->topic);
}

static int replicas(const struct rd_kafka_metadata_topic *topic)
{
    return topic->partition_cnt > 0 ? topic->partitions[0].replica_cnt : 0;
}

static bool wanted(const struct settings *settings, const struct rd_kafka_metadata_topic *topic)
{
    return settings->all || strncmp(topic->topic, "__", 2) != 0;
}

static void print_table(const struct settings *settings, const struct rd_kafka_metadata *metadata)
{
    log_line("%-32s %10s %8s", "TOPIC", "PARTITIONS", "REPLICAS");
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (wanted(settings, &metadata->topics[i]))
            log_line("%-32s %10d %8d", metadata->topics[i].topic, metadata->topics[i].partition_cnt,
                     replicas(&metadata->topics[i]));
}

static void print_json(const struct settings *settings, const struct rd_kafka_metadata *metadata)
{
    json_t *list = json_array();
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (wanted(settings, &metadata->topics[i]))
            json_array_append_new(list, json_pack("{s:s, s:i, s:i}", "topic", metadata->topics[i].topic,
                                                  "partitions", metadata->topics[i].partition_cnt, "replicas",
                                                  replicas(&metadata->topics[i])));
    log_json(list);
    json_decref(list);
}

static int list(void *given, const struct operands *none, struct error *error)
{
    struct settings *settings = given;
    (void)none;
    struct kafka_cluster cluster;
    const struct rd_kafka_metadata *metadata;
    if (cluster_open(&cluster, RD_KAFKA_PRODUCER,
                     &(struct kafka_source){settings->bootstrap, settings->kafka_config},
                     &settings->properties, NULL, error) == -1)
        return -1;
    int result = kafka_cluster_metadata(&cluster, &metadata, error);
    if (result == 0) {
        qsort(metadata->topics, (size_t)metadata->topic_cnt, sizeof metadata->topics[0], by_name);
        (settings->json ? print_json : print_table)(settings, metadata);
        rd_kafka_metadata_destroy(metadata);
    }
    kafka_cluster_close(&cluster);
    return result;
}

int verb_list(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&program, &settings, list, argc, argv);
}

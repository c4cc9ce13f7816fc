/* ktopic provision */
#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/kafka_admin.h"
#include "common/kafka_topic.h"
#include "common/log.h"
#include "common/names.h"
#include "common/record/schema.h"
#include "common/worker/config.h"
#include "tools/ktopic/admin.h"
#include "tools/ktopic/plan.h"
#include "tools/ktopic/verbs.h"
#include "tools/ktopic/complete.h"

#define TOPICS_MAX 256
#define CREATE_MS  11000 /* a broker's own deadline for it is 10 s */
#define LEADERS_US (10 * US_PER_SECOND)
#define RETRY_US   (20 * US_PER_MS)

struct settings {
    struct option_given given;
    const char *bootstrap;
    const char *kafka_config;
    struct option_list properties;
    bool supervised;
    bool create_only;
    int64_t partitions;
    int64_t replication_factor; /* 0: the cluster's default */
};

static const struct option_def options[] = {
    KAFKA_OPTIONS(struct settings),
    {.type = OPTION_INTEGER,
     .name = "partitions",
     .letter = 'p',
     .argument = "N",
     .fallback = "3",
     .minimum = 1,
     .maximum = 100000,
     .offset = offsetof(struct settings, partitions),
     .help = "partitions of each topic; if given, a topic with fewer is grown"},
    {.type = OPTION_INTEGER,
     .name = "replication-factor",
     .letter = 'r',
     .argument = "N",
     .maximum = 32,
     .minimum = 1,
     .offset = offsetof(struct settings, replication_factor),
     .help = "replicas of a topic that is created (default: the cluster's setting)"},
    {.type = OPTION_FLAG,
     .name = "create-only",
     .offset = offsetof(struct settings, create_only),
     .help = "never change an existing topic; with --partitions, refuse one with a different number"},
    WORKER_OPTION(struct settings),
};

static const struct program program = {
    .complete = complete_all_topics,
    .name = "ktopic provision",
    .synopsis = "[OPTION]… [TOPIC]…",
    .about = "Creates the topics that do not exist yet: those named, or without any, those of the workloads. "
             "Nothing is\ncreated or changed if one of them cannot be as asked.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .operands_max = TOPICS_MAX,
};

/* The topics that are meant. Returns how many. */
static size_t collect(const struct operands *operands, const char *topics[TOPICS_MAX])
{
    size_t count = 0;
    const struct schema *schema;
    for (int i = 0; i < operands->count; i++)
        topics[count++] = operands->items[i];
    if (operands->count == 0)
        while (count < TOPICS_MAX && (schema = schema_at(count)) != NULL)
            topics[count++] = schema->topic;
    return count;
}

static int present_partitions(const struct rd_kafka_metadata *metadata, const char *topic)
{
    const struct rd_kafka_metadata_topic *found = kafka_metadata_topic(metadata, topic);
    return found == NULL ? 0 : found->partition_cnt;
}

/* --create-only: a topic that is there is left alone, and is wrong only when the user asked for another
 * number. */
static enum plan plan_untouched(const char *topic, int present, int wanted, bool is_explicit,
                                struct error *error)
{
    if (present == 0)
        return PLAN_CREATE;
    if (present == wanted || !is_explicit)
        return PLAN_KEEP;
    error_set_code(error, EXIT_CODE_CONFIG,
                   "topic %s has %d partition%s, not %d: omit --partitions to use it as it is", topic,
                   present, present == 1 ? "" : "s", wanted);
    return PLAN_REFUSE;
}

static int grow(const struct kafka_cluster *cluster, const char *topic, int present, int partitions,
                struct error *error)
{
    if (kafka_topic_grow(cluster->rk, topic, partitions, KAFKA_ADMIN_MS, error) == -1)
        return -1;
    log_line("%s: grown from %d to %d partitions", topic, present, partitions);
    return 0;
}

/* Somebody else may have made it since we looked, a broker that makes topics of itself, say. */
static int create(const struct kafka_cluster *cluster, const char *topic, int partitions, int replicas,
                  struct error *error)
{
    int answer = kafka_topic_create(cluster->rk, topic, partitions, replicas, CREATE_MS, error);
    int there = answer == KAFKA_TOPIC_THERE
                    ? kafka_topic_partitions_listed(cluster->rk, topic, KAFKA_ADMIN_MS)
                    : partitions;
    if (answer == -1)
        return -1;
    if (answer == KAFKA_TOPIC_THERE && there > 0 && there < partitions)
        return grow(cluster, topic, there, partitions, error);
    log_line("%s: %s with %d partition%s", topic, answer == KAFKA_TOPIC_MADE ? "created" : "is there", there,
             there == 1 ? "" : "s");
    return 0;
}

static int carry_out(const struct kafka_cluster *cluster, const struct settings *settings, const char *topic,
                     enum plan plan, int present, struct error *error)
{
    int partitions = (int)settings->partitions;
    int replicas =
        settings->replication_factor == 0 ? KAFKA_REPLICATION_DEFAULT : (int)settings->replication_factor;
    switch (plan) {
    case PLAN_CREATE:
        return create(cluster, topic, partitions, replicas, error);
    case PLAN_GROW:
        return grow(cluster, topic, present, partitions, error);
    case PLAN_KEEP:
    case PLAN_REFUSE:
        break;
    }
    log_line("%s: is there with %d partition%s", topic, present, present == 1 ? "" : "s");
    return 0;
}

static bool has_leaders(const struct rd_kafka_metadata *metadata, const char *name, int64_t partitions)
{
    const struct rd_kafka_metadata_topic *topic = kafka_metadata_topic(metadata, name);
    if (topic == NULL || topic->partition_cnt < partitions)
        return false;
    for (int i = 0; i < topic->partition_cnt; i++)
        if (topic->partitions[i].leader < 0)
            return false;
    return true;
}

/* A topic that was just created is not usable before its leaders are known; who comes next need not find that
 * out. */
static int await_leaders(const struct kafka_cluster *cluster, const struct settings *settings,
                         const char *const *topics, size_t count, struct error *error)
{
    int64_t deadline_us = clock_monotonic_us() + LEADERS_US;
    for (size_t i = 0; i < count;) {
        const struct rd_kafka_metadata *metadata;
        if (kafka_cluster_metadata(cluster, &metadata, error) == -1)
            return -1;
        while (i < count && has_leaders(metadata, topics[i], settings->partitions))
            i++;
        rd_kafka_metadata_destroy(metadata);
        if (i < count && clock_monotonic_us() > deadline_us)
            return error_set(error,
                             "topic %s was created, but some of its partitions have no leader after 10 s",
                             topics[i]);
        if (i < count)
            usleep(RETRY_US);
    }
    return 0;
}

static int provision(const struct kafka_cluster *cluster, const struct settings *settings,
                     const char *const *topics, size_t count, struct error *error)
{
    enum plan plans[TOPICS_MAX];
    int present[TOPICS_MAX];
    bool is_explicit = options_given(&program, settings, "partitions");
    bool changed = false;
    const struct rd_kafka_metadata *metadata;
    if (kafka_cluster_metadata(cluster, &metadata, error) == -1)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        present[i] = present_partitions(metadata, topics[i]);
        plans[i] = (settings->create_only ? plan_untouched : plan_topic)(
            topics[i], present[i], (int)settings->partitions, is_explicit, error);
        result = plans[i] == PLAN_REFUSE ? -1 : 0;
        changed = changed || plans[i] != PLAN_KEEP;
    }
    rd_kafka_metadata_destroy(metadata);
    for (size_t i = 0; i < count && result == 0; i++)
        result = carry_out(cluster, settings, topics[i], plans[i], present[i], error);
    return result == 0 && changed ? await_leaders(cluster, settings, topics, count, error) : result;
}

static int run(void *given, const struct operands *operands, struct error *error)
{
    struct settings *settings = given;
    struct kafka_cluster cluster;
    const char *topics[TOPICS_MAX];
    size_t count = collect(operands, topics);
    for (size_t i = 0; i < count; i++)
        if (topic_name_check(topics[i], error) == -1)
            return -1;
    if ((settings->supervised && worker_config_read(WORKER_CONFIG_FD, &program, settings, error) == -1) ||
        cluster_open(
            &cluster, RD_KAFKA_PRODUCER,
            &(struct kafka_source){settings->bootstrap, settings->supervised ? "" : settings->kafka_config},
            &settings->properties, NULL, error) == -1)
        return -1;
    int result = provision(&cluster, settings, topics, count, error);
    kafka_cluster_close(&cluster);
    return result;
}

int verb_provision(int argc, char **argv)
{
    struct settings settings = {0};
    return verb_run(&program, &settings, run, argc, argv);
}

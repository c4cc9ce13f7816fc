#include "tools/ktopic/admin.h"

#define ADMIN_MS 10000

struct request {
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
};

static struct request request_begin(const struct cluster *cluster, rd_kafka_admin_op_t operation)
{
    struct request request = {rd_kafka_queue_new(cluster->rk),
                              rd_kafka_AdminOptions_new(cluster->rk, operation)};
    char why[128]; /* a constant within the documented bounds is not refused */
    rd_kafka_AdminOptions_set_request_timeout(request.options, ADMIN_MS, why, sizeof why);
    return request;
}

/* Waits for the answer, which the caller destroys; NULL with the error when the request as a whole failed. */
static rd_kafka_event_t *request_end(struct request *request, const char *what, const char *topic,
                                     struct error *error)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(request->queue, ADMIN_MS + 1000);
    rd_kafka_AdminOptions_destroy(request->options);
    rd_kafka_queue_destroy(request->queue);
    if (event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    error_set(error, "cannot %s topic %s: %s", what, topic,
              event != NULL ? rd_kafka_event_error_string(event) : "no answer within 11 s");
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return NULL;
}

static int check_results(const rd_kafka_topic_result_t **results, size_t count, const char *what,
                         struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return error_set(error, "cannot %s topic %s: %s", what, rd_kafka_topic_result_name(results[i]),
                             rd_kafka_topic_result_error_string(results[i]));
    return 0;
}

int admin_create_topic(const struct cluster *cluster, const char *topic, int partitions,
                       int replication_factor, struct error *error)
{
    char why[256];
    rd_kafka_NewTopic_t *wanted =
        rd_kafka_NewTopic_new(topic, partitions, replication_factor, why, sizeof why);
    if (wanted == NULL)
        return error_set(error, "cannot create topic %s: %s", topic, why);
    struct request request = request_begin(cluster, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(cluster->rk, &wanted, 1, request.options, request.queue);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_event_t *event = request_end(&request, "create", topic, error);
    if (event == NULL)
        return -1;
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    int result = check_results(results, count, "create", error);
    rd_kafka_event_destroy(event);
    return result;
}

int admin_grow_topic(const struct cluster *cluster, const char *topic, int partitions, struct error *error)
{
    char why[256];
    rd_kafka_NewPartitions_t *wanted = rd_kafka_NewPartitions_new(topic, (size_t)partitions, why, sizeof why);
    if (wanted == NULL)
        return error_set(error, "cannot grow topic %s: %s", topic, why);
    struct request request = request_begin(cluster, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS);
    rd_kafka_CreatePartitions(cluster->rk, &wanted, 1, request.options, request.queue);
    rd_kafka_NewPartitions_destroy(wanted);
    rd_kafka_event_t *event = request_end(&request, "grow", topic, error);
    if (event == NULL)
        return -1;
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count);
    int result = check_results(results, count, "grow", error);
    rd_kafka_event_destroy(event);
    return result;
}

int admin_topic_settings(const struct cluster *cluster, const char *topic,
                         void (*each)(void *context, const char *name, const char *value,
                                      rd_kafka_ConfigSource_t source),
                         void *context, struct error *error)
{
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    struct request request = request_begin(cluster, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(cluster->rk, &resource, 1, request.options, request.queue);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_event_t *event = request_end(&request, "describe", topic, error);
    if (event == NULL)
        return -1;
    int result = 0;
    size_t resources, count;
    const rd_kafka_ConfigResource_t **found =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &resources);
    for (size_t i = 0; i < resources && result == 0; i++) {
        if (rd_kafka_ConfigResource_error(found[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            result = error_set(error, "cannot describe topic %s: %s", topic,
                               rd_kafka_ConfigResource_error_string(found[i]));
        const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(found[i], &count);
        for (size_t j = 0; j < count && result == 0; j++)
            if (rd_kafka_ConfigEntry_source(entries[j]) != RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG)
                each(context, rd_kafka_ConfigEntry_name(entries[j]), rd_kafka_ConfigEntry_value(entries[j]),
                     rd_kafka_ConfigEntry_source(entries[j]));
    }
    rd_kafka_event_destroy(event);
    return result;
}

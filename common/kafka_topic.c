#include "common/kafka_topic.h"

#include "common/decimal.h"
#include "common/kafka.h"
#include "common/kafka_admin.h"

static int check(rd_kafka_event_t *event, const char *topic, struct error *error)
{
    size_t count;
    int answer = KAFKA_TOPIC_MADE;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);
        if (err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            answer = KAFKA_TOPIC_THERE;
        else if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return error_set(error, "cannot create topic %s: %s", topic,
                             rd_kafka_topic_result_error_string(results[i]));
    }
    return answer;
}

static int check_grown(rd_kafka_event_t *event, const char *topic, struct error *error)
{
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count);
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return error_set(error, "cannot grow topic %s: %s", topic,
                             rd_kafka_topic_result_error_string(results[i]));
    return 0;
}

int kafka_topic_grow(rd_kafka_t *rk, const char *topic, int partitions, int timeout_ms, struct error *error)
{
    char why[256];
    rd_kafka_NewPartitions_t *wanted = rd_kafka_NewPartitions_new(topic, (size_t)partitions, why, sizeof why);
    if (wanted == NULL)
        return error_set(error, "cannot grow topic %s: %s", topic, why);
    struct kafka_admin request = kafka_admin_begin(rk, RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, timeout_ms);
    rd_kafka_CreatePartitions(rk, &wanted, 1, request.options, request.queue);
    rd_kafka_NewPartitions_destroy(wanted);
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    if (event == NULL)
        return error_context(error, "cannot grow topic %s", topic);
    int result = check_grown(event, topic, error);
    rd_kafka_event_destroy(event);
    return result;
}

int kafka_topic_create_with(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                            const char *property, const char *value, int timeout_ms, struct error *error)
{
    char why[256];
    rd_kafka_NewTopic_t *wanted =
        rd_kafka_NewTopic_new(topic, partitions, replication_factor, why, sizeof why);
    if (wanted == NULL)
        return error_set(error, "cannot create topic %s: %s", topic, why);
    if (property != NULL)
        rd_kafka_NewTopic_set_config(wanted, property, value);
    struct kafka_admin request = kafka_admin_begin(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    rd_kafka_CreateTopics(rk, &wanted, 1, request.options, request.queue);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    if (event == NULL)
        return error_context(error, "cannot create topic %s", topic);
    int result = check(event, topic, error);
    rd_kafka_event_destroy(event);
    return result;
}

int kafka_topic_create(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                       int timeout_ms, struct error *error)
{
    return kafka_topic_create_with(rk, topic, partitions, replication_factor, NULL, NULL, timeout_ms, error);
}

/* Of the one resource that was asked about. */
static int64_t find_number(rd_kafka_event_t *event, const char *property)
{
    size_t resources;
    size_t count = 0;
    int64_t number = -1;
    const rd_kafka_ConfigResource_t **all =
        rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &resources);
    const rd_kafka_ConfigEntry_t **entries =
        resources == 1 ? rd_kafka_ConfigResource_configs(all[0], &count) : NULL;
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), property) == 0 && value != NULL &&
            decimal_read(value, INT64_MAX, &number) == NULL)
            number = -1;
    }
    return number;
}

static bool is_mock(rd_kafka_t *rk, int timeout_ms)
{
    char *cluster = rd_kafka_clusterid(rk, timeout_ms);
    bool mock = cluster == NULL || kafka_is_mock(cluster);
    if (cluster != NULL)
        rd_kafka_mem_free(rk, cluster);
    return mock;
}

/* NULL with the error. */
static rd_kafka_event_t *describe(rd_kafka_t *rk, const char *topic, int timeout_ms, struct error *error)
{
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    struct kafka_admin request = kafka_admin_begin(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    rd_kafka_DescribeConfigs(rk, &resource, 1, request.options, request.queue);
    rd_kafka_ConfigResource_destroy(resource);
    return kafka_admin_finish(&request, error);
}

int64_t kafka_topic_number(rd_kafka_t *rk, const char *topic, const char *property, int timeout_ms)
{
    struct error ignored = ERROR_INIT;
    if (is_mock(rk, timeout_ms))
        return -1;
    rd_kafka_event_t *event = describe(rk, topic, timeout_ms, &ignored);
    if (event == NULL)
        return -1;
    int64_t number = find_number(event, property);
    rd_kafka_event_destroy(event);
    return number;
}

static bool is_forbidden(const rd_kafka_event_t *event)
{
    size_t count;
    const rd_kafka_ConfigResource_t **all = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result((rd_kafka_event_t *)(uintptr_t)event), &count);
    return count == 1 &&
           rd_kafka_ConfigResource_error(all[0]) == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

bool kafka_topic_forbidden(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    struct error ignored = ERROR_INIT;
    if (is_mock(rk, timeout_ms))
        return false;
    rd_kafka_event_t *event = describe(rk, topic, timeout_ms, &ignored);
    bool forbidden = event != NULL && is_forbidden(event);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return forbidden;
}

static int count_in(const struct rd_kafka_metadata *metadata, const char *topic)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            return metadata->topics[i].partition_cnt;
    return 0;
}

int kafka_topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    if (handle == NULL)
        return -1;
    rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, handle, &metadata, timeout_ms);
    rd_kafka_topic_destroy(handle);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    int count = count_in(metadata, topic);
    rd_kafka_metadata_destroy(metadata);
    return count;
}

int kafka_topic_partitions_listed(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(rk, 1, NULL, &metadata, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    int count = count_in(metadata, topic);
    rd_kafka_metadata_destroy(metadata);
    return count;
}

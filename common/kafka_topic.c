#include "common/kafka_topic.h"

static int check(rd_kafka_event_t *event, const char *topic, struct error *error)
{
    if (event == NULL)
        return error_set(error, "cannot create topic %s: no answer", topic);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, "cannot create topic %s: %s", topic, rd_kafka_event_error_string(event));
    size_t count;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t err = rd_kafka_topic_result_error(results[i]);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR && err != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return error_set(error, "cannot create topic %s: %s", topic,
                             rd_kafka_topic_result_error_string(results[i]));
    }
    return 0;
}

int kafka_topic_create(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                       int timeout_ms, struct error *error)
{
    char why[256];
    rd_kafka_NewTopic_t *wanted =
        rd_kafka_NewTopic_new(topic, partitions, replication_factor, why, sizeof why);
    if (wanted == NULL)
        return error_set(error, "cannot create topic %s: %s", topic, why);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, why, sizeof why);
    rd_kafka_CreateTopics(rk, &wanted, 1, options, queue);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, timeout_ms);
    int result = check(event, topic, error);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return result;
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
    int count = 0;
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            count = metadata->topics[i].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return count;
}

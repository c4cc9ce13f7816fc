#include "tools/ktopic/admin.h"

#include "common/kafka_admin.h"

int admin_topic_settings(const struct kafka_cluster *cluster, const char *topic,
                         void (*each)(void *context, const char *name, const char *value,
                                      rd_kafka_ConfigSource_t source),
                         void *context, struct error *error)
{
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    struct kafka_admin request =
        kafka_admin_begin(cluster->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, KAFKA_ADMIN_MS);
    rd_kafka_DescribeConfigs(cluster->rk, &resource, 1, request.options, request.queue);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    if (event == NULL)
        return error_context(error, "cannot describe topic %s", topic);
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
            each(context, rd_kafka_ConfigEntry_name(entries[j]), rd_kafka_ConfigEntry_value(entries[j]),
                 rd_kafka_ConfigEntry_source(entries[j]));
    }
    rd_kafka_event_destroy(event);
    return result;
}

static int check_resources(const rd_kafka_ConfigResource_t **resources, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (rd_kafka_ConfigResource_error(resources[i]) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return error_set(error, "cannot change topic %s: %s", rd_kafka_ConfigResource_name(resources[i]),
                             rd_kafka_ConfigResource_error_string(resources[i]));
    return 0;
}

int admin_replace_settings(const struct kafka_cluster *cluster, const char *topic,
                           const struct admin_setting *settings, size_t count, struct error *error)
{
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    for (size_t i = 0; i < count; i++)
        rd_kafka_ConfigResource_set_config(resource, settings[i].name, settings[i].value);
    struct kafka_admin request =
        kafka_admin_begin(cluster->rk, RD_KAFKA_ADMIN_OP_ALTERCONFIGS, KAFKA_ADMIN_MS);
    rd_kafka_AlterConfigs(cluster->rk, &resource, 1, request.options, request.queue);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    if (event == NULL)
        return error_context(error, "cannot change topic %s", topic);
    size_t resources;
    const rd_kafka_ConfigResource_t **found =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &resources);
    int result = check_resources(found, resources, error);
    rd_kafka_event_destroy(event);
    return result;
}

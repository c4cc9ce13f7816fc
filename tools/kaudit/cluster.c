#include "tools/kaudit/cluster.h"

#include "common/exit_codes.h"
#include "common/kafka_admin.h"

#define ANSWER_MS 10000

static const struct kafka_property ours[] = {
    {"enable.partition.eof", "true"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"queued.max.messages.kbytes", "8192"}, /* of each partition, while another one's turn is awaited */
    {NULL, NULL},
};

int cluster_open(struct cluster *cluster, const struct kafka_source *source, struct option_list *properties,
                 struct error *error)
{
    *cluster = (struct cluster){0};
    kafka_help_if_asked(properties);
    if (kafka_config_require(&cluster->kafka.brokers, source, properties, error) == -1)
        return -1;
    if (kafka_property_given(properties, "group.id"))
        return error_set_code(error, EXIT_CODE_USAGE,
                              "-X group.id: an audit joins no group; --group names the group to audit");
    if (kafka_cluster_open(&cluster->kafka, RD_KAFKA_CONSUMER, "kaudit", properties, ours, error) == -1)
        return -1;
    cluster->id = rd_kafka_clusterid(cluster->kafka.rk, ANSWER_MS);
    return 0;
}

void cluster_close(struct cluster *cluster)
{
    if (cluster->id != NULL)
        rd_kafka_mem_free(cluster->kafka.rk, cluster->id);
    kafka_cluster_close(&cluster->kafka);
    *cluster = (struct cluster){0};
}

/* --- how far a topic goes ------------------------------------------------------------------------------ */

static int ask_extents(const struct cluster *cluster, const struct rd_kafka_metadata_topic *topic,
                       struct kafka_watermarks **extents, struct error *error)
{
    size_t count = (size_t)topic->partition_cnt;
    struct kafka_watermarks *asked = calloc(count + 1, sizeof *asked);
    *extents = calloc(count + 1, sizeof **extents);
    int result = -1;
    if (asked == NULL || *extents == NULL)
        error_set(error, "out of memory");
    else
        result = kafka_cluster_watermarks(&cluster->kafka, topic, asked, error);
    for (size_t i = 0; i < count && result == 0; i++)
        (*extents)[topic->partitions[i].id] = asked[i];
    free(asked);
    if (result == 0)
        return topic->partition_cnt;
    free(*extents);
    *extents = NULL;
    return -1;
}

int cluster_extents(const struct cluster *cluster, const char *topic, struct kafka_watermarks **extents,
                    struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    if (kafka_cluster_metadata(&cluster->kafka, &metadata, error) == -1)
        return -1;
    const struct rd_kafka_metadata_topic *found = kafka_metadata_topic(metadata, topic);
    int partitions = found != NULL ? ask_extents(cluster, found, extents, error) : 0;
    rd_kafka_metadata_destroy(metadata);
    return partitions;
}

/* --- what a group has committed ------------------------------------------------------------------------ */

static int take_committed(const rd_kafka_group_result_t *result, const char *topic, int64_t *committed,
                          struct error *error)
{
    const rd_kafka_error_t *refused = rd_kafka_group_result_error(result);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(result);
    if (refused != NULL)
        return error_set(error, "the offsets of group %s cannot be read: %s",
                         rd_kafka_group_result_name(result), rd_kafka_error_string(refused));
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];
        if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return error_set(error, "the committed offset of %s, partition %d, cannot be read: %s", topic,
                             (int)p->partition, rd_kafka_err2str(p->err));
        committed[p->partition] = p->offset >= 0 ? p->offset : -1;
    }
    return 0;
}

static void ask_committed(const struct cluster *cluster, const char *group, const char *topic, int partitions,
                          const struct kafka_admin *request)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    rd_kafka_topic_partition_list_add_range(list, topic, 0, partitions - 1);
    rd_kafka_ListConsumerGroupOffsets_t *wanted = rd_kafka_ListConsumerGroupOffsets_new(group, list);
    rd_kafka_ListConsumerGroupOffsets(cluster->kafka.rk, &wanted, 1, request->options, request->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(wanted);
    rd_kafka_topic_partition_list_destroy(list);
}

int cluster_committed(const struct cluster *cluster, const char *group, const char *topic, int partitions,
                      int64_t *committed, struct error *error)
{
    struct kafka_admin request =
        kafka_admin_begin(cluster->kafka.rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, KAFKA_ADMIN_MS);
    ask_committed(cluster, group, topic, partitions, &request);
    for (int i = 0; i < partitions; i++)
        committed[i] = -1;
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    if (event == NULL)
        return error_context(error, "the offsets of group %s cannot be read", group);
    size_t count = 0;
    const rd_kafka_group_result_t **results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    int result = count == 1 ? take_committed(results[0], topic, committed, error) : 0;
    rd_kafka_event_destroy(event);
    return result;
}

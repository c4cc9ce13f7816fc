#include "tools/kaudit/cluster.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/kafka_admin.h"
#include "common/log.h"

#define REACH_MS     8000
#define ANSWER_MS    10000
#define WATERMARK_US (5 * US_PER_SECOND)
#define RETRY_US     (50 * US_PER_MS)

static void note_error(rd_kafka_t *rk, int err, const char *reason, void *context)
{
    (void)rk;
    (void)context;
    log_verbose("%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

static int make_handle(struct cluster *cluster, const struct option_list *properties, struct error *error)
{
    static const char *const ours[][2] = {{"enable.partition.eof", "true"},
                                          {"enable.auto.commit", "false"},
                                          {"enable.auto.offset.store", "false"},
                                          /* of each partition, while another one's turn is awaited */
                                          {"queued.max.messages.kbytes", "8192"}};
    rd_kafka_conf_t *conf = kafka_conf(cluster->brokers.bootstrap, "kaudit", properties, error);
    for (size_t i = 0; conf != NULL && i < sizeof ours / sizeof ours[0]; i++)
        if (kafka_conf_set(conf, ours[i][0], ours[i][1], error) == -1) {
            rd_kafka_conf_destroy(conf);
            conf = NULL;
        }
    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_error_cb(conf, note_error);
    cluster->rk = kafka_new(RD_KAFKA_CONSUMER, conf, error);
    return cluster->rk == NULL ? -1 : 0;
}

int cluster_open(struct cluster *cluster, const char *bootstrap, const struct option_list *properties,
                 struct error *error)
{
    *cluster = (struct cluster){0};
    kafka_help_if_asked(properties);
    if (kafka_property_given(properties, "group.id"))
        return error_set_code(error, EXIT_CODE_USAGE,
                              "-X group.id: an audit joins no group; --group names the one that is audited");
    if (brokers_require(&cluster->brokers, bootstrap, error) == -1 ||
        make_handle(cluster, properties, error) == -1)
        return -1;
    if (kafka_reach(cluster->rk, &cluster->brokers, REACH_MS, error) == -1) {
        cluster_close(cluster);
        return -1;
    }
    cluster->id = rd_kafka_clusterid(cluster->rk, ANSWER_MS);
    return 0;
}

void cluster_close(struct cluster *cluster)
{
    if (cluster->id != NULL)
        rd_kafka_mem_free(cluster->rk, cluster->id);
    if (cluster->rk != NULL)
        rd_kafka_destroy(cluster->rk);
    *cluster = (struct cluster){0};
}

/* --- how far a topic goes ------------------------------------------------------------------------------ */

/* 0 when there is no such topic. Asking for one topic by name could create it. */
static int partitions_of(const struct cluster *cluster, const char *topic, int *partitions,
                         struct error *error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t err = rd_kafka_metadata(cluster->rk, 1, NULL, &metadata, ANSWER_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return error_set(error, "%s does not list its topics: %s", cluster->brokers.bootstrap,
                         rd_kafka_err2str(err));
    *partitions = 0;
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, topic) == 0)
            *partitions = metadata->topics[i].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

/* Leaders of a topic that was just made may not know it yet: asked again for a while. */
static int extent_of(const struct cluster *cluster, const char *topic, int32_t partition,
                     struct extent *extent, struct error *error)
{
    int64_t deadline_us = clock_monotonic_us() + WATERMARK_US;
    for (;;) {
        rd_kafka_resp_err_t err = rd_kafka_query_watermark_offsets(cluster->rk, topic, partition,
                                                                   &extent->low, &extent->end, ANSWER_MS);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR && extent->low >= 0 && extent->end >= extent->low)
            return 0;
        if (clock_monotonic_us() > deadline_us)
            return error_set(error, "topic %s, partition %d: its offsets could not be asked: %s", topic,
                             (int)partition, rd_kafka_err2str(err));
        usleep(RETRY_US);
    }
}

int cluster_extents(const struct cluster *cluster, const char *topic, struct extent **extents,
                    struct error *error)
{
    int partitions = 0;
    if (partitions_of(cluster, topic, &partitions, error) == -1)
        return -1;
    *extents = calloc((size_t)partitions + 1, sizeof **extents);
    if (*extents == NULL)
        return error_set(error, "out of memory");
    for (int i = 0; i < partitions; i++)
        if (extent_of(cluster, topic, i, &(*extents)[i], error) == -1) {
            free(*extents);
            *extents = NULL;
            return -1;
        }
    return partitions;
}

/* --- what a group has committed ------------------------------------------------------------------------ */

static int take_committed(const rd_kafka_group_result_t *result, const char *topic, int64_t *committed,
                          struct error *error)
{
    const rd_kafka_error_t *refused = rd_kafka_group_result_error(result);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(result);
    if (refused != NULL)
        return error_set(error, "the offsets of group %s cannot be asked: %s",
                         rd_kafka_group_result_name(result), rd_kafka_error_string(refused));
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];
        if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return error_set(error, "the committed offset of %s, partition %d, cannot be asked: %s", topic,
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
    rd_kafka_ListConsumerGroupOffsets(cluster->rk, &wanted, 1, request->options, request->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(wanted);
    rd_kafka_topic_partition_list_destroy(list);
}

int cluster_committed(const struct cluster *cluster, const char *group, const char *topic, int partitions,
                      int64_t *committed, struct error *error)
{
    struct kafka_admin request =
        kafka_admin_begin(cluster->rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, KAFKA_ADMIN_MS);
    ask_committed(cluster, group, topic, partitions, &request);
    for (int i = 0; i < partitions; i++)
        committed[i] = -1;
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    if (event == NULL)
        return error_context(error, "the offsets of group %s cannot be asked", group);
    size_t count = 0;
    const rd_kafka_group_result_t **results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    int result = count == 1 ? take_committed(results[0], topic, committed, error) : 0;
    rd_kafka_event_destroy(event);
    return result;
}

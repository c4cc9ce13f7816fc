#include "common/kafka_cluster.h"

#include "common/clock.h"
#include "common/kafka_rules.h"
#include "common/log.h"

#define METADATA_MS  10000
#define OFFSETS_MS   10000
#define RETRY_US     (50 * US_PER_MS)
#define WATERMARK_US (5 * US_PER_SECOND)

/* The timestamps that ask for the ends of a log, KafkaProtocol ListOffsets. */
enum { TIMESTAMP_END = -1, TIMESTAMP_BEGINNING = -2 };

/* Without it librdkafka would hand broker failures to the reader as messages; what is worth telling is told
 * by the tools. */
static void note_error(rd_kafka_t *rk, int err, const char *reason, void *context)
{
    (void)rk;
    kafka_failure_note(context, (rd_kafka_resp_err_t)err, reason);
    log_verbose("%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

int kafka_cluster_open(struct kafka_cluster *cluster, rd_kafka_type_t type, const char *client_id,
                       const struct option_list *properties, const struct kafka_property *settings,
                       struct error *error)
{
    cluster->rk = NULL;
    if (kafka_rules_check(KAFKA_ROLE_TOOL, properties, error) == -1)
        return -1;
    rd_kafka_conf_t *conf = kafka_conf(cluster->brokers.bootstrap, client_id, properties, error);
    if (conf == NULL)
        return -1;
    cluster->failure = (struct kafka_failure){0};
    rd_kafka_conf_set_opaque(conf, &cluster->failure);
    rd_kafka_conf_set_error_cb(conf, note_error);
    if (settings != NULL && kafka_conf_set_all(conf, settings, properties, error) == -1) {
        rd_kafka_conf_destroy(conf);
        return -1;
    }
    cluster->rk = kafka_new(type, conf, error);
    if (cluster->rk == NULL)
        return -1;
    if (kafka_reach(cluster->rk, &cluster->brokers, &cluster->failure, KAFKA_CLUSTER_REACH_MS, error) == 0)
        return 0;
    kafka_cluster_close(cluster);
    return -1;
}

void kafka_cluster_close(struct kafka_cluster *cluster)
{
    if (cluster->rk != NULL)
        rd_kafka_destroy(cluster->rk);
    cluster->rk = NULL;
}

int kafka_cluster_metadata(const struct kafka_cluster *cluster, const struct rd_kafka_metadata **metadata,
                           struct error *error)
{
    rd_kafka_resp_err_t err = rd_kafka_metadata(cluster->rk, 1, NULL, metadata, METADATA_MS);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return error_set(error, "%s does not list its topics: %s", cluster->brokers.bootstrap,
                     rd_kafka_err2str(err));
}

const struct rd_kafka_metadata_topic *kafka_metadata_topic(const struct rd_kafka_metadata *metadata,
                                                           const char *name)
{
    for (int i = 0; i < metadata->topic_cnt; i++)
        if (strcmp(metadata->topics[i].topic, name) == 0)
            return &metadata->topics[i];
    return NULL;
}

/* --- watermarks ---------------------------------------------------------------------------------------- */

struct ends {
    const struct rd_kafka_metadata_topic *topic;
    int64_t timestamp; /* which end */
    int64_t *offsets;  /* by the topic's order; -1: not known yet */
};

/* Asks for what is still unknown, all partitions in one call. Returns how many remain. */
static int ask_ends(const struct kafka_cluster *cluster, struct ends *ends, rd_kafka_resp_err_t *last)
{
    const struct rd_kafka_metadata_topic *topic = ends->topic;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(topic->partition_cnt);
    for (int i = 0; i < topic->partition_cnt; i++)
        if (ends->offsets[i] < 0)
            rd_kafka_topic_partition_list_add(list, topic->topic, topic->partitions[i].id)->offset =
                ends->timestamp;
    int remaining = list->cnt;
    rd_kafka_resp_err_t err = remaining == 0 ? RD_KAFKA_RESP_ERR_NO_ERROR
                                             : rd_kafka_offsets_for_times(cluster->rk, list, OFFSETS_MS);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
        *last = err;
    for (int i = 0; i < topic->partition_cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        const rd_kafka_topic_partition_t *answer =
            rd_kafka_topic_partition_list_find(list, topic->topic, topic->partitions[i].id);
        if (answer == NULL)
            continue;
        if (answer->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            *last = answer->err;
        } else if (answer->offset >= 0) {
            ends->offsets[i] = answer->offset;
            remaining--;
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    return remaining;
}

static rd_kafka_resp_err_t find_ends(const struct kafka_cluster *cluster, struct ends *ends)
{
    int64_t deadline_us = clock_monotonic_us() + WATERMARK_US;
    rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < ends->topic->partition_cnt; i++)
        ends->offsets[i] = -1;
    while (ask_ends(cluster, ends, &last) > 0) {
        if (clock_monotonic_us() > deadline_us)
            return last != RD_KAFKA_RESP_ERR_NO_ERROR ? last : RD_KAFKA_RESP_ERR__TIMED_OUT;
        usleep(RETRY_US);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int kafka_cluster_watermarks(const struct kafka_cluster *cluster, const struct rd_kafka_metadata_topic *topic,
                             struct kafka_watermarks *watermarks, struct error *error)
{
    size_t count = (size_t)topic->partition_cnt;
    int64_t *offsets = calloc(2 * count + 1, sizeof *offsets);
    if (offsets == NULL)
        return error_set(error, "out of memory");
    rd_kafka_resp_err_t low = find_ends(cluster, &(struct ends){topic, TIMESTAMP_BEGINNING, offsets});
    rd_kafka_resp_err_t high = find_ends(cluster, &(struct ends){topic, TIMESTAMP_END, offsets + count});
    for (size_t i = 0; i < count; i++)
        watermarks[i] = (struct kafka_watermarks){.low = offsets[i], .high = offsets[count + i]};
    free(offsets);
    if (low == RD_KAFKA_RESP_ERR_NO_ERROR && high == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return error_set(error, "the offsets of topic %s could not be read: %s", topic->topic,
                     rd_kafka_err2str(low != RD_KAFKA_RESP_ERR_NO_ERROR ? low : high));
}

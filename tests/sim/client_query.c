/* Questions that an application waits for: committed offsets, the ends of logs, metadata. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

#define CACHE_UNKNOWN INT64_C(-1001)

int64_t client_cut_off_until(const rd_kafka_t *client)
{
    int64_t until_us = sim.cluster.away_until_us > client->isolated_until_us ? sim.cluster.away_until_us
                                                                             : client->isolated_until_us;
    return until_us > sim_now() ? until_us : 0;
}

int64_t client_latency_us(void)
{
    return random_percent(&sim.random, 5) ? random_between(&sim.random, 5 * MS, 80 * MS)
                                          : random_between(&sim.random, 200, 3 * MS);
}

bool client_ask(rd_kafka_t *client, int timeout_ms)
{
    int64_t until_us = sim_now() + timeout_ms * MS;
    int64_t cut_off_us = client_cut_off_until(client);
    int64_t answer_us = (cut_off_us > 0 ? cut_off_us : sim_now()) + client_latency_us();
    world_work((answer_us < until_us ? answer_us : until_us) - sim_now());
    return answer_us < until_us;
}

/* --- committed offsets --------------------------------------------------------------------------------- */

/* In a rebalance it is what the partition begins with. */
static void heard(rd_kafka_t *client, const rd_kafka_topic_partition_t *one)
{
    struct toppar *toppar = client_toppar(client, one);
    if (one->offset >= 0)
        toppar->group_has = sim.cluster.topics[toppar->topic].incarnation;
    else if (client->in_rebalance)
        toppar->group_has = 0;
}

static void read_committed(rd_kafka_t *client, rd_kafka_topic_partition_t *one, bool fails)
{
    int topic = cluster_topic(one->topic);
    const struct log *log = topic >= 0 ? cluster_log(topic, one->partition) : NULL;
    free(one->metadata);
    one->metadata = NULL;
    one->metadata_size = 0;
    one->err = fails ? RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT : RD_KAFKA_RESP_ERR_NO_ERROR;
    one->offset = log != NULL && log->committed >= 0 && !fails ? log->committed : RD_KAFKA_OFFSET_INVALID;
    if (topic >= 0)
        heard(client, one);
    if (one->offset < 0 || log->metadata[0] == '\0')
        return;
    one->metadata = strdup(log->metadata);
    one->metadata_size = strlen(log->metadata);
}

rd_kafka_resp_err_t rd_kafka_committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    world_call("rd_kafka_committed");
    if (list->cnt == 0)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (!client_ask(rk, timeout_ms))
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    bool fails = faults_strike(&sim.faults.queries);
    if (fails)
        world_trace("OffsetFetch fails");
    if (fails && random_percent(&sim.random, 50))
        return RD_KAFKA_RESP_ERR__TRANSPORT;
    uint32_t which = random_below(&sim.random, (uint32_t)list->cnt);
    for (int i = 0; i < list->cnt; i++)
        read_committed(rk, &list->elems[i], fails && (uint32_t)i == which);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* --- the ends of logs ---------------------------------------------------------------------------------- */

static int64_t at_or_after(const struct log *log, int64_t timestamp_ms)
{
    for (int64_t i = log->low; i < log_stable(log); i++)
        if (log->entries[i].timestamp_ms >= timestamp_ms)
            return i;
    return RD_KAFKA_OFFSET_END;
}

static void look_up(rd_kafka_t *rk, rd_kafka_topic_partition_t *one, bool fails)
{
    int topic = cluster_topic(one->topic);
    const struct log *log = topic >= 0 ? cluster_log(topic, one->partition) : NULL;
    int64_t request = one->offset;
    one->err = log == NULL ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
               : fails     ? RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
                           : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (one->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        one->offset = RD_KAFKA_OFFSET_INVALID;
        return;
    }
    one->offset = request == RD_KAFKA_OFFSET_BEGINNING ? log->low
                  : request == RD_KAFKA_OFFSET_END     ? log_stable(log)
                                                       : at_or_after(log, request);
    if (request == RD_KAFKA_OFFSET_END)
        oracle_end_told(rk->worker, topic, one->partition, one->offset);
}

rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                               int timeout_ms)
{
    world_call("rd_kafka_offsets_for_times");
    if (!client_ask(rk, timeout_ms))
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    bool fails = faults_strike(&sim.faults.queries);
    if (fails)
        world_trace("ListOffsets fails");
    if (fails && random_percent(&sim.random, 50))
        return RD_KAFKA_RESP_ERR__TRANSPORT;
    for (int i = 0; i < list->cnt; i++)
        look_up(rk, &list->elems[i], fails && random_percent(&sim.random, 50));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *rk, const char *topic, int32_t partition,
                                                   int64_t *low, int64_t *high)
{
    int number = cluster_topic(topic);
    if (number < 0 || partition < 0 || partition >= PARTITIONS_MAX)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    *low = CACHE_UNKNOWN;
    *high = rk->toppars[number][partition].high;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_query_watermark_offsets(rd_kafka_t *rk, const char *topic, int32_t partition,
                                                     int64_t *low, int64_t *high, int timeout_ms)
{
    int number = cluster_topic(topic);
    world_call("rd_kafka_query_watermark_offsets");
    if (!client_ask(rk, timeout_ms))
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    const struct log *log = number >= 0 ? cluster_log(number, partition) : NULL;
    if (log == NULL)
        return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (faults_strike(&sim.faults.queries))
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    *low = log->low;
    *high = log_stable(log);
    oracle_end_told(rk->worker, number, partition, *high);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* --- metadata ------------------------------------------------------------------------------------------ */

char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms)
{
    world_call("rd_kafka_clusterid");
    return client_ask(rk, timeout_ms) ? strdup("simulated") : NULL;
}

struct answer {
    struct rd_kafka_metadata metadata; /* first */
    struct rd_kafka_metadata_topic topics[TOPICS];
    struct rd_kafka_metadata_partition partitions[TOPICS][PARTITIONS_MAX];
};

static void describe(struct answer *answer, int topic)
{
    const struct topic *at = &sim.cluster.topics[topic];
    struct rd_kafka_metadata_topic *told = &answer->topics[answer->metadata.topic_cnt++];
    told->topic = (char *)(uintptr_t)at->name;
    told->partition_cnt = at->exists ? at->partition_count : 0;
    told->partitions = answer->partitions[topic];
    told->err = at->exists ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    for (int i = 0; i < told->partition_cnt; i++)
        answer->partitions[topic][i].id = i;
}

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all_topics, rd_kafka_topic_t *only,
                                      const struct rd_kafka_metadata **metadata, int timeout_ms)
{
    world_call("rd_kafka_metadata");
    if (!client_ask(rk, timeout_ms))
        return RD_KAFKA_RESP_ERR__TRANSPORT;
    struct answer *answer = calloc(1, sizeof *answer);
    answer->metadata.topics = answer->topics;
    if (only != NULL)
        describe(answer, only->topic);
    for (int i = 0; only == NULL && i < TOPICS; i++)
        if (sim.cluster.topics[i].exists && (all_topics || i == rk->topic))
            describe(answer, i);
    *metadata = &answer->metadata;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata)
{
    free((void *)(uintptr_t)metadata);
}

rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *name, rd_kafka_topic_conf_t *conf)
{
    int topic = cluster_topic(name);
    (void)conf;
    return topic >= 0 ? &rk->handles[topic] : NULL;
}

void rd_kafka_topic_destroy(rd_kafka_topic_t *topic)
{
    (void)topic;
}

const char *rd_kafka_topic_name(const rd_kafka_topic_t *topic)
{
    return sim.cluster.topics[topic->topic].name;
}

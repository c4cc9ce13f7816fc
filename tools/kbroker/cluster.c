#include "tools/kbroker/cluster.h"

#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/kafka.h"

/* Three replicas are what a topic usually has where there are brokers enough. */
#define REPLICAS_MAX 3

struct cluster {
    rd_kafka_t *owner; /* a mock cluster lives in a handle */
    rd_kafka_mock_cluster_t *mock;
};

/* Newer versions can be told not to hold a group's first member back for 3 s. Looked for at run time: the
 * version that is here when the program runs need not be the one that it was built with. */
static void join_groups_at_once(rd_kafka_mock_cluster_t *mock)
{
    void (*set_delay_ms)(rd_kafka_mock_cluster_t *, int32_t);
    void *symbol = dlsym(RTLD_DEFAULT, "rd_kafka_mock_group_initial_rebalance_delay_ms");
    if (symbol == NULL)
        return;
    memcpy(&set_delay_ms, &symbol,
           sizeof set_delay_ms); /* POSIX has dlsym return functions too, ISO C has no cast for it */
    set_delay_ms(mock, 0);
}

static int create_topics(rd_kafka_mock_cluster_t *mock, int brokers, const struct topic_list *topics,
                         struct error *error)
{
    int replicas = brokers < REPLICAS_MAX ? brokers : REPLICAS_MAX;
    for (size_t i = 0; i < topics->count; i++) {
        const struct topic *topic = &topics->items[i];
        rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(mock, topic->name, topic->partitions, replicas);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return error_set(error, "cannot create topic %s: %s", topic->name, rd_kafka_err2str(err));
    }
    return 0;
}

int cluster_open(struct cluster **out, int brokers, const struct topic_list *topics, struct error *error)
{
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (cluster == NULL)
        return error_set(error, "out of memory");
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    /* Errors only: it would warn that it has no bootstrap.servers, and the owner of the servers needs none.
     */
    if (kafka_conf_set(conf, "log_level", "3", error) == -1) {
        rd_kafka_conf_destroy(conf);
        goto failed;
    }
    cluster->owner = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    if (cluster->owner == NULL)
        goto failed;
    cluster->mock = rd_kafka_mock_cluster_new(cluster->owner, brokers);
    if (cluster->mock == NULL) {
        error_set(error, "librdkafka could not start its mock cluster of %d brokers on 127.0.0.1", brokers);
        goto failed;
    }
    join_groups_at_once(cluster->mock);
    if (create_topics(cluster->mock, brokers, topics, error) == -1)
        goto failed;
    *out = cluster;
    return 0;
failed:
    cluster_close(cluster);
    return -1;
}

const char *cluster_address(const struct cluster *cluster)
{
    return rd_kafka_mock_cluster_bootstraps(cluster->mock);
}

void cluster_close(struct cluster *cluster)
{
    if (cluster == NULL)
        return;
    if (cluster->mock != NULL)
        rd_kafka_mock_cluster_destroy(cluster->mock);
    if (cluster->owner != NULL)
        rd_kafka_destroy(cluster->owner);
    free(cluster);
}

/* mock_cluster.h: librdkafka's own cluster in this process, a topic with records in it, and consumers of it.
 * Partitions are assigned by hand: a group's first join takes the mock three seconds. */
#ifndef KSUPERVISE_TESTS_CONSUMER_MOCK_CLUSTER_H
#define KSUPERVISE_TESTS_CONSUMER_MOCK_CLUSTER_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "common/banned.h"
#include "tests/support/check_main.h"

#define MOCK_TOPIC "payments"
enum { MOCK_PARTITIONS = 3, MOCK_TIMEOUT_MS = 10000 };

static struct {
    rd_kafka_t *host; /* the mock lives in its threads; it produces, too */
    rd_kafka_mock_cluster_t *cluster;
    rd_kafka_topic_t *topic;
} mock;

static inline void mock_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    ck_assert_msg(rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK, "%s", why);
}

static inline void mock_open(void)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    mock_set(conf, "log_level", "2"); /* that brokers went away at the end is no news */
    mock_set(conf, "test.mock.num.brokers", "1");
    mock.host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    ck_assert_msg(mock.host != NULL, "%s", why);
    mock.cluster = rd_kafka_handle_mock_cluster(mock.host);
    ck_assert_ptr_nonnull(mock.cluster);
    rd_kafka_mock_topic_create(mock.cluster, MOCK_TOPIC, MOCK_PARTITIONS, 1);
    /* A producer that knows the topic: its first record would wait a second for one that does not. */
    mock.topic = rd_kafka_topic_new(mock.host, MOCK_TOPIC, NULL);
    const struct rd_kafka_metadata *metadata;
    ck_assert_int_eq(rd_kafka_metadata(mock.host, 0, mock.topic, &metadata, MOCK_TIMEOUT_MS),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_metadata_destroy(metadata);
}

static inline void mock_close(void)
{
    rd_kafka_topic_destroy(mock.topic);
    rd_kafka_destroy(mock.host); /* the cluster goes with it */
}

/* Waits until all of them are stored. */
static inline void mock_produce(int32_t partition, int count)
{
    char record[] = "record";
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(rd_kafka_produce(mock.topic, partition, RD_KAFKA_MSG_F_COPY, record, sizeof record,
                                          NULL, 0, NULL),
                         0);
    ck_assert_int_eq(rd_kafka_flush(mock.host, MOCK_TIMEOUT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* A configuration for a consumer of the group, as kconsume has it. */
static inline rd_kafka_conf_t *mock_consumer_conf(const char *group)
{
    static const char *const settings[][2] = {{"enable.auto.commit", "false"},
                                              {"enable.auto.offset.store", "false"},
                                              {"auto.offset.reset", "error"},
                                              {"fetch.wait.max.ms", "10"},
                                              {"log_level", "2"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        mock_set(conf, settings[i][0], settings[i][1]);
    mock_set(conf, "group.id", group);
    mock_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(mock.cluster));
    return conf;
}

static inline rd_kafka_t *mock_consumer(rd_kafka_conf_t *conf)
{
    char why[256];
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    ck_assert_msg(rk != NULL, "%s", why);
    rd_kafka_poll_set_consumer(rk);
    return rk;
}

#endif

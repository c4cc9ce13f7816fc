#include "tools/ktopic/cluster.h"

#include "common/kafka_topic.h"
#include "common/names.h"

#define ANSWER_MS 10000

const struct kafka_property cluster_reader_settings[] = {
    {"group.id", "ktopic"}, /* librdkafka wants one to assign partitions; nobody joins it */
    {"enable.auto.commit", "false"}, {"enable.partition.eof", "true"},
    {"auto.offset.reset", "error"},  {NULL, NULL},
};

int cluster_open(struct kafka_cluster *cluster, rd_kafka_type_t type, const struct kafka_source *source,
                 struct option_list *properties, const struct kafka_property *settings, struct error *error)
{
    cluster->rk = NULL;
    kafka_help_if_asked(properties);
    if (kafka_config_require(&cluster->brokers, source, properties, error) == -1)
        return -1;
    return kafka_cluster_open(cluster, type, "ktopic", properties, settings, error);
}

int cluster_real(const struct kafka_cluster *cluster, const char *what_not, struct error *error)
{
    char *id = rd_kafka_clusterid(cluster->rk, ANSWER_MS);
    bool real = id == NULL || !kafka_is_mock(id);
    rd_kafka_mem_free(cluster->rk, id);
    return real ? 0
                : error_set(error, "the embedded broker (kbroker) %s: 'make kafka' starts one that does",
                            what_not);
}

int unknown_topic(const struct kafka_cluster *cluster, const struct rd_kafka_metadata *metadata,
                  const char *name, struct error *error)
{
    const char *nearest = NULL;
    if (kafka_topic_forbidden(cluster->rk, name, ANSWER_MS))
        return error_set(error, "there is no topic '%s' at %s, or you lack the right to see it (DESCRIBE)",
                         name, cluster->brokers.bootstrap);
    const char **names = calloc((size_t)metadata->topic_cnt + 1, sizeof *names);
    if (names != NULL) {
        for (int i = 0; i < metadata->topic_cnt; i++)
            names[i] = metadata->topics[i].topic;
        nearest = name_suggest(name, names, (size_t)metadata->topic_cnt);
        free(names);
    }
    return error_set(error, "there is no topic '%s' at %s%s%s%s", name, cluster->brokers.bootstrap,
                     nearest != NULL ? "; is '" : "; 'ktopic list' shows the existing ones",
                     nearest != NULL ? nearest : "", nearest != NULL ? "' meant?" : "");
}

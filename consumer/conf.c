#include "consumer/conf.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/kafka_rules.h"

/* Ours unless the user's -X says otherwise; the offsets are this program's business, so those are not to be
 * overridden. */
static const struct kafka_property defaults[] = {
    {"fetch.error.backoff.ms", "50"},
    {"topic.metadata.refresh.interval.ms",
     "10000"}, /* a topic made later is found within 10 s, not 5 minutes */
    /* From a failed fetch to the question whether the topic is there (100 ms by default; it doubles with each
     * time). Whether it was deleted is known only from an answer in time: made anew at once and filled, it
     * looks as if it had never been away. */
    {"topic.metadata.refresh.fast.interval.ms", "10"},
    {"allow.auto.create.topics", "false"},
    {NULL, NULL},
};

/* The same for group.protocol=classic. With `consumer` (KIP-848) all of this and the session timeout are the
 * broker's, and librdkafka refuses them. */
static const struct kafka_property classic[] = {
    {"partition.assignment.strategy",
     "range"},                        /* measured: cooperative-sticky rebalances take 1.4 s, range 0.4 s */
    {"heartbeat.interval.ms", "500"}, /* a member hears of a rebalance by its heartbeat: 3 s by default */
    {NULL, NULL},
};
/* The end of a partition is told: it is where reading has come to, also over what is no record. */
static const struct kafka_property ours[] = {
    {"enable.partition.eof", "true"},
    {"enable.auto.commit", "false"},
    {"enable.auto.offset.store", "false"},
    {"auto.offset.reset", "error"},
    {NULL, NULL},
};

/* --commit auto: librdkafka commits by its timer whatever it has handed out. */
static const struct kafka_property automatic[] = {
    {"enable.partition.eof", "true"},
    {"enable.auto.commit", "true"},
    {"enable.auto.offset.store", "true"},
    {"auto.offset.reset", "error"},
    {NULL, NULL},
};

bool conf_is_classic(const rd_kafka_conf_t *conf)
{
    char protocol[32];
    size_t bytes = sizeof protocol;
    return rd_kafka_conf_get(conf, "group.protocol", protocol, &bytes) != RD_KAFKA_CONF_OK ||
           strcmp(protocol, "consumer") != 0;
}

static int configure_classic(rd_kafka_conf_t *conf, const struct settings *settings, struct error *error)
{
    char session_ms[32];
    snprintf(session_ms, sizeof session_ms, "%" PRId64, settings->session_timeout_us / US_PER_MS);
    const struct kafka_property session[] = {{"session.timeout.ms", session_ms}, {NULL, NULL}};
    if (kafka_conf_set_all(conf, classic, &settings->properties, error) == -1)
        return -1;
    return kafka_conf_set_all(conf, session, &settings->properties, error);
}

static int configure(rd_kafka_conf_t *conf, const struct settings *settings, struct error *error)
{
    const struct kafka_property *offsets = settings->commit == COMMIT_AUTO ? automatic : ours;
    if (kafka_conf_set_all(conf, defaults, &settings->properties, error) == -1 ||
        kafka_conf_set_all(conf, offsets, NULL, error) == -1 ||
        kafka_conf_set(conf, "group.id", settings->group_name, error) == -1)
        return -1;
    if (settings->take_over && !conf_is_classic(conf) &&
        kafka_conf_set(conf, "group.protocol", "classic", error) == -1)
        return -1;
    if (conf_is_classic(conf) && configure_classic(conf, settings, error) == -1)
        return -1;
    if (settings->instance_id != NULL &&
        kafka_conf_set(conf, "group.instance.id", settings->instance_id, error) == -1)
        return -1;
    return 0;
}

/* Those of its dead letters' producer are checked with it: the producer is made with the first letter. */
static int check_properties(const struct settings *settings, struct error *error)
{
    bool letters = settings->dead_letters == NULL || strcmp(settings->dead_letters, "off") != 0;
    return kafka_rules_check(KAFKA_ROLE_CONSUMER | (letters ? KAFKA_ROLE_LETTERS : 0), &settings->properties,
                             error);
}

rd_kafka_conf_t *consumer_conf(const struct settings *settings, struct error *error)
{
    if (check_properties(settings, error) == -1)
        return NULL;
    rd_kafka_conf_t *conf =
        kafka_conf(settings->brokers.bootstrap, settings->client, &settings->properties, error);
    if (conf == NULL || configure(conf, settings, error) == 0)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

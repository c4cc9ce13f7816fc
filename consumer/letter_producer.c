#include "consumer/letter_producer.h"

#include <inttypes.h>

#include "common/dead_letter.h"
#include "common/exit_codes.h"
#include "common/kafka.h"
#include "common/kafka_topic.h"
#include "common/log.h"

enum { ANSWER_MS = 5000 };
static const char max_message_bytes[] = "max.message.bytes";

int letter_topic(const struct settings *settings, char topic[LETTER_TOPIC_MAX + 1], struct error *error)
{
    const char *given = settings->dead_letters;
    bool off = given != NULL && strcmp(given, "off") == 0;
    int length = off ? 0
                     : snprintf(topic, LETTER_TOPIC_MAX + 1, "%s%s", given ? given : settings->topic,
                                given ? "" : DEAD_LETTER_SUFFIX);
    if (off)
        topic[0] = '\0';
    if (length <= LETTER_TOPIC_MAX)
        return 0;
    return error_set_code(error, EXIT_CODE_CONFIG,
                          "the dead letters' topic would have a name of %d characters, Kafka allows %d: name "
                          "another one with --dead-letters, or 'off'",
                          length, LETTER_TOPIC_MAX);
}

static rd_kafka_conf_t *configure(const struct settings *settings, struct error *error)
{
    /* Tried for ever: the commit waits, not the records. */
    static const struct kafka_property ours[] = {{"enable.idempotence", "true"},
                                                 {"message.timeout.ms", "0"},
                                                 {"message.max.bytes", "1000000000"},
                                                 {NULL, NULL}};
    rd_kafka_conf_t *conf =
        kafka_conf(settings->brokers.bootstrap, settings->client, &settings->properties, error);
    if (conf == NULL || kafka_conf_set_all(conf, ours, NULL, error) == 0)
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

/* Somebody was quicker: another consumer, or a broker that makes topics of itself, with its own number of
 * partitions. It is to be like its source all the same. */
static void grow_topic(rd_kafka_t *producer, const char *topic, int partitions)
{
    struct error error = ERROR_INIT;
    int there = kafka_topic_partitions_listed(producer, topic, ANSWER_MS);
    if (there <= 0 || there >= partitions)
        return;
    if (kafka_topic_grow(producer, topic, partitions, ANSWER_MS, &error) == -1)
        log_warning("topic %s, for dead letters, has %d partition%s and its source %d: %s", topic, there,
                    there == 1 ? "" : "s", partitions, error.text);
    else
        log_line("topic %s, for dead letters, was made by somebody else with %d partition%s: grown to %d",
                 topic, there, there == 1 ? "" : "s", partitions);
}

/* Room for the source's largest record. Where the broker does not say, the topic has the cluster's default,
 * and a letter that does not fit waits, and says so. */
static void make_topic(rd_kafka_t *producer, const char *topic, const char *source, int partitions)
{
    struct error error = ERROR_INIT;
    char bytes[24] = "";
    int64_t most = kafka_topic_number(producer, source, max_message_bytes, ANSWER_MS);
    if (most > 0)
        snprintf(bytes, sizeof bytes, "%" PRId64, most + LETTER_ROOM_BYTES);
    int answer = kafka_topic_create_with(producer, topic, partitions, KAFKA_REPLICATION_DEFAULT,
                                         most > 0 ? max_message_bytes : NULL, bytes, ANSWER_MS, &error);
    if (answer == -1)
        log_verbose("%s", error.text);
    else if (answer == KAFKA_TOPIC_THERE)
        grow_topic(producer, topic, partitions);
    else
        log_line("topic %s was created with %d partition%s, for dead letters", topic, partitions,
                 partitions == 1 ? "" : "s");
}

/* Makes the topic like its source. Where that is not possible (not allowed, the embedded broker) sending will
 * tell whether it is there. Asked by the producer: the consumer's connection has a fetch on it, behind which
 * a question waits for half a second. At last it asks for the topic itself: one that it first hears of with
 * the first letter it looks up only with its next scan, up to a second later. */
static void provide_topic(rd_kafka_t *producer, const char *topic, const char *source)
{
    int there = kafka_topic_partitions_listed(producer, topic, ANSWER_MS);
    int partitions = kafka_topic_partitions_listed(producer, source, ANSWER_MS);
    if (there == 0 && partitions > 0)
        make_topic(producer, topic, source, partitions);
    kafka_topic_partitions(producer, topic, ANSWER_MS);
}

rd_kafka_t *letter_producer_open(const struct settings *settings, const char *topic, void *opaque,
                                 void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message,
                                                     void *opaque),
                                 struct error *error)
{
    rd_kafka_conf_t *conf = configure(settings, error);
    if (conf == NULL)
        return NULL;
    rd_kafka_conf_set_opaque(conf, opaque);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *producer = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    if (producer != NULL)
        provide_topic(producer, topic, settings->topic);
    return producer;
}

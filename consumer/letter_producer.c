#include "consumer/letter_producer.h"

#include "common/dead_letter.h"
#include "common/exit_codes.h"
#include "common/kafka.h"
#include "consumer/topic_like.h"

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
                          "a shorter one with --dead-letters, or 'off'",
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
        topic_like(producer, topic, settings->topic, "dead letters");
    return producer;
}

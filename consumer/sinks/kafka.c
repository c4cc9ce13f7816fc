/* kafka: exactly once into another topic (sink.h). A batch's records, its dead letters and the group's
 * offsets are one transaction of Kafka's (kafka_producer.h), so that a reader with
 * isolation.level=read_committed meets each record once. Where to go on is what the group has committed;
 * nothing is kept beside it.
 *
 * Key, value, headers and timestamp are the record's. One header is added: where it was taken from
 * (common/provenance.h). Records with a key go where the key says, by the partitioner of kproduce; those
 * without stay in the partition of their number where the topic has it.
 *
 * A record that the topic does not take (too large, its time) is dead, and says why. The topic is made
 * like its source when it is not there. A source and a target that are one topic would go round for ever,
 * and are refused; so is the embedded broker, whose transactions are for show. */
#include "consumer/pipeline/stages/stages.h"

#include "common/exit_codes.h"
#include "common/kafka.h"
#include "common/kafka_rules.h"
#include "common/names.h"
#include "consumer/letter_producer.h"
#include "consumer/sinks/kafka_producer.h"

static const char embedded[] = "kafka: the embedded broker's transactions are for show, and write nothing "
                               "exactly once: use a real Kafka ('make kafka', or --bootstrap)";

static int check_target(const struct settings *settings, const char *topic, struct error *error)
{
    char letters[LETTER_TOPIC_MAX + 1] = "";
    if (topic_name_check(topic, error) == -1)
        return error_context(error, "kafka:%s", topic);
    if (letter_topic(settings, letters, error) == -1)
        return -1;
    bool source = strcmp(topic, settings->topic) == 0;
    if (source || strcmp(topic, letters) == 0)
        return error_set_code(error, EXIT_CODE_USAGE, "kafka:%s: that is the topic %s", topic,
                              source ? "that is read: its records would be read again, for ever"
                                     : "of the dead letters");
    return kafka_rules_check(KAFKA_ROLE_TRANSACTIONS, &settings->properties, error);
}

/* Under supervision it has no address before it runs. */
static bool is_embedded(const struct settings *settings)
{
    return settings->check && settings->supervised && settings->brokers.bootstrap[0] == '\0';
}

static int kafka_open(void **state, const char *argument, const struct pipeline *pipeline,
                      struct error *error)
{
    const struct settings *settings = pipeline->settings;
    if (check_target(settings, argument, error) == -1)
        return -1;
    if (is_embedded(settings))
        return error_set_code(error, EXIT_CODE_CONFIG, "%s", embedded);
    struct kafka_producer *producer = calloc(1, sizeof *producer);
    if (producer == NULL)
        return error_set(error, "out of memory");
    kafka_producer_init(producer, pipeline, argument);
    if (kafka_producer_check(producer, error) == -1) {
        free(producer);
        return -1;
    }
    *state = producer;
    return 0;
}

static void kafka_close(void *state)
{
    kafka_producer_release(state);
    free(state);
}

static int kafka_batch(void *state, const struct item *items, size_t count, struct answer *answers,
                       struct error *error)
{
    const struct kafka_producer *producer = state;
    (void)error;
    for (size_t i = 0; i < count && producer->refusal_count > 0; i++) {
        answers[i].why = kafka_producer_refuses(producer, items[i].message);
        answers[i].verdict = answers[i].why != NULL ? VERDICT_DEAD : VERDICT_PASS;
    }
    return 0;
}

static int kafka_sink_recover(void *state, const struct letter_source *source, struct error *error)
{
    if (kafka_is_mock(source->cluster))
        return error_set_code(error, EXIT_CODE_CONFIG, "%s", embedded);
    return kafka_producer_recover(state, error);
}

static enum sink_result kafka_sink_commit(void *state, const struct sink_batch *batch, int32_t *lost,
                                          struct error *error)
{
    (void)lost;
    return kafka_producer_write(state, batch, error);
}

static const struct sink_class kafka_sink = {
    .in_group = true,
    .recover = kafka_sink_recover,
    .commit = kafka_sink_commit,
};

const struct stage_class stage_kafka = {
    .name = "kafka",
    .argument = "TOPIC",
    .help =
        "writes each record exactly once to another topic, by Kafka's transactions; must be the last stage",
    .open = kafka_open,
    .batch = kafka_batch,
    .sink = &kafka_sink,
    .close = kafka_close,
};

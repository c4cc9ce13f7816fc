#include "consumer/topic_like.h"

#include <inttypes.h>

#include "common/kafka_topic.h"
#include "common/log.h"

enum { ANSWER_MS = 5000 };
static const char max_message_bytes[] = "max.message.bytes";

/* Somebody was quicker: another consumer, or a broker that makes topics of itself, with its own number of
 * partitions. It must be like its source nevertheless. */
static void grow(rd_kafka_t *producer, const char *topic, int partitions, const char *what)
{
    struct error error = ERROR_INIT;
    int there = kafka_topic_partitions_listed(producer, topic, ANSWER_MS);
    if (there <= 0 || there >= partitions)
        return;
    if (kafka_topic_grow(producer, topic, partitions, ANSWER_MS, &error) == -1)
        log_warning("topic %s, for %s, has %d partition%s and its source %d: %s", topic, what, there,
                    there == 1 ? "" : "s", partitions, error.text);
    else
        log_line("topic %s, for %s, was created elsewhere with %d partition%s: grown to %d", topic, what,
                 there, there == 1 ? "" : "s", partitions);
}

/* Room for the source's largest record. Where the broker does not say, the topic has the cluster's default,
 * and a message that does not fit is refused. */
static void make(rd_kafka_t *producer, const char *topic, const char *source, int partitions,
                 const char *what)
{
    struct error error = ERROR_INIT;
    char bytes[24] = "";
    int64_t most = kafka_topic_number(producer, source, max_message_bytes, ANSWER_MS);
    if (most > 0)
        snprintf(bytes, sizeof bytes, "%" PRId64, most + TOPIC_LIKE_ROOM_BYTES);
    int answer = kafka_topic_create_with(producer, topic, partitions, KAFKA_REPLICATION_DEFAULT,
                                         most > 0 ? max_message_bytes : NULL, bytes, ANSWER_MS, &error);
    if (answer == -1)
        log_verbose("%s", error.text);
    else if (answer == KAFKA_TOPIC_THERE)
        grow(producer, topic, partitions, what);
    else
        log_line("topic %s was created with %d partition%s, for %s", topic, partitions,
                 partitions == 1 ? "" : "s", what);
}

/* Makes the topic like its source. Where that is not possible (not allowed, the embedded broker) sending will
 * tell whether it is there. Asked by the producer: the consumer's connection has a fetch on it, behind which
 * a question waits for half a second. At last it asks for the topic itself: one that it first hears of with
 * the first message it looks up only with its next scan, up to a second later. */
void topic_like(rd_kafka_t *producer, const char *topic, const char *source, const char *what)
{
    int there = kafka_topic_partitions_listed(producer, topic, ANSWER_MS);
    int partitions = kafka_topic_partitions_listed(producer, source, ANSWER_MS);
    if (there == 0 && partitions > 0)
        make(producer, topic, source, partitions, what);
    kafka_topic_partitions(producer, topic, ANSWER_MS);
}

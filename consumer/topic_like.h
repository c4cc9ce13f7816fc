/* topic_like.h: a topic that a consumer writes to is made when it is not there, like its source: with as many
 * partitions, and room for the source's largest records and the headers that are added to them. */
#ifndef KSUPERVISE_CONSUMER_TOPIC_LIKE_H
#define KSUPERVISE_CONSUMER_TOPIC_LIKE_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>

/* What a message may have beyond its record: the headers that are added, with room. */
#define TOPIC_LIKE_ROOM_BYTES INT64_C(65536)

/* `what`, "dead letters", is what the topic is for, as a line says it. Waits for answers, some seconds
 * each at most; where the topic cannot be made (not allowed, the embedded broker), sending will tell
 * whether it is there. */
void topic_like(rd_kafka_t *producer, const char *topic, const char *source, const char *what);

#endif

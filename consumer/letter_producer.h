/* letter_producer.h: the producer of dead letters, and their topic, which it makes when it is not there: with
 * as many partitions as the source, and room for its largest records and a letter's headers. */
#ifndef KSUPERVISE_CONSUMER_LETTER_PRODUCER_H
#define KSUPERVISE_CONSUMER_LETTER_PRODUCER_H

#include "consumer/letter.h"
#include "consumer/settings.h"

/* Kafka's bound for a topic's name. */
#define LETTER_TOPIC_MAX 249

/* Where the letters of these settings go: "" nowhere (--dead-letters off). -1 when the name cannot be one. */
int letter_topic(const struct settings *settings, char topic[LETTER_TOPIC_MAX + 1], struct error *error);

/* `opaque` and `on_delivery` are the producer's. The topic is made when it is not there. NULL with the
 * error. The caller's, to destroy. */
rd_kafka_t *letter_producer_open(const struct settings *settings, const char *topic, void *opaque,
                                 void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message,
                                                     void *opaque),
                                 struct error *error);

#endif

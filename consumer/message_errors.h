/* message_errors.h: errors that come as messages, each with what it means to a consumer: one table. */
#ifndef KSUPERVISE_CONSUMER_MESSAGE_ERRORS_H
#define KSUPERVISE_CONSUMER_MESSAGE_ERRORS_H

#include "consumer/consumer.h"

/* Of a message with `err` set. One that no rule knows is trouble (trouble.h). */
void message_error(struct consumer *consumer, const rd_kafka_message_t *message);

bool message_error_is_missing_topic(rd_kafka_resp_err_t err);

/* The topic is not there: said once. */
void message_error_missing_topic(struct consumer *consumer);

#endif

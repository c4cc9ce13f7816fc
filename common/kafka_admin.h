/* kafka_admin.h: one question to Kafka's Admin API: asked, and its answer waited for. Needs no polling of the
 * handle, of either kind. */
#ifndef KSUPERVISE_COMMON_KAFKA_ADMIN_H
#define KSUPERVISE_COMMON_KAFKA_ADMIN_H

#include "common/error.h"

#include <librdkafka/rdkafka.h>

#define KAFKA_ADMIN_MS 10000 /* the default */

/* The first two are handed to the rd_kafka_… call that asks. */
struct kafka_admin {
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
    int timeout_ms;
};

/* After this, kafka_admin_answer as often as was asked, and then kafka_admin_end. */
struct kafka_admin kafka_admin_begin(rd_kafka_t *rk, rd_kafka_admin_op_t operation, int timeout_ms);

/* The next answer, which the caller destroys; NULL with the bare reason, to be put into a sentence by
 * error_context, when the request as a whole failed or none came. librdkafka has a second beyond `timeout_ms`
 * to say itself which broker did not answer. */
rd_kafka_event_t *kafka_admin_answer(const struct kafka_admin *request, struct error *error);

void kafka_admin_end(struct kafka_admin *request);

/* For a request with one answer: both. */
rd_kafka_event_t *kafka_admin_finish(struct kafka_admin *request, struct error *error);

#endif

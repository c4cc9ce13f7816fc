/* admin_request.h: one question to Kafka's Admin API: asked, and its answer waited for. */
#ifndef KSUPERVISE_TOOLS_KTOPIC_ADMIN_REQUEST_H
#define KSUPERVISE_TOOLS_KTOPIC_ADMIN_REQUEST_H

#include "tools/ktopic/cluster.h"

/* Both members are handed to the rd_kafka_… call that asks. */
struct admin_request {
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
};

/* After this, admin_request_answer as often as was asked, and then admin_request_end. */
struct admin_request admin_request_begin(const struct cluster *cluster, rd_kafka_admin_op_t operation);

/* The next answer, which the caller destroys; NULL with the error when none came within 11 s or the request
 * as a whole failed. `what` completes "cannot …": "create topic orders". */
rd_kafka_event_t *admin_request_answer(const struct admin_request *request, const char *what,
                                       struct error *error);

void admin_request_end(struct admin_request *request);

/* For a request with one answer: both. */
rd_kafka_event_t *admin_request_finish(struct admin_request *request, const char *what, struct error *error);

#endif

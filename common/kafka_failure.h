/* kafka_failure.h: why no broker answers, as librdkafka knows it. Its error callback says it for each
 * attempt, mixed with what says nothing (all brokers are down); the most telling is kept.
 */
#ifndef KSUPERVISE_COMMON_KAFKA_FAILURE_H
#define KSUPERVISE_COMMON_KAFKA_FAILURE_H

#include "common/brokers.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

#define KAFKA_FAILURE_BYTES 320

/* Zeroed: nothing is known. */
struct kafka_failure {
    int weight;  /* how telling it is; 0: nothing is known */
    bool let_in; /* a broker has let us in, once */
    rd_kafka_resp_err_t err;
    char text[KAFKA_FAILURE_BYTES];
};

/* For the error callback. */
void kafka_failure_note(struct kafka_failure *failure, rd_kafka_resp_err_t err, const char *reason);

/* A broker answers. */
void kafka_failure_over(struct kafka_failure *failure);

/* True when it is worth a line at once: not that a connection was refused, which passes. */
bool kafka_failure_tells(const struct kafka_failure *failure);

/* True when retrying cannot help: the broker refuses the credentials, or a certificate is no good. */
bool kafka_failure_lasts(const struct kafka_failure *failure);

/* brokers_advice, with the reason and what to change, where one is known. `failure` NULL: none is. */
void kafka_failure_advice(const struct kafka_failure *failure, const struct brokers *brokers, char *text,
                          size_t bytes);

#endif

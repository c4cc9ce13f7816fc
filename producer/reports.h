/* reports.h: what librdkafka says of records that were sent: the callbacks, and what they leave in the
 * segment. */
#ifndef KSUPERVISE_PRODUCER_REPORTS_H
#define KSUPERVISE_PRODUCER_REPORTS_H

#include "producer/delivery.h"

/* What a message carries through librdkafka to its report: its seq. */
#define REPORT_OPAQUE(seq) ((void *)(uintptr_t)(seq))

/* Sets the callbacks; their opaque is the struct delivery. */
void reports_register(rd_kafka_conf_t *conf);

/* Reports that it is ready. The first acknowledgement does so by itself; a producer that only serves `kctl
 * produce` has none yet. */
void reports_say_ready(struct delivery *delivery);

/* librdkafka did not even take it. */
void reports_refused(struct delivery *delivery, rd_kafka_resp_err_t err);

/* Publishes the partitions whose offset moved. */
void reports_publish(struct delivery *delivery, int64_t wall_us);

#endif

/* list_offsets.h: questions to the leaders: where a partition begins, where it ends, what is the first offset
 * at or after a time. */
#ifndef KSUPERVISE_CONSUMER_LIST_OFFSETS_H
#define KSUPERVISE_CONSUMER_LIST_OFFSETS_H

#include "common/banned.h"

#include <librdkafka/rdkafka.h>

/* The broker answers in a millisecond or two; one that does not answer for this long is an outage. */
enum { LIST_OFFSETS_MS = 5000 };

/* Fills the offsets of `list` in, in one request a leader. `edge` is RD_KAFKA_OFFSET_BEGINNING, _END, or a
 * time in milliseconds since the epoch; the answer to that is RD_KAFKA_OFFSET_END when there is none. */
rd_kafka_resp_err_t list_offsets(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t edge);

#endif

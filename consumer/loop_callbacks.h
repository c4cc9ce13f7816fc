/* loop_callbacks.h: what librdkafka says of the handle as a whole: errors, and the answers to commits. They are
 * called inside the consumer's poll, by its thread; `opaque` is the struct consumer.
 */
#ifndef KSUPERVISE_CONSUMER_LOOP_CALLBACKS_H
#define KSUPERVISE_CONSUMER_LOOP_CALLBACKS_H

#include "consumer/consumer.h"

/* rd_kafka_conf_set_error_cb */
void loop_error_callback(rd_kafka_t *rk, int err, const char *reason, void *opaque);

/* rd_kafka_conf_set_offset_commit_cb: librdkafka's own commits, of --commit auto. */
void loop_commit_callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                          void *opaque);

/* The answer to a commit of ours (commit.h); `number` is the commit's. */
void loop_commit_answered(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                          void *number);

#endif

#include "consumer/loop_callbacks.h"

#include "common/clock.h"
#include "common/log.h"
#include "consumer/message_errors.h"

/* What has come so far is a batch: what comes next may be another topic's. (Not rd_kafka_yield, which
 * in 2.0.2 loses the next message.) */
static void on_topic_left(struct consumer *consumer)
{
    message_error_missing_topic(consumer);
    if (!consumer->end.must_stop && worker_control_wanted(consumer->control) == WORKER_RUN)
        rd_kafka_queue_yield(consumer->queue);
}

/* Of one broker, or told by other means: outage.h and message_errors.h. */
static bool is_passing(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR__TRANSPORT || err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
           err == RD_KAFKA_RESP_ERR__TIMED_OUT || err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || err == RD_KAFKA_RESP_ERR__FATAL;
}

void loop_error_callback(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    struct consumer *consumer = opaque;
    (void)rk;
    stats_add(consumer->stats, CONSUMER_BROKER_ERRORS, 1);
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION)
        on_topic_left(consumer);
    kafka_outage_reason(&consumer->outage, (rd_kafka_resp_err_t)err, reason);
    if (kafka_outage_error(&consumer->outage, (rd_kafka_resp_err_t)err))
        stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), err, "%s", reason);
    else if (is_passing((rd_kafka_resp_err_t)err))
        log_verbose("librdkafka: %s", reason);
    else
        trouble_met(&consumer->trouble, err, reason);
}

/* librdkafka's own commits, of --commit auto. */
void loop_commit_callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                          void *opaque)
{
    struct consumer *consumer = opaque;
    (void)rk;
    commit_made(&consumer->committer, err, list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_outage_over(&consumer->outage);
}

/* Ours. What was processed meanwhile is committed at once: the next record may be long in coming. */
void loop_commit_answered(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                          void *number)
{
    struct consumer *consumer = rd_kafka_opaque(rk);
    commit_answered(&consumer->committer, err, list, number);
    commit_async(&consumer->committer);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_outage_over(&consumer->outage);
}

#include "consumer/message_errors.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/membership.h"
#include "consumer/offset_loss.h"

static void on_end(struct consumer *consumer, const rd_kafka_message_t *message)
{
    partition_take_end(&consumer->partitions, message->partition, message->offset);
}

static void on_fatal(struct consumer *consumer, const rd_kafka_message_t *message)
{
    char why[ERROR_TEXT_BYTES / 2] = "";
    rd_kafka_resp_err_t err = rd_kafka_fatal_error(consumer->rk, why, sizeof why);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        err = message->err;
    consumer_fail(consumer, membership_exit_code(consumer, err), "Kafka: %s: %s", rd_kafka_err2name(err),
                  why);
}

void message_error_missing_topic(struct consumer *consumer)
{
    consumer->topic_left = true;
    if (consumer->topic_missing_said)
        return;
    consumer->topic_missing_said = true;
    log_warning("topic '%s' does not exist at %s: create it with 'ktopic provision'; waiting for it",
                consumer->settings->topic, consumer->settings->brokers.bootstrap);
}

bool message_error_is_missing_topic(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           err == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

static void on_missing_topic(struct consumer *consumer, const rd_kafka_message_t *message)
{
    (void)message;
    message_error_missing_topic(consumer);
}

static void on_forbidden(struct consumer *consumer, const rd_kafka_message_t *message)
{
    consumer_fail(consumer, EXIT_CODE_CONFIG, "Kafka: %s", rd_kafka_message_errstr(message));
}

/* librdkafka leaves the group by itself. */
static void on_poll_exceeded(struct consumer *consumer, const rd_kafka_message_t *message)
{
    consumer->pace.interval_exceeded = true;
    log_warning("%s: a batch of at most %" PRId64
                " %s took longer in the pipeline '%s'; the group gave this consumer's partitions to others. "
                "Use a smaller --batch-size, a faster stage, or a larger -X max.poll.interval.ms=…",
                rd_kafka_message_errstr(message), consumer->settings->batch_size,
                consumer->settings->schema->noun_plural,
                consumer->settings->pipeline != NULL ? consumer->settings->pipeline : "validate");
}

/*  {error, told: in the ring of errors, and counted, act}  */
static const struct error_rule {
    rd_kafka_resp_err_t err;
    bool told;
    void (*act)(struct consumer *consumer, const rd_kafka_message_t *message);
} rules[] = {
    {RD_KAFKA_RESP_ERR__PARTITION_EOF, false, on_end},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, true, offset_loss_gone},
    {RD_KAFKA_RESP_ERR__FATAL, true, on_fatal},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, true, on_missing_topic},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, true, on_missing_topic},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, true, on_missing_topic},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, true, on_forbidden},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, true, on_forbidden},
    {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, true, on_poll_exceeded},
};

static const struct error_rule *find(rd_kafka_resp_err_t err)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (rules[i].err == err)
            return &rules[i];
    return NULL;
}

void message_error(struct consumer *consumer, const rd_kafka_message_t *message)
{
    const struct error_rule *rule = find(message->err);
    if (rule == NULL || rule->told)
        stats_add(consumer->stats, CONSUMER_BROKER_ERRORS, 1);
    if (rule == NULL) {
        trouble_met(&consumer->trouble, message->err, rd_kafka_message_errstr(message));
        return;
    }
    if (rule->told)
        stats_event(consumer->stats, STATS_RING_ERRORS, clock_wall_us(), message->err, "%s",
                    rd_kafka_message_errstr(message));
    rule->act(consumer, message);
}

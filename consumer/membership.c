#include "consumer/membership.h"

#include "common/clock.h"
#include "common/log.h"
#include "consumer/conf.h"

#define RELEASE_US (3 * US_PER_SECOND)
#define LEAVE_US   (50 * US_PER_MS) /* FACTS: a LeaveGroup needs 20 ms of polling after the revoke */

bool membership_lingers(const struct consumer *consumer)
{
    const struct settings *settings = consumer->settings;
    struct error ignored = ERROR_INIT;
    rd_kafka_conf_t *conf = consumer->leaving && settings->instance_id != NULL && !settings->take_over
                                ? consumer_conf(settings, &ignored)
                                : NULL;
    bool lingers = conf != NULL && !conf_is_classic(conf);
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
    return lingers;
}

/* It takes what it is given, and reads nothing. */
static void rebalanced(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                       void *opaque)
{
    bool *joined = opaque;
    *joined = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    rd_kafka_assign(rk, *joined ? partitions : NULL);
    if (*joined)
        rd_kafka_pause_partitions(rk, partitions);
}

static void poll_while(rd_kafka_t *rk, const bool *condition, bool wanted, int64_t microseconds)
{
    int64_t until_us = clock_monotonic_us() + microseconds;
    while (*condition == wanted && clock_monotonic_us() < until_us) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 10);
        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
}

static bool join_and_leave(rd_kafka_t *rk, const char *topic, bool *joined)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_subscribe(rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    poll_while(rk, joined, false, RELEASE_US);
    bool took_over = *joined;
    rd_kafka_unsubscribe(rk);
    poll_while(rk, joined, true, RELEASE_US);
    poll_while(rk, joined, false, LEAVE_US);
    rd_kafka_consumer_close(rk);
    return took_over;
}

void membership_release(const struct settings *settings)
{
    struct settings taking_over = *settings;
    struct error error = ERROR_INIT;
    bool joined = false;
    taking_over.take_over = true;
    rd_kafka_conf_t *conf = consumer_conf(&taking_over, &error);
    if (conf != NULL) {
        rd_kafka_conf_set_opaque(conf, &joined);
        rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
    }
    rd_kafka_t *rk = conf != NULL ? kafka_new(RD_KAFKA_CONSUMER, conf, &error) : NULL;
    if (rk == NULL || !join_and_leave(rk, settings->topic, &joined))
        log_warning("the group may keep this member's partitions until its session is over: it did not leave "
                    "by the classic protocol%s%s",
                    error.text[0] != '\0' ? ": " : "", error.text);
    if (rk != NULL)
        rd_kafka_destroy(rk);
}

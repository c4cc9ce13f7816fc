#include "consumer/membership.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "consumer/conf.h"
#include "consumer/destroy.h"

#define RELEASE_US    (3 * US_PER_SECOND)
#define CLOSE_US      (3 * US_PER_SECOND) /* usually milliseconds, and so is the next one */
#define DESTROY_US    (2 * US_PER_SECOND)
#define LEAVE_US      (5 * US_PER_SECOND)
#define LEAVE_POLL_US (50 * US_PER_MS) /* a LeaveGroup needs 20 ms of polling after the revoke */

int membership_join(rd_kafka_t *rk, const char *topic, struct error *error)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, topic, RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t err = rd_kafka_subscribe(rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    /* Anything but the name is of this handle, and gone with it. */
    return error_set_code(error,
                          err == RD_KAFKA_RESP_ERR__INVALID_ARG ? EXIT_CODE_CONFIG : EXIT_CODE_KAFKA_FATAL,
                          "cannot subscribe to '%s': %s", topic, rd_kafka_err2str(err));
}

void membership_rejoin(struct consumer *consumer)
{
    struct error error = ERROR_INIT;
    if (fetching_is_cooperative(&consumer->fetching))
        rd_kafka_unsubscribe(consumer->rk);
    if (membership_join(consumer->rk, consumer->settings->topic, &error) == -1)
        log_warning("%s", error.text);
}

/* Lets callbacks run for a moment. What comes meanwhile is somebody else's to process. */
static void discard(rd_kafka_t *rk)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 10);
    if (message != NULL)
        rd_kafka_message_destroy(message);
}

void membership_leave(rd_kafka_t *rk, const size_t *owned)
{
    rd_kafka_unsubscribe(rk);
    int64_t until_us = clock_monotonic_us() + LEAVE_US;
    while (*owned > 0 && clock_monotonic_us() < until_us)
        discard(rk);
    until_us = clock_monotonic_us() + LEAVE_POLL_US;
    while (clock_monotonic_us() < until_us)
        discard(rk);
}

int membership_exit_code(const struct consumer *consumer, rd_kafka_resp_err_t err)
{
    /* A broker that lets no classic member into such a group: there is nothing left but to wait. */
    if (err == RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL && consumer->settings->take_over)
        return EXIT_CODE_UNRELEASED;
    int code = kafka_exit_code(err);
    if (code != EXIT_CODE_FENCED)
        return code;
    if (consumer->pace.interval_exceeded)
        return EXIT_CODE_POLL_INTERVAL;
    return kafka_outage_recent(&consumer->outage) || joining_was_silent(&consumer->joining)
               ? EXIT_CODE_FORGOTTEN
               : code;
}

/* --- a member that the consumer protocol keeps --------------------------------------------------------- */

/* What the one that takes its place has come to. */
struct takeover {
    bool joined;
    size_t owned;
};

bool membership_must_force_leave(const struct consumer *consumer)
{
    return consumer->end.leaving && consumer->settings->instance_id != NULL &&
           !conf_is_classic(rd_kafka_conf(consumer->rk));
}

/* It takes what it is given, and reads nothing. */
static void rebalanced(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                       void *opaque)
{
    struct takeover *takeover = opaque;
    bool given = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    takeover->joined |= given;
    takeover->owned = given ? (size_t)partitions->cnt : 0;
    rd_kafka_assign(rk, given ? partitions : NULL);
    if (given)
        rd_kafka_pause_partitions(rk, partitions);
}

static void join_and_leave(rd_kafka_t *rk, const char *topic, struct takeover *takeover)
{
    int64_t until_us = clock_monotonic_us() + RELEASE_US;
    rd_kafka_poll_set_consumer(rk);
    struct error ignored = ERROR_INIT;
    membership_join(rk, topic, &ignored);
    while (!takeover->joined && clock_monotonic_us() < until_us)
        discard(rk);
    membership_leave(rk, &takeover->owned);
}

bool membership_force_leave(const struct settings *settings)
{
    struct settings taking_over = *settings;
    struct error error = ERROR_INIT;
    struct takeover takeover = {0};
    taking_over.take_over = true;
    rd_kafka_conf_t *conf = consumer_conf(&taking_over, &error);
    if (conf != NULL) {
        rd_kafka_conf_set_opaque(conf, &takeover);
        rd_kafka_conf_set_rebalance_cb(conf, rebalanced);
    }
    rd_kafka_t *rk = conf != NULL ? kafka_new(RD_KAFKA_CONSUMER, conf, &error) : NULL;
    if (rk != NULL)
        join_and_leave(rk, settings->topic, &takeover);
    if (!takeover.joined)
        log_warning("the group may keep this member's partitions until its session expires: it did not leave "
                    "by the classic protocol%s%s",
                    error.text[0] != '\0' ? ": " : "", error.text);
    return rk == NULL || (close_handle(rk, CLOSE_US) && destroy_handle(rk, DESTROY_US));
}

/* --- the end of the handle ------------------------------------------------------------------------------ */

/* Closing calls the rebalance callback, which uses the queue: that goes after it. */
static bool close_and_destroy(struct consumer *consumer)
{
    bool closed = close_handle(consumer->rk, CLOSE_US);
    if (!closed)
        log_warning("the group does not answer: it may keep this member until its session expires");
    rd_kafka_queue_destroy(consumer->queue);
    return closed && destroy_handle(consumer->rk, DESTROY_US);
}

void membership_end(struct consumer *consumer)
{
    if (consumer->rk == NULL)
        return;
    bool must_force_leave = membership_must_force_leave(consumer);
    bool ended =
        close_and_destroy(consumer) && (!must_force_leave || membership_force_leave(consumer->settings));
    consumer->end.abandoned = !ended;
    if (!ended)
        log_verbose("librdkafka's threads have not ended; the process exits without them");
}

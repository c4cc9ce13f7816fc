#include "consumer/joining.h"

#include "common/clock.h"

#define LONGEST_US (10 * US_PER_SECOND)
#define ASKED      INT64_MAX /* a request is unanswered: since when does not matter */

/* Of the Kafka protocol. */
enum { API_JOIN_GROUP = 11, API_HEARTBEAT = 12, API_SYNC_GROUP = 14 };

static rd_kafka_resp_err_t on_request_sent(rd_kafka_t *rk, int sockfd, const char *broker_name,
                                           int32_t broker_id, int16_t api, int16_t version,
                                           int32_t correlation, size_t bytes, void *opaque)
{
    struct joining *joining = opaque;
    (void)rk, (void)sockfd, (void)broker_name, (void)broker_id, (void)version, (void)correlation, (void)bytes;
    if (api == API_JOIN_GROUP || (api == API_SYNC_GROUP && atomic_load(&joining->since_us) != 0))
        atomic_store(&joining->since_us, ASKED);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void hear(struct joining *joining, bool heartbeat)
{
    int64_t now_us = clock_monotonic_us();
    int64_t before_us = atomic_exchange(&joining->heard_us, now_us);
    if (heartbeat && before_us != 0 && now_us - before_us > 2 * joining->long_us)
        atomic_fetch_add(&joining->lapses, 1);
    if (before_us != 0 && now_us - before_us > joining->long_us)
        atomic_store(&joining->silence_us, now_us);
}

static rd_kafka_resp_err_t on_response_received(rd_kafka_t *rk, int sockfd, const char *broker_name,
                                                int32_t broker_id, int16_t api, int16_t version,
                                                int32_t correlation, size_t bytes, int64_t rtt_us,
                                                rd_kafka_resp_err_t err, void *opaque)
{
    struct joining *joining = opaque;
    (void)rk, (void)sockfd, (void)broker_name, (void)broker_id, (void)version, (void)correlation, (void)bytes;
    (void)rtt_us;
    if (api == API_HEARTBEAT || api == API_JOIN_GROUP)
        hear(joining, api == API_HEARTBEAT);
    if (api == API_SYNC_GROUP || (api == API_JOIN_GROUP && err != RD_KAFKA_RESP_ERR_NO_ERROR))
        atomic_store(&joining->since_us, 0);
    else if (api == API_JOIN_GROUP)
        atomic_store(&joining->since_us, clock_monotonic_us());
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *why,
                                  size_t why_bytes)
{
    (void)conf, (void)why, (void)why_bytes;
    rd_kafka_interceptor_add_on_request_sent(rk, "joining", on_request_sent, opaque);
    return rd_kafka_interceptor_add_on_response_received(rk, "joining", on_response_received, opaque);
}

void joining_watch(struct joining *joining, rd_kafka_conf_t *conf)
{
    rd_kafka_conf_interceptor_add_on_new(conf, "joining", on_new, joining);
}

bool joining_under_way(const struct joining *joining)
{
    int64_t since_us = atomic_load(&joining->since_us);
    return since_us == ASKED || (since_us != 0 && clock_monotonic_us() - since_us < LONGEST_US);
}

bool joining_was_silent(const struct joining *joining)
{
    int64_t now_us = clock_monotonic_us();
    int64_t heard_us = atomic_load(&joining->heard_us);
    int64_t silence_us = atomic_load(&joining->silence_us);
    return (heard_us != 0 && now_us - heard_us > joining->long_us) ||
           (silence_us != 0 && now_us - silence_us < LONGEST_US);
}

bool joining_session_over(const struct joining *joining)
{
    int64_t heard_us = atomic_load(&joining->heard_us);
    return heard_us != 0 && clock_monotonic_us() - heard_us > 2 * joining->long_us &&
           !joining_under_way(joining);
}

unsigned joining_lapses(const struct joining *joining)
{
    return atomic_load(&joining->lapses);
}

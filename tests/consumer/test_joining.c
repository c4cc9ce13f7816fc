/* Whether a member is on its way into a new generation, told by the requests that librdkafka sends. */
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

#include "consumer/joining.h"

enum {
    FETCH = 1,
    OFFSET_COMMIT = 8,
    JOIN_GROUP = 11,
    HEARTBEAT = 12,
    SYNC_GROUP = 14,
    LONGEST_US = 10000000,
    LONG_US = 4000000
};

static struct joining joining;
static char no_rk, no_conf;
#define RK   ((rd_kafka_t *)(void *)&no_rk)
#define CONF ((rd_kafka_conf_t *)(void *)&no_conf)

static struct {
    rd_kafka_interceptor_f_on_new_t *on_new;
    rd_kafka_interceptor_f_on_request_sent_t *on_request;
    rd_kafka_interceptor_f_on_response_received_t *on_response;
    void *of_new, *of_request, *of_response;
} watching;

rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_new(rd_kafka_conf_t *conf, const char *name,
                                                         rd_kafka_interceptor_f_on_new_t *on_new,
                                                         void *opaque)
{
    ck_assert_ptr_eq(conf, CONF);
    ck_assert_str_eq(name, "joining");
    watching.on_new = on_new;
    watching.of_new = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t
rd_kafka_interceptor_add_on_request_sent(rd_kafka_t *rk, const char *name,
                                         rd_kafka_interceptor_f_on_request_sent_t *on_request, void *opaque)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_str_eq(name, "joining");
    watching.on_request = on_request;
    watching.of_request = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t
rd_kafka_interceptor_add_on_response_received(rd_kafka_t *rk, const char *name,
                                              rd_kafka_interceptor_f_on_response_received_t *on_response,
                                              void *opaque)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_str_eq(name, "joining");
    watching.on_response = on_response;
    watching.of_response = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void watch(void)
{
    joining.since_us = 0;
    joining.long_us = LONG_US;
    joining_watch(&joining, CONF);
    char why[8];
    ck_assert_int_eq(watching.on_new(RK, CONF, watching.of_new, why, sizeof why), RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void request(int16_t api)
{
    ck_assert_int_eq(watching.on_request(RK, 3, "broker", 1, api, 5, 7, 100, watching.of_request),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void response(int16_t api, rd_kafka_resp_err_t err)
{
    ck_assert_int_eq(watching.on_response(RK, 3, "broker", 1, api, 5, 7, 100, 900, err, watching.of_response),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

START_TEST(it_joins_from_its_request_to_the_answer_that_ends_it)
{
    ck_assert(!joining_under_way(&joining));
    request(JOIN_GROUP);
    ck_assert(joining_under_way(&joining));
    response(JOIN_GROUP, RD_KAFKA_RESP_ERR_NO_ERROR); /* what it has to do next is to sync */
    ck_assert(joining_under_way(&joining));
    request(SYNC_GROUP);
    ck_assert(joining_under_way(&joining));
    response(SYNC_GROUP, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!joining_under_way(&joining));
}
END_TEST

START_TEST(a_join_that_got_no_answer_is_over)
{
    request(JOIN_GROUP);
    response(JOIN_GROUP, RD_KAFKA_RESP_ERR__TRANSPORT);
    ck_assert(!joining_under_way(&joining));
    request(JOIN_GROUP);
    response(SYNC_GROUP, RD_KAFKA_RESP_ERR__TRANSPORT);
    ck_assert(!joining_under_way(&joining));
}
END_TEST

START_TEST(other_requests_say_nothing)
{
    static const int16_t others[] = {FETCH, OFFSET_COMMIT, HEARTBEAT, SYNC_GROUP};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        request(others[i]);
        ck_assert(!joining_under_way(&joining));
    }
    request(JOIN_GROUP);
    for (size_t i = 0; i < 3; i++) {
        response(others[i], RD_KAFKA_RESP_ERR_NO_ERROR);
        response(others[i], RD_KAFKA_RESP_ERR__TRANSPORT);
        ck_assert(joining_under_way(&joining));
    }
}
END_TEST

START_TEST(a_heartbeat_that_is_answered_after_more_than_a_session_is_a_lapse)
{
    ck_assert(!joining_session_over(&joining)); /* nothing was heard yet */
    response(HEARTBEAT, RD_KAFKA_RESP_ERR_NO_ERROR);
    fake_clock_advance(2 * LONG_US);
    ck_assert(!joining_session_over(&joining));
    response(HEARTBEAT, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_uint_eq(joining_lapses(&joining), 0);
    fake_clock_advance(2 * LONG_US + 1);
    ck_assert(joining_session_over(&joining));
    response(HEARTBEAT, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!joining_session_over(&joining));
    ck_assert_uint_eq(joining_lapses(&joining), 1);
}
END_TEST

START_TEST(a_join_that_takes_longer_than_a_session_is_none)
{
    response(HEARTBEAT, RD_KAFKA_RESP_ERR_NO_ERROR);
    request(JOIN_GROUP);
    fake_clock_advance(3 * LONG_US);
    ck_assert(!joining_session_over(&joining));
    response(JOIN_GROUP, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_uint_eq(joining_lapses(&joining), 0);
}
END_TEST

START_TEST(shortly_after_the_machine_has_started_it_is_not_taken_for_joining)
{
    fake_clock_set(5 * US_PER_SECOND, clock_wall_us());
    ck_assert(!joining_under_way(&joining));
    request(JOIN_GROUP);
    ck_assert(joining_under_way(&joining));
    response(SYNC_GROUP, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!joining_under_way(&joining));
}
END_TEST

START_TEST(a_join_may_take_as_long_as_its_slowest_member)
{
    request(JOIN_GROUP);
    fake_clock_advance(280 * US_PER_SECOND);
    ck_assert(joining_under_way(&joining));
    response(JOIN_GROUP, RD_KAFKA_RESP_ERR_NO_ERROR);
    request(SYNC_GROUP);
    fake_clock_advance(280 * US_PER_SECOND);
    ck_assert(joining_under_way(&joining));
    response(SYNC_GROUP, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert(!joining_under_way(&joining));
}
END_TEST

START_TEST(nobody_waits_for_longer_than_ten_seconds_for_a_request_that_does_not_come)
{
    request(JOIN_GROUP);
    response(JOIN_GROUP, RD_KAFKA_RESP_ERR_NO_ERROR);
    fake_clock_advance(LONGEST_US - 1);
    ck_assert(joining_under_way(&joining));
    fake_clock_advance(1);
    ck_assert(!joining_under_way(&joining));
    request(JOIN_GROUP);
    ck_assert(joining_under_way(&joining));
}
END_TEST

/* --- the coordinator's silence -------------------------------------------------------------------------- */

static void hear_after(int64_t us, int16_t api)
{
    fake_clock_advance(us);
    response(api, RD_KAFKA_RESP_ERR_NO_ERROR);
}

START_TEST(a_coordinator_that_answers_in_time_was_not_silent)
{
    ck_assert(!joining_was_silent(&joining));
    for (int i = 0; i < 5; i++) {
        hear_after(LONG_US, i % 2 == 0 ? HEARTBEAT : JOIN_GROUP);
        ck_assert(!joining_was_silent(&joining));
    }
}
END_TEST

START_TEST(a_coordinator_that_answers_no_more_is_silent_whatever_else_is_answered)
{
    hear_after(0, HEARTBEAT);
    fake_clock_advance(LONG_US);
    ck_assert(!joining_was_silent(&joining));
    hear_after(1, FETCH);
    hear_after(0, OFFSET_COMMIT);
    ck_assert(joining_was_silent(&joining));
    fake_clock_advance(100 * LONGEST_US);
    ck_assert(joining_was_silent(&joining)); /* as long as it lasts */
}
END_TEST

START_TEST(a_long_silence_counts_for_ten_seconds_after_it_ended)
{
    static const int16_t answers[] = {HEARTBEAT, JOIN_GROUP};
    for (size_t i = 0; i < 2; i++) {
        hear_after(LONGEST_US, answers[i]);
        hear_after(LONG_US + 1, answers[i]);
        ck_assert(joining_was_silent(&joining));
        hear_after(LONG_US, answers[i]);
        hear_after(LONG_US, answers[i]);
        fake_clock_advance(LONGEST_US - 2 * LONG_US - 1);
        ck_assert(joining_was_silent(&joining));
        fake_clock_advance(1);
        ck_assert(!joining_was_silent(&joining));
    }
}
END_TEST

START_TEST(shortly_after_the_machine_has_started_nothing_was_silent)
{
    fake_clock_set(LONG_US + 1, clock_wall_us());
    ck_assert(!joining_was_silent(&joining));
    hear_after(0, HEARTBEAT);
    ck_assert(!joining_was_silent(&joining));
}
END_TEST

CHECK_MAIN_WITH("consumer/joining", watch, NULL, it_joins_from_its_request_to_the_answer_that_ends_it,
                a_join_that_got_no_answer_is_over, other_requests_say_nothing,
                shortly_after_the_machine_has_started_it_is_not_taken_for_joining,
                a_heartbeat_that_is_answered_after_more_than_a_session_is_a_lapse,
                a_join_that_takes_longer_than_a_session_is_none,
                a_join_may_take_as_long_as_its_slowest_member,
                nobody_waits_for_longer_than_ten_seconds_for_a_request_that_does_not_come,
                a_coordinator_that_answers_in_time_was_not_silent,
                a_coordinator_that_answers_no_more_is_silent_whatever_else_is_answered,
                a_long_silence_counts_for_ten_seconds_after_it_ended,
                shortly_after_the_machine_has_started_nothing_was_silent)

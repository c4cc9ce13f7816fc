/* Joining and leaving. librdkafka's calls are stood in for; each poll lets 10 ms pass. */
#include "consumer/membership.h"

#include "common/exit_codes.h"
#include "consumer/conf.h"
#include "consumer/destroy.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

static struct settings settings;
static struct consumer consumer;
static struct error error;

static struct {
    char subscribed[64];
    rd_kafka_resp_err_t answer;
    int subscribes, unsubscribes, polls, polls_since_revoke, assigns, empty_assigns, pauses, closes, destroys;
    int assigned_at, revoked_at; /* the poll that calls the callback; 0: none */
    bool never_revokes, message;
    int freed;
    size_t owned; /* where membership_leave looks, when the test gives it one */
    bool stays_open, lives_on;
} seen;

static void (*rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                         void *opaque);
static void *opaque;
static char no_rk, no_conf, no_queue;

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *topics)
{
    (void)rk;
    ck_assert_int_eq(topics->cnt, 1);
    snprintf(seen.subscribed, sizeof seen.subscribed, "%s", topics->elems[0].topic);
    seen.subscribes++;
    return seen.answer;
}

rd_kafka_resp_err_t rd_kafka_unsubscribe(rd_kafka_t *rk)
{
    (void)rk;
    seen.unsubscribes++;
    if (!seen.never_revokes && seen.revoked_at == 0)
        seen.revoked_at = seen.polls + 3;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void call(rd_kafka_resp_err_t err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "payments", 0);
    rd_kafka_topic_partition_list_add(list, "payments", 1);
    rebalance((rd_kafka_t *)&no_rk, err, list, opaque);
    rd_kafka_topic_partition_list_destroy(list);
}

rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms)
{
    static rd_kafka_message_t message;
    (void)rk;
    ck_assert_int_le(timeout_ms, 50);
    fake_clock_advance(10 * US_PER_MS);
    seen.polls++;
    seen.polls_since_revoke++;
    if (seen.polls == seen.assigned_at)
        call(RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS);
    if (seen.polls == seen.revoked_at) {
        seen.owned = 0;
        seen.polls_since_revoke = 0;
        if (rebalance != NULL)
            call(RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS);
    }
    return seen.message ? &message : NULL;
}

void rd_kafka_message_destroy(rd_kafka_message_t *message)
{
    ck_assert_ptr_nonnull(message);
    seen.freed++;
}

/* --- of the one that takes a place -------------------------------------------------------------------- */

static bool conf_fails, took_over, classic;

rd_kafka_conf_t *consumer_conf(const struct settings *of, struct error *why)
{
    took_over = of->take_over;
    if (conf_fails)
        error_set(why, "no configuration");
    return conf_fails ? NULL : (rd_kafka_conf_t *)&no_conf;
}

bool conf_is_classic(const rd_kafka_conf_t *conf)
{
    (void)conf;
    return classic;
}

rd_kafka_conf_res_t rd_kafka_conf_get(const rd_kafka_conf_t *conf, const char *name, char *value,
                                      size_t *bytes)
{
    (void)conf, (void)name, (void)value, (void)bytes;
    return RD_KAFKA_CONF_UNKNOWN;
}

const rd_kafka_conf_t *rd_kafka_conf(rd_kafka_t *rk)
{
    (void)rk;
    return (rd_kafka_conf_t *)&no_conf;
}

void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *given)
{
    (void)conf;
    opaque = given;
}

void rd_kafka_conf_set_rebalance_cb(rd_kafka_conf_t *conf,
                                    void (*callback)(rd_kafka_t *, rd_kafka_resp_err_t,
                                                     rd_kafka_topic_partition_list_t *, void *))
{
    (void)conf;
    rebalance = callback;
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t bytes)
{
    (void)conf, (void)why, (void)bytes;
    ck_assert_int_eq(type, RD_KAFKA_CONSUMER);
    return (rd_kafka_t *)&no_rk;
}

rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t *rk)
{
    (void)rk;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *partitions)
{
    (void)rk;
    seen.assigns += partitions != NULL;
    seen.empty_assigns += partitions == NULL;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_pause_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *partitions)
{
    (void)rk;
    ck_assert_ptr_nonnull(partitions);
    seen.pauses++;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool close_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    (void)rk;
    ck_assert_int_eq(timeout_us, 3000000);
    seen.closes++;
    return !seen.stays_open;
}

void rd_kafka_queue_destroy(rd_kafka_queue_t *queue)
{
    ck_assert_ptr_eq(queue, &no_queue);
    ck_assert_int_ge(seen.closes, 1); /* closing uses it */
}

bool destroy_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    (void)rk;
    ck_assert_int_eq(timeout_us, 2000000);
    seen.destroys++;
    return !seen.lives_on;
}

static void begin(void)
{
    settings = (struct settings){.topic = "payments", .instance_id = "default.host.bravo"};
    consumer = (struct consumer){
        .settings = &settings, .rk = (rd_kafka_t *)&no_rk, .queue = (rd_kafka_queue_t *)&no_queue};
}

/* --- joining and leaving ---------------------------------------------------------------------------------
 */

START_TEST(joining_subscribes_to_the_topic)
{
    ck_assert_int_eq(membership_join(NULL, "payments", &error), 0);
    ck_assert_str_eq(seen.subscribed, "payments");
}
END_TEST

START_TEST(an_eager_member_joins_again_by_subscribing_once_more)
{
    membership_rejoin(&consumer);
    ck_assert_int_eq(seen.unsubscribes, 0);
    ck_assert_int_eq(seen.subscribes, 1);
}
END_TEST

START_TEST(a_cooperative_one_gives_its_partitions_up_first)
{
    consumer.fetching.cooperative = true;
    membership_rejoin(&consumer);
    ck_assert_int_eq(seen.unsubscribes, 1);
    ck_assert_int_eq(seen.subscribes, 1);
}
END_TEST

START_TEST(a_subscription_that_is_refused_is_a_configuration_error_that_names_the_topic)
{
    seen.answer = RD_KAFKA_RESP_ERR__INVALID_ARG;
    ck_assert_int_eq(membership_join(NULL, "payments", &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "'payments'"));
}
END_TEST

START_TEST(leaving_polls_until_all_is_taken_back_and_a_moment_more)
{
    int64_t before_us = fake_monotonic_us;
    seen.owned = 1;
    seen.message = true;
    membership_leave(NULL, &seen.owned);
    ck_assert_int_eq(seen.unsubscribes, 1);
    ck_assert_int_eq(seen.polls_since_revoke, 5); /* a LeaveGroup needs 20 ms */
    ck_assert_int_eq(seen.freed, seen.polls);
    ck_assert_int_eq(fake_monotonic_us - before_us, 80 * US_PER_MS);
}
END_TEST

START_TEST(leaving_gives_up_after_five_seconds)
{
    int64_t before_us = fake_monotonic_us;
    seen.owned = 2;
    seen.never_revokes = true;
    membership_leave(NULL, &seen.owned);
    ck_assert_int_eq(fake_monotonic_us - before_us, 5050 * US_PER_MS);
}
END_TEST

/* --- fatal errors ----------------------------------------------------------------------------------------
 */

START_TEST(a_fenced_member_says_why_it_may_have_been)
{
    ck_assert_int_eq(membership_exit_code(&consumer, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID), EXIT_CODE_FENCED);
    consumer.outage.over_us = fake_monotonic_us;
    ck_assert_int_eq(membership_exit_code(&consumer, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID),
                     EXIT_CODE_FORGOTTEN);
    consumer.pace.interval_exceeded = true;
    ck_assert_int_eq(membership_exit_code(&consumer, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID),
                     EXIT_CODE_POLL_INTERVAL);
    ck_assert_int_eq(membership_exit_code(&consumer, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED),
                     EXIT_CODE_CONFIG); /* another error is what it is */
}
END_TEST

START_TEST(who_may_not_take_a_place_over_waits)
{
    ck_assert_int_eq(membership_exit_code(&consumer, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL),
                     EXIT_CODE_CONFIG);
    settings.take_over = true;
    ck_assert_int_eq(membership_exit_code(&consumer, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL),
                     EXIT_CODE_UNRELEASED);
    ck_assert_int_eq(membership_exit_code(&consumer, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID), EXIT_CODE_FENCED);
}
END_TEST

/* --- the stand-in -----------------------------------------------------------------------------------------
 */

START_TEST(only_a_static_member_of_the_consumer_protocol_that_leaves_has_to_be_forced_out)
{
    ck_assert(!membership_must_force_leave(&consumer));
    consumer.end.leaving = true;
    ck_assert(membership_must_force_leave(&consumer));
    classic = true;
    ck_assert(!membership_must_force_leave(&consumer));
    classic = false;
    settings.instance_id = NULL;
    ck_assert(!membership_must_force_leave(&consumer));
}
END_TEST

START_TEST(a_place_is_taken_over_reading_nothing_and_left)
{
    seen.assigned_at = 4;
    capture_begin();
    membership_force_leave(&settings);
    ck_assert_str_eq(capture_end(), "");
    ck_assert(took_over && !settings.take_over);
    ck_assert_str_eq(seen.subscribed, "payments");
    ck_assert_int_eq(seen.assigns, 1);
    ck_assert_int_eq(seen.pauses, 1);
    ck_assert_int_eq(seen.empty_assigns, 1);
    ck_assert_int_eq(seen.polls, 4 + 3 + 5);
    ck_assert_int_eq(seen.unsubscribes, 1);
    ck_assert_int_eq(seen.closes, 1);
    ck_assert_int_eq(seen.destroys, 1);
}
END_TEST

START_TEST(a_place_that_is_not_given_within_three_seconds_is_told)
{
    int64_t before_us = fake_monotonic_us;
    capture_begin();
    membership_force_leave(&settings);
    ck_assert_ptr_nonnull(strstr(capture_end(), "the group may keep this member's partitions"));
    ck_assert_int_eq(fake_monotonic_us - before_us, 3050 * US_PER_MS);
    ck_assert_int_eq(seen.closes, 1);
    ck_assert_int_eq(seen.destroys, 1);
}
END_TEST

START_TEST(what_hinders_it_is_told_with_the_reason)
{
    conf_fails = true;
    capture_begin();
    membership_force_leave(&settings);
    ck_assert_ptr_nonnull(strstr(capture_end(), "by the classic protocol: no configuration"));
    ck_assert_int_eq(seen.destroys, 0);
}
END_TEST

START_TEST(a_handle_of_either_that_does_not_end_is_left)
{
    seen.stays_open = true; /* to destroy it would wait as well */
    consumer.end.leaving = true;
    capture_begin();
    membership_end(&consumer);
    ck_assert_str_eq(
        capture_end(),
        "warning: the group does not answer: it may keep this member until its session expires\n");
    ck_assert_int_eq(seen.closes, 1); /* no other takes its place */
    ck_assert(consumer.end.abandoned);
    seen.assigned_at = 4;
    ck_assert(!membership_force_leave(&settings));
    ck_assert_int_eq(seen.destroys, 0);
    seen.stays_open = false;
    seen.lives_on = true;
    seen.assigned_at = seen.polls + 4;
    ck_assert(!membership_force_leave(&settings));
    ck_assert_int_eq(seen.destroys, 1);
}
END_TEST

START_TEST(one_without_a_handle_has_nothing_to_end)
{
    consumer.rk = NULL;
    membership_end(&consumer);
    ck_assert_int_eq(seen.closes, 0);
    ck_assert(!consumer.end.abandoned);
}
END_TEST

CHECK_MAIN_WITH("consumer/membership", begin, NULL, joining_subscribes_to_the_topic,
                an_eager_member_joins_again_by_subscribing_once_more,
                a_cooperative_one_gives_its_partitions_up_first,
                a_subscription_that_is_refused_is_a_configuration_error_that_names_the_topic,
                leaving_polls_until_all_is_taken_back_and_a_moment_more, leaving_gives_up_after_five_seconds,
                a_fenced_member_says_why_it_may_have_been, who_may_not_take_a_place_over_waits,
                only_a_static_member_of_the_consumer_protocol_that_leaves_has_to_be_forced_out,
                a_place_is_taken_over_reading_nothing_and_left,
                a_place_that_is_not_given_within_three_seconds_is_told,
                what_hinders_it_is_told_with_the_reason, a_handle_of_either_that_does_not_end_is_left,
                one_without_a_handle_has_nothing_to_end)

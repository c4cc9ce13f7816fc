/* What a handle is made of: properties, ours and the user's; whether a handle can be made; whether somebody
 * answers. Nobody is connected to. */
#include "common/kafka.h"

#include <stdio.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

static struct error error;
static rd_kafka_conf_t *conf;

/* --- librdkafka, as far as it is stood in for ---------------------------------------------------------- */

typedef void (*log_function)(const rd_kafka_t *rk, int level, const char *facility, const char *text);
static log_function log_with;
static int logs_unset;

void rd_kafka_conf_set_log_cb(rd_kafka_conf_t *of, log_function callback)
{
    (void)of;
    if (callback != NULL)
        log_with = callback;
    else
        logs_unset++;
}

static int token_threads;

rd_kafka_error_t *rd_kafka_sasl_background_callbacks_enable(rd_kafka_t *rk)
{
    (void)rk;
    token_threads++;
    return NULL;
}

static struct {
    int silent; /* so many questions are not answered */
    int questions, freed;
} broker;

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all_topics, rd_kafka_topic_t *only,
                                      const struct rd_kafka_metadata **metadata, int timeout_ms)
{
    static const struct rd_kafka_metadata none;
    (void)rk, (void)only, (void)timeout_ms;
    ck_assert_int_eq(all_topics, 0);
    ck_assert_int_lt(broker.questions, 1000);
    broker.questions++;
    fake_clock_advance(500 * US_PER_MS);
    *metadata = &none;
    return broker.questions > broker.silent ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__TRANSPORT;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata)
{
    ck_assert_ptr_nonnull(metadata);
    broker.freed++;
}

static struct kafka_failure failure;
static rd_kafka_resp_err_t fails_with;
static int polls;

int rd_kafka_poll(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk;
    ck_assert_int_eq(timeout_ms, 0);
    polls++;
    if (fails_with != RD_KAFKA_RESP_ERR_NO_ERROR)
        kafka_failure_note(&failure, fails_with, "the reason");
    return 0;
}

/* --- helpers ------------------------------------------------------------------------------------------- */

static void begin(void)
{
    log_init();
    error = (struct error)ERROR_INIT;
}

static void end(void)
{
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
}

static rd_kafka_conf_t *conf_of(const char *first, const char *second)
{
    char *items[] = {(char *)(uintptr_t)first, (char *)(uintptr_t)second};
    const struct option_list list = {.items = items, .count = first == NULL ? 0 : second == NULL ? 1 : 2};
    error = (struct error)ERROR_INIT;
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
    conf = kafka_conf("h:1,g:2", "bravo", &list, &error);
    return conf;
}

static void is_set(const char *name, const char *value)
{
    char found[256];
    size_t bytes = sizeof found;
    ck_assert_int_eq(rd_kafka_conf_get(conf, name, found, &bytes), RD_KAFKA_CONF_OK);
    ck_assert_str_eq(found, value);
}

static void refuses(const char *property, int exit_code, const char *why)
{
    ck_assert_ptr_null(conf_of(property, NULL));
    ck_assert_int_eq(error.exit_code, exit_code);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' does not say '%s'", error.text, why);
}

/* --- properties ---------------------------------------------------------------------------------------- */

START_TEST(a_configuration_has_the_address_our_defaults_and_last_what_the_user_says)
{
    ck_assert_ptr_nonnull(conf_of("client.id=mine", "linger.ms=7"));
    is_set("bootstrap.servers", "h:1,g:2");
    is_set("client.id", "mine");
    is_set("linger.ms", "7");
    is_set("reconnect.backoff.max.ms", "500");
    is_set("socket.connection.setup.timeout.ms", "8000");
    ck_assert_ptr_nonnull(conf_of("reconnect.backoff.max.ms=900", NULL));
    is_set("reconnect.backoff.max.ms", "900");
    rd_kafka_conf_destroy(conf);
    conf = kafka_conf("h:1", "bravo", NULL, &error);
    is_set("client.id", "bravo");
}
END_TEST

START_TEST(what_is_no_property_is_a_usage_error)
{
    refuses("no.such=1", EXIT_CODE_USAGE, "-X no.such: ");
    refuses("linger.ms=soon", EXIT_CODE_USAGE, "-X linger.ms: ");
    refuses("secret", EXIT_CODE_USAGE, "NAME=VALUE is expected");
    ck_assert_ptr_null(strstr(error.text, "secret"));
    refuses("=secret", EXIT_CODE_USAGE, "NAME=VALUE is expected");
    ck_assert_ptr_null(strstr(error.text, "secret"));
}
END_TEST

START_TEST(a_value_can_be_the_first_line_of_a_file)
{
    char path[64], property[96];
    snprintf(path, sizeof path, "/tmp/test-kafka-conf-%d", (int)getpid());
    snprintf(property, sizeof property, "sasl.password=@%s", path);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    refuses(property, EXIT_CODE_CONFIG, " is empty");
    fputs("hush\r\nnot this\n", file);
    fflush(file);
    ck_assert_ptr_nonnull(conf_of(property, NULL));
    is_set("sasl.password", "hush");
    fclose(file);
    unlink(path);
    refuses(property, EXIT_CODE_CONFIG, "-X sasl.password: cannot read /tmp/test-kafka-conf-");
}
END_TEST

START_TEST(ours_give_way_to_what_the_user_has)
{
    static const struct kafka_property ours[] = {{"acks", "all"}, {"linger.ms", "9"}, {NULL, NULL}};
    static const struct kafka_property bad[] = {{"acks", "all"}, {"no.such", "9"}, {NULL, NULL}};
    char *items[] = {(char *)(uintptr_t) "linger.ms=7"};
    const struct option_list list = {.items = items, .count = 1};
    ck_assert_ptr_nonnull(conf_of("linger.ms=7", NULL));
    ck_assert_int_eq(kafka_conf_set_all(conf, ours, &list, &error), 0);
    is_set("acks", "-1");
    is_set("linger.ms", "7");
    ck_assert_int_eq(kafka_conf_set_all(conf, ours, NULL, &error), 0);
    is_set("linger.ms", "9");
    ck_assert_int_eq(kafka_conf_set_all(conf, bad, &list, &error), -1);
}
END_TEST

START_TEST(a_property_is_given_when_its_whole_name_is)
{
    char *items[] = {(char *)(uintptr_t) "acks=all", (char *)(uintptr_t) "linger.ms.more=7"};
    const struct option_list list = {.items = items, .count = 2};
    ck_assert(kafka_property_given(&list, "acks"));
    ck_assert(kafka_property_given(&list, "linger.ms.more"));
    ck_assert(!kafka_property_given(&list, "linger.ms"));
    ck_assert(!kafka_property_given(&list, "ack"));
}
END_TEST

/* --- log lines ----------------------------------------------------------------------------------------- */

static const char *logged(int level)
{
    capture_begin();
    log_with(NULL, level, "FAIL", "the text");
    return capture_end();
}

START_TEST(only_what_is_critical_is_told_unless_more_is_wanted)
{
    ck_assert_ptr_nonnull(conf_of(NULL, NULL));
    ck_assert_str_eq(logged(LOG_CRIT), "error: librdkafka FAIL: the text\n");
    ck_assert_str_eq(logged(LOG_ERR), "");
    log_set_verbose(true);
    ck_assert_str_eq(logged(LOG_ERR), "librdkafka FAIL: the text\n");
    log_set_verbose(false);
}
END_TEST

/* --- handles ------------------------------------------------------------------------------------------- */

START_TEST(properties_that_do_not_go_together_are_refused_when_the_handle_is_made)
{
    ck_assert_ptr_nonnull(conf_of("enable.idempotence=true", "max.in.flight=6"));
    rd_kafka_conf_t *again = rd_kafka_conf_dup(conf);
    ck_assert_ptr_null(kafka_new(RD_KAFKA_PRODUCER, conf, &error));
    conf = NULL;
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "librdkafka refuses the configuration: "));
    ck_assert_int_eq(kafka_check(RD_KAFKA_PRODUCER, again, &error), -1);
}
END_TEST

START_TEST(a_check_makes_a_handle_that_logs_nothing)
{
    ck_assert_ptr_nonnull(conf_of("linger.ms=7", NULL));
    ck_assert_int_eq(kafka_check(RD_KAFKA_PRODUCER, conf, &error), 0);
    conf = NULL;
    ck_assert_int_eq(logs_unset, 1);
    ck_assert_int_eq(token_threads, 0);
}
END_TEST

START_TEST(a_token_is_fetched_by_a_thread_of_librdkafkas)
{
    ck_assert_ptr_nonnull(conf_of("sasl.mechanism=OAUTHBEARER", "security.protocol=SASL_PLAINTEXT"));
    rd_kafka_t *rk = kafka_new(RD_KAFKA_PRODUCER, conf, &error);
    conf = NULL;
    ck_assert_msg(rk != NULL, "%s", error.text);
    ck_assert_int_eq(token_threads, 1);
    rd_kafka_destroy(rk);
}
END_TEST

START_TEST(a_fatal_error_has_the_exit_code_of_what_can_be_done_about_it)
{
    ck_assert_int_eq(kafka_exit_code(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID), EXIT_CODE_FENCED);
    ck_assert_int_eq(kafka_exit_code(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED), EXIT_CODE_CONFIG);
    ck_assert_int_eq(kafka_exit_code(RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL), EXIT_CODE_CONFIG);
    ck_assert_int_eq(kafka_exit_code((rd_kafka_resp_err_t)111), EXIT_CODE_UNRELEASED);
    ck_assert_int_eq(kafka_exit_code(RD_KAFKA_RESP_ERR__FATAL), EXIT_CODE_KAFKA_FATAL);
}
END_TEST

START_TEST(the_embedded_broker_is_known_by_its_clusters_id)
{
    ck_assert(kafka_is_mock("mockCluster7f"));
    ck_assert(!kafka_is_mock("mockCluste"));
    ck_assert(!kafka_is_mock("abcdefghijklmnopqrstuv"));
}
END_TEST

/* --- reaching ------------------------------------------------------------------------------------------ */

static const struct brokers brokers = {.bootstrap = "h:1", .source = "--bootstrap"};

static int reach(int timeout_ms)
{
    broker.questions = broker.freed = 0;
    capture_begin();
    int result = kafka_reach(NULL, &brokers, &failure, timeout_ms, &error);
    capture_end();
    return result;
}

START_TEST(somebody_who_answers_late_answers)
{
    broker.silent = 5;
    ck_assert_int_eq(reach(10000), 0);
    ck_assert_int_eq(broker.questions, 6);
    ck_assert_int_eq(broker.freed, 1);
    ck_assert_int_eq(polls, 5);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(nobody_is_asked_for_longer_than_the_time_and_the_address_is_named)
{
    broker.silent = 1000;
    ck_assert_int_eq(reach(10000), -1);
    ck_assert_int_eq(broker.questions, 20);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_FAILED);
    ck_assert_ptr_nonnull(strstr(error.text, "h:1"));
}
END_TEST

START_TEST(a_reason_that_tells_is_told_once_while_it_is_tried_on)
{
    broker.silent = 6;
    fails_with = RD_KAFKA_RESP_ERR__RESOLVE;
    ck_assert_int_eq(reach(10000), 0);
    const char *told = strstr(capture.text, "; retrying\n");
    ck_assert_ptr_nonnull(told);
    ck_assert_ptr_null(strstr(told + strlen("; retrying"), "retrying"));
}
END_TEST

START_TEST(what_trying_again_cannot_help_ends_it_when_another_broker_had_its_chance)
{
    broker.silent = 1000;
    fails_with = RD_KAFKA_RESP_ERR__AUTHENTICATION;
    ck_assert_int_eq(reach(10000), -1);
    ck_assert_int_eq(broker.questions, 2);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_null(strstr(capture.text, "retrying"));
}
END_TEST

CHECK_MAIN_WITH("common/kafka: handles", begin, end,
                a_configuration_has_the_address_our_defaults_and_last_what_the_user_says,
                what_is_no_property_is_a_usage_error, a_value_can_be_the_first_line_of_a_file,
                ours_give_way_to_what_the_user_has, a_property_is_given_when_its_whole_name_is,
                only_what_is_critical_is_told_unless_more_is_wanted,
                properties_that_do_not_go_together_are_refused_when_the_handle_is_made,
                a_check_makes_a_handle_that_logs_nothing, a_token_is_fetched_by_a_thread_of_librdkafkas,
                a_fatal_error_has_the_exit_code_of_what_can_be_done_about_it,
                the_embedded_broker_is_known_by_its_clusters_id, somebody_who_answers_late_answers,
                nobody_is_asked_for_longer_than_the_time_and_the_address_is_named,
                a_reason_that_tells_is_told_once_while_it_is_tried_on,
                what_trying_again_cannot_help_ends_it_when_another_broker_had_its_chance)

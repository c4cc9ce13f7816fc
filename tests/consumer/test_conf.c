/* What librdkafka is told. Its getter and setter are stood in for, so that one property can be refused, and
 * so that a librdkafka that knows group.protocol can be played: all else goes to the real ones. */
#include <dlfcn.h>

#include "common/exit_codes.h"
#include "consumer/conf.h"
#include "tests/support/check_main.h"

static char protocol[32]; /* "": a librdkafka that does not know the property */
static const char *refused;
static struct settings settings;
static struct error error;
static rd_kafka_conf_t *conf;

rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *of, const char *name, const char *value, char *why,
                                      size_t bytes)
{
    rd_kafka_conf_res_t (*real)(rd_kafka_conf_t *, const char *, const char *, char *, size_t);
    if (refused != NULL && strcmp(name, refused) == 0) {
        snprintf(why, bytes, "refused");
        return RD_KAFKA_CONF_INVALID;
    }
    if (strcmp(name, "group.protocol") == 0 && protocol[0] != '\0') {
        snprintf(protocol, sizeof protocol, "%s", value);
        return RD_KAFKA_CONF_OK;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "rd_kafka_conf_set");
    return real(of, name, value, why, bytes);
}

rd_kafka_conf_res_t rd_kafka_conf_get(const rd_kafka_conf_t *of, const char *name, char *value, size_t *bytes)
{
    rd_kafka_conf_res_t (*real)(const rd_kafka_conf_t *, const char *, char *, size_t *);
    if (strcmp(name, "group.protocol") == 0) {
        if (protocol[0] == '\0')
            return RD_KAFKA_CONF_UNKNOWN;
        *bytes = (size_t)snprintf(value, *bytes, "%s", protocol) + 1;
        return RD_KAFKA_CONF_OK;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "rd_kafka_conf_get");
    return real(of, name, value, bytes);
}

static void begin(void)
{
    settings = (struct settings){.client = "bravo",
                                 .group_name = "g",
                                 .brokers = {.bootstrap = "h:1"},
                                 .session_timeout_us = INT64_C(20000000)};
}

static void end(void)
{
    if (conf != NULL)
        rd_kafka_conf_destroy(conf);
}

static void make(void)
{
    end();
    conf = consumer_conf(&settings, &error);
    ck_assert_msg(conf != NULL, "%s", error.text);
}

static void is(const char *name, const char *wanted)
{
    char value[256] = "";
    size_t bytes = sizeof value;
    ck_assert_int_eq(rd_kafka_conf_get(conf, name, value, &bytes), RD_KAFKA_CONF_OK);
    ck_assert_msg(strcmp(value, wanted) == 0, "%s is '%s', not '%s'", name, value, wanted);
}

START_TEST(a_consumer_commits_itself_and_skips_nothing_in_silence)
{
    make();
    is("bootstrap.servers", "h:1");
    is("client.id", "bravo");
    is("group.id", "g");
    is("enable.auto.commit", "false");
    is("enable.auto.offset.store", "false");
    is("enable.partition.eof", "true");
    is("auto.offset.reset", "error");
    is("session.timeout.ms", "20000");
    is("heartbeat.interval.ms", "500");
    is("partition.assignment.strategy", "range");
    is("fetch.error.backoff.ms", "50");
    is("topic.metadata.refresh.fast.interval.ms", "10");
    ck_assert(conf_is_classic(conf));
}
END_TEST

START_TEST(commit_auto_leaves_it_to_the_timer)
{
    settings.commit = COMMIT_AUTO;
    make();
    is("enable.auto.commit", "true");
    is("enable.auto.offset.store", "true");
    is("enable.partition.eof", "true");
    is("auto.offset.reset", "error");
}
END_TEST

START_TEST(the_user_s_word_goes_before_ours)
{
    static char *words[] = {(char *)"heartbeat.interval.ms=700", (char *)"session.timeout.ms=9000",
                            (char *)"fetch.error.backoff.ms=70"};
    settings.properties = (struct option_list){.items = words, .count = sizeof words / sizeof words[0]};
    make();
    is("heartbeat.interval.ms", "700");
    is("session.timeout.ms", "9000");
    is("fetch.error.backoff.ms", "70");
    is("enable.auto.commit", "false");
    is("auto.offset.reset", "error");
}
END_TEST

START_TEST(about_offsets_and_dead_letters_the_user_has_no_word)
{
    static const char *const words_refused[] = {"enable.auto.commit=true", "auto.offset.reset=latest",
                                                "acks=1"};
    char *words[1];
    for (size_t i = 0; i < 3; i++) {
        words[0] = (char *)(uintptr_t)words_refused[i];
        settings.properties = (struct option_list){.items = words, .count = 1};
        error = (struct error)ERROR_INIT;
        ck_assert_ptr_null(consumer_conf(&settings, &error));
        ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
        ck_assert_ptr_nonnull(strstr(error.text, words_refused[i]));
    }
    settings.dead_letters = "off"; /* then there is no producer */
    make();
}
END_TEST

START_TEST(a_static_member_has_its_id)
{
    char value[64];
    size_t bytes = sizeof value;
    make();
    ck_assert_int_ne(rd_kafka_conf_get(conf, "group.instance.id", value, &bytes), RD_KAFKA_CONF_OK);
    settings.instance_id = "default.host.bravo";
    make();
    is("group.instance.id", "default.host.bravo");
}
END_TEST

START_TEST(with_the_consumer_protocol_what_is_the_broker_s_is_not_said)
{
    snprintf(protocol, sizeof protocol, "consumer");
    make();
    ck_assert(!conf_is_classic(conf));
    is("heartbeat.interval.ms", "3000");
    is("session.timeout.ms", "45000");
    is("enable.auto.commit", "false");
    ck_assert_str_eq(protocol, "consumer");
    snprintf(protocol, sizeof protocol, "classic");
    ck_assert(conf_is_classic(conf));
}
END_TEST

START_TEST(who_takes_a_place_over_joins_by_the_classic_protocol)
{
    snprintf(protocol, sizeof protocol, "consumer");
    settings.take_over = true;
    make();
    ck_assert_str_eq(protocol, "classic");
    is("heartbeat.interval.ms", "500");
    is("session.timeout.ms", "20000");
}
END_TEST

START_TEST(where_there_is_only_the_classic_one_nothing_is_said_of_it)
{
    settings.take_over = true; /* group.protocol would be refused */
    make();
    ck_assert(conf_is_classic(conf));
}
END_TEST

START_TEST(what_librdkafka_refuses_is_an_error_that_names_it)
{
    static const char *const names[] = {
        "bootstrap.servers",     "client.id",          "group.id",          "fetch.error.backoff.ms",
        "enable.auto.commit",    "auto.offset.reset",  "group.instance.id", "allow.auto.create.topics",
        "heartbeat.interval.ms", "session.timeout.ms", "group.protocol"};
    settings.instance_id = "default.host.bravo";
    settings.take_over = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(protocol, sizeof protocol, "consumer");
        refused = names[i];
        error = (struct error)ERROR_INIT;
        ck_assert_msg(consumer_conf(&settings, &error) == NULL, "%s is refused, and not missed", names[i]);
        ck_assert_msg(strstr(error.text, names[i]) != NULL, "'%s' does not say %s", error.text, names[i]);
    }
}
END_TEST

CHECK_MAIN_WITH("consumer/conf", begin, end, a_consumer_commits_itself_and_skips_nothing_in_silence,
                commit_auto_leaves_it_to_the_timer, the_user_s_word_goes_before_ours,
                about_offsets_and_dead_letters_the_user_has_no_word, a_static_member_has_its_id,
                with_the_consumer_protocol_what_is_the_broker_s_is_not_said,
                who_takes_a_place_over_joins_by_the_classic_protocol,
                where_there_is_only_the_classic_one_nothing_is_said_of_it,
                what_librdkafka_refuses_is_an_error_that_names_it)

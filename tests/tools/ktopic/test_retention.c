/* ktopic retention: how long a topic keeps its records, told and changed; whatever else is set stays. The
 * broker is written down here, in place of cluster.c and admin.c. */
#include "common/exit_codes.h"
#include "common/log.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"
#include "tools/ktopic/admin.h"
#include "tools/ktopic/verbs.h"

enum { SETTINGS_MAX = 80 };

static struct {
    struct {
        const char *name, *value;
        rd_kafka_ConfigSource_t source;
    } settings[SETTINGS_MAX];
    size_t count;
    char retention[32];
    bool is_own;
    bool embedded, no_topic, refuses, forgets; /* forgets: what it accepted is never in force */
    int late, left;                            /* so many looks until a change is in force */
    char next[32];
    bool next_is_own;
    char sent[4096]; /* the last change, "name=value " each */
} broker;

static const char *text;
static struct rd_kafka_metadata_topic topic_there;

int cluster_open(struct kafka_cluster *cluster, rd_kafka_type_t type, const struct kafka_source *source,
                 struct option_list *properties, const struct kafka_property *ours, struct error *error)
{
    (void)type;
    (void)source;
    (void)properties;
    (void)ours;
    (void)error;
    *cluster = (struct kafka_cluster){0};
    return 0;
}

int cluster_real(const struct kafka_cluster *cluster, const char *embedded, struct error *error)
{
    (void)cluster;
    return broker.embedded ? error_set(error, "the embedded broker %s", embedded) : 0;
}

int unknown_topic(const struct kafka_cluster *cluster, const struct rd_kafka_metadata *metadata,
                  const char *topic, struct error *error)
{
    (void)cluster;
    (void)metadata;
    return error_set(error, "there is no topic '%s'", topic);
}

void kafka_cluster_close(struct kafka_cluster *cluster)
{
    (void)cluster;
}

int kafka_cluster_metadata(const struct kafka_cluster *cluster, const struct rd_kafka_metadata **metadata,
                           struct error *error)
{
    (void)cluster;
    (void)error;
    *metadata = NULL;
    return 0;
}

const struct rd_kafka_metadata_topic *kafka_metadata_topic(const struct rd_kafka_metadata *metadata,
                                                           const char *topic)
{
    (void)metadata;
    (void)topic;
    return broker.no_topic ? NULL : &topic_there;
}

int admin_topic_settings(const struct kafka_cluster *cluster, const char *topic,
                         void (*each)(void *context, const char *name, const char *value,
                                      rd_kafka_ConfigSource_t source),
                         void *context, struct error *error)
{
    (void)cluster;
    (void)topic;
    (void)error;
    fake_clock_advance(US_PER_SECOND);
    if (broker.next[0] != '\0' && broker.left-- <= 0 && !broker.forgets) {
        snprintf(broker.retention, sizeof broker.retention, "%s", broker.next);
        broker.is_own = broker.next_is_own;
    }
    for (size_t i = 0; i < broker.count; i++)
        each(context, broker.settings[i].name, broker.settings[i].value, broker.settings[i].source);
    each(context, "retention.ms", broker.retention,
         broker.is_own ? RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG : RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG);
    return 0;
}

int admin_replace_settings(const struct kafka_cluster *cluster, const char *topic,
                           const struct admin_setting *settings, size_t count, struct error *error)
{
    (void)cluster;
    (void)topic;
    if (broker.refuses)
        return error_set(error, "the right is missing");
    broker.sent[0] = '\0';
    broker.left = broker.late;
    snprintf(broker.next, sizeof broker.next, "604800000");
    broker.next_is_own = false;
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(broker.sent);
        snprintf(broker.sent + used, sizeof broker.sent - used, "%s=%s ", settings[i].name,
                 settings[i].value);
        if (strcmp(settings[i].name, "retention.ms") == 0) {
            snprintf(broker.next, sizeof broker.next, "%s", settings[i].value);
            broker.next_is_own = true;
        }
    }
    return 0;
}

static void set_up(void)
{
    log_init();
    snprintf(broker.retention, sizeof broker.retention, "604800000");
}

static void has(const char *name, const char *value, rd_kafka_ConfigSource_t source)
{
    broker.settings[broker.count].name = name;
    broker.settings[broker.count].value = value;
    broker.settings[broker.count++].source = source;
}

static int runs(const char *word)
{
    char *argv[] = {(char *)"retention", (char *)"payments", (char *)(uintptr_t)word, NULL};
    capture_begin();
    int status = verb_retention(word == NULL ? 2 : 3, argv);
    log_flush();
    text = capture_end();
    return status;
}

static void tells(const char *wanted)
{
    ck_assert_msg(strstr(text, wanted) != NULL, "'%s' is not in: %s", wanted, text);
}

/* --- told ---------------------------------------------------------------------------------------------- */

START_TEST(what_is_in_force_is_told_in_its_largest_unit)
{
    static const struct {
        const char *ms, *text;
    } cases[] = {{"604800000", "7 days"}, {"172800000", "2 days"}, {"86400000", "24 h"}, {"7200000", "2 h"},
                 {"3600000", "60 min"},   {"60000", "60 s"},       {"1000", "1000 ms"},  {"2000", "2 s"},
                 {"1", "1 ms"},           {"0", "0 ms"},           {"-1", "unlimited"}};
    broker.is_own = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[64];
        snprintf(broker.retention, sizeof broker.retention, "%s", cases[i].ms);
        ck_assert_int_eq(runs(NULL), EXIT_CODE_OK);
        snprintf(line, sizeof line, "payments: retention %s\n", cases[i].text);
        ck_assert_str_eq(text, line);
    }
    ck_assert_str_eq(broker.sent, ""); /* to look changes nothing */
}
END_TEST

START_TEST(a_default_of_the_broker_s_is_told_as_one)
{
    ck_assert_int_eq(runs(NULL), EXIT_CODE_OK);
    tells("payments: retention 7 days, the broker's default\n");
}
END_TEST

/* --- changed ------------------------------------------------------------------------------------------- */

START_TEST(a_change_sends_the_topic_s_other_settings_again_and_no_default)
{
    has("cleanup.policy", "compact", RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
    has("segment.ms", "5", RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG);
    has("max.message.bytes", "9", RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
    ck_assert_int_eq(runs("60s"), EXIT_CODE_OK);
    ck_assert_str_eq(broker.sent, "cleanup.policy=compact max.message.bytes=9 retention.ms=60000 ");
    tells("payments: retention 7 days, the broker's default → 60 s\n");
    ck_assert_int_eq(runs("unlimited"), EXIT_CODE_OK);
    ck_assert_str_eq(broker.sent, "cleanup.policy=compact max.message.bytes=9 retention.ms=-1 ");
    tells("payments: retention 60 s → unlimited\n");
    ck_assert_int_eq(runs("default"), EXIT_CODE_OK);
    ck_assert_str_eq(broker.sent, "cleanup.policy=compact max.message.bytes=9 ");
    tells("payments: retention unlimited → 7 days, the broker's default\n");
}
END_TEST

START_TEST(a_change_is_told_when_the_broker_has_it_in_force)
{
    broker.late = 3;
    ck_assert_int_eq(runs("1ms"), EXIT_CODE_OK);
    tells("→ 1 ms\n");
    ck_assert_int_eq(broker.left, -1);
}
END_TEST

START_TEST(a_change_that_is_not_in_force_after_five_seconds_is_a_failure)
{
    broker.forgets = true;
    ck_assert_int_eq(runs("60s"), EXIT_CODE_FAILED);
    tells("the broker accepted it, but after 5 s it still says retention.ms = 604800000 for topic payments");
}
END_TEST

/* --- refused ------------------------------------------------------------------------------------------- */

START_TEST(a_setting_that_cannot_be_sent_again_keeps_the_topic_as_it_is)
{
    has("secret", NULL, RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
    ck_assert_int_eq(runs("60s"), EXIT_CODE_FAILED);
    tells("topic payments has a setting that is secret, which would be lost");
    ck_assert_str_eq(broker.sent, "");
}
END_TEST

START_TEST(a_secret_default_is_no_hindrance)
{
    has("secret", NULL, RD_KAFKA_CONFIG_SOURCE_DEFAULT_CONFIG);
    ck_assert_int_eq(runs("60s"), EXIT_CODE_OK);
}
END_TEST

START_TEST(more_settings_than_are_held_keep_the_topic_as_it_is)
{
    for (int i = 0; i < 63; i++)
        has("n", "v", RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
    ck_assert_int_eq(runs("60s"), EXIT_CODE_OK); /* the last place is for retention.ms */
    has("n", "v", RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
    broker.sent[0] = '\0';
    ck_assert_int_eq(runs("2h"), EXIT_CODE_FAILED);
    tells("more settings of its own than expected, which would be lost");
    ck_assert_str_eq(broker.sent, "");
}
END_TEST

START_TEST(what_is_no_time_is_a_usage_error_before_anybody_is_asked)
{
    ck_assert_int_eq(runs("soon"), EXIT_CODE_USAGE);
    tells("TIME (or 'unlimited', or 'default')");
    ck_assert_int_eq(runs("999us"), EXIT_CODE_USAGE);
    tells("Kafka counts in milliseconds, 1ms at least");
}
END_TEST

START_TEST(the_embedded_broker_an_unknown_topic_and_a_refusal_are_failures)
{
    broker.refuses = true;
    ck_assert_int_eq(runs("60s"), EXIT_CODE_FAILED);
    tells("the right is missing");
    broker.no_topic = true;
    ck_assert_int_eq(runs(NULL), EXIT_CODE_FAILED);
    tells("there is no topic 'payments'");
    broker.embedded = true;
    ck_assert_int_eq(runs(NULL), EXIT_CODE_FAILED);
    tells("the embedded broker keeps no settings, and deletes by size alone");
}
END_TEST

CHECK_MAIN_WITH("tools/ktopic/retention", set_up, NULL, what_is_in_force_is_told_in_its_largest_unit,
                a_default_of_the_broker_s_is_told_as_one,
                a_change_sends_the_topic_s_other_settings_again_and_no_default,
                a_change_is_told_when_the_broker_has_it_in_force,
                a_change_that_is_not_in_force_after_five_seconds_is_a_failure,
                a_setting_that_cannot_be_sent_again_keeps_the_topic_as_it_is,
                a_secret_default_is_no_hindrance, more_settings_than_are_held_keep_the_topic_as_it_is,
                what_is_no_time_is_a_usage_error_before_anybody_is_asked,
                the_embedded_broker_an_unknown_topic_and_a_refusal_are_failures)

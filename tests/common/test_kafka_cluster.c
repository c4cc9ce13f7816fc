/* A tool's connection: opened to librdkafka's mock cluster, in this process. What the leaders say of the ends
 * of their logs is stood in for; time passes while it waits. */
#include "common/kafka_cluster.h"

#include <librdkafka/rdkafka_mock.h>

#include "common/log.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

enum { PARTITIONS = 3, LOW = -2, HIGH = -1 };

static struct error error;

/* --- the leaders --------------------------------------------------------------------------------------- */

static struct {
    int questions, asked[64]; /* partitions, by question */
    int pauses;
    int late;                /* so many answers lack partition 2 */
    rd_kafka_resp_err_t one; /* said of partition 2 while it is lacking */
    rd_kafka_resp_err_t whole;
} leaders;

int usleep(useconds_t microseconds)
{
    leaders.pauses++;
    fake_clock_advance(microseconds);
    return 0;
}

static bool lacks(int32_t partition)
{
    return partition == 2 && leaders.late > 0;
}

/* Partition n begins at 10n and ends at 100 + n; the one in the middle is empty. */
rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                               int timeout_ms)
{
    (void)rk;
    ck_assert_int_gt(timeout_ms, 0);
    ck_assert_int_lt(leaders.questions, 1000);
    leaders.asked[leaders.questions++ % 64] = list->cnt;
    if (leaders.whole != RD_KAFKA_RESP_ERR_NO_ERROR)
        return leaders.whole;
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *at = &list->elems[i];
        ck_assert(at->offset == LOW || at->offset == HIGH);
        bool low = at->offset == LOW;
        at->err = lacks(at->partition) ? leaders.one : RD_KAFKA_RESP_ERR_NO_ERROR;
        at->offset = lacks(at->partition) ? -1 : at->partition == 1 ? 0 : at->partition + (low ? 10 : 100);
    }
    leaders.late--;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static struct rd_kafka_metadata_partition partitions[PARTITIONS] = {{.id = 0}, {.id = 1}, {.id = 2}};
static struct rd_kafka_metadata_topic payments = {.partition_cnt = PARTITIONS, .partitions = partitions};
static struct kafka_watermarks watermarks[PARTITIONS];

static int ask(void)
{
    const struct kafka_cluster cluster = {.brokers = {.bootstrap = "127.0.0.1:1"}};
    payments.topic = (char *)(uintptr_t) "payments";
    error = (struct error)ERROR_INIT;
    return kafka_cluster_watermarks(&cluster, &payments, watermarks, &error);
}

START_TEST(the_ends_of_all_partitions_take_two_questions)
{
    ck_assert_int_eq(ask(), 0);
    ck_assert_int_eq(leaders.questions, 2);
    ck_assert_int_eq(leaders.pauses, 0);
    ck_assert_int_eq(watermarks[0].low, 10);
    ck_assert_int_eq(watermarks[0].high, 100);
    ck_assert_int_eq(watermarks[1].low, 0);
    ck_assert_int_eq(watermarks[1].high, 0);
    ck_assert_int_eq(watermarks[2].low, 12);
    ck_assert_int_eq(watermarks[2].high, 102);
}
END_TEST

START_TEST(who_does_not_know_yet_is_asked_again_and_nobody_else)
{
    leaders.late = 3;
    leaders.one = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    ck_assert_int_eq(ask(), 0);
    ck_assert_int_eq(leaders.questions, 5);
    ck_assert_int_eq(leaders.asked[0], PARTITIONS);
    ck_assert_int_eq(leaders.asked[1], 1);
    ck_assert_int_eq(leaders.asked[3], 1);
    ck_assert_int_eq(leaders.asked[4], PARTITIONS);
    ck_assert_int_eq(leaders.pauses, 3);
    ck_assert_int_eq(watermarks[2].low, 12);
}
END_TEST

START_TEST(what_nobody_tells_in_five_seconds_is_not_known_and_the_reason_is_told)
{
    int64_t began_us = clock_monotonic_us();
    leaders.late = 900;
    leaders.one = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    ck_assert_int_eq(ask(), -1);
    ck_assert_int_eq((clock_monotonic_us() - began_us) / US_PER_SECOND, 10); /* for either end */
    ck_assert_str_eq(error.text, "the offsets of topic payments could not be read: Broker: Not leader for "
                                 "partition");
    ck_assert_int_eq(watermarks[2].low, -1);
    ck_assert_int_eq(watermarks[2].high, -1);
    ck_assert_int_eq(watermarks[0].high, 100); /* the others are */
    leaders.late = 900;
    leaders.one = RD_KAFKA_RESP_ERR_NO_ERROR;
    ck_assert_int_eq(ask(), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "Local: Timed out"));
}
END_TEST

START_TEST(a_question_that_fails_is_asked_again_and_told)
{
    leaders.whole = RD_KAFKA_RESP_ERR__TRANSPORT;
    ck_assert_int_eq(ask(), -1);
    ck_assert_int_gt(leaders.pauses, 100);
    ck_assert_ptr_nonnull(strstr(error.text, "Local: Broker transport failure"));
    ck_assert_int_eq(watermarks[0].low, -1);
}
END_TEST

START_TEST(a_topic_without_partitions_asks_nobody)
{
    payments.partition_cnt = 0;
    ck_assert_int_eq(ask(), 0);
    ck_assert_int_eq(leaders.questions, 0);
}
END_TEST

START_TEST(a_topic_is_found_by_its_whole_name)
{
    struct rd_kafka_metadata_topic topics[] = {{.topic = (char *)(uintptr_t) "payments.dlq"},
                                               {.topic = (char *)(uintptr_t) "payments"}};
    const struct rd_kafka_metadata metadata = {.topic_cnt = 2, .topics = topics};
    ck_assert_ptr_eq(kafka_metadata_topic(&metadata, "payments"), &topics[1]);
    ck_assert_ptr_eq(kafka_metadata_topic(&metadata, "payments.dlq"), &topics[0]);
    ck_assert_ptr_null(kafka_metadata_topic(&metadata, "payment"));
}
END_TEST

/* --- opening ------------------------------------------------------------------------------------------- */

static rd_kafka_t *host;
static const struct option_list none;

static void (*on_error)(rd_kafka_t *rk, int err, const char *reason, void *opaque);

void rd_kafka_conf_set_error_cb(rd_kafka_conf_t *conf,
                                void (*callback)(rd_kafka_t *rk, int err, const char *reason, void *opaque))
{
    (void)conf;
    on_error = callback;
}

static struct kafka_cluster mock(void)
{
    char why[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "test.mock.num.brokers", "1", why, sizeof why);
    rd_kafka_conf_set(conf, "log_level", "2", why, sizeof why);
    host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    ck_assert_ptr_nonnull(host);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_handle_mock_cluster(host);
    rd_kafka_mock_topic_create(cluster, "payments", PARTITIONS, 1);
    struct kafka_cluster made = {0};
    snprintf(made.brokers.bootstrap, sizeof made.brokers.bootstrap, "%s",
             rd_kafka_mock_cluster_bootstraps(cluster));
    return made;
}

static const char *property(const struct kafka_cluster *cluster, const char *name)
{
    static char value[64];
    size_t bytes = sizeof value;
    ck_assert_int_eq(rd_kafka_conf_get(rd_kafka_conf(cluster->rk), name, value, &bytes), RD_KAFKA_CONF_OK);
    return value;
}

START_TEST(a_cluster_that_answers_is_open_and_lists_its_topics)
{
    static const struct kafka_property own[] = {{"fetch.wait.max.ms", "7"}, {NULL, NULL}};
    const struct rd_kafka_metadata *metadata;
    struct kafka_cluster cluster = mock();
    ck_assert_msg(kafka_cluster_open(&cluster, RD_KAFKA_CONSUMER, "tool", &none, own, &error) == 0, "%s",
                  error.text);
    ck_assert_str_eq(property(&cluster, "client.id"), "tool");
    ck_assert_str_eq(property(&cluster, "fetch.wait.max.ms"), "7");
    ck_assert_msg(kafka_cluster_metadata(&cluster, &metadata, &error) == 0, "%s", error.text);
    ck_assert_int_eq(kafka_metadata_topic(metadata, "payments")->partition_cnt, PARTITIONS);
    rd_kafka_metadata_destroy(metadata);
    kafka_cluster_close(&cluster);
    ck_assert_ptr_null(cluster.rk);
    kafka_cluster_close(&cluster);
    rd_kafka_destroy(host);
}
END_TEST

START_TEST(why_nobody_answers_is_noted_and_told_to_those_who_want_to_know)
{
    struct kafka_cluster cluster = mock();
    log_init();
    ck_assert_int_eq(kafka_cluster_open(&cluster, RD_KAFKA_PRODUCER, "tool", &none, NULL, &error), 0);
    ck_assert(!kafka_failure_tells(&cluster.failure));
    capture_begin();
    on_error(cluster.rk, RD_KAFKA_RESP_ERR__RESOLVE, "no such host", rd_kafka_opaque(cluster.rk));
    log_set_verbose(true);
    on_error(cluster.rk, RD_KAFKA_RESP_ERR__RESOLVE, "no such host", rd_kafka_opaque(cluster.rk));
    log_set_verbose(false);
    ck_assert_str_eq(capture_end(), "_RESOLVE: no such host\n");
    ck_assert(kafka_failure_tells(&cluster.failure));
    kafka_cluster_close(&cluster);
    rd_kafka_destroy(host);
}
END_TEST

START_TEST(what_librdkafka_or_our_rules_refuse_is_told_and_nothing_is_open)
{
    static const struct kafka_property bad[] = {{"no.such", "7"}, {NULL, NULL}};
    struct kafka_cluster cluster = {.brokers = {.bootstrap = "127.0.0.1:1"}, .rk = (void *)&error};
    ck_assert_int_eq(kafka_cluster_open(&cluster, RD_KAFKA_CONSUMER, "tool", &none, bad, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "no.such"));
    ck_assert_ptr_null(cluster.rk);
    const char *words[] = {"group.instance.id=x", "no such"};
    struct option_list properties = {.items = (char **)(uintptr_t)words, .count = 2};
    ck_assert_int_eq(kafka_cluster_open(&cluster, RD_KAFKA_CONSUMER, "tool", &properties, NULL, &error), -1);
    ck_assert_ptr_null(cluster.rk);
}
END_TEST

CHECK_MAIN("common/kafka_cluster", the_ends_of_all_partitions_take_two_questions,
           who_does_not_know_yet_is_asked_again_and_nobody_else,
           what_nobody_tells_in_five_seconds_is_not_known_and_the_reason_is_told,
           a_question_that_fails_is_asked_again_and_told, a_topic_without_partitions_asks_nobody,
           a_topic_is_found_by_its_whole_name, a_cluster_that_answers_is_open_and_lists_its_topics,
           why_nobody_answers_is_noted_and_told_to_those_who_want_to_know,
           what_librdkafka_or_our_rules_refuse_is_told_and_nothing_is_open)

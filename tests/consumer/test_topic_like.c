/* A topic that is made like its source: no broker is asked. */
#include "tests/support/capture.h"
#include "tests/support/check_main.h"

#include "common/kafka_topic.h"
#include "common/log.h"
#include "consumer/topic_like.h"

static char place;
#define PRODUCER ((rd_kafka_t *)(void *)&place)

static struct {
    /* what the cluster says */
    int dead_letters, source; /* partitions */
    int64_t bytes;            /* max.message.bytes of the source */
    int create;               /* the answer to it */
    int others;               /* partitions that it has when somebody else was quicker */
    bool cannot_grow;
    /* what it was asked */
    char created[128];
    int grown;
    int introduced;
} cluster;

/* --- stand-ins ----------------------------------------------------------------------------------------- */

/* The producer only gets to know the topic so, at last: this question would make it where brokers may do
 * that. */
int kafka_topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    ck_assert_ptr_eq(rk, PRODUCER);
    ck_assert_str_eq(topic, "payments.dlq");
    ck_assert_int_gt(timeout_ms, 0);
    cluster.introduced++;
    return 0;
}

int kafka_topic_partitions_listed(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    ck_assert_ptr_eq(rk, PRODUCER);
    ck_assert_int_gt(timeout_ms, 0);
    ck_assert_int_eq(cluster.introduced, 0);
    bool of_letters = strcmp(topic, "payments.dlq") == 0;
    ck_assert(of_letters || strcmp(topic, "payments") == 0);
    return of_letters ? cluster.dead_letters : cluster.source;
}

int64_t kafka_topic_number(rd_kafka_t *rk, const char *topic, const char *property, int timeout_ms)
{
    (void)timeout_ms;
    ck_assert_ptr_eq(rk, PRODUCER);
    ck_assert_str_eq(topic, "payments");
    ck_assert_str_eq(property, "max.message.bytes");
    return cluster.bytes;
}

int kafka_topic_create_with(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                            const char *property, const char *value, int timeout_ms, struct error *why)
{
    (void)timeout_ms;
    ck_assert_ptr_eq(rk, PRODUCER);
    ck_assert_int_eq(replication_factor, KAFKA_REPLICATION_DEFAULT);
    snprintf(cluster.created, sizeof cluster.created, "%s, %d, %s=%s", topic, partitions,
             property != NULL ? property : "", property != NULL ? value : "");
    if (cluster.create == KAFKA_TOPIC_THERE)
        cluster.dead_letters = cluster.others;
    return cluster.create != -1 ? cluster.create : error_set(why, "not allowed");
}

int kafka_topic_grow(rd_kafka_t *rk, const char *topic, int partitions, int timeout_ms, struct error *why)
{
    (void)timeout_ms;
    ck_assert_ptr_eq(rk, PRODUCER);
    ck_assert_str_eq(topic, "payments.dlq");
    cluster.grown = partitions;
    return cluster.cannot_grow ? error_set(why, "not allowed") : 0;
}

int kafka_topic_create(rd_kafka_t *rk, const char *topic, int partitions, int replication_factor,
                       int timeout_ms, struct error *why)
{
    return kafka_topic_create_with(rk, topic, partitions, replication_factor, NULL, NULL, timeout_ms, why);
}

/* --- cases --------------------------------------------------------------------------------------------- */

static void begin(void)
{
    memset(&cluster, 0, sizeof cluster);
    cluster.source = 3;
    cluster.bytes = 1000000;
}

static void make(void)
{
    cluster.introduced = 0;
    capture_begin();
    topic_like(PRODUCER, "payments.dlq", "payments", "dead letters");
    capture_end();
    ck_assert_int_eq(cluster.introduced, 1); /* it knows the topic before the first message */
}

START_TEST(the_topic_is_made_like_its_source_with_room_for_headers)
{
    make();
    ck_assert_str_eq(cluster.created, "payments.dlq, 3, max.message.bytes=1065536");
    ck_assert_str_eq(capture.text, "topic payments.dlq was created with 3 partitions, for dead letters\n");
    cluster.source = 1;
    make();
    ck_assert_str_eq(capture.text, "topic payments.dlq was created with 1 partition, for dead letters\n");
}
END_TEST

START_TEST(a_topic_that_somebody_else_made_meanwhile_is_not_told_as_ours_and_grows)
{
    cluster.create = KAFKA_TOPIC_THERE;
    cluster.others = 1;
    make();
    ck_assert_int_eq(cluster.grown, 3);
    ck_assert_str_eq(
        capture.text,
        "topic payments.dlq, for dead letters, was created elsewhere with 1 partition: grown to 3\n");
    cluster.dead_letters = cluster.grown = 0;
    cluster.cannot_grow = true;
    make();
    ck_assert_ptr_nonnull(strstr(capture.text, "has 1 partition and its source 3: not allowed"));
    cluster.dead_letters = cluster.grown = 0;
    cluster.others = 12;
    make();
    ck_assert_int_eq(cluster.grown, 0);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(where_the_broker_does_not_say_how_large_records_may_be_the_topic_has_its_default)
{
    static const int64_t unsaid[] = {-1, 0};
    for (size_t i = 0; i < 2; i++) {
        cluster.bytes = unsaid[i];
        make();
        ck_assert_str_eq(cluster.created, "payments.dlq, 3, =");
    }
    cluster.bytes = 1;
    make();
    ck_assert_str_eq(cluster.created, "payments.dlq, 3, max.message.bytes=65537");
}
END_TEST

START_TEST(a_topic_that_is_there_is_left_as_it_is)
{
    cluster.dead_letters = 1;
    make();
    ck_assert_str_eq(cluster.created, "");
    cluster.dead_letters = -1; /* nobody says */
    make();
    ck_assert_str_eq(cluster.created, "");
}
END_TEST

START_TEST(without_a_source_none_is_made)
{
    cluster.source = 0;
    make();
    ck_assert_str_eq(cluster.created, "");
}
END_TEST

START_TEST(a_topic_that_cannot_be_made_is_no_failure_yet)
{
    cluster.create = -1;
    log_set_verbose(true);
    make();
    ck_assert_str_eq(capture.text, "not allowed\n");
}
END_TEST

CHECK_MAIN_WITH("consumer/topic_like", begin, NULL, the_topic_is_made_like_its_source_with_room_for_headers,
                a_topic_that_somebody_else_made_meanwhile_is_not_told_as_ours_and_grows,
                where_the_broker_does_not_say_how_large_records_may_be_the_topic_has_its_default,
                a_topic_that_is_there_is_left_as_it_is, without_a_source_none_is_made,
                a_topic_that_cannot_be_made_is_no_failure_yet)

/* The dead letters' topic and their producer: no broker is asked. */
#include "tests/support/capture.h"
#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "common/kafka_topic.h"
#include "common/log.h"
#include "consumer/letter_producer.h"

static struct settings settings;
static struct error error;
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
    /* what the producer is */
    rd_kafka_conf_t *conf;
    void *opaque;
    void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
    bool refuse;
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

void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *opaque)
{
    (void)conf;
    cluster.opaque = opaque;
}

void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf,
                                 void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message,
                                                     void *opaque))
{
    (void)conf;
    cluster.on_delivery = on_delivery;
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t bytes)
{
    ck_assert_int_eq(type, RD_KAFKA_PRODUCER);
    if (cluster.refuse) {
        snprintf(why, bytes, "it rains");
        return NULL;
    }
    cluster.conf = conf;
    return PRODUCER;
}

/* --- cases --------------------------------------------------------------------------------------------- */

static void begin(void)
{
    memset(&cluster, 0, sizeof cluster);
    cluster.source = 3;
    cluster.bytes = 1000000;
    error = (struct error)ERROR_INIT;
    settings =
        (struct settings){.topic = "payments", .client = "bravo", .brokers = {.bootstrap = "127.0.0.1:9092"}};
}

static void end(void)
{
    if (cluster.conf != NULL)
        rd_kafka_conf_destroy(cluster.conf);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)message;
    (void)opaque;
}

static rd_kafka_t *open_producer(void)
{
    cluster.introduced = 0;
    capture_begin();
    rd_kafka_t *rk = letter_producer_open(&settings, "payments.dlq", &settings, on_delivery, &error);
    capture_end();
    return rk;
}

static void goes_to(const char *given, const char *topic)
{
    char name[LETTER_TOPIC_MAX + 1] = "?";
    settings.dead_letters = given;
    ck_assert_int_eq(letter_topic(&settings, name, &error), 0);
    ck_assert_str_eq(name, topic);
}

START_TEST(letters_go_to_the_topics_name_and_dlq_or_where_they_are_told_or_nowhere)
{
    goes_to(NULL, "payments.dlq");
    goes_to("elsewhere", "elsewhere");
    goes_to("off", "");
    goes_to("offside", "offside");
}
END_TEST

START_TEST(a_name_that_kafka_does_not_take_is_refused_at_the_start)
{
    char topic[300];
    char name[LETTER_TOPIC_MAX + 1];
    memset(topic, 'x', sizeof topic);
    topic[245] = '\0';
    settings.topic = topic;
    ck_assert_int_eq(letter_topic(&settings, name, &error), 0);
    ck_assert_uint_eq(strlen(name), 249);
    topic[245] = 'x';
    topic[246] = '\0';
    ck_assert_int_eq(letter_topic(&settings, name, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_str_eq(error.text, "the dead letters' topic would have a name of 250 characters, Kafka allows "
                                 "249: name another one with --dead-letters, or 'off'");
    settings.dead_letters = "off";
    ck_assert_int_eq(letter_topic(&settings, name, &error), 0);
}
END_TEST

static void configured(const char *name, const char *value)
{
    char found[64];
    size_t bytes = sizeof found;
    ck_assert_int_eq(rd_kafka_conf_get(cluster.conf, name, found, &bytes), RD_KAFKA_CONF_OK);
    ck_assert_str_eq(found, value);
}

START_TEST(the_producer_sends_for_ever_and_whatever_the_size)
{
    ck_assert_ptr_eq(open_producer(), PRODUCER);
    configured("enable.idempotence", "true");
    configured("message.timeout.ms", "0");
    configured("message.max.bytes", "1000000000");
    configured("bootstrap.servers", "127.0.0.1:9092");
    configured("client.id", "bravo");
    ck_assert_int_eq(cluster.introduced, 1); /* it knows the topic before the first letter */
    ck_assert_ptr_eq(cluster.opaque, &settings);
    ck_assert(cluster.on_delivery == on_delivery);
}
END_TEST

START_TEST(the_topic_is_made_like_its_source_with_room_for_headers)
{
    open_producer();
    ck_assert_str_eq(cluster.created, "payments.dlq, 3, max.message.bytes=1065536");
    ck_assert_str_eq(capture.text, "topic payments.dlq was created with 3 partitions, for dead letters\n");
    end();
    cluster.source = 1;
    open_producer();
    ck_assert_str_eq(capture.text, "topic payments.dlq was created with 1 partition, for dead letters\n");
}
END_TEST

START_TEST(a_topic_that_somebody_else_made_meanwhile_is_not_told_as_ours_and_grows)
{
    cluster.create = KAFKA_TOPIC_THERE;
    cluster.others = 1;
    open_producer();
    ck_assert_int_eq(cluster.grown, 3);
    ck_assert_str_eq(capture.text, "topic payments.dlq, for dead letters, was made by somebody else with 1 "
                                   "partition: grown to 3\n");
    end();
    cluster.dead_letters = cluster.grown = 0;
    cluster.cannot_grow = true;
    open_producer();
    ck_assert_ptr_nonnull(strstr(capture.text, "has 1 partition and its source 3: not allowed"));
    end();
    cluster.dead_letters = cluster.grown = 0;
    cluster.others = 12;
    open_producer();
    ck_assert_int_eq(cluster.grown, 0);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(where_the_broker_does_not_say_how_large_records_may_be_the_topic_has_its_default)
{
    static const int64_t unsaid[] = {-1, 0};
    for (size_t i = 0; i < 2; i++) {
        cluster.bytes = unsaid[i];
        end();
        open_producer();
        ck_assert_str_eq(cluster.created, "payments.dlq, 3, =");
    }
    cluster.bytes = 1;
    end();
    open_producer();
    ck_assert_str_eq(cluster.created, "payments.dlq, 3, max.message.bytes=65537");
}
END_TEST

START_TEST(a_topic_that_is_there_is_left_as_it_is)
{
    cluster.dead_letters = 1;
    open_producer();
    ck_assert_str_eq(cluster.created, "");
    cluster.dead_letters = -1; /* nobody says */
    end();
    open_producer();
    ck_assert_str_eq(cluster.created, "");
}
END_TEST

START_TEST(without_a_source_none_is_made)
{
    cluster.source = 0;
    ck_assert_ptr_eq(open_producer(), PRODUCER);
    ck_assert_str_eq(cluster.created, "");
}
END_TEST

START_TEST(a_topic_that_cannot_be_made_is_no_failure_yet)
{
    cluster.create = -1;
    log_set_verbose(true);
    ck_assert_ptr_eq(open_producer(), PRODUCER);
    ck_assert_str_eq(capture.text, "not allowed\n");
}
END_TEST

START_TEST(a_producer_that_cannot_be_made_says_why)
{
    cluster.refuse = true;
    ck_assert_ptr_null(open_producer());
    ck_assert_ptr_nonnull(strstr(error.text, "it rains"));
    ck_assert_str_eq(cluster.created, "");
    char bad[] = "no.such=1";
    char *properties[] = {bad};
    settings.properties = (struct option_list){.items = properties, .count = 1};
    ck_assert_ptr_null(open_producer());
    ck_assert_ptr_nonnull(strstr(error.text, "no.such"));
}
END_TEST

CHECK_MAIN_WITH("consumer/letter_producer", begin, end,
                letters_go_to_the_topics_name_and_dlq_or_where_they_are_told_or_nowhere,
                a_name_that_kafka_does_not_take_is_refused_at_the_start,
                the_producer_sends_for_ever_and_whatever_the_size,
                the_topic_is_made_like_its_source_with_room_for_headers,
                a_topic_that_somebody_else_made_meanwhile_is_not_told_as_ours_and_grows,
                where_the_broker_does_not_say_how_large_records_may_be_the_topic_has_its_default,
                a_topic_that_is_there_is_left_as_it_is, without_a_source_none_is_made,
                a_topic_that_cannot_be_made_is_no_failure_yet, a_producer_that_cannot_be_made_says_why)

/* The name of the dead letters' topic, and their producer: no broker is asked. */
#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "consumer/letter_producer.h"
#include "consumer/topic_like.h"

static struct settings settings;
static struct error error;
static char place;
#define PRODUCER ((rd_kafka_t *)(void *)&place)

static struct {
    char made[128];
    /* what the producer is */
    rd_kafka_conf_t *conf;
    void *opaque;
    void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
    bool refuse;
} cluster;

/* --- stand-ins ----------------------------------------------------------------------------------------- */

void topic_like(rd_kafka_t *producer, const char *topic, const char *source, const char *what)
{
    ck_assert_ptr_eq(producer, PRODUCER);
    snprintf(cluster.made, sizeof cluster.made, "%s like %s, for %s", topic, source, what);
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
    return letter_producer_open(&settings, "payments.dlq", &settings, on_delivery, &error);
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
                                 "249: name a shorter one with --dead-letters, or 'off'");
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
    ck_assert_str_eq(cluster.made, "payments.dlq like payments, for dead letters");
    ck_assert_ptr_eq(cluster.opaque, &settings);
    ck_assert(cluster.on_delivery == on_delivery);
}
END_TEST

START_TEST(a_producer_that_cannot_be_made_says_why)
{
    cluster.refuse = true;
    ck_assert_ptr_null(open_producer());
    ck_assert_ptr_nonnull(strstr(error.text, "it rains"));
    ck_assert_str_eq(cluster.made, "");
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
                the_producer_sends_for_ever_and_whatever_the_size, a_producer_that_cannot_be_made_says_why)

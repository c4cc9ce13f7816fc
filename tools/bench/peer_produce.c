/* A bare producer: the loop that kproduce is measured against. Payloads, keys and headers are the same bytes
 * as kproduce's, made before the clock starts; in the loop there is rd_kafka_producev, rd_kafka_poll and a
 * delivery callback that counts. Tuned as kproduce is.
 *
 *   peer_produce BOOTSTRAP TOPIC COUNT [NAME=VALUE]…      prints {"records":N,"seconds":S}
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/record/generate.h"

enum { PREPARED = 4096, PAYLOAD_BYTES = 512 };

struct prepared {
    char payload[PAYLOAD_BYTES];
    size_t payload_length;
    char key[RECORD_KEY_BYTES];
    size_t key_length;
};

static int64_t acknowledged;
static int64_t failed;

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    (void)rk;
    (void)opaque;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        acknowledged++;
    else
        failed++;
}

static struct prepared *prepare(void)
{
    const struct schema *schema = schema_by_workload("payments");
    struct prepared *prepared = calloc(PREPARED, sizeof *prepared);
    struct generator generator;
    generator_init(&generator, 1);
    for (size_t i = 0; prepared != NULL && i < PREPARED; i++) {
        struct record record;
        generator_next(&generator, schema, clock_wall_us(), &record);
        prepared[i].payload_length = record_encode(&record, prepared[i].payload, PAYLOAD_BYTES);
        prepared[i].key_length = record_key(&record, prepared[i].key);
    }
    return prepared;
}

static void produce(rd_kafka_t *rk, rd_kafka_topic_t *topic, const struct prepared *one, int64_t number)
{
    char seq[24];
    int seq_length = snprintf(seq, sizeof seq, "%" PRId64, number);
    for (;;) {
        rd_kafka_resp_err_t err =
            rd_kafka_producev(rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_KEY(one->key, one->key_length),
                              RD_KAFKA_V_VALUE((void *)(uintptr_t)one->payload, one->payload_length),
                              RD_KAFKA_V_HEADER("schema", "payment/1", 9),
                              RD_KAFKA_V_HEADER("producer", "peer-0123456789abcdef", 21),
                              RD_KAFKA_V_HEADER("seq", seq, seq_length), RD_KAFKA_V_END);
        if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return;
        rd_kafka_poll(rk, 10);
    }
}

/* NAME=VALUE each. -1: one is none, or librdkafka refuses it, which is said. */
static int set_properties(rd_kafka_conf_t *conf, int count, char **words)
{
    char why[512];
    for (int i = 0; i < count; i++) {
        char *value = strchr(words[i], '=');
        if (value == NULL)
            return -1;
        *value++ = '\0';
        if (rd_kafka_conf_set(conf, words[i], value, why, sizeof why) != RD_KAFKA_CONF_OK) {
            fprintf(stderr, "peer_produce: %s\n", why);
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    char why[512];
    if (argc < 4)
        return 2;
    int64_t count = strtoll(argv[3], NULL, 10);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], why, sizeof why);
    rd_kafka_conf_set(conf, "enable.idempotence", "true", why, sizeof why);
    rd_kafka_conf_set(conf, "partitioner", "murmur2_random", why, sizeof why);
    if (set_properties(conf, argc - 4, argv + 4) == -1)
        return 2;
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    struct prepared *prepared = prepare();
    if (rk == NULL || prepared == NULL) {
        fprintf(stderr, "peer_produce: %s\n", why);
        return 1;
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, argv[2], NULL);
    int64_t began_us = clock_monotonic_us();
    for (int64_t i = 0; i < count; i++) {
        produce(rk, topic, &prepared[i % PREPARED], i + 1);
        if (i % 64 == 0)
            rd_kafka_poll(rk, 0);
    }
    rd_kafka_flush(rk, 60000);
    double seconds = (double)(clock_monotonic_us() - began_us) / 1e6;
    printf("{\"records\":%" PRId64 ",\"failed\":%" PRId64 ",\"seconds\":%.6f}\n", acknowledged, failed,
           seconds);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    free(prepared);
    return acknowledged == count ? 0 : 1;
}

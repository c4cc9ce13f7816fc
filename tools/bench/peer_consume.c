/* Two bare consumers: the loops that kconsume is measured against. Nothing is decoded, nothing is kept.
 *
 *   peer_consume poll  BOOTSTRAP TOPIC GROUP COUNT [NAME=VALUE]…   rd_kafka_consumer_poll, a message at a
 * time, as rdkafka_performance has it peer_consume batch BOOTSTRAP TOPIC GROUP COUNT [NAME=VALUE]…
 * rd_kafka_consume_batch_queue of 5000, an asynchronous commit per batch
 *
 * Prints {"records":N,"seconds":S}; the clock runs from the first record to the last, so that joining the
 * group is not in it.
 */
#include <inttypes.h>
#include <librdkafka/rdkafka.h>

#include "common/clock.h"

enum { BATCH = 5000, IDLE_MS = 1000 };
#define GIVE_UP_US (60 * US_PER_SECOND)

struct run {
    rd_kafka_t *rk;
    int64_t wanted, records, first_us, last_us;
};

static void note(struct run *run, int64_t n)
{
    run->last_us = clock_monotonic_us();
    if (run->records == 0)
        run->first_us = run->last_us;
    run->records += n;
}

static void poll_loop(struct run *run, int64_t until_us)
{
    while (run->records < run->wanted && clock_monotonic_us() < until_us) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(run->rk, IDLE_MS);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            note(run, 1);
        rd_kafka_message_destroy(message);
    }
}

static void batch_loop(struct run *run, int64_t until_us)
{
    static rd_kafka_message_t *messages[BATCH];
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(run->rk);
    while (run->records < run->wanted && clock_monotonic_us() < until_us) {
        ssize_t n = rd_kafka_consume_batch_queue(queue, IDLE_MS, messages, BATCH);
        int64_t good = 0;
        for (ssize_t i = 0; i < n; i++) {
            good += messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            rd_kafka_message_destroy(messages[i]);
        }
        if (good == 0)
            continue;
        note(run, good);
        rd_kafka_commit(run->rk, NULL, 1);
    }
    rd_kafka_queue_destroy(queue);
}

static rd_kafka_conf_t *configure(int argc, char **argv)
{
    char why[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", argv[2], why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", argv[4], why, sizeof why);
    rd_kafka_conf_set(conf, "enable.auto.commit", "false", why, sizeof why);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", why, sizeof why);
    for (int i = 6; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value == NULL)
            return NULL;
        *value++ = '\0';
        if (rd_kafka_conf_set(conf, argv[i], value, why, sizeof why) != RD_KAFKA_CONF_OK) {
            fprintf(stderr, "peer_consume: %s\n", why);
            return NULL;
        }
    }
    return conf;
}

int main(int argc, char **argv)
{
    char why[512] = "usage";
    rd_kafka_conf_t *conf = argc < 6 ? NULL : configure(argc, argv);
    struct run run = {.rk = conf == NULL ? NULL : rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why)};
    if (run.rk == NULL) {
        fprintf(stderr, "peer_consume: %s\n", why);
        return 2;
    }
    run.wanted = strtoll(argv[5], NULL, 10);
    rd_kafka_poll_set_consumer(run.rk);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, argv[3], RD_KAFKA_PARTITION_UA);
    rd_kafka_subscribe(run.rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    int64_t until_us = clock_monotonic_us() + GIVE_UP_US;
    if (strcmp(argv[1], "poll") == 0)
        poll_loop(&run, until_us);
    else
        batch_loop(&run, until_us);
    printf("{\"records\":%" PRId64 ",\"seconds\":%.6f}\n", run.records,
           (double)(run.last_us - run.first_us) / 1e6);
    rd_kafka_consumer_close(run.rk);
    rd_kafka_destroy(run.rk);
    return run.records >= run.wanted ? 0 : 1;
}

/* transactions.c: writes transactions to a topic, for tests: what lies in a log that is no record.
 *
 *   transactions BOOTSTRAP TOPIC PARTITION WORD…
 *
 * Each WORD is a transaction of N records, `commit:N` or `abort:N`; the last may be `open:N`, which is left
 * open until the process is ended. Prints `done` when all of it is in the log.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 20000 };

static void must(rd_kafka_error_t *error, const char *what)
{
    if (error == NULL)
        return;
    fprintf(stderr, "%s: %s\n", what, rd_kafka_error_string(error));
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char why[256];
    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        fprintf(stderr, "%s\n", why);
        exit(1);
    }
}

static void produce(rd_kafka_topic_t *topic, int partition)
{
    static char value[] = "of a transaction";
    if (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value, strlen(value), NULL, 0, NULL) == 0)
        return;
    fprintf(stderr, "%s\n", rd_kafka_err2str(rd_kafka_last_error()));
    exit(1);
}

int main(int argc, char **argv)
{
    char why[256];
    char id[64];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    snprintf(id, sizeof id, "test-%d", (int)getpid());
    set(conf, "bootstrap.servers", argv[1]);
    set(conf, "transactional.id", id);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, argv[2], NULL);
    must(rd_kafka_init_transactions(rk, TIMEOUT_MS), "init");
    for (int i = 4; i < argc; i++) {
        int count = atoi(strchr(argv[i], ':') + 1);
        must(rd_kafka_begin_transaction(rk), "begin");
        for (int n = 0; n < count; n++)
            produce(topic, atoi(argv[3]));
        rd_kafka_flush(rk, TIMEOUT_MS);
        if (argv[i][0] == 'c')
            must(rd_kafka_commit_transaction(rk, TIMEOUT_MS), "commit");
        if (argv[i][0] == 'a')
            must(rd_kafka_abort_transaction(rk, TIMEOUT_MS), "abort");
    }
    puts("done");
    fflush(stdout);
    if (argv[argc - 1][0] == 'o')
        pause();
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    return 0;
}

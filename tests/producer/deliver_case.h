/* deliver_case.h: a producer of payments on librdkafka's mock cluster, inside the process: -X
 * test.mock.num.brokers. */
#ifndef KSUPERVISE_TESTS_PRODUCER_DELIVER_CASE_H
#define KSUPERVISE_TESTS_PRODUCER_DELIVER_CASE_H

#include "producer/deliver.h"

#include <librdkafka/rdkafka_mock.h>

#include "common/clock.h"
#include "common/stats/create.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/record/generate.h"
#include "common/stats/reader.h"
#include "tests/support/check_main.h"

enum { ANSWER_MS = 10000 };

static struct settings settings;
static struct delivery delivery;
static struct worker_control *control;
static struct generator generator;
static struct record record;
static struct error error;

static inline void load(int count, const char *const *words)
{
    error = (struct error)ERROR_INIT;
    log_init();
    ck_assert_msg(settings_load(&settings, count, (char **)(uintptr_t)words, &error) == 0, "%s", error.text);
}

#define DELIVER_WORDS(...)                                                                                   \
    (const char *[])                                                                                         \
    {                                                                                                        \
        "kproduce", "--bootstrap=127.0.0.1:9", "-Xtest.mock.num.brokers=1", __VA_ARGS__, NULL                \
    }

/* The settings of these flags. */
#define LOAD(...)                                                                                            \
    load((int)(sizeof(DELIVER_WORDS(__VA_ARGS__)) / sizeof(char *)) - 1, DELIVER_WORDS(__VA_ARGS__))

static inline void open_loaded(struct stats_writer *stats)
{
    ck_assert_int_eq(worker_control_start(&control, false, NULL, NULL, &error), 0);
    ck_assert_msg(delivery_open(&delivery, &settings, control, stats, &error) == 0, "%s", error.text);
    generator_init(&generator, 1);
}

static inline void open_with(const char *property, struct stats_writer *stats)
{
    LOAD("--quiet", "-X", property);
    open_loaded(stats);
}

static inline void close_delivery(void)
{
    delivery_close(&delivery);
    if (control != NULL)
        worker_control_stop(control);
    settings_release(&settings);
}

static inline rd_kafka_mock_cluster_t *cluster(void)
{
    return rd_kafka_handle_mock_cluster(delivery.rk);
}

static inline enum delivery_answer send_next(void)
{
    generator_next(&generator, settings.schema, clock_wall_us(), &record);
    return delivery_send(&delivery, &record);
}

static inline void send_all(int count)
{
    for (int i = 0; i < count; i++)
        while (send_next() == DELIVERY_FULL)
            delivery_wait(&delivery, 10 * US_PER_MS, -1);
}

/* --- a segment ----------------------------------------------------------------------------------------- */

static struct {
    struct stats_writer *stats;
    int fd;
} segment;

static inline struct stats_writer *segment_open(void)
{
    struct stats_identity identity = {.kind = STATS_KIND_PRODUCER, .partition_capacity = 8, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "test-%d", (int)getpid());
    snprintf(identity.worker, sizeof identity.worker, "producer");
    snprintf(identity.client, sizeof identity.client, "producer");
    stats_segment_unlink(identity.instance, identity.worker, 1); /* of a run that was killed */
    segment.fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(segment.fd >= 0, "%s", error.text);
    stats_segment_unlink(identity.instance, identity.worker, 1);
    ck_assert_int_eq(stats_writer_open(&segment.stats, segment.fd, &error), 0);
    return segment.stats;
}

/* The delivery goes on without it. */
static inline void segment_close(void)
{
    stats_writer_close(segment.stats);
    delivery.stats = NULL;
    close(segment.fd);
}

static inline struct stats_snapshot *segment_look(void)
{
    struct stats_snapshot *snapshot = NULL;
    ck_assert_int_eq(stats_snapshot_take(&snapshot, segment.fd, &error), 0);
    return snapshot;
}

static inline int64_t published_status(const char *name)
{
    struct stats_snapshot *snapshot = segment_look();
    int64_t value = stats_snapshot_status(snapshot, name);
    stats_snapshot_free(snapshot);
    return value;
}

#endif

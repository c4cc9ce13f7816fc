/* Against librdkafka's mock cluster, inside the process: -X test.mock.num.brokers. */
#include "producer/deliver.h"

#include <librdkafka/rdkafka_mock.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/record/generate.h"
#include "common/stats/reader.h"
#include "tests/support/check_main.h"

static struct settings settings;
static struct delivery delivery;
static struct worker_control *control;
static struct generator generator;
static struct record record;

static void open_with(const char *property, struct stats_writer *stats)
{
    const char *words[] = {
        "kproduce", "--bootstrap=127.0.0.1:9", "-X", "test.mock.num.brokers=1", "--quiet", "-X", property,
        NULL};
    struct error error = ERROR_INIT;
    log_init();
    ck_assert_msg(settings_load(&settings, 7, (char **)(uintptr_t)words, &error) == 0, "%s", error.text);
    ck_assert_int_eq(worker_control_start(&control, false, NULL, NULL, &error), 0);
    ck_assert_msg(delivery_open(&delivery, &settings, control, stats, &error) == 0, "%s", error.text);
    generator_init(&generator, 1);
}

static void teardown(void)
{
    delivery_close(&delivery);
    worker_control_stop(control);
    settings_release(&settings);
}

static enum delivery_answer send_next(void)
{
    generator_next(&generator, settings.schema, clock_wall_us(), &record);
    return delivery_send(&delivery, &record);
}

static void send_all(int count)
{
    for (int i = 0; i < count; i++)
        while (send_next() == DELIVERY_FULL)
            delivery_wait(&delivery, 10 * US_PER_MS, -1);
}

START_TEST(everything_sent_is_acknowledged)
{
    open_with("linger.ms=1", NULL);
    send_all(2000);
    delivery_drain(&delivery, 10 * US_PER_SECOND);
    ck_assert_uint_eq(delivery.acknowledged, 2000);
    ck_assert_uint_eq(delivery.failed, 0);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_OK);
    int64_t stored = 0;
    for (size_t i = 0; i < delivery.partition_count; i++)
        stored += delivery.partitions[i].known ? delivery.partitions[i].offset + 1 : 0;
    ck_assert_int_eq(stored, 2000);
}
END_TEST

START_TEST(a_full_queue_is_told_and_loses_nothing)
{
    open_with("queue.buffering.max.messages=10", NULL);
    int full = 0;
    for (int i = 0; i < 500; i++) {
        while (send_next() == DELIVERY_FULL) {
            full++;
            delivery_wait(&delivery, 10 * US_PER_MS, -1);
        }
    }
    delivery_drain(&delivery, 10 * US_PER_SECOND);
    ck_assert_int_gt(full, 0);
    ck_assert_uint_eq(delivery.acknowledged, 500);
}
END_TEST

START_TEST(the_segment_holds_what_was_reported)
{
    struct error error = ERROR_INIT;
    struct stats_identity identity = {.kind = STATS_KIND_PRODUCER, .partition_capacity = 8, .generation = 1};
    snprintf(identity.instance, sizeof identity.instance, "test-%d", (int)getpid());
    snprintf(identity.worker, sizeof identity.worker, "producer");
    snprintf(identity.client, sizeof identity.client, "producer");
    int fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    stats_segment_unlink(identity.instance, identity.worker, 1);
    struct stats_writer *writer = NULL;
    ck_assert_int_eq(stats_writer_open(&writer, fd, &error), 0);

    open_with("linger.ms=1", writer);
    send_all(300);
    delivery_drain(&delivery, 10 * US_PER_SECOND);

    struct stats_snapshot *snapshot = NULL;
    struct stats_summary latency;
    ck_assert_int_eq(stats_snapshot_take(&snapshot, fd, &error), 0);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "produced"), 300);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "acknowledged"), 300);
    ck_assert_int_gt(stats_snapshot_counter(snapshot, "bytes"), 300 * 100);
    stats_snapshot_histogram(snapshot, "delivery_us", &latency);
    ck_assert_uint_eq(latency.count, 300);
    ck_assert_int_gt(latency.p50, 0);
    int64_t stored = 0;
    for (size_t i = 0; i < stats_snapshot_partitions(snapshot); i++)
        stored += stats_snapshot_partition(snapshot, i, "acknowledged_offset") + 1;
    ck_assert_int_eq(stored, 300);
    stats_snapshot_free(snapshot);
    stats_writer_close(writer);
    delivery.stats = NULL;
    close(fd);
}
END_TEST

START_TEST(what_cannot_be_delivered_is_counted_at_the_end)
{
    open_with("linger.ms=1", NULL);
    send_all(20);
    delivery_drain(&delivery, 10 * US_PER_SECOND);
    ck_assert_int_eq(rd_kafka_mock_broker_set_down(rd_kafka_handle_mock_cluster(delivery.rk), 1), 0);
    send_all(30);
    int64_t began_us = clock_monotonic_us();
    delivery_drain(&delivery, 200 * US_PER_MS);
    ck_assert_int_lt(clock_monotonic_us() - began_us, 5 * US_PER_SECOND);
    ck_assert_uint_eq(delivery.acknowledged, 20);
    ck_assert_uint_eq(delivery.failed, 30);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_UNDELIVERED);
}
END_TEST

START_TEST(a_record_that_the_broker_refuses_is_a_failure_of_its_own)
{
    open_with("linger.ms=1", NULL);
    rd_kafka_mock_push_request_errors(rd_kafka_handle_mock_cluster(delivery.rk), 0 /* Produce */, 1,
                                      RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    ck_assert_int_eq(send_next(), DELIVERY_QUEUED);
    delivery_drain(&delivery, 10 * US_PER_SECOND);
    ck_assert_uint_eq(delivery.failed, 1);
    ck_assert_int_eq(delivery.exit_code, EXIT_CODE_UNDELIVERED);
}
END_TEST

START_TEST(a_wait_ends_when_something_happens)
{
    open_with("linger.ms=0", NULL);
    ck_assert_int_eq(send_next(), DELIVERY_QUEUED);
    int64_t began_us = clock_monotonic_us();
    while (delivery.acknowledged == 0 && clock_monotonic_us() - began_us < 8 * US_PER_SECOND)
        delivery_wait(&delivery, 10 * US_PER_SECOND, -1);
    ck_assert_uint_eq(delivery.acknowledged, 1);
    ck_assert_int_lt(clock_monotonic_us() - began_us, 5 * US_PER_SECOND);
}
END_TEST

CHECK_MAIN_WITH("producer/deliver", NULL, teardown, everything_sent_is_acknowledged,
                a_full_queue_is_told_and_loses_nothing, the_segment_holds_what_was_reported,
                what_cannot_be_delivered_is_counted_at_the_end,
                a_record_that_the_broker_refuses_is_a_failure_of_its_own, a_wait_ends_when_something_happens)

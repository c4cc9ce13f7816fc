/* What became of the records that were sent. */
#include "tests/producer/deliver_case.h"

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
    open_with("linger.ms=1", segment_open());
    send_all(300);
    delivery_drain(&delivery, 10 * US_PER_SECOND);

    struct stats_snapshot *snapshot = segment_look();
    struct stats_summary latency;
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
    segment_close();
}
END_TEST

START_TEST(what_cannot_be_delivered_is_counted_at_the_end)
{
    open_with("linger.ms=1", NULL);
    send_all(20);
    delivery_drain(&delivery, 10 * US_PER_SECOND);
    ck_assert_int_eq(rd_kafka_mock_broker_set_down(cluster(), 1), 0);
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
    rd_kafka_mock_push_request_errors(cluster(), 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
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

CHECK_MAIN_WITH("producer/deliver", NULL, close_delivery, everything_sent_is_acknowledged,
                a_full_queue_is_told_and_loses_nothing, the_segment_holds_what_was_reported,
                what_cannot_be_delivered_is_counted_at_the_end,
                a_record_that_the_broker_refuses_is_a_failure_of_its_own, a_wait_ends_when_something_happens)

#include "tests/consumer/mock_cluster.h"

#include "common/clock.h"
#include "consumer/batch.h"

static rd_kafka_t *rk;
static rd_kafka_queue_t *queue;
static struct batch batch;
static struct error error;

/* A consumer that reads partition 0 from its beginning. */
static void open_consumer(void)
{
    mock_open();
    rk = mock_consumer(mock_consumer_conf("batch"));
    queue = rd_kafka_queue_get_consumer(rk);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, MOCK_TOPIC, 0)->offset = 0;
    ck_assert_int_eq(rd_kafka_assign(rk, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
}

static void close_consumer(void)
{
    batch_release(&batch);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    mock_close();
}

#define SECONDS(n) ((n)*US_PER_SECOND)

START_TEST(a_batch_is_closed_by_its_size)
{
    mock_produce(0, 25);
    ck_assert_int_eq(batch_init(&batch, 10, &error), 0);
    int64_t next = 0;
    for (int i = 0; i < 2; i++) {
        batch_fill(&batch, queue, SECONDS(10), SECONDS(10));
        ck_assert(batch_full(&batch));
        for (size_t m = 0; m < batch.count; m++)
            ck_assert_int_eq(batch.messages[m]->offset, next++);
        batch_clear(&batch);
        ck_assert_uint_eq(batch.count, 0);
    }
}
END_TEST

START_TEST(a_batch_is_closed_by_time_after_its_first_record)
{
    mock_produce(0, 3);
    ck_assert_int_eq(batch_init(&batch, 10, &error), 0);
    batch_fill(&batch, queue, SECONDS(10), 300 * US_PER_MS);
    ck_assert_uint_eq(batch.count, 3);
    ck_assert(!batch_full(&batch));
}
END_TEST

START_TEST(without_records_it_is_empty_after_the_idle_time)
{
    ck_assert_int_eq(batch_init(&batch, 10, &error), 0);
    int64_t began_us = clock_monotonic_us();
    batch_fill(&batch, queue, 100 * US_PER_MS, SECONDS(10));
    int64_t took_us = clock_monotonic_us() - began_us;
    ck_assert_uint_eq(batch.count, 0);
    ck_assert_int_ge(took_us, 90 * US_PER_MS);
    ck_assert_int_lt(took_us, SECONDS(5));
}
END_TEST

START_TEST(a_batch_of_one_does_not_wait_for_a_second)
{
    mock_produce(0, 1);
    ck_assert_int_eq(batch_init(&batch, 1, &error), 0);
    int64_t began_us = clock_monotonic_us();
    batch_fill(&batch, queue, SECONDS(10), SECONDS(10));
    ck_assert_uint_eq(batch.count, 1);
    ck_assert_int_lt(clock_monotonic_us() - began_us, SECONDS(8));
}
END_TEST

START_TEST(a_wait_of_zero_takes_what_is_there)
{
    mock_produce(0, 3);
    ck_assert_int_eq(batch_init(&batch, 10, &error), 0);
    size_t total = 0;
    for (int i = 0; total < 3 && i < 100; i++) {
        batch_fill(&batch, queue, SECONDS(10), 0);
        ck_assert_uint_gt(batch.count, 0);
        total += batch.count;
        batch_clear(&batch);
    }
    ck_assert_uint_eq(total, 3);
}
END_TEST

START_TEST(a_yield_ends_the_wait_early)
{
    ck_assert_int_eq(batch_init(&batch, 10, &error), 0);
    int64_t began_us = clock_monotonic_us();
    rd_kafka_queue_yield(queue);
    batch_fill(&batch, queue, SECONDS(8), SECONDS(8));
    ck_assert_uint_eq(batch.count, 0);
    ck_assert_int_lt(clock_monotonic_us() - began_us, SECONDS(6));
}
END_TEST

START_TEST(what_was_not_cleared_is_freed_with_the_batch)
{
    mock_produce(0, 3);
    ck_assert_int_eq(batch_init(&batch, 3, &error), 0);
    batch_fill(&batch, queue, SECONDS(10), SECONDS(10));
    ck_assert_uint_eq(batch.count, 3);
    batch_release(&batch); /* a sanitizer sees what is left */
    batch_release(&batch);
    ck_assert_ptr_null(batch.messages);
}
END_TEST

/* The sanitizers ask these at their start; without them, they end a process that wants too much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(a_batch_that_memory_cannot_hold_names_the_flag)
{
    ck_assert_int_eq(batch_init(&batch, SIZE_MAX / 16, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--batch-size"));
}
END_TEST

CHECK_MAIN_WITH("consumer/batch", open_consumer, close_consumer, a_batch_is_closed_by_its_size,
                a_batch_is_closed_by_time_after_its_first_record,
                without_records_it_is_empty_after_the_idle_time, a_batch_of_one_does_not_wait_for_a_second,
                a_wait_of_zero_takes_what_is_there, a_yield_ends_the_wait_early,
                what_was_not_cleared_is_freed_with_the_batch, a_batch_that_memory_cannot_hold_names_the_flag)

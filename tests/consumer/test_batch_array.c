/* The array of a batch: what is left stays in order, what is asked for, what is counted. */
#include "tests/consumer/fake_queue.h"

#include "consumer/batch.h"

enum { RECORDS = 4, SIZE = RECORDS + 256 };

static struct batch batch;
static struct error error;
static char queue_free_slot;
#define QUEUE ((rd_kafka_queue_t *)(void *)&queue_free_slot)

static void open_batch(void)
{
    queue_begin();
    ck_assert_int_eq(batch_init(&batch, RECORDS, &error), 0);
}

static void close_batch(void)
{
    batch_release(&batch);
    queue_end();
    ck_assert_int_eq(fakes_alive, 0);
}

static void put(int64_t offset)
{
    queue_put(fake_bytes(0, offset, "record", 6));
}

static void put_error(void)
{
    queue_put(fake_error(0, RD_KAFKA_RESP_ERR__PARTITION_EOF));
}

/* The next one of the array; its offset. */
static int64_t take(void)
{
    rd_kafka_message_t *message = batch_next(&batch);
    ck_assert_ptr_nonnull(message);
    int64_t offset = message->offset;
    rd_kafka_message_destroy(message);
    return offset;
}

START_TEST(it_waits_for_a_first_message_and_then_for_a_batch)
{
    put(10);
    batch_fill(&batch, QUEUE, 9000, 50000);
    ck_assert_int_eq(queue.polls, 2);
    ck_assert_int_eq(queue.timeout_ms, 50);
    ck_assert_uint_eq(queue.most, RECORDS - 1);
    ck_assert_uint_eq(batch.count, 1);
    ck_assert_uint_eq(batch.records, 1);
    ck_assert(!batch_full(&batch));
}
END_TEST

START_TEST(without_a_first_it_waits_no_longer_than_it_was_told)
{
    int64_t began_us = clock_monotonic_us();
    batch_fill(&batch, QUEUE, 8001, 50000);
    ck_assert_int_eq(clock_monotonic_us() - began_us, 9000); /* in whole milliseconds, and no less */
    ck_assert_int_eq(queue.polls, 1);
    ck_assert_uint_eq(queue.most, 1);
    ck_assert_uint_eq(batch.count, 0);
}
END_TEST

START_TEST(a_full_batch_waits_no_more)
{
    for (int64_t i = 0; i < 6; i++)
        put(10 + i);
    int64_t began_us = clock_monotonic_us();
    batch_fill(&batch, QUEUE, 9000, 50000);
    ck_assert_int_eq(clock_monotonic_us(), began_us);
    ck_assert(batch_full(&batch));
    ck_assert_uint_eq(batch.count, RECORDS);
    for (int64_t i = 0; i < RECORDS; i++)
        ck_assert_int_eq(take(), 10 + i);
    ck_assert_ptr_null(batch_next(&batch));
    batch_fill(&batch, QUEUE, 9000, 0);
    ck_assert_uint_eq(batch.records, 2); /* counted anew */
}
END_TEST

START_TEST(errors_wait_for_nothing_and_come_together)
{
    put_error();
    put_error();
    batch_fill(&batch, QUEUE, 9000, 50000);
    ck_assert_uint_eq(batch.count, 2);
    ck_assert_uint_eq(batch.records, 0);
    ck_assert_int_eq(queue.polls, 3); /* the last finds nothing */
}
END_TEST

START_TEST(a_record_behind_an_error_begins_a_batch_that_is_filled)
{
    put_error();
    put(10);
    put(11);
    batch_fill(&batch, QUEUE, 9000, 50000);
    ck_assert_uint_eq(batch.records, 2);
    ck_assert_uint_eq(batch.count, 3);
}
END_TEST

START_TEST(errors_among_the_records_take_no_records_place)
{
    put(10);
    put_error();
    put_error();
    put(11);
    put(12);
    put_error();
    put(13);
    put(14);
    batch_fill(&batch, QUEUE, 9000, 50000);
    ck_assert_uint_eq(batch.records, RECORDS);
    ck_assert_uint_eq(batch.count, 7);
    ck_assert(batch_full(&batch));
    ck_assert_int_eq(queue.polls, 4); /* one, three, two, one */
    ck_assert_uint_eq(queue.most, 1);
}
END_TEST

static void a_while_passes(void)
{
    fake_clock_advance(20000);
}

START_TEST(the_wait_for_the_rest_is_one_however_often_it_asks)
{
    put(10);
    put_error();
    put_error();
    put_error();
    queue.on_poll = a_while_passes;
    batch_fill(&batch, QUEUE, 9000, 50000);
    ck_assert_int_eq(queue.timeout_ms, 30); /* of 50, 20 were over */
    ck_assert_int_eq(queue.polls, 3);
}
END_TEST

START_TEST(once_its_time_is_over_it_takes_what_is_there)
{
    put(10);
    for (int i = 0; i < 12; i++)
        put_error();
    put(11);
    queue.on_poll = a_while_passes;
    batch_fill(&batch, QUEUE, 9000, 30000);
    ck_assert_int_eq(queue.timeout_ms, 0);
    ck_assert_uint_eq(batch.records, 2);
}
END_TEST

START_TEST(an_array_that_is_full_of_errors_ends_the_batch)
{
    put(10);
    for (int i = 0; i < 400; i++)
        put_error();
    batch_fill(&batch, QUEUE, 9000, 50000);
    ck_assert_uint_eq(batch.count, SIZE);
    ck_assert_uint_eq(batch.records, 1);
}
END_TEST

START_TEST(what_is_left_moves_to_the_front_and_keeps_its_order)
{
    for (int64_t i = 0; i < 4; i++)
        put(10 + i);
    batch_fill(&batch, QUEUE, 9000, 0);
    ck_assert_int_eq(take(), 10);
    put(20);
    batch_poll(&batch, QUEUE);
    ck_assert_int_eq(queue.timeout_ms, 0);
    ck_assert_uint_eq(queue.most, 1);
    ck_assert_uint_eq(batch.first, 0);
    ck_assert_uint_eq(batch.records, 5); /* and what a poll brings is one of it */
    for (int64_t i = 11; i < 14; i++)
        ck_assert_int_eq(take(), i);
    ck_assert_int_eq(take(), 20);
    batch_poll(&batch, QUEUE);
    ck_assert_uint_eq(batch.count, 0);
}
END_TEST

START_TEST(a_queue_that_fails_brings_nothing)
{
    queue.fails = true;
    batch_fill(&batch, QUEUE, 9000, 50000);
    batch_poll(&batch, QUEUE);
    ck_assert_uint_eq(batch.count, 0);
    ck_assert_int_eq(queue.polls, 2);
}
END_TEST

START_TEST(a_slice_is_destroyed_with_what_it_has_and_no_more)
{
    for (int64_t i = 0; i < 4; i++)
        put(10 + i);
    batch_fill(&batch, QUEUE, 9000, 0);
    batch_add_to_slice(&batch, batch_next(&batch));
    batch_add_to_slice(&batch, batch_next(&batch));
    ck_assert_int_eq(batch.slice[1]->offset, 11);
    batch_clear_slice(&batch);
    ck_assert_uint_eq(batch.slice_count, 0);
    ck_assert_int_eq(fakes_alive, 2);
    batch_add_to_slice(&batch, batch_next(&batch));
    batch_clear(&batch);
    ck_assert_int_eq(fakes_alive, 0);
    ck_assert(batch.first == 0 && batch.count == 0 && batch.slice_count == 0);
}
END_TEST

START_TEST(batches_that_memory_cannot_hold_name_the_flag)
{
    struct batch many;
    ck_assert_int_eq(batch_init(&many, SIZE_MAX / 16 - 256, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--batch-size is too large"));
    ck_assert_ptr_null(many.messages);
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

CHECK_MAIN_WITH(
    "consumer/batch: the array", open_batch, close_batch, it_waits_for_a_first_message_and_then_for_a_batch,
    without_a_first_it_waits_no_longer_than_it_was_told, a_full_batch_waits_no_more,
    errors_wait_for_nothing_and_come_together, a_record_behind_an_error_begins_a_batch_that_is_filled,
    errors_among_the_records_take_no_records_place, the_wait_for_the_rest_is_one_however_often_it_asks,
    once_its_time_is_over_it_takes_what_is_there, an_array_that_is_full_of_errors_ends_the_batch,
    what_is_left_moves_to_the_front_and_keeps_its_order, a_queue_that_fails_brings_nothing,
    a_slice_is_destroyed_with_what_it_has_and_no_more, batches_that_memory_cannot_hold_name_the_flag)

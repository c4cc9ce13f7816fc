/* The end of a handle: librdkafka's is a fake that waits for the test. */
#include "tests/support/check_main.h"

#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "consumer/destroy.h"

static char place;
static sem_t may_end;

void rd_kafka_destroy(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, &place);
    sem_wait(&may_end);
}

static struct {
    int until_closed; /* questions until it is closed; -1: never */
    int served, freed;
    int sleep_us; /* that a callback takes */
    bool fatal, queue_gone;
} closing;

static void none_ends_yet(void)
{
    sem_init(&may_end, 0, 0);
    memset(&closing, 0, sizeof closing);
}

rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, &place);
    return (rd_kafka_queue_t *)(void *)&place;
}

void rd_kafka_queue_destroy(rd_kafka_queue_t *queue)
{
    ck_assert_ptr_eq(queue, &place);
    closing.queue_gone = true;
}

rd_kafka_error_t *rd_kafka_consumer_close_queue(rd_kafka_t *rk, rd_kafka_queue_t *queue)
{
    ck_assert_ptr_eq(rk, &place);
    ck_assert_ptr_eq(queue, &place);
    return closing.fatal ? (rd_kafka_error_t *)(void *)&place : NULL;
}

void rd_kafka_error_destroy(rd_kafka_error_t *error)
{
    ck_assert_ptr_eq(error, &place);
    closing.freed++;
}

int rd_kafka_consumer_closed(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, &place);
    return closing.until_closed >= 0 && closing.served >= closing.until_closed;
}

static rd_kafka_message_t late; /* fetched before, and nobody's to process */

rd_kafka_message_t *rd_kafka_consume_queue(rd_kafka_queue_t *queue, int timeout_ms)
{
    ck_assert_ptr_eq(queue, &place);
    const struct timespec callback = {.tv_nsec = closing.sleep_us * 1000};
    const struct timespec wait = {.tv_nsec = timeout_ms * 1000000};
    nanosleep(closing.sleep_us > 0 ? &callback : &wait, NULL);
    return closing.served++ == 0 ? &late : NULL;
}

void rd_kafka_message_destroy(rd_kafka_message_t *message)
{
    ck_assert_ptr_eq(message, &late);
    closing.freed++;
}

static bool close_within(int64_t timeout_us)
{
    return close_handle((rd_kafka_t *)(void *)&place, timeout_us);
}

START_TEST(it_serves_callbacks_until_it_is_closed)
{
    closing.until_closed = 3;
    ck_assert(close_within(60 * US_PER_SECOND));
    ck_assert_int_eq(closing.served, 3);
    ck_assert_int_eq(closing.freed, 1);
    ck_assert(closing.queue_gone);
}
END_TEST

START_TEST(one_that_does_not_close_is_left)
{
    closing.until_closed = -1;
    ck_assert(!close_within(10 * US_PER_MS));
    ck_assert_int_ge(closing.served, 1);
    ck_assert(closing.queue_gone);
}
END_TEST

/* Of 20 ms that a callback takes 2 count. */
START_TEST(what_a_callback_takes_is_not_librdkafkas_silence)
{
    closing.until_closed = 4;
    closing.sleep_us = 20000;
    ck_assert(close_within(10 * US_PER_MS));
}
END_TEST

START_TEST(after_a_fatal_error_there_is_nothing_to_close)
{
    closing.fatal = true;
    ck_assert(close_within(60 * US_PER_SECOND));
    ck_assert_int_eq(closing.served, 0);
    ck_assert_int_eq(closing.freed, 1);
}
END_TEST

START_TEST(it_is_waited_for)
{
    sem_post(&may_end);
    ck_assert(destroy_handle((rd_kafka_t *)(void *)&place, 60 * US_PER_SECOND));
    ck_assert_int_eq(sem_trywait(&may_end), -1);
}
END_TEST

START_TEST(one_that_does_not_end_is_left)
{
    ck_assert(!destroy_handle((rd_kafka_t *)(void *)&place, 1000));
}
END_TEST

CHECK_MAIN_WITH("consumer/destroy", none_ends_yet, NULL, it_is_waited_for, one_that_does_not_end_is_left,
                it_serves_callbacks_until_it_is_closed, one_that_does_not_close_is_left,
                what_a_callback_takes_is_not_librdkafkas_silence,
                after_a_fatal_error_there_is_nothing_to_close)

/* The end of a handle: librdkafka's is a fake that waits for the test. */
#include "tests/support/check_main.h"

#include <semaphore.h>

#include "common/clock.h"
#include "consumer/destroy.h"

static char place;
static sem_t may_end;

void rd_kafka_destroy(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, &place);
    sem_wait(&may_end);
}

static void none_ends_yet(void)
{
    sem_init(&may_end, 0, 0);
}

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

CHECK_MAIN_WITH("consumer/destroy", none_ends_yet, NULL, it_is_waited_for, one_that_does_not_end_is_left)

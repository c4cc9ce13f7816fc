/* The thread that asks for low watermarks. The broker is stood in for: it answers when the test lets it. */
#include "consumer/watermarks.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

enum { PATIENCE_S = 10, MOMENT_NS = 20000000 };

static sem_t asked, answer;
static rd_kafka_resp_err_t answered_with;
static struct watermarks *watermarks;
static struct partition rows[4];
static struct partitions partitions;
static struct error error;
static struct {
    int count, partitions;
    int64_t first_offset, wall_us;
    bool ends;
} published;
static bool all_wanted;

rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                               int timeout_ms)
{
    (void)rk;
    if (timeout_ms > 500)
        return RD_KAFKA_RESP_ERR__INVALID_ARG;
    for (int i = 0; i < list->cnt; i++)
        if ((list->elems[i].offset != RD_KAFKA_OFFSET_BEGINNING &&
             list->elems[i].offset != RD_KAFKA_OFFSET_END) ||
            strcmp(list->elems[i].topic, "payments") != 0)
            return RD_KAFKA_RESP_ERR__INVALID_ARG;
        else
            list->elems[i].offset = 1000 + list->elems[i].partition;
    sem_post(&asked);
    sem_wait(&answer);
    return answered_with;
}

static void note(const struct partitions *of, const rd_kafka_topic_partition_list_t *list, bool ends)
{
    ck_assert_ptr_eq(of, &partitions);
    published.count++;
    published.partitions = list->cnt;
    published.first_offset = list->elems[0].offset;
    published.ends = ends;
}

void partitions_publish_low(struct partitions *of, const rd_kafka_topic_partition_list_t *list)
{
    note(of, list, false);
}

void partitions_publish_ends(struct partitions *of, const rd_kafka_topic_partition_list_t *list,
                             int64_t wall_us)
{
    note(of, list, true);
    published.wall_us = wall_us;
}

/* Partition 2 alone is wanted, or all. */
rd_kafka_topic_partition_list_t *partitions_ends_wanted(struct partitions *of, bool all)
{
    if (of->assigned_count == 0)
        return NULL;
    all_wanted = all;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, of->topic, 2)->offset = RD_KAFKA_OFFSET_END;
    return list;
}

static struct timespec in(int64_t seconds, int64_t nanoseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    until.tv_nsec += nanoseconds;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

static void await_question(void)
{
    struct timespec until = in(PATIENCE_S, 0);
    ck_assert_msg(sem_timedwait(&asked, &until) == 0, "no question within %d s", PATIENCE_S);
}

static void no_question(void)
{
    struct timespec until = in(0, MOMENT_NS);
    ck_assert_int_eq(sem_timedwait(&asked, &until), -1);
    ck_assert_int_eq(errno, ETIMEDOUT);
}

/* Looks for the answer until it is there, or for a moment. */
static bool publishes(bool wanted)
{
    int before = published.count;
    for (int i = 0; i < (wanted ? PATIENCE_S * 1000 : 30) && published.count == before; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        watermarks_publish(watermarks, &partitions);
    }
    return published.count > before;
}

static void begin(void)
{
    sem_init(&asked, 0, 0);
    sem_init(&answer, 0, 0);
    partitions = (struct partitions){.topic = "payments", .rows = rows, .row_count = 4, .assigned_count = 2};
    rows[1].state = rows[3].state = STATE_READING;
    ck_assert_msg(watermarks_open(&watermarks, NULL, &error) == 0, "%s", error.text);
}

static void end(void)
{
    sem_post(&answer);
    watermarks_close(watermarks);
}

START_TEST(what_is_assigned_is_asked_for_and_the_answer_published_once)
{
    watermarks_ask(watermarks, &partitions);
    await_question();
    ck_assert(!publishes(false));
    sem_post(&answer);
    ck_assert(publishes(true));
    ck_assert_int_eq(published.partitions, 2);
    ck_assert_int_eq(published.first_offset, 1001);
    ck_assert(!published.ends);
    ck_assert(!publishes(false));
}
END_TEST

START_TEST(ends_are_asked_for_where_they_are_wanted)
{
    ck_assert(watermarks_ask_ends(watermarks, &partitions, true));
    ck_assert(all_wanted);
    await_question();
    ck_assert(!watermarks_ask_ends(watermarks, &partitions, false));
    sem_post(&answer);
    ck_assert(publishes(true));
    ck_assert_int_eq(published.partitions, 1);
    ck_assert_int_eq(published.first_offset, 1002);
    ck_assert_int_eq(published.wall_us, fake_wall_us);
    ck_assert(published.ends);
    watermarks_ask(watermarks, &partitions);
    await_question();
    sem_post(&answer);
    ck_assert(publishes(true));
    ck_assert(!published.ends);
}
END_TEST

START_TEST(while_a_question_is_under_way_there_is_no_other)
{
    watermarks_ask(watermarks, &partitions);
    await_question();
    watermarks_ask(watermarks, &partitions);
    sem_post(&answer);
    no_question();
    ck_assert(publishes(true));
    watermarks_ask(watermarks, &partitions);
    await_question();
}
END_TEST

START_TEST(an_answer_that_nobody_took_gives_way_to_the_next_question)
{
    watermarks_ask(watermarks, &partitions);
    await_question();
    sem_post(&answer);
    for (int i = 0; i < 2000 && sem_trywait(&asked) == -1; i++) { /* as soon as the answer is in */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        watermarks_ask(watermarks, &partitions);
    }
    sem_post(&answer);
    ck_assert(publishes(true));
    ck_assert_int_eq(published.count, 1);
}
END_TEST

START_TEST(a_question_that_failed_publishes_nothing_and_can_be_asked_again)
{
    answered_with = RD_KAFKA_RESP_ERR__TIMED_OUT;
    watermarks_ask(watermarks, &partitions);
    await_question();
    sem_post(&answer);
    ck_assert(!publishes(false));
    answered_with = RD_KAFKA_RESP_ERR_NO_ERROR;
    watermarks_ask(watermarks, &partitions);
    await_question();
    sem_post(&answer);
    ck_assert(publishes(true));
}
END_TEST

START_TEST(without_a_partition_nothing_is_asked)
{
    rows[1].state = rows[3].state = STATE_UNASSIGNED;
    partitions.assigned_count = 0;
    watermarks_ask(watermarks, &partitions);
    no_question();
    ck_assert(watermarks_ask_ends(watermarks, &partitions, true));
    no_question();
    ck_assert(!publishes(false));
    rows[0].state = STATE_READING;
    partitions.assigned_count = 1;
    watermarks_ask(watermarks, &partitions);
    await_question();
}
END_TEST

/* Somebody who answers late. */
static void *answer_late(void *answered)
{
    nanosleep(&(struct timespec){.tv_nsec = 2 * MOMENT_NS}, NULL);
    atomic_store((atomic_bool *)answered, true);
    sem_post(&answer);
    return NULL;
}

START_TEST(closing_waits_for_the_question_under_way)
{
    pthread_t late;
    atomic_bool answered = false;
    watermarks_ask(watermarks, &partitions);
    await_question();
    ck_assert_int_eq(pthread_create(&late, NULL, answer_late, &answered), 0);
    watermarks_close(watermarks);
    watermarks = NULL;
    ck_assert(atomic_load(&answered));
    pthread_join(late, NULL);
}
END_TEST

START_TEST(a_thread_that_cannot_be_started_is_an_error)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which need memory of their own */
    struct rlimit before, none;
    struct watermarks *second = NULL;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    none = before;
    none.rlim_cur = 1; /* no room for its stack */
    setrlimit(RLIMIT_AS, &none);
    int result = watermarks_open(&second, NULL, &error);
    setrlimit(RLIMIT_AS, &before);
    ck_assert_int_eq(result, -1);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot start the watermarks thread"));
#endif
}
END_TEST

START_TEST(it_can_be_closed_without_a_question_and_when_there_is_none)
{
    watermarks_close(NULL);
}
END_TEST

CHECK_MAIN_WITH("consumer/watermarks", begin, end,
                what_is_assigned_is_asked_for_and_the_answer_published_once,
                ends_are_asked_for_where_they_are_wanted, while_a_question_is_under_way_there_is_no_other,
                an_answer_that_nobody_took_gives_way_to_the_next_question,
                a_question_that_failed_publishes_nothing_and_can_be_asked_again,
                without_a_partition_nothing_is_asked, closing_waits_for_the_question_under_way,
                a_thread_that_cannot_be_started_is_an_error,
                it_can_be_closed_without_a_question_and_when_there_is_none)

/* Readers beside a writer: whole events, in order, and every one that is not read is counted; who waits
 * sleeps until there is something to read. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/stats/events.h"
#include "common/stats/liveness.h"
#define CHECK_TIMEOUT_SECONDS 60
#include "tests/common/stats/events_support.h"

#define WRITTEN 200000
#define KILLS   30

static struct events_reader *reader_of_its_own(void)
{
    struct events_reader *own;
    struct error error = ERROR_INIT;
    ck_assert_msg(events_reader_open(&own, instance_name, &error) == 0, "%s", error.text);
    return own;
}

/* In bursts, some of which are longer than the ring: a reader meets a writer that runs, and one that rests.
 */
static void *run_writer(void *context)
{
    (void)context;
    for (int64_t n = 1; n <= WRITTEN; n++) {
        write_events(n, n);
        if (n % (n % 3 == 0 ? 6000 : 50) == 0)
            sched_yield();
    }
    return NULL;
}

struct followed {
    uint64_t read, missed;
};

static void *run_follower(void *context)
{
    struct followed *followed = context;
    struct events_reader *own = reader_of_its_own();
    struct error error = ERROR_INIT;
    /* After 0 nothing counts as missed: the first is behind it. */
    for (uint64_t after = 0; after < WRITTEN;) {
        struct event one;
        uint64_t left_out;
        int result = events_read(own, after, &one, &left_out, &error);
        ck_assert_msg(result != -1, "%s", error.text);
        if (result == 0) {
            events_wait(own, after, 10 * US_PER_SECOND);
            continue;
        }
        is_numbered(&one, one.sequence);
        if (after == 0)
            left_out = one.sequence - 1;
        ck_assert_uint_eq(one.sequence, after + left_out + 1);
        followed->read++;
        followed->missed += left_out;
        after = one.sequence;
    }
    events_reader_close(own);
    return NULL;
}

/* The one that the writer is just about to write over. */
static void *run_reader_of_the_oldest(void *context)
{
    struct events_reader *own = reader_of_its_own();
    struct error error = ERROR_INIT;
    (void)context;
    while (events_newest(own) < WRITTEN) {
        struct event one;
        uint64_t left_out;
        int result = events_read(own, 0, &one, &left_out, &error);
        ck_assert_msg(result != -1, "%s", error.text);
        if (result == 1)
            is_numbered(&one, one.sequence);
    }
    events_reader_close(own);
    return NULL;
}

START_TEST(followers_see_whole_events_in_order_and_count_what_they_missed)
{
    struct followed followed[2] = {{0}};
    pthread_t writing, looking, following[2];
    ck_assert_int_eq(pthread_create(&looking, NULL, run_reader_of_the_oldest, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&following[i], NULL, run_follower, &followed[i]), 0);
    ck_assert_int_eq(pthread_create(&writing, NULL, run_writer, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(following[i], NULL), 0);
        ck_assert_uint_eq(followed[i].read + followed[i].missed, WRITTEN);
        ck_assert_uint_gt(followed[i].read, 0);
    }
    ck_assert_int_eq(pthread_join(writing, NULL), 0);
    ck_assert_int_eq(pthread_join(looking, NULL), 0);
}
END_TEST

/* --- sleeping ------------------------------------------------------------------------------------------ */

static _Atomic pid_t sleeper;
static atomic_bool awake;

static void *run_sleeper(void *context)
{
    (void)context;
    struct events_reader *own = reader_of_its_own();
    atomic_store(&sleeper, gettid());
    events_wait(own, 3, 30 * US_PER_SECOND);
    atomic_store(&awake, true);
    events_reader_close(own);
    return NULL;
}

static bool sleeps(void)
{
    pid_t thread = atomic_load(&sleeper);
    return thread != 0 && liveness_process_state(thread) == 'S';
}

START_TEST(who_waits_sleeps_until_the_next_event)
{
    pthread_t sleeping;
    write_events(1, 3);
    ck_assert_int_eq(pthread_create(&sleeping, NULL, run_sleeper, NULL), 0);
    int64_t deadline = clock_monotonic_us() + 10 * US_PER_SECOND;
    while (!sleeps() && clock_monotonic_us() < deadline)
        sched_yield();
    ck_assert(sleeps());
    ck_assert(!atomic_load(&awake));
    write_events(4, 4);
    ck_assert_int_eq(pthread_join(sleeping, NULL), 0);
    ck_assert_int_lt(clock_monotonic_us(), deadline + 10 * US_PER_SECOND);
}
END_TEST

START_TEST(there_is_no_waiting_for_what_is_there_or_without_time)
{
    int64_t before = clock_monotonic_us();
    write_events(1, 3);
    open_reader();
    events_wait(reader, 2, 30 * US_PER_SECOND);
    events_wait(reader, 0, 30 * US_PER_SECOND);
    events_wait(reader, 77, 30 * US_PER_SECOND); /* of a ring that is gone */
    events_wait(reader, 3, 0);
    events_wait(reader, 3, -1);
    events_wait(reader, 3, 20 * US_PER_MS);
    ck_assert_int_lt(clock_monotonic_us() - before, 30 * US_PER_SECOND);
}
END_TEST

static void nothing(int number)
{
    (void)number;
}

START_TEST(a_signal_ends_the_waiting)
{
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGALRM, &action, NULL);
    int64_t before = clock_monotonic_us();
    open_reader();
    alarm(1);
    events_wait(reader, 0, 30 * US_PER_SECOND);
    ck_assert_int_lt(clock_monotonic_us() - before, 30 * US_PER_SECOND);
}
END_TEST

/* --- a writer that is killed --------------------------------------------------------------------------- */

static void write_until_killed(uint64_t first)
{
    open_writer_of_events();
    for (int64_t n = (int64_t)first;; n++)
        write_events(n, n);
}

START_TEST(the_numbers_go_on_over_writers_that_are_killed_at_any_instant)
{
    unsigned seed = (unsigned)clock_wall_us();
    write_events(1, 1);
    events_close(writer, false);
    writer = NULL;
    open_reader();
    for (int i = 0; i < KILLS; i++) {
        uint64_t before = events_newest(reader);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            write_until_killed(before + 1);
        while (events_newest(reader) == before)
            events_wait(reader, before, 5 * US_PER_SECOND);
        for (int64_t until = clock_monotonic_us() + rand_r(&seed) % 3000; clock_monotonic_us() < until;)
            continue;
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        uint64_t newest = events_newest(reader);
        ck_assert_uint_gt(newest, before);
        reads(newest - 1, newest, 0);
        ck_assert_int_eq(events_read(reader, before, &event, &missed, NULL), 1);
        is_numbered(&event, before + missed + 1);
        ck_assert_uint_le(newest - event.sequence, EVENTS_KEPT - 1);
    }
}
END_TEST

CHECK_MAIN_WITH("common/stats/events, followed", begin_events, end_events,
                followers_see_whole_events_in_order_and_count_what_they_missed,
                who_waits_sleeps_until_the_next_event, there_is_no_waiting_for_what_is_there_or_without_time,
                a_signal_ends_the_waiting, the_numbers_go_on_over_writers_that_are_killed_at_any_instant)

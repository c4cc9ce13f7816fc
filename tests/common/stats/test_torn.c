/* A writer at full speed, and readers beside it: what a snapshot shows of a group is of one moment, whenever
 * it is taken and whenever the writer is killed. Publication n writes n into every word of its group. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "common/stats/words.h"
#define CHECK_TIMEOUT_SECONDS 60
#include "tests/common/stats/support.h"

#define KILLS 60

static void publish(struct stats_writer *writer, int slot, int64_t n)
{
    for (int id = 0; id < STATS_CONSUMER_STATUS_COUNT; id++)
        stats_status_set(writer, id, n);
    stats_status_publish(writer);
    for (int id = 0; id < STATS_CONSUMER_PARTITION_COUNT; id++)
        stats_partition_set(writer, slot, id, n);
    stats_partition_publish(writer, slot);
    stats_event(writer, STATS_RING_ERRORS, n, n, "%lld", (long long)n);
    stats_add(writer, CONSUMER_RECEIVED, 1);
}

/* In bursts: a reader meets both a writer that runs and one that rests. */
static void publish_from(struct stats_writer *writer, int64_t n, const atomic_bool *stop)
{
    int slot = stats_partition_slot(writer, "payments", 0);
    for (; !atomic_load_explicit(stop, memory_order_relaxed); n++) {
        publish(writer, slot, n);
        for (int64_t until = n % 64 == 0 ? clock_monotonic_us() + 20 : 0; clock_monotonic_us() < until;)
            continue;
    }
}

/* All values of the status, or all unknown because it was torn. */
static bool check_status(const struct stats_snapshot *snapshot)
{
    int64_t first = stats_snapshot_status(snapshot, "phase");
#define X(id, name, type, unit, help) ck_assert(stats_snapshot_status(snapshot, name) == first);
    STATS_CONSUMER_STATUS(X)
#undef X
    return first != STATS_UNKNOWN;
}

static bool check_partition(const struct stats_snapshot *snapshot)
{
    int64_t first = stats_snapshot_partition(snapshot, 0, "position");
#define X(id, name, type, unit, help) ck_assert(stats_snapshot_partition(snapshot, 0, name) == first);
    STATS_CONSUMER_PARTITION(X)
#undef X
    return first != STATS_UNKNOWN;
}

static size_t check_ring(const struct stats_snapshot *snapshot)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    size_t count = stats_snapshot_ring(snapshot, STATS_RING_ERRORS, entries);
    for (size_t i = 0; i < count; i++) {
        char text[STATS_RING_TEXT_BYTES];
        snprintf(text, sizeof text, "%lld", (long long)entries[i].number);
        ck_assert_str_eq(entries[i].text, text);
        ck_assert(entries[i].time_us == entries[i].number);
        ck_assert(i == 0 || entries[i].number == entries[i - 1].number + 1);
    }
    return count;
}

static void check_values(const struct stats_snapshot *snapshot, unsigned *whole)
{
    *whole += check_status(snapshot);
    *whole += check_partition(snapshot);
    check_ring(snapshot);
}

START_TEST(a_kill_at_any_instant_leaves_whole_groups)
{
    unsigned seed = (unsigned)clock_wall_us(), whole = 0;
    static const atomic_bool never;
    for (uint64_t generation = 1; generation <= KILLS; generation++) {
        int fd = create(STATS_KIND_CONSUMER, generation, -1);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            publish_from(open_writer(fd), 1, &never);
            _exit(0);
        }
        struct stats_snapshot *snapshot = take(fd);
        int64_t deadline = clock_monotonic_us() + 2 * US_PER_SECOND;
        while (stats_snapshot_counter(snapshot, "received") == 0 && clock_monotonic_us() < deadline)
            ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
        for (int64_t until = clock_monotonic_us() + rand_r(&seed) % 4000; clock_monotonic_us() < until;) {
            ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
            check_values(snapshot, &whole);
        }
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
        ck_assert(!stats_snapshot_torn(snapshot));
        ck_assert(check_status(snapshot));
        check_partition(snapshot);
        int64_t last = stats_snapshot_status(snapshot, "phase"),
                counted = stats_snapshot_counter(snapshot, "received");
        ck_assert(last == counted || last == counted + 1);
        ck_assert(check_ring(snapshot) > 0);
        stats_snapshot_free(snapshot);
        close(fd);
        remove_segments();
    }
    ck_assert_uint_gt(whole, 0);
}
END_TEST

struct shared {
    int fd;
    atomic_bool stop;
    struct stats_writer *writer;
};

static void *run_writer(void *context)
{
    struct shared *shared = context;
    publish_from(shared->writer, 1, &shared->stop);
    return NULL;
}

static void *run_reader(void *context)
{
    struct shared *shared = context;
    struct stats_snapshot *snapshot = take(shared->fd);
    unsigned whole = 0;
    for (int64_t until = clock_monotonic_us() + US_PER_SECOND / 2; clock_monotonic_us() < until;) {
        ck_assert_int_eq(stats_snapshot_refresh(snapshot, NULL), 0);
        if (stats_snapshot_partitions(snapshot) == 1)
            check_values(snapshot, &whole);
    }
    stats_snapshot_free(snapshot);
    return (void *)(uintptr_t)whole;
}

START_TEST(readers_beside_a_running_writer_see_whole_groups)
{
    struct shared shared = {.fd = create(STATS_KIND_CONSUMER, 1, -1)};
    shared.writer = open_writer(shared.fd);
    pthread_t writing, reading[2];
    ck_assert_int_eq(pthread_create(&writing, NULL, run_writer, &shared), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&reading[i], NULL, run_reader, &shared), 0);
    for (int i = 0; i < 2; i++) {
        void *whole;
        ck_assert_int_eq(pthread_join(reading[i], &whole), 0);
        ck_assert_uint_gt((uintptr_t)whole, 0);
    }
    atomic_store(&shared.stop, true);
    ck_assert_int_eq(pthread_join(writing, NULL), 0);
    stats_writer_close(shared.writer);
    close(shared.fd);
}
END_TEST

#define GROUP_WORDS 8

struct group {
    stats_word selector;
    stats_word copies[2 * GROUP_WORDS];
    atomic_bool stop;
};

static void *run_group_writer(void *context)
{
    struct group *group = context;
    for (uint64_t n = 1; !atomic_load_explicit(&group->stop, memory_order_relaxed); n++) {
        uint64_t values[GROUP_WORDS];
        for (size_t i = 0; i < GROUP_WORDS; i++)
            values[i] = n;
        words_publish(&group->selector, group->copies, values, GROUP_WORDS);
    }
    return NULL;
}

/* The protocol of words.h by itself, with a reader that loads from the same memory, where a ThreadSanitizer
 * build can see both sides: every access must be atomic, and what the selectors let pass must be whole. */
START_TEST(the_selector_lets_no_mixed_copy_pass)
{
    struct group group = {.stop = false};
    pthread_t writing;
    ck_assert_int_eq(pthread_create(&writing, NULL, run_group_writer, &group), 0);
    uint64_t passed = 0, last = 0;
    int64_t until = clock_monotonic_us() + US_PER_SECOND / 2;
    while (clock_monotonic_us() < until) {
        uint64_t values[GROUP_WORDS];
        uint64_t before = atomic_load_explicit(&group.selector, memory_order_acquire);
        for (size_t i = 0; i < GROUP_WORDS;
             i++) /* acquire loads, because ThreadSanitizer does not know fences */
            values[i] =
                atomic_load_explicit(&group.copies[(before & 1) * GROUP_WORDS + i], memory_order_acquire);
        if (atomic_load_explicit(&group.selector, memory_order_relaxed) != before)
            continue;
        passed++;
        ck_assert(values[0] >= last);
        last = values[0];
        for (size_t i = 0; i < GROUP_WORDS; i++)
            ck_assert(values[i] == before);
    }
    atomic_store(&group.stop, true);
    ck_assert_int_eq(pthread_join(writing, NULL), 0);
    ck_assert_uint_gt(passed, 0);
}
END_TEST

CHECK_MAIN_WITH("common/stats/torn", name_instance, remove_segments,
                a_kill_at_any_instant_leaves_whole_groups, readers_beside_a_running_writer_see_whole_groups,
                the_selector_lets_no_mixed_copy_pass)

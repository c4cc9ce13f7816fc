/* A segment that is full is replaced by a larger one of its name. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "common/stats/liveness.h"
#include "tests/common/stats/support.h"

enum { MANY = 2000, POSITION_OF = 1000 };

/* Instead of libc's: a lock that cannot be had. */
static bool no_locks;

int fcntl(int descriptor, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *); /* an int, or a pointer: a register, either way */
    va_end(arguments);
    if (!no_locks || command != F_OFD_SETLK)
        return (int)syscall(SYS_fcntl, descriptor, command, argument);
    errno = ENOLCK;
    return -1;
}

static int fd;
static struct stats_writer *writer;
static struct stats_snapshot *snapshot;

static void open_both(void)
{
    name_instance();
    fd = create(STATS_KIND_CONSUMER, 1, -1);
    writer = open_writer(fd);
}

static void close_both(void)
{
    stats_snapshot_free(snapshot);
    stats_writer_close(writer);
    close(fd);
    remove_segments();
}

static void look(void)
{
    struct error error = ERROR_INIT;
    stats_snapshot_free(snapshot);
    ck_assert_msg(stats_snapshot_open(&snapshot, instance_name, "bravo", 1, &error) == 0, "%s", error.text);
}

static int give(int32_t number)
{
    int slot = stats_partition_slot(writer, "payments", number);
    stats_partition_set(writer, slot, PARTITION_POSITION, POSITION_OF + number);
    stats_partition_publish(writer, slot);
    return slot;
}

static void fill(int32_t from, int32_t to)
{
    for (int32_t number = from; number < to; number++)
        ck_assert_int_eq(give(number), number);
}

static void has_all(int32_t count)
{
    look();
    ck_assert_uint_eq(stats_snapshot_partitions(snapshot), (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        int32_t number;
        ck_assert_str_eq(stats_snapshot_partition_topic(snapshot, (size_t)i, &number), "payments");
        ck_assert_int_eq(number, i);
        ck_assert_int_eq(stats_snapshot_partition(snapshot, (size_t)i, "position"), POSITION_OF + i);
        ck_assert(stats_snapshot_partition(snapshot, (size_t)i, "committed") == STATS_UNKNOWN);
    }
}

static bool exists(const char *suffix)
{
    char name[STATS_NAME_BYTES];
    char path[2 * STATS_NAME_BYTES];
    stats_segment_name(name, instance_name, "bravo", 1);
    snprintf(path, sizeof path, "/dev/shm%s%s", name, suffix);
    return access(path, F_OK) == 0;
}

START_TEST(two_thousand_partitions_have_a_place_each)
{
    fill(0, CAPACITY);
    ck_assert(!stats_segment_is_replaced(fd));
    fill(CAPACITY, MANY);
    ck_assert(stats_segment_is_replaced(fd));
    has_all(MANY);
    ck_assert_uint_ge(stats_snapshot_identity(snapshot)->partition_capacity, MANY);
    ck_assert_uint_lt(stats_snapshot_identity(snapshot)->partition_capacity, 2 * MANY);
    ck_assert(!exists(".~"));
}
END_TEST

START_TEST(a_slot_stays_what_it_was_and_what_was_set_is_published_later)
{
    int slot = give(7);
    stats_partition_set(writer, slot, PARTITION_COMMITTED, 42);
    for (int32_t number = 100; number < 100 + CAPACITY; number++)
        give(number);
    ck_assert_int_eq(stats_partition_slot(writer, "payments", 7), slot);
    stats_partition_publish(writer, slot);
    look();
    ck_assert_int_eq(stats_snapshot_partition(snapshot, (size_t)slot, "committed"), 42);
}
END_TEST

START_TEST(all_else_goes_on_in_the_new_one)
{
    struct stats_summary summary;
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    stats_add(writer, CONSUMER_PROCESSED, 1042);
    stats_phase(writer, PHASE_POLLING, 77);
    stats_observe(writer, CONSUMER_COMMIT_US, 1000, 10);
    stats_event(writer, STATS_RING_ERRORS, 5, 6, "before");
    stats_heartbeat(writer, 99);
    fill(0, CAPACITY + 1);
    stats_add(writer, CONSUMER_PROCESSED, 1);
    stats_status_set(writer, CONSUMER_ASSIGNED, CAPACITY + 1);
    stats_status_publish(writer);
    stats_observe(writer, CONSUMER_COMMIT_US, 1000, 1);
    stats_event(writer, STATS_RING_ERRORS, 7, 8, "after");
    look();
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "processed"), 1043);
    ck_assert_str_eq(stats_snapshot_state(snapshot, "phase"), "polling");
    ck_assert_int_eq(stats_snapshot_status(snapshot, "phase_since_us"), 77);
    ck_assert_int_eq(stats_snapshot_status(snapshot, "assigned_partitions"), CAPACITY + 1);
    stats_snapshot_histogram(snapshot, "commit_us", &summary);
    ck_assert_uint_eq(summary.count, 11);
    ck_assert_uint_eq(stats_snapshot_ring(snapshot, STATS_RING_ERRORS, entries), 2);
    ck_assert_str_eq(entries[0].text, "before");
    ck_assert_str_eq(entries[1].text, "after");
}
END_TEST

START_TEST(its_writer_lives_in_the_new_one)
{
    struct stats_liveness liveness;
    stats_heartbeat(writer, 99);
    fill(0, CAPACITY + 1);
    look();
    stats_snapshot_liveness(snapshot, &liveness);
    ck_assert(liveness.alive);
    ck_assert_int_eq(liveness.pid, getpid());
    ck_assert_int_eq(liveness.heartbeat_us, 99);
    stats_writer_close(writer);
    writer = NULL;
    stats_snapshot_liveness(snapshot, &liveness);
    ck_assert(!liveness.alive);
}
END_TEST

START_TEST(one_whose_name_leads_elsewhere_does_not_grow)
{
    fill(0, CAPACITY);
    stats_segment_unlink(instance_name, "bravo", 1);
    ck_assert_int_eq(give(CAPACITY), -1);
    int successor = create(STATS_KIND_CONSUMER, 1, -1);
    ck_assert_int_eq(give(CAPACITY), -1);
    look();
    ck_assert_uint_eq(stats_snapshot_partitions(snapshot), 0);
    close(successor);
}
END_TEST

START_TEST(without_room_it_stays_as_it_is)
{
    struct rlimit before, none;
    fill(0, CAPACITY);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = before;
    none.rlim_cur = 4096;
    setrlimit(RLIMIT_FSIZE, &none);
    int slot = give(CAPACITY);
    setrlimit(RLIMIT_FSIZE, &before);
    ck_assert_int_eq(slot, -1);
    ck_assert(!exists(".~"));
    ck_assert(!stats_segment_is_replaced(fd));
    stats_add(writer, CONSUMER_PROCESSED, 5);
    has_all(CAPACITY);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "processed"), 5);
    ck_assert_int_eq(give(CAPACITY), CAPACITY); /* now there is */
    has_all(CAPACITY + 1);
}
END_TEST

START_TEST(one_that_cannot_be_locked_takes_no_place)
{
    fill(0, CAPACITY);
    no_locks = true;
    ck_assert_int_eq(give(CAPACITY), -1);
    no_locks = false;
    ck_assert(!exists(".~"));
    ck_assert(!stats_segment_is_replaced(fd));
    ck_assert_int_eq(give(CAPACITY), CAPACITY);
}
END_TEST

/* Of /dev/shm, as the kernel has them. */
static int mappings(void)
{
    char line[512];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (fgets(line, sizeof line, maps) != NULL)
        count += strstr(line, instance_name) != NULL;
    fclose(maps);
    return count;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int descriptor = 0; descriptor < 256; descriptor++)
        count += fcntl(descriptor, F_GETFD) != -1;
    return count;
}

START_TEST(the_smaller_one_is_left_as_a_whole)
{
    fill(0, CAPACITY);
    int descriptors = open_descriptors();
    ck_assert_int_eq(mappings(), 1);
    fill(CAPACITY, 8 * CAPACITY);
    ck_assert_int_eq(mappings(), 1);
    ck_assert_int_eq(open_descriptors(), descriptors);
    no_locks = true;
    ck_assert_int_eq(give(8 * CAPACITY), -1);
    ck_assert_int_eq(open_descriptors(), descriptors);
}
END_TEST

START_TEST(what_one_that_was_killed_left_is_taken_and_goes_with_the_name)
{
    char name[STATS_NAME_BYTES], hidden[STATS_NAME_BYTES + 2];
    stats_segment_name(name, instance_name, "bravo", 1);
    stats_segment_hidden_name(hidden, name);
    close(shm_open(hidden, O_CREAT | O_EXCL | O_RDWR, 0600));
    fill(0, CAPACITY + 1);
    has_all(CAPACITY + 1);
    ck_assert(!exists(".~"));
    close(shm_open(hidden, O_CREAT | O_EXCL | O_RDWR, 0600));
    stats_segment_unlink(instance_name, "bravo", 1);
    ck_assert(!exists(".~") && !exists(""));
}
END_TEST

START_TEST(what_is_assigned_and_has_no_place_is_counted_as_untracked)
{
    for (int32_t i = 0; i < 3; i++) {
        stats_partition_set(writer, give(i), PARTITION_ASSIGNED, i != 1);
        stats_partition_publish(writer, i);
    }
    look();
    ck_assert_uint_eq(stats_snapshot_untracked(snapshot), 0);
    stats_status_set(writer, CONSUMER_ASSIGNED, 2);
    stats_status_publish(writer);
    look();
    ck_assert_uint_eq(stats_snapshot_untracked(snapshot), 0);
    stats_status_set(writer, CONSUMER_ASSIGNED, 5);
    stats_status_publish(writer);
    look();
    ck_assert_uint_eq(stats_snapshot_untracked(snapshot), 3);
}
END_TEST

CHECK_MAIN_WITH("common/stats/grow", open_both, close_both, two_thousand_partitions_have_a_place_each,
                a_slot_stays_what_it_was_and_what_was_set_is_published_later, all_else_goes_on_in_the_new_one,
                its_writer_lives_in_the_new_one, one_whose_name_leads_elsewhere_does_not_grow,
                without_room_it_stays_as_it_is, one_that_cannot_be_locked_takes_no_place,
                the_smaller_one_is_left_as_a_whole,
                what_one_that_was_killed_left_is_taken_and_goes_with_the_name,
                what_is_assigned_and_has_no_place_is_counted_as_untracked)

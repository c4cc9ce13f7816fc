#include "tests/supervisor/support.h"
#include "common/stats/create.h"
#include "common/stats/writer.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "supervisor/process/segment.h"

static struct error error;

static void close_stage(void)
{
    segment_release(&stage.worker);
    progress_release(&stage.worker.progress);
    segment_unlink_all(stage.name);
    stage_close();
}

/* The next generation, counting `received` records as its worker would, and coming as far as offset 100 × its
 * number. */
static void live(uint64_t received)
{
    stage.worker.generation++;
    ck_assert_msg(segment_next(&stage.worker, &error) == 0, "%s", error.text);
    struct stats_writer *writer;
    ck_assert_msg(stats_writer_open(&writer, stage.worker.segment_fd, &error) == 0, "%s", error.text);
    stats_add(writer, CONSUMER_RECEIVED, received);
    int slot = stats_partition_slot(writer, "payments", 0);
    stats_partition_set(writer, slot, PARTITION_POSITION, 100 * (int64_t)stage.worker.generation);
    stats_partition_publish(writer, slot);
    stats_writer_close(writer);
}

static bool is_there(uint64_t generation)
{
    struct stats_snapshot *snapshot;
    bool there = stats_snapshot_open(&snapshot, stage.name, stage.worker.name, generation, NULL) == 0;
    stats_snapshot_free(snapshot);
    return there;
}

static int64_t received(const struct stats_snapshot *stats)
{
    return stats_snapshot_counter(stats, "received");
}

static int64_t reached(void)
{
    return progress_end(&stage.worker.progress, "payments", 0);
}

START_TEST(counters_go_on_over_the_generations)
{
    live(10);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 10);
    ck_assert_int_eq(reached(), STATS_UNKNOWN);
    live(5);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 15);
    ck_assert_int_eq(reached(), 100);
    ck_assert_uint_eq(stats_snapshot_identity(stage.worker.stats)->generation, 2);
    ck_assert_str_eq(stats_snapshot_identity(stage.worker.stats)->group, "test_group_bravo");
}
END_TEST

START_TEST(the_last_two_dead_generations_stay)
{
    for (int i = 0; i < 5; i++)
        live(1);
    ck_assert(!is_there(1));
    ck_assert(!is_there(2));
    ck_assert(is_there(3));
    ck_assert(is_there(4));
    ck_assert(is_there(5));
}
END_TEST

START_TEST(a_new_supervisor_goes_on_where_the_dead_one_stopped)
{
    live(10);
    segment_release(&stage.worker); /* what a supervisor that dies leaves: the object */
    live(1);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 11);
    ck_assert_int_eq(reached(), 100);
}
END_TEST

START_TEST(a_leftover_of_the_same_generation_is_replaced)
{
    live(10);
    segment_release(&stage.worker);
    stage.worker.generation = 0; /* its directory is gone, so generations begin anew */
    live(3);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 3);
}
END_TEST

START_TEST(a_former_generation_that_is_no_segment_costs_nothing_but_its_totals)
{
    char name[STATS_NAME_BYTES];
    stats_segment_name(name, stage.name, stage.worker.name, 1);
    int fd = shm_open(name, O_CREAT | O_RDWR, 0600);
    ck_assert_int_eq(write(fd, "garbage", 7), 7);
    close(fd);
    stage.worker.generation = 1;
    live(2);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 2);
    ck_assert_int_eq(reached(), STATS_UNKNOWN);
}
END_TEST

static void name_generation(char name[STATS_NAME_BYTES], uint64_t generation)
{
    stats_segment_name(name, stage.name, stage.worker.name, generation);
}

/* The alarm ends a test that waits in open(). */
START_TEST(a_fifo_at_a_name_of_ours_stops_nobody)
{
    char name[STATS_NAME_BYTES], path[STATS_NAME_BYTES + 16];
    alarm(5);
    for (uint64_t generation = 1; generation <= 2; generation++) {
        name_generation(name, generation);
        snprintf(path, sizeof path, "/dev/shm%s", name);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
    }
    stage.worker.generation = 1;
    live(2);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 2);
    name_generation(name, 1);
    shm_unlink(name);
}
END_TEST

START_TEST(a_segment_of_another_user_is_not_believed)
{
    if (geteuid() != 0) /* who cannot give a file away has nobody else's */
        return;
    live(2936);
    ck_assert_int_eq(fchown(stage.worker.segment_fd, 65534, 65534), 0);
    segment_release(&stage.worker);
    live(1);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 1);
    segment_unlink_all(stage.name);
    ck_assert_int_eq(stats_segment_unlink(stage.name, stage.worker.name, 1), 0); /* it was left alone */
}
END_TEST

START_TEST(more_partitions_than_the_default_get_room)
{
    stage.settings.partitions = 1000;
    live(0);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_uint_eq(stats_snapshot_identity(stage.worker.stats)->partition_capacity, 1000);
    struct stat info;
    ck_assert_int_eq(fstat(stage.worker.segment_fd, &info), 0);
    ck_assert_uint_eq((size_t)info.st_size, stats_segment_bytes(STATS_KIND_CONSUMER, 1000));
}
END_TEST

START_TEST(one_that_its_worker_replaced_by_a_larger_one_is_followed)
{
    enum { MANY = STATS_PARTITIONS_DEFAULT + 1 };
    live(10);
    ck_assert(segment_refresh(&stage.worker)); /* of the first one */
    struct stats_writer *writer;
    ck_assert_int_eq(stats_writer_open(&writer, stage.worker.segment_fd, &error), 0);
    for (int32_t number = 0; number < MANY; number++)
        ck_assert_int_eq(stats_partition_slot(writer, "orders", number), number);
    stats_add(writer, CONSUMER_RECEIVED, 1);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_uint_eq(stats_snapshot_partitions(stage.worker.stats), MANY);
    ck_assert_int_eq(received(stage.worker.stats), 11);
    for (int32_t number = 0; number < 2 * MANY; number++)
        stats_partition_slot(writer, "orders", number);
    stats_writer_close(writer);
    live(5); /* nobody looked in between */
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 16);
    ck_assert(is_there(1) && is_there(2));
}
END_TEST

START_TEST(a_producer_has_a_segment_of_its_kind)
{
    stage.worker.kind = KIND_PRODUCER;
    stage.worker.generation = 1;
    ck_assert_int_eq(segment_next(&stage.worker, &error), 0);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(stats_snapshot_identity(stage.worker.stats)->kind, STATS_KIND_PRODUCER);
}
END_TEST

START_TEST(the_end_removes_every_generation_of_this_instance_only)
{
    live(1);
    live(1);
    struct stats_identity other = {.kind = STATS_KIND_CONSUMER, .partition_capacity = 1, .generation = 1};
    snprintf(other.instance, sizeof other.instance, "%.20s-x", stage.name);
    snprintf(other.client, sizeof other.client, "bravo");
    snprintf(other.worker, sizeof other.worker, "bravo");
    int fd = stats_segment_create(&other, -1, &error);
    ck_assert_int_ne(fd, -1);
    segment_unlink_all(stage.name);
    ck_assert(!is_there(1));
    ck_assert(!is_there(2));
    ck_assert_int_eq(stats_segment_unlink(other.instance, "bravo", 1), 0);
    close(fd);
}
END_TEST

START_TEST(snapshots_are_kept_by_a_small_fleet_and_freed_by_a_large_one)
{
    struct worker *workers[] = {&stage.worker};
    stage.supervisor.workers = workers;
    stage.supervisor.worker_count = 1;
    live(7);
    ck_assert_ptr_null(stage.worker.stats);
    ck_assert(segment_refresh(&stage.worker));
    segment_cool(&stage.supervisor);
    ck_assert_ptr_nonnull(stage.worker.stats);
    stage.supervisor.snapshots += SEGMENTS_WARM;
    segment_cool(&stage.supervisor);
    ck_assert_ptr_null(stage.worker.stats);
    ck_assert_uint_eq(stage.supervisor.snapshots, SEGMENTS_WARM);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 7);
    stage.supervisor.worker_count = 0;
}
END_TEST

/* Needs root for a /dev/shm of its own. */
START_TEST(without_room_in_dev_shm_the_segment_has_no_name_and_serves)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=16k") != 0)
        return;
    live(10);
    live(5);
    ck_assert(!is_there(1));
    ck_assert(!is_there(2));
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(received(stage.worker.stats), 15);
    ck_assert_int_eq(reached(), 100);
    const char *said = stage_read();
    ck_assert_ptr_nonnull(
        strstr(said, "bravo is not visible to kstat, and its totals end with this supervisor"));
    ck_assert_ptr_nonnull(strstr(said, "/dev/shm is full"));
}
END_TEST

START_TEST(without_a_segment_there_is_nothing_to_refresh)
{
    ck_assert(!segment_refresh(&stage.worker));
    live(1);
    segment_release(&stage.worker);
    ck_assert(!segment_refresh(&stage.worker));
    ck_assert_int_eq(stage.worker.segment_fd, -1);
}
END_TEST

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

/* Its worker puts a larger one in its place. */
static void outgrow(void)
{
    struct stats_writer *writer;
    ck_assert_int_eq(stats_writer_open(&writer, stage.worker.segment_fd, &error), 0);
    for (int32_t number = 0; number <= STATS_PARTITIONS_DEFAULT; number++)
        stats_partition_slot(writer, "orders", number);
    stats_writer_close(writer);
    ck_assert(segment_refresh(&stage.worker));
}

START_TEST(no_generation_and_no_larger_segment_leaves_a_descriptor_open)
{
    int without = open_descriptors();
    live(1);
    ck_assert(segment_refresh(&stage.worker));
    int before = open_descriptors();
    outgrow();
    for (int i = 0; i < 3; i++)
        live(1);
    ck_assert(segment_refresh(&stage.worker));
    ck_assert_int_eq(open_descriptors(), before);
    segment_release(&stage.worker);
    ck_assert_int_eq(open_descriptors(), without);
}
END_TEST

CHECK_MAIN_WITH("supervisor/segment", stage_open, close_stage, counters_go_on_over_the_generations,
                the_last_two_dead_generations_stay, a_new_supervisor_goes_on_where_the_dead_one_stopped,
                a_leftover_of_the_same_generation_is_replaced,
                a_former_generation_that_is_no_segment_costs_nothing_but_its_totals,
                a_fifo_at_a_name_of_ours_stops_nobody, a_segment_of_another_user_is_not_believed,
                more_partitions_than_the_default_get_room,
                one_that_its_worker_replaced_by_a_larger_one_is_followed,
                a_producer_has_a_segment_of_its_kind, the_end_removes_every_generation_of_this_instance_only,
                snapshots_are_kept_by_a_small_fleet_and_freed_by_a_large_one,
                without_room_in_dev_shm_the_segment_has_no_name_and_serves,
                without_a_segment_there_is_nothing_to_refresh,
                no_generation_and_no_larger_segment_leaves_a_descriptor_open)

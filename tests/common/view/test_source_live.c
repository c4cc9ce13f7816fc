/* Shared memory as a source. */
#include <pthread.h>
#include <stdatomic.h>

#include "tests/support/fake_clock.h"

#include "common/view/source.h"

#include "tests/common/view/instance_case.h"

static const struct source_class *live;

static void prepare(void)
{
    instance_prepare();
    live = source_live.class;
}

START_TEST(a_list_of_segments_grows_and_keeps_their_names)
{
    struct segment_list list = {0};
    char name[WORKER_NAME_BYTES];
    for (uint64_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "worker.%d", (int)i);
        ck_assert_int_eq(segment_list_add(&list, name, 10 + i), 0);
    }
    ck_assert_uint_eq(list.count, 1000);
    for (uint64_t i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "worker.%d", (int)i);
        ck_assert_str_eq(list.items[i].worker, name);
        ck_assert_uint_eq(list.items[i].generation, 10 + i);
    }
    segment_list_release(&list);
    ck_assert(list.items == NULL && list.count == 0 && list.capacity == 0);
}
END_TEST

START_TEST(now_is_the_wall_time)
{
    ck_assert_int_eq(live->now_us(&source_live), fake_wall_us);
}
END_TEST

START_TEST(the_segments_of_an_instance_come_by_worker_and_generation)
{
    static const char *const expected[] = {"bravo 1", "bravo 2", "bravo 10", "bravo.2 1", "producer 2"};
    struct segment_list list = {0};
    close(create_worker("bravo", STATS_KIND_CONSUMER, 10));
    close(create_worker("bravo", STATS_KIND_CONSUMER, 1));
    close(create_worker("bravo.2", STATS_KIND_CONSUMER, 1));
    ck_assert_int_eq(live->segments(&source_live, instance_name, &list, NULL), 0);
    ck_assert_uint_eq(list.count, 5);
    for (size_t i = 0; i < 5; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s %d", list.items[i].worker, (int)list.items[i].generation);
        ck_assert_str_eq(text, expected[i]);
    }
    segment_list_release(&list);
    ck_assert_int_eq(live->segments(&source_live, "no-such-instance", &list, NULL), 0);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

static atomic_bool grown;

static void *grow(void *context)
{
    for (int32_t number = 0; number < 1000; number++)
        stats_partition_slot(context, "payments", number);
    grown = true;
    return NULL;
}

/* Who opened the smaller one just before sees it locked by nobody. */
START_TEST(a_worker_whose_segment_is_replaced_by_a_larger_one_is_not_dead)
{
    for (uint64_t generation = 10; generation < 60; generation++) {
        const struct segment_name name = {"bravo", generation};
        pthread_t growing;
        int fd = create_worker("bravo", STATS_KIND_CONSUMER, generation);
        struct stats_writer *writer = open_writer(fd);
        close(fd);
        grown = false;
        ck_assert_int_eq(pthread_create(&growing, NULL, grow, writer), 0);
        while (!grown) {
            struct stats_snapshot *snapshot;
            struct stats_liveness liveness;
            ck_assert_int_eq(live->segment(&source_live, instance_name, &name, &snapshot, &liveness, NULL),
                             0);
            ck_assert(liveness.alive);
            stats_snapshot_free(snapshot);
        }
        pthread_join(growing, NULL);
        stats_writer_close(writer);
        stats_segment_unlink(instance_name, "bravo", generation);
    }
}
END_TEST

START_TEST(a_supervisor_is_told_by_its_directory)
{
    struct source_supervisor supervisor;
    ck_assert_int_eq(live->supervisor(&source_live, instance_name, &supervisor, NULL), 0);
    ck_assert_ptr_nonnull(supervisor.directory);
    ck_assert(supervisor.alive && !supervisor.stopped && !supervisor.elsewhere);
    directory_free(supervisor.directory);
    directory_close(directory, false);
    directory = NULL;
    ck_assert_int_eq(live->supervisor(&source_live, instance_name, &supervisor, NULL), 0);
    ck_assert(!supervisor.alive);
    directory_free(supervisor.directory);
    ck_assert_int_eq(directory_create(&directory, instance_name, "birth", 4, NULL), 0); /* to be unlinked */
}
END_TEST

START_TEST(a_supervisor_that_is_stopped_is_alive_and_stopped)
{
    struct source_supervisor supervisor;
    int status;
    directory_close(directory, true);
    directory = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        if (directory_create(&directory, instance_name, "birth", 4, NULL) == 0)
            raise(SIGSTOP);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert(WIFSTOPPED(status));
    int result = live->supervisor(&source_live, instance_name, &supervisor, NULL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(result, 0);
    ck_assert(supervisor.alive && supervisor.stopped);
    directory_free(supervisor.directory);
    ck_assert_int_eq(directory_create(&directory, instance_name, "birth", 4, NULL), 0);
}
END_TEST

START_TEST(no_directory_is_no_error_and_a_damaged_one_is)
{
    struct source_supervisor supervisor = {(struct directory *)(void *)directory, true, true,
                                           true}; /* anything */
    struct error error = ERROR_INIT;
    char path[STATS_NAME_BYTES + 16];
    ck_assert_int_eq(live->supervisor(&source_live, "no-such-instance", &supervisor, &error), 0);
    ck_assert(supervisor.directory == NULL && !supervisor.alive && !supervisor.stopped &&
              !supervisor.elsewhere);
    snprintf(path, sizeof path, "/dev/shm/ksupervise.%u.%s", (unsigned)geteuid(), instance_name);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(pwrite(fd, "garbage!", 8, 0), 8);
    close(fd);
    ck_assert_int_eq(live->supervisor(&source_live, instance_name, &supervisor, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "not a directory of workers"));
    ck_assert_ptr_null(supervisor.directory);
    ck_assert_int_eq(live->supervisor(&source_live, instance_name, &supervisor, NULL), -1);
}
END_TEST

START_TEST(a_segment_comes_with_the_liveness_of_its_worker)
{
    struct segment_name name = {"bravo", 2};
    struct stats_snapshot *snapshot;
    struct stats_liveness liveness;
    ck_assert_int_eq(live->segment(&source_live, instance_name, &name, &snapshot, &liveness, NULL), 0);
    ck_assert(liveness.alive);
    ck_assert_int_eq(liveness.pid, getpid());
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "processed"), 1042);
    stats_snapshot_free(snapshot);
    stats_writer_close(bravo);
    bravo = NULL;
    ck_assert_int_eq(live->segment(&source_live, instance_name, &name, &snapshot, &liveness, NULL), 0);
    ck_assert(!liveness.alive);
    stats_snapshot_free(snapshot);
}
END_TEST

START_TEST(a_segment_that_is_not_there_is_not_running)
{
    struct segment_name name = {"bravo", 3};
    struct stats_snapshot *snapshot;
    struct stats_liveness liveness;
    struct error error = ERROR_INIT;
    ck_assert_int_eq(live->segment(&source_live, instance_name, &name, &snapshot, &liveness, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
    ck_assert_ptr_null(snapshot);
}
END_TEST

CHECK_MAIN_WITH("common/view/source_live", prepare, instance_clean_up,
                a_list_of_segments_grows_and_keeps_their_names, now_is_the_wall_time,
                the_segments_of_an_instance_come_by_worker_and_generation,
                a_worker_whose_segment_is_replaced_by_a_larger_one_is_not_dead,
                a_supervisor_is_told_by_its_directory, a_supervisor_that_is_stopped_is_alive_and_stopped,
                no_directory_is_no_error_and_a_damaged_one_is,
                a_segment_comes_with_the_liveness_of_its_worker, a_segment_that_is_not_there_is_not_running)

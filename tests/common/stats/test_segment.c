#include "common/stats/segment.h"
#include "common/stats/create.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common/exit_codes.h"
#include "tests/common/stats/support.h"

START_TEST(a_consumer_with_16_partitions_takes_at_most_64_kib_and_with_64_at_most_72)
{
    ck_assert_uint_le(stats_segment_bytes(STATS_KIND_CONSUMER, 16), 64 * 1024);
    ck_assert_uint_le(stats_segment_bytes(STATS_KIND_CONSUMER, STATS_PARTITIONS_DEFAULT), 72 * 1024);
}
END_TEST

START_TEST(a_fresh_segment_counts_from_0_and_knows_nothing_else)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    struct stats_snapshot *snapshot = take(fd);
    ck_assert_int_eq(stats_snapshot_counter(snapshot, "received"), 0);
    ck_assert(stats_snapshot_status(snapshot, "phase") == STATS_UNKNOWN);
    ck_assert_ptr_null(stats_snapshot_state(snapshot, "phase"));
    ck_assert_uint_eq(stats_snapshot_partitions(snapshot), 0);
    struct stats_liveness liveness;
    stats_snapshot_liveness(snapshot, &liveness);
    ck_assert(!liveness.alive && liveness.pid == 0 && liveness.heartbeat_us == STATS_UNKNOWN);
    const struct stats_identity *identity = stats_snapshot_identity(snapshot);
    ck_assert_str_eq(identity->worker, "bravo");
    ck_assert_str_eq(identity->group, "test_group_bravo");
    ck_assert_uint_eq(identity->generation, 1);
    stats_snapshot_free(snapshot);
    close(fd);
}
END_TEST

START_TEST(the_object_is_private_and_its_descriptor_is_not_inherited)
{
    umask(0777);
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    struct stat status;
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_uint_eq((size_t)status.st_size, stats_segment_bytes(STATS_KIND_CONSUMER, CAPACITY));
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}
END_TEST

START_TEST(a_name_that_is_taken_is_eexist_and_stays)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    struct error error = ERROR_INIT;
    struct stats_identity identity = identity_of(STATS_KIND_CONSUMER, 1);
    ck_assert_int_eq(stats_segment_create(&identity, -1, &error), -1);
    ck_assert_int_eq(errno, EEXIST);
    int again = stats_segment_open(instance_name, "bravo", 1, &error);
    ck_assert_int_ge(again, 0);
    close(again);
    close(fd);
}
END_TEST

START_TEST(counters_go_on_from_the_former_generation_by_name)
{
    int first = create(STATS_KIND_CONSUMER, 1, -1);
    struct stats_writer *writer = open_writer(first);
    stats_add(writer, CONSUMER_RECEIVED, 1042);
    stats_add(writer, CONSUMER_UNTRACKED, 3);
    stats_phase(writer, PHASE_POLLING, 5);
    stats_writer_close(writer);
    int second = create(STATS_KIND_CONSUMER, 2, first);
    writer = open_writer(second);
    ck_assert_uint_eq(stats_get(writer, CONSUMER_RECEIVED), 1042);
    ck_assert_uint_eq(stats_get(writer, CONSUMER_UNTRACKED), 3);
    struct stats_snapshot *snapshot = take(second);
    ck_assert_ptr_null(stats_snapshot_state(snapshot, "phase"));
    stats_snapshot_free(snapshot);
    stats_writer_close(writer);
    close(first);
    close(second);
}
END_TEST

START_TEST(totals_of_another_kind_or_of_garbage_are_not_taken_over)
{
    int producer = create(STATS_KIND_PRODUCER, 1, -1);
    struct stats_writer *writer = open_writer(producer);
    stats_add(writer, PRODUCER_FAILED, 9); /* a consumer has a counter of that name too */
    stats_writer_close(writer);
    int garbage = memory_file("not a segment", 13);
    const int previous[] = {producer, garbage};
    for (uint64_t i = 0; i < 2; i++) {
        int fd = create(STATS_KIND_CONSUMER, 2 + i, previous[i]);
        struct stats_snapshot *snapshot = take(fd);
        ck_assert_int_eq(stats_snapshot_counter(snapshot, "failed"), 0);
        stats_snapshot_free(snapshot);
        close(fd);
    }
    close(producer);
    close(garbage);
}
END_TEST

static void expect_creation_fails(const char *what)
{
    struct error error = ERROR_INIT;
    struct stats_identity identity = identity_of(STATS_KIND_CONSUMER, 7);
    ck_assert_int_eq(stats_segment_create(&identity, -1, &error), -1);
    ck_assert_msg(strstr(error.text, what) != NULL, "%s", error.text);
    ck_assert_int_eq(stats_segment_open(instance_name, "bravo", 7, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_NOT_RUNNING);
}

START_TEST(a_file_size_limit_is_named_and_leaves_nothing_behind)
{
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {4096, 4096};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect_creation_fails("ulimit -f");
}
END_TEST

/* Needs root for a /dev/shm of its own; without, the limit above stands in for it. */
START_TEST(a_full_dev_shm_is_an_error_not_a_sigbus)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=16k") != 0) {
        fprintf(stderr, "a_full_dev_shm_is_an_error_not_a_sigbus: skipped, cannot mount a tmpfs: %s\n",
                strerror(errno));
        return;
    }
    expect_creation_fails("is full");
}
END_TEST

struct seen {
    char text[512];
    size_t used;
};

static int note(void *context, const char *instance, const char *worker, uint64_t generation)
{
    struct seen *seen = context;
    ck_assert_str_eq(instance, instance_name);
    seen->used += (size_t)snprintf(seen->text + seen->used, sizeof seen->text - seen->used, "%s/%d ", worker,
                                   (int)generation);
    return generation == 99 ? 42 : 0;
}

static void create_worker(const char *worker, uint64_t generation)
{
    struct stats_identity identity = identity_of(STATS_KIND_CONSUMER, generation);
    snprintf(identity.worker, sizeof identity.worker, "%s", worker);
    struct error error = ERROR_INIT;
    int fd = stats_segment_create(&identity, -1, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    close(fd);
}

START_TEST(a_scan_lists_by_worker_and_generation_and_passes_over_strange_names)
{
    create_worker("zulu", 2);
    create_worker("bravo.2", 1);
    create_worker("bravo", 10);
    create_worker("bravo", 9);
    static const char *const ends[] = {"bravo.007", "br*vo.1", "bravo.", "bravo.1x", "no-generation"};
    char strange[STATS_NAME_BYTES];
    int fds[5];
    for (size_t i = 0; i < 5; i++) {
        snprintf(strange, sizeof strange, "/ksupervise.%u.%s.%s", (unsigned)geteuid(), instance_name,
                 ends[i]);
        fds[i] = shm_open(strange, O_CREAT | O_RDWR, 0600);
    }
    struct seen seen = {.used = 0};
    int result = stats_segment_scan(instance_name, note, &seen);
    for (size_t i = 0; i < 5; i++) {
        snprintf(strange, sizeof strange, "/ksupervise.%u.%s.%s", (unsigned)geteuid(), instance_name,
                 ends[i]);
        shm_unlink(strange);
        close(fds[i]);
    }
    ck_assert_int_eq(result, 0);
    ck_assert_str_eq(seen.text, "bravo/9 bravo/10 bravo.2/1 zulu/2 ");
}
END_TEST

START_TEST(a_scan_stops_when_it_is_told_to)
{
    create_worker("alpha", 99);
    create_worker("bravo", 1);
    struct seen seen = {.used = 0};
    ck_assert_int_eq(stats_segment_scan(instance_name, note, &seen), 42);
    ck_assert_str_eq(seen.text, "alpha/99 ");
}
END_TEST

CHECK_MAIN_WITH("common/stats/segment", name_instance, remove_segments,
                a_consumer_with_16_partitions_takes_at_most_64_kib_and_with_64_at_most_72,
                a_fresh_segment_counts_from_0_and_knows_nothing_else,
                the_object_is_private_and_its_descriptor_is_not_inherited,
                a_name_that_is_taken_is_eexist_and_stays, counters_go_on_from_the_former_generation_by_name,
                totals_of_another_kind_or_of_garbage_are_not_taken_over,
                a_file_size_limit_is_named_and_leaves_nothing_behind, a_full_dev_shm_is_an_error_not_a_sigbus,
                a_scan_lists_by_worker_and_generation_and_passes_over_strange_names,
                a_scan_stops_when_it_is_told_to)

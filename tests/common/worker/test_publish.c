/* /dev/shm is everybody's: each case uses a client name of its own process, and removes what it made. */
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/log.h"
#include "common/stats/reader.h"
#include "common/worker/publish.h"

static char client[NAME_BYTES];
static char second[WORKER_NAME_BYTES];
static struct error error;

static int claim_fails; /* errno */

int posix_fallocate(int fd, off_t offset, off_t bytes)
{
    return claim_fails != 0 ? claim_fails : (int)-syscall(SYS_fallocate, fd, 0, offset, bytes);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static int unlink_ours(void *context, const char *instance, const char *worker, uint64_t generation)
{
    (void)context;
    if (strncmp(worker, client, strlen(client)) == 0)
        stats_segment_unlink(instance, worker, generation);
    return 0;
}

static void remove_segments(void)
{
    stats_segment_scan(INSTANCE_SOLO, unlink_ours, NULL);
}

static void name_the_client(void)
{
    snprintf(client, sizeof client, "check-%d", (int)getpid());
    name_worker(second, client, 2);
    remove_segments(); /* of a run that was killed */
}

static void publish(struct worker_publication *publication)
{
    ck_assert_msg(worker_publish(publication, false, STATS_KIND_CONSUMER, client, "group", &error) == 0, "%s",
                  error.text);
    ck_assert_ptr_nonnull(publication->writer);
}

static bool is_there(const char *worker, uint64_t generation)
{
    struct stats_snapshot *snapshot;
    bool there = stats_snapshot_open(&snapshot, INSTANCE_SOLO, worker, generation, NULL) == 0;
    stats_snapshot_free(snapshot);
    return there;
}

/* A process that publishes, counts `received` records, and dies without a word. Waits for its death. */
static void live_and_die(uint64_t received)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct worker_publication publication;
        publish(&publication);
        stats_add(publication.writer, CONSUMER_RECEIVED, received);
        kill(getpid(), SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}

START_TEST(publishes_under_its_client_name_and_removes_it_at_a_clean_end)
{
    struct worker_publication publication;
    publish(&publication);
    ck_assert_str_eq(publication.worker, client);
    ck_assert_str_eq(publication.instance, INSTANCE_SOLO);
    ck_assert_uint_eq(publication.generation, 1);
    ck_assert(publication.own);

    struct stats_snapshot *snapshot;
    struct stats_liveness liveness;
    ck_assert_int_eq(stats_snapshot_open(&snapshot, INSTANCE_SOLO, client, 1, &error), 0);
    ck_assert_str_eq(stats_snapshot_identity(snapshot)->client, client);
    ck_assert_str_eq(stats_snapshot_identity(snapshot)->group, "group");
    stats_snapshot_liveness(snapshot, &liveness);
    ck_assert(liveness.alive);
    ck_assert_int_eq(liveness.pid, getpid());
    stats_snapshot_free(snapshot);

    worker_unpublish(&publication, true);
    ck_assert_ptr_null(publication.writer);
    ck_assert(!is_there(client, 1));
}
END_TEST

START_TEST(what_it_printed_last_is_in_its_segment)
{
    struct worker_publication publication;
    struct stats_ring_entry lines[STATS_RING_ENTRIES];
    struct stats_snapshot *snapshot;
    log_init();
    publish(&publication);
    log_line("the last words");
    ck_assert_int_eq(stats_snapshot_open(&snapshot, INSTANCE_SOLO, client, 1, &error), 0);
    ck_assert_uint_eq(stats_snapshot_ring(snapshot, STATS_RING_LINES, lines), 1);
    ck_assert_str_eq(lines[0].text, "the last words");
    stats_snapshot_free(snapshot);
    worker_unpublish(&publication, true);
    log_line("nobody listens any more");
}
END_TEST

START_TEST(a_folder_without_room_is_an_error_and_not_a_reason_to_try_other_names)
{
    struct worker_publication publication;
    claim_fails = ENOSPC;
    ck_assert_int_eq(worker_publish(&publication, false, STATS_KIND_CONSUMER, client, "group", &error), -1);
    claim_fails = 0;
    ck_assert_ptr_nonnull(strstr(error.text, "/dev/shm is full"));
    ck_assert_ptr_null(publication.writer);
    ck_assert(!is_there(client, 1));
}
END_TEST

START_TEST(a_second_living_one_gets_the_next_name)
{
    struct worker_publication first, other;
    publish(&first);
    publish(&other);
    ck_assert_str_eq(first.worker, client);
    ck_assert_str_eq(other.worker, second);
    ck_assert_uint_eq(other.generation, 1);

    worker_unpublish(&first, true);
    publish(&first);
    ck_assert_str_eq(first.worker, client);
    worker_unpublish(&first, true);
    worker_unpublish(&other, true);
    ck_assert(!is_there(second, 1));
}
END_TEST

START_TEST(a_successor_goes_on_where_the_dead_one_stopped)
{
    live_and_die(100);
    struct worker_publication publication;
    int before = open_descriptors();
    publish(&publication);
    ck_assert_str_eq(publication.worker, client);
    ck_assert_uint_eq(publication.generation, 2);
    stats_add(publication.writer, CONSUMER_RECEIVED, 5);
    ck_assert_uint_eq(stats_get(publication.writer, CONSUMER_RECEIVED), 105);
    worker_unpublish(&publication, false);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST(the_last_two_dead_ones_stay)
{
    for (int i = 0; i < 4; i++)
        live_and_die(10);
    struct worker_publication publication;
    publish(&publication);
    ck_assert_uint_eq(publication.generation, 5);
    ck_assert_uint_eq(stats_get(publication.writer, CONSUMER_RECEIVED), 40);
    ck_assert(!is_there(client, 1));
    ck_assert(!is_there(client, 2));
    ck_assert(is_there(client, 3));
    ck_assert(is_there(client, 4));
    worker_unpublish(&publication, false);
    ck_assert(is_there(client, 5));
}
END_TEST

START_TEST(a_clean_end_takes_the_dead_ones_along)
{
    live_and_die(1);
    live_and_die(1);
    struct worker_publication publication;
    publish(&publication);
    worker_unpublish(&publication, true);
    for (uint64_t generation = 1; generation <= 3; generation++)
        ck_assert(!is_there(client, generation));
}
END_TEST

START_TEST(processes_that_start_together_get_different_names)
{
    enum { TOGETHER = 8 };
    int names[2], hold[2];
    ck_assert_int_eq(pipe(names), 0);
    ck_assert_int_eq(pipe(hold), 0);
    pid_t pids[TOGETHER];
    for (int i = 0; i < TOGETHER; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct worker_publication publication;
            char byte;
            close(hold[1]);
            publish(&publication);
            if (write(names[1], publication.worker, sizeof publication.worker) == -1)
                _exit(1);
            _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1); /* lives until all have theirs */
        }
    }
    close(names[1]);
    close(hold[0]);
    char taken[TOGETHER][WORKER_NAME_BYTES];
    for (int i = 0; i < TOGETHER; i++) {
        ck_assert_int_eq(read(names[0], taken[i], WORKER_NAME_BYTES), WORKER_NAME_BYTES);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(taken[i], taken[j]);
    }
    close(hold[1]);
    for (int i = 0; i < TOGETHER; i++)
        waitpid(pids[i], NULL, 0);
}
END_TEST

START_TEST(a_supervised_one_without_a_segment_says_so_and_goes_on)
{
    struct worker_publication publication;
    pid_t pid = fork(); /* descriptor 5 may be the test's own log */
    if (pid == 0) {
        close(5);
        int result = worker_publish(&publication, true, STATS_KIND_CONSUMER, client, "group", &error);
        stats_add(publication.writer, CONSUMER_RECEIVED, 1); /* a writer that is NULL takes everything */
        worker_unpublish(&publication, true);
        _exit(result == -1 && error.text[0] != '\0' ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

CHECK_MAIN_WITH("common/worker/publish", name_the_client, remove_segments,
                publishes_under_its_client_name_and_removes_it_at_a_clean_end,
                what_it_printed_last_is_in_its_segment,
                a_folder_without_room_is_an_error_and_not_a_reason_to_try_other_names,
                a_second_living_one_gets_the_next_name, a_successor_goes_on_where_the_dead_one_stopped,
                the_last_two_dead_ones_stay, a_clean_end_takes_the_dead_ones_along,
                processes_that_start_together_get_different_names,
                a_supervised_one_without_a_segment_says_so_and_goes_on)

#include "common/stats/liveness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/common/stats/support.h"

static int interrupted; /* so many reads are, first */
static int read_fails;

ssize_t read(int fd, void *bytes, size_t count)
{
    errno = EINTR;
    if (interrupted > 0 && interrupted-- > 0)
        return -1;
    errno = read_fails;
    return read_fails != 0 ? -1 : syscall(SYS_read, fd, bytes, count);
}

static bool alive(int fd)
{
    struct stats_snapshot *snapshot = take(fd);
    struct stats_liveness liveness;
    stats_snapshot_liveness(snapshot, &liveness);
    stats_snapshot_free(snapshot);
    return liveness.alive;
}

/* A child that does `act` with fd, says so through the pipe, and waits to be killed. */
static pid_t child_that(void (*act)(int fd), int fd)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        act(fd);
        _exit(write(ready[1], "x", 1) == 1 && pause() == -1);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void write_for_life(int fd)
{
    open_writer(fd);
}

START_TEST(a_worker_is_alive_until_it_is_killed)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    ck_assert(!alive(fd));
    pid_t pid = child_that(write_for_life, fd);
    ck_assert(alive(fd));
    end(pid);
    ck_assert(!alive(fd));
    close(fd);
}
END_TEST

START_TEST(the_creator_that_keeps_its_descriptor_does_not_keep_the_worker_alive)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    struct stats_writer *writer = open_writer(fd);
    ck_assert(alive(fd));
    stats_writer_close(writer);
    ck_assert(!alive(fd)); /* fd is still open here, as the supervisor's is */
    close(fd);
}
END_TEST

START_TEST(a_pid_that_was_used_again_does_not_count_as_alive)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    stats_writer_close(open_writer(fd)); /* leaves pid and start time of this very process, which runs */
    ck_assert(!alive(fd));
    close(fd);
}
END_TEST

START_TEST(a_lock_without_the_process_does_not_count_as_alive)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    pid_t pid = child_that(write_for_life, fd);
    end(pid);
    int stranger = liveness_reopen(fd, O_RDWR);
    ck_assert_int_eq(liveness_lock(stranger), 0);
    ck_assert(!alive(fd));
    close(stranger);
    close(fd);
}
END_TEST

static void lock_inherited(int fd)
{
    ck_assert_int_eq(liveness_lock(fd), 0);
}

/* Why writers open /proc/self/fd anew: this is what would happen otherwise. */
START_TEST(a_lock_on_an_inherited_description_outlives_the_child)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    end(child_that(lock_inherited, fd));
    int other = liveness_reopen(fd, O_RDWR);
    ck_assert(liveness_locked(other));
    ck_assert(!liveness_locked(fd)); /* and the holder itself does not see it */
    close(fd);
    ck_assert(!liveness_locked(other));
    close(other);
}
END_TEST

START_TEST(a_reopened_description_is_close_on_exec_and_works_when_unlinked)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    ck_assert_int_eq(stats_segment_unlink(instance_name, "bravo", 1), 0);
    int other = liveness_reopen(fd, O_RDWR);
    ck_assert_int_ge(other, 0);
    ck_assert_int_eq(fcntl(other, F_GETFD), FD_CLOEXEC);
    close(other);
    close(fd);
}
END_TEST

START_TEST(a_process_that_is_gone_has_no_start_time)
{
    ck_assert_uint_gt(liveness_start_ticks(getpid()), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_uint_eq(liveness_start_ticks(pid), 0);
}
END_TEST

static void do_nothing(int fd)
{
    (void)fd;
}

START_TEST(a_stopped_process_is_in_state_T)
{
    int status;
    pid_t pid = child_that(do_nothing, -1);
    ck_assert_int_ne(liveness_process_state(pid), 'T');
    kill(pid, SIGSTOP);
    ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
    ck_assert_int_eq(liveness_process_state(pid), 'T');
    end(pid);
    ck_assert_int_eq(liveness_process_state(pid), '?');
}
END_TEST

/* A side-car's case: the number means nothing here, and the lock is held. */
START_TEST(the_lock_alone_decides_where_the_pid_is_of_another_namespace)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    struct stats_writer *writer = open_writer(fd);
    uint32_t here = liveness_pid_namespace(), other = here + 1;
    ck_assert_uint_ne(here, 0);
    ck_assert(!liveness_alive(fd, 999999999, 1, here));
    ck_assert(!liveness_alive(fd, 999999999, 1, 0)); /* of a build that does not say it */
    ck_assert(liveness_alive(fd, 999999999, 1, other));
    ck_assert(liveness_elsewhere(other));
    ck_assert(!liveness_elsewhere(here));
    stats_writer_close(writer);
    ck_assert(!liveness_alive(fd, 999999999, 1, other));
    close(fd);
}
END_TEST

START_TEST(start_ticks_are_field_22_whatever_the_name_is)
{
    uint64_t ticks = liveness_start_ticks(getpid());
    ck_assert_uint_gt(ticks, 0);
    char before[16];
    prctl(PR_GET_NAME, before);
    prctl(PR_SET_NAME, ") R 1 (x ) 2");
    ck_assert_uint_eq(liveness_start_ticks(getpid()), ticks);
    prctl(PR_SET_NAME, before);
    interrupted = 2;
    ck_assert_uint_eq(liveness_start_ticks(getpid()), ticks);
    read_fails = ESRCH; /* it ended meanwhile */
    ck_assert_uint_eq(liveness_start_ticks(getpid()), 0);
    read_fails = 0;
    ck_assert_uint_eq(liveness_start_ticks(0), 0);
    ck_assert_uint_eq(liveness_start_ticks(999999999), 0);
}
END_TEST

START_TEST(a_lock_that_no_worker_has_signed_does_not_count_as_alive)
{
    int fd = create(STATS_KIND_CONSUMER, 1, -1);
    int other = liveness_reopen(fd, O_RDWR);
    ck_assert_int_eq(liveness_lock(other), 0);
    ck_assert(liveness_locked(fd));
    ck_assert(!liveness_alive(fd, 0, 0, 0));
    close(other);
    close(fd);
}
END_TEST

CHECK_MAIN_WITH("common/stats/liveness", name_instance, remove_segments, a_worker_is_alive_until_it_is_killed,
                the_creator_that_keeps_its_descriptor_does_not_keep_the_worker_alive,
                a_pid_that_was_used_again_does_not_count_as_alive,
                a_lock_without_the_process_does_not_count_as_alive,
                a_lock_on_an_inherited_description_outlives_the_child,
                a_reopened_description_is_close_on_exec_and_works_when_unlinked,
                a_process_that_is_gone_has_no_start_time, a_stopped_process_is_in_state_T,
                the_lock_alone_decides_where_the_pid_is_of_another_namespace,
                start_ticks_are_field_22_whatever_the_name_is,
                a_lock_that_no_worker_has_signed_does_not_count_as_alive)

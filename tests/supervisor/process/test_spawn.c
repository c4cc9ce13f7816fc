#define CHECK_TIMEOUT_SECONDS 60
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/stats/liveness.h"
#include "supervisor/process/spawn.h"

enum { DEADLINE_MS = 10000 };

static struct process process;
static struct process_end end;
static struct error error;
static char printed[4096];
static int output; /* the reading end */

static void no_cores(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

/* Starts `sh -c script argument`, its output readable at `output`. */
static int start(const char *path, const char *script, const char *argument)
{
    int ends[2];
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, (char *)"sh", (char *)argument, NULL};
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    struct spawn_request request = {.path = path,
                                    .argv = argv,
                                    .output_fd = ends[1],
                                    .config_fd = -1,
                                    .channel_fd = -1,
                                    .segment_fd = -1};
    sigemptyset(&request.mask);
    int result = process_spawn(&process, &request, &error);
    close(ends[1]);
    output = ends[0];
    return result;
}

static void run(const char *script, const char *argument)
{
    ck_assert_msg(start("/bin/sh", script, argument) == 0, "%s", error.text);
}

static void await(int fd)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    ck_assert_msg(poll(&waiting, 1, DEADLINE_MS) == 1, "nothing within %d ms", DEADLINE_MS);
}

static void await_end(void)
{
    await(process.pidfd);
    ck_assert_int_eq(process_reap(&process, &end), 1);
}

/* Reads until every holder of the pipe is gone. */
static const char *read_output(void)
{
    size_t used = 0;
    ssize_t n;
    while (used < sizeof printed - 1 && (n = read(output, printed + used, sizeof printed - 1 - used)) > 0)
        used += (size_t)n;
    printed[used] = '\0';
    close(output);
    return printed;
}

/* --- how it ends --------------------------------------------------------------------------------------- */

START_TEST(every_exit_status_comes_back)
{
    for (int status = 0; status < 256; status++) {
        char text[8];
        snprintf(text, sizeof text, "%d", status);
        run("exit $1", text);
        await_end();
        ck_assert_int_eq(end.exit_status, status);
        ck_assert_int_eq(end.signal, 0);
        ck_assert_int_eq(process.pid, 0);
        ck_assert_int_eq(process.pidfd, -1);
        close(output);
    }
}
END_TEST

static bool is_fatal(int number)
{
    static const int harmless[] = {SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (harmless[i] == number)
            return false;
    return number < 32 || number >= SIGRTMIN; /* 32 and 33 are libc's */
}

START_TEST(every_fatal_signal_comes_back)
{
    for (int number = 1; number <= SIGRTMAX; number++) {
        if (!is_fatal(number))
            continue;
        run("exec sleep 60", NULL);
        ck_assert_int_eq(process_signal(&process, number), 0);
        await_end();
        ck_assert_int_eq(end.signal, number);
        ck_assert_int_eq(end.exit_status, -1);
        close(output);
    }
}
END_TEST

START_TEST(nothing_is_reaped_while_it_runs)
{
    run("exec sleep 60", NULL);
    ck_assert_int_eq(process_reap(&process, &end), 0);
    ck_assert_int_ne(process.pid, 0);
    process_kill_group(&process);
    await_end();
    ck_assert_int_eq(end.signal, SIGKILL);
    ck_assert_int_eq(process_reap(&process, &end), 0);
}
END_TEST

START_TEST(what_it_used_is_known_after_its_end)
{
    run("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done", NULL);
    await_end();
    ck_assert_int_gt(end.usage.ru_maxrss, 0);
    ck_assert_int_gt(end.usage.ru_utime.tv_usec + end.usage.ru_stime.tv_usec, 0);
}
END_TEST

/* --- exec that fails ----------------------------------------------------------------------------------- */

static void refused(const char *path, int cause)
{
    ck_assert_int_eq(start(path, "exit 0", NULL), -1);
    ck_assert_int_eq(errno, cause);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_nonnull(strstr(error.text, strerror(cause)));
    ck_assert_int_eq(process.pid, 0);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* and no zombie stays */
    ck_assert_int_eq(errno, ECHILD);
    close(output);
}

START_TEST(a_failed_exec_is_reported_with_path_and_cause)
{
    char text_file[] = "/tmp/check-spawn-XXXXXX";
    int fd = mkstemp(text_file);
    refused(text_file, EACCES); /* not executable */
    refused("/no/such/program", ENOENT);
    refused("/tmp", EACCES); /* a folder */
    ck_assert_int_eq(write(fd, "neither ELF nor a script\n", 25), 25);
    ck_assert_int_eq(chmod(text_file, 0700), 0);
    close(fd);
    refused(text_file, ENOEXEC);
    unlink(text_file);
}
END_TEST

START_TEST(a_failed_start_leaves_no_descriptor_open)
{
    refused("/no/such/program", ENOENT); /* the first one opens the slots, which stay */
    int before = dup(STDERR_FILENO);
    close(before);
    for (int i = 0; i < 10; i++)
        refused("/no/such/program", ENOENT);
    run("exit 0", NULL);
    await_end();
    close(output);
    int after = dup(STDERR_FILENO);
    ck_assert_int_eq(after, before);
    close(after);
}
END_TEST

/* --- what the child finds ------------------------------------------------------------------------------ */

START_TEST(the_child_has_six_descriptors_and_no_other)
{
    int leaked[] = {dup(0), dup(0),
                    fcntl(0, F_DUPFD, 40)}; /* without close-on-exec, as from a careless parent */
    run("for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 20 40 41 42; do [ -e /proc/$$/fd/$n ] && printf '%s ' $n; "
        "done; "
        "readlink /proc/$$/fd/0 /proc/$$/fd/3 /proc/$$/fd/4 /proc/$$/fd/5; "
        "[ /proc/$$/fd/1 -ef /proc/$$/fd/2 ] && echo same",
        NULL);
    await_end();
    ck_assert_str_eq(read_output(), "0 1 2 3 4 5 /dev/null\n/dev/null\n/dev/null\n/dev/null\nsame\n");
    for (size_t i = 0; i < 3; i++)
        close(leaked[i]);
}
END_TEST

/* The child shares our table until it has one of its own. */
START_TEST(our_own_descriptors_stay_as_they_were)
{
    enum { LOOKED_AT = 8 };
    struct stat before[LOOKED_AT], after;
    int ours = memfd_create("ours", 0);
    for (int fd = 3; fd < LOOKED_AT; fd++)
        if (fcntl(fd, F_GETFD) == -1)
            ck_assert_int_eq(dup2(ours, fd), fd);
    for (int fd = 0; fd < LOOKED_AT; fd++)
        ck_assert_int_eq(fstat(fd, &before[fd]), 0);
    run("exit 0", NULL);
    await_end();
    refused("/no/such/program", ENOENT);
    for (int fd = 0; fd < LOOKED_AT; fd++) {
        ck_assert_int_eq(fstat(fd, &after), 0);
        ck_assert_uint_eq(after.st_dev, before[fd].st_dev);
        ck_assert_uint_eq(after.st_ino, before[fd].st_ino);
    }
}
END_TEST

/* A file that holds one letter, at the descriptor `fd`. */
static void letter_at(int fd, char letter)
{
    int file = memfd_create("letter", 0);
    if (file == -1 || write(file, &letter, 1) != 1 || lseek(file, 0, SEEK_SET) != 0 || dup2(file, fd) != fd)
        _exit(2);
    if (file != fd)
        close(file);
}

/* The sources lie on each other's targets: 5 → 3, 3 → 4, 4 → 5, and the output on 0. */
static void spawn_with_crossed_descriptors(int writer)
{
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"cat <&3; cat <&4; cat <&5", NULL};
    int spare = fcntl(writer, F_DUPFD, 50);
    for (int fd = 0; fd < 10; fd++)
        close(fd);
    letter_at(5, 'a');
    letter_at(3, 'b');
    letter_at(4, 'c');
    dup2(spare, 0);
    struct spawn_request request = {
        .path = "/bin/sh", .argv = argv, .output_fd = 0, .config_fd = 5, .channel_fd = 3, .segment_fd = 4};
    sigemptyset(&request.mask);
    if (process_spawn(&process, &request, &error) == -1)
        _exit(3);
    struct pollfd ended = {.fd = process.pidfd, .events = POLLIN};
    poll(&ended, 1, DEADLINE_MS);
    _exit(process_reap(&process, &end) == 1 ? end.exit_status : 4);
}

START_TEST(descriptors_arrive_at_their_places_whatever_their_numbers_were)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork(); /* low descriptors of this process are Check's */
    if (pid == 0)
        spawn_with_crossed_descriptors(ends[1]);
    close(ends[1]);
    output = ends[0];
    ck_assert_str_eq(read_output(), "abc");
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(the_child_leads_a_process_group_of_its_own)
{
    run("cut -d' ' -f5 /proc/$$/stat; echo $$", NULL);
    await_end();
    int group, pid;
    ck_assert_int_eq(sscanf(read_output(), "%d %d", &group, &pid), 2);
    ck_assert_int_eq(group, pid);
    ck_assert_int_ne(group, getpgrp());
}
END_TEST

/* /proc/PID/status of a child with this mask; no shell, which would change it. */
static const char *status_with_mask(sigset_t mask)
{
    char *argv[] = {(char *)"cat", (char *)"/proc/self/status", NULL};
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    struct spawn_request request = {.path = "/bin/cat",
                                    .argv = argv,
                                    .output_fd = ends[1],
                                    .config_fd = -1,
                                    .channel_fd = -1,
                                    .segment_fd = -1,
                                    .mask = mask};
    ck_assert_msg(process_spawn(&process, &request, &error) == 0, "%s", error.text);
    close(ends[1]);
    output = ends[0];
    await_end();
    return read_output();
}

START_TEST(signals_that_we_block_or_ignore_are_the_childs_again)
{
    sigset_t all, none, before, now;
    sigfillset(&all);
    sigemptyset(&none);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    sigprocmask(SIG_BLOCK, &all, &before);
    status_with_mask(none);
    sigprocmask(SIG_SETMASK, &before, &now);
    ck_assert_int_eq(sigismember(&now, SIGUSR1), 1); /* ours is as it was */
    ck_assert_ptr_nonnull(strstr(printed, "SigBlk:\t0000000000000000"));
    /* But for the two that libc keeps for itself (32 and 33) and lets nobody touch: a make that started us
     * leaves them ignored. */
    const char *ignored = strstr(printed, "SigIgn:\t");
    ck_assert_ptr_nonnull(ignored);
    ck_assert_uint_eq(strtoull(ignored + strlen("SigIgn:\t"), NULL, 16) & ~UINT64_C(0x180000000), 0);
}
END_TEST

START_TEST(a_mask_that_was_there_before_is_handed_on)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2); /* 12: bit 11 */
    ck_assert_ptr_nonnull(strstr(status_with_mask(mask), "SigBlk:\t0000000000000800"));
}
END_TEST

/* --- no orphans ---------------------------------------------------------------------------------------- */

START_TEST(the_child_dies_with_its_parent)
{
    int ends[2];
    pid_t pid = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t parent = fork();
    if (parent == 0) {
        run("exec sleep 60", NULL);
        if (write(ends[1], &process.pid, sizeof process.pid) == -1)
            _exit(1);
        pause();
        _exit(0);
    }
    ck_assert_int_eq(read(ends[0], &pid, sizeof pid), (ssize_t)sizeof pid);
    int pidfd = pidfd_open(pid, 0);
    ck_assert_int_ge(pidfd, 0);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    await(pidfd);
    close(pidfd);
}
END_TEST

START_TEST(what_is_left_of_its_group_is_killed_when_it_is_reaped)
{
    run("sleep 60 & echo $!", NULL);
    pid_t left;
    await(output);
    ck_assert_int_gt(read(output, printed, sizeof printed), 0);
    ck_assert_int_eq(sscanf(printed, "%d", &left), 1);
    int pidfd = pidfd_open(left, 0);
    ck_assert_int_ge(pidfd, 0);
    await_end();
    await(pidfd);
    close(pidfd);
    ck_assert_str_eq(read_output(), "");
}
END_TEST

START_TEST(a_signal_never_reaches_a_stranger)
{
    run("exit 0", NULL);
    await(process.pidfd);
    ck_assert_int_eq(waitpid(process.pid, NULL, 0), process.pid); /* the number is free now */
    ck_assert_int_eq(process_signal(&process, SIGTERM), -1);
    ck_assert_int_eq(errno, ESRCH);
}
END_TEST

/* --- names that are never given again ------------------------------------------------------------------ */

START_TEST(a_spawned_process_knows_its_start)
{
    run("exec sleep 60", NULL);
    ck_assert_uint_eq(process.start_ticks, liveness_start_ticks(process.pid));
    ck_assert_uint_gt(process.start_ticks, 0);
    process_kill_group(&process);
    await_end();
}
END_TEST

START_TEST(a_survivor_is_ended_only_under_both_of_its_names)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    uint64_t ticks = liveness_start_ticks(pid);
    process_end_survivor(pid, ticks + 1);
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
    process_end_survivor(pid, ticks);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), pid); /* it was waited for */
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    process_end_survivor(pid, ticks); /* there is no such process any more */
}
END_TEST

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

/* The first start of all has to make the slots. */
START_TEST(without_room_for_its_descriptors_nothing_starts_and_later_it_does)
{
    struct rlimit before, few;
    int lowest = fcntl(STDERR_FILENO, F_DUPFD, 6);
    close(lowest);
    getrlimit(RLIMIT_NOFILE, &before);
    few = (struct rlimit){(rlim_t)lowest + 5, before.rlim_max};
    int open_before = open_descriptors();
    for (int i = 0; i < 3; i++) {
        setrlimit(RLIMIT_NOFILE, &few);
        ck_assert_int_eq(start("/bin/sh", "exit 0", NULL), -1);
        ck_assert_int_eq(errno, EMFILE);
        setrlimit(RLIMIT_NOFILE, &before);
        close(output);
        ck_assert_int_eq(open_descriptors(), open_before);
    }
    run("exit 7", NULL);
    await_end();
    ck_assert_int_eq(end.exit_status, 7);
    close(output);
}
END_TEST

CHECK_MAIN_WITH("supervisor/spawn", no_cores, NULL, every_exit_status_comes_back,
                every_fatal_signal_comes_back, nothing_is_reaped_while_it_runs,
                what_it_used_is_known_after_its_end, a_failed_exec_is_reported_with_path_and_cause,
                a_failed_start_leaves_no_descriptor_open, the_child_has_six_descriptors_and_no_other,
                our_own_descriptors_stay_as_they_were,
                descriptors_arrive_at_their_places_whatever_their_numbers_were,
                the_child_leads_a_process_group_of_its_own,
                signals_that_we_block_or_ignore_are_the_childs_again,
                a_mask_that_was_there_before_is_handed_on, the_child_dies_with_its_parent,
                what_is_left_of_its_group_is_killed_when_it_is_reaped, a_signal_never_reaches_a_stranger,
                a_spawned_process_knows_its_start, a_survivor_is_ended_only_under_both_of_its_names,
                without_room_for_its_descriptors_nothing_starts_and_later_it_does)

/* Who carries the mark, or is of the group, ends; nobody else does. */
#include "consumer/pipeline/guard.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/check_main.h"

static struct guard guard;
static struct error error;
static bool forks_fail, random_fails;

pid_t fork(void)
{
    pid_t (*real)(void);
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    errno = EAGAIN;
    return forks_fail ? -1 : real();
}

ssize_t getrandom(void *bytes, size_t length, unsigned flags)
{
    ssize_t (*real)(void *, size_t, unsigned);
    *(void **)&real = dlsym(RTLD_NEXT, "getrandom");
    errno = ENOSYS;
    return random_fails ? -1 : real(bytes, length, flags);
}

static void begin(void)
{
    error = (struct error)ERROR_INIT;
    ck_assert_msg(guard_start(&guard, &error) == 0, "%s", error.text);
}

static void end(void)
{
    guard_end(&guard);
}

/* A program that waits for ever in a group of its own. It runs when this returns. */
static pid_t start(char *const *environment)
{
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    ck_assert_int_ne(pid, -1);
    if (pid == 0) {
        setpgid(0, 0);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execle("/bin/sh", "sh", "-c", "echo; exec sleep 1000 >/dev/null", (char *)NULL, environment);
        _exit(127);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return pid;
}

/* What ended it. */
static int ended_by(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void still_runs(pid_t pid)
{
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
    kill(pid, SIGTERM);
    ck_assert_int_eq(ended_by(pid), SIGTERM);
}

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

START_TEST(the_mark_stands_first_in_an_environment_that_is_ours_otherwise)
{
    ck_assert_str_eq(guard.environment[0], guard.mark);
    ck_assert_int_eq(strncmp(guard.mark, "KSUPERVISE_EXEC=", 16), 0);
    size_t count = 0;
    for (; environ[count] != NULL; count++)
        ck_assert_str_eq(guard.environment[count + 1], environ[count]);
    ck_assert_ptr_null(guard.environment[count + 1]);
}
END_TEST

START_TEST(who_carries_the_mark_is_killed_by_a_sweep_wherever_it_stands)
{
    char *last[] = {(char *)"A=1", (char *)"B=2", guard.mark, NULL};
    pid_t first_pid = start(guard.environment), last_pid = start(last);
    guard_sweep(&guard);
    ck_assert_int_eq(ended_by(first_pid), SIGKILL);
    ck_assert_int_eq(ended_by(last_pid), SIGKILL);
}
END_TEST

START_TEST(and_nobody_whose_environment_only_has_it_within_a_text)
{
    char within[GUARD_MARK_BYTES + 8], longer[GUARD_MARK_BYTES + 8];
    char *environment[] = {within, longer, NULL};
    snprintf(within, sizeof within, "X=%s", guard.mark);
    snprintf(longer, sizeof longer, "%s0", guard.mark);
    pid_t pid = start(environment);
    guard_sweep(&guard);
    still_runs(pid);
}
END_TEST

START_TEST(a_mark_behind_much_else_is_found)
{
    static char much[9000];
    char *environment[] = {much, guard.mark, NULL};
    for (size_t length = 8100; length < 8200; length += 11) { /* across the end of what is read at once */
        memset(much, 'x', length);
        much[1] = '=';
        much[length] = '\0';
        pid_t pid = start(environment);
        guard_sweep(&guard);
        ck_assert_int_eq(ended_by(pid), SIGKILL);
    }
}
END_TEST

START_TEST(a_sweep_leaves_nothing_open)
{
    size_t before = descriptors();
    guard_sweep(&guard);
    ck_assert_uint_eq(descriptors(), before);
}
END_TEST

START_TEST(with_its_end_the_marked_and_the_group_that_runs_now_end)
{
    static char *nothing[] = {NULL};
    pid_t marked = start(guard.environment);
    pid_t former = start(nothing), present = start(nothing);
    guard_watch(&guard, former);
    guard_watch(&guard, present);
    guard_end(&guard);
    ck_assert_int_eq(guard.pid, 0);
    ck_assert_int_eq(ended_by(marked), SIGKILL);
    ck_assert_int_eq(ended_by(present), SIGKILL);
    still_runs(former);
}
END_TEST

static void does_not_start(const char *because)
{
    size_t before = descriptors();
    struct guard none;
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(guard_start(&none, &error), -1);
    ck_assert_msg(strncmp(error.text, because, strlen(because)) == 0, "%s", error.text);
    ck_assert_uint_eq(descriptors(), before);
    ck_assert_int_eq(none.pid, 0);
    ck_assert_int_eq(none.lifeline, -1);
    guard_end(&none);
}

START_TEST(one_that_cannot_start_says_why_and_leaves_nothing_open)
{
    forks_fail = true;
    does_not_start("fork: ");
    forks_fail = false;
    random_fails = true;
    does_not_start("cannot get a random number: ");
}
END_TEST

START_TEST(where_there_is_none_nothing_is_watched_swept_or_ended)
{
    struct guard none = GUARD_NONE;
    guard_watch(&none, 1);
    guard_sweep(&none);
    guard_end(&none);
    ck_assert_int_eq(none.lifeline, -1);
}
END_TEST

CHECK_MAIN_WITH("consumer/pipeline/guard", begin, end,
                the_mark_stands_first_in_an_environment_that_is_ours_otherwise,
                who_carries_the_mark_is_killed_by_a_sweep_wherever_it_stands,
                and_nobody_whose_environment_only_has_it_within_a_text, a_mark_behind_much_else_is_found,
                a_sweep_leaves_nothing_open, with_its_end_the_marked_and_the_group_that_runs_now_end,
                one_that_cannot_start_says_why_and_leaves_nothing_open,
                where_there_is_none_nothing_is_watched_swept_or_ended)

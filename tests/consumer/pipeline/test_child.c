/* A program at the other end of two pipes, and the calls that fail before it runs. What the exec stage does
 * with it: stages/test_exec.c. */
#include "consumer/pipeline/child.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/support/check_main.h"

static char *nothing[] = {NULL};
static struct child child;
static struct error error;
static char how[64];
static bool forks_fail;

pid_t fork(void)
{
    pid_t (*real)(void);
    *(void **)&real = dlsym(RTLD_NEXT, "fork");
    if (!forks_fail)
        return real();
    errno = EAGAIN;
    return -1;
}

static int start(const char *command)
{
    child = (struct child)CHILD_NONE;
    error = (struct error)ERROR_INIT;
    return child_start(&child, command, nothing, &error);
}

static void ends(const char *wanted)
{
    child_end(&child, 10 * US_PER_SECOND, how, sizeof how);
    ck_assert_str_eq(how, wanted);
    ck_assert_int_eq(child.pid, 0);
}

/* How many descriptors are open. */
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

START_TEST(what_goes_in_comes_out_and_how_it_ended_is_told)
{
    char text[8] = "";
    ck_assert_int_eq(start("read line; echo $line; exit 3"), 0);
    ck_assert_str_eq(error.text, "");
    ck_assert_int_eq(write(child.to, "hello\n", 6), 6);
    while (read(child.from, text, 6) == -1 && errno == EAGAIN)
        continue;
    ck_assert_str_eq(text, "hello\n");
    ends("ended with exit status 3");
}
END_TEST

START_TEST(a_signal_that_is_blocked_here_is_not_there)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    ck_assert_int_eq(start("kill -TERM $$; exit 5"), 0);
    ends("was killed by SIGTERM");
}
END_TEST

START_TEST(nor_is_one_that_is_ignored)
{
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(start("kill -PIPE $$; exit 5"), 0);
    ends("was killed by SIGPIPE");
}
END_TEST

START_TEST(one_that_does_not_end_by_itself_is_killed)
{
    ck_assert_int_eq(start("trap '' TERM; while :; do sleep 1; done"), 0);
    ck_assert(!child_has_ended(&child));
    child_end(&child, 0, how, sizeof how);
    ck_assert_str_eq(how, "had to be killed");
}
END_TEST

START_TEST(a_fork_that_fails_is_told_and_leaves_nothing_open)
{
    size_t before = descriptors();
    forks_fail = true;
    ck_assert_int_eq(start("true"), -1);
    forks_fail = false;
    ck_assert_msg(strncmp(error.text, "fork: ", 6) == 0, "%s", error.text);
    ck_assert_uint_eq(descriptors(), before);
}
END_TEST

START_TEST(whichever_descriptor_there_is_no_room_for_it_is_told_and_leaves_nothing_open)
{
    struct rlimit limit;
    size_t before = descriptors();
    rlim_t room = 3;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (;; room++) {
        const struct rlimit small = {room, limit.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &small), 0);
        int result = start("true");
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        if (result == 0)
            break;
        ck_assert_msg(strncmp(error.text, "cannot create a pipe: ", 22) == 0, "%s", error.text);
        ck_assert_uint_eq(descriptors(), before);
    }
    ck_assert_uint_ge(room, 9); /* the standard streams, a pipe, another, and its copies */
    ends("ended with exit status 0");
    ck_assert_uint_eq(descriptors(), before);
}
END_TEST

START_TEST(where_there_is_none_nothing_ends)
{
    child = (struct child)CHILD_NONE;
    snprintf(how, sizeof how, "untouched");
    child_end(&child, 0, how, sizeof how);
    ck_assert_str_eq(how, "untouched");
}
END_TEST

CHECK_MAIN("consumer/pipeline/child", what_goes_in_comes_out_and_how_it_ended_is_told,
           a_signal_that_is_blocked_here_is_not_there, nor_is_one_that_is_ignored,
           one_that_does_not_end_by_itself_is_killed, a_fork_that_fails_is_told_and_leaves_nothing_open,
           whichever_descriptor_there_is_no_room_for_it_is_told_and_leaves_nothing_open,
           where_there_is_none_nothing_ends)

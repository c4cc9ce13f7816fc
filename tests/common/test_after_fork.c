#include "common/after_fork.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <sys/wait.h>

/* The exit status of a child that runs `body`. */
static int status_of(int (*body)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static int asks_for_another_parent(void)
{
    return after_fork_die_with(getppid() + 1) == -1 && errno == ESRCH ? 0 : 1;
}

static int asks_for_its_own(void)
{
    return after_fork_die_with(getppid()) == 0 ? 0 : 1;
}

START_TEST(a_parent_that_has_ended_before_is_noticed)
{
    ck_assert_int_eq(status_of(asks_for_another_parent), 0);
    ck_assert_int_eq(status_of(asks_for_its_own), 0);
}
END_TEST

static int resets_its_signals(void)
{
    sigset_t mask, now;
    struct sigaction action;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    after_fork_signals(&mask);
    sigaction(SIGPIPE, NULL, &action);
    sigprocmask(SIG_BLOCK, NULL, &now);
    return action.sa_handler == SIG_DFL && sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2) ? 0 : 1;
}

START_TEST(what_was_ignored_is_default_and_the_mask_is_set)
{
    ck_assert_int_eq(status_of(resets_its_signals), 0);
}
END_TEST

CHECK_MAIN("common/after_fork", a_parent_that_has_ended_before_is_noticed,
           what_was_ignored_is_default_and_the_mask_is_set)

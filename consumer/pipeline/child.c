#include "consumer/pipeline/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "common/after_fork.h"
#include "common/clock.h"
#include "common/signal_name.h"

enum { EXEC_FAILED = 127, POLL_MS = 10 };

/* --- between fork and exec: only async-signal-safe calls ------------------------------------------------- */

static void run(const char *command, char *const *environment, int in, int out, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    if (after_fork_die_with(parent) == -1)
        _exit(EXEC_FAILED);
    after_fork_signals(&none);
    /* Both are above 2, or dup2 might keep close-on-exec, or overwrite one. */
    if (dup2(in, STDIN_FILENO) != -1 && dup2(out, STDOUT_FILENO) != -1) {
        close_range(STDERR_FILENO + 1, ~0U, 0); /* what a library opened without close-on-exec */
        execle("/bin/sh", "sh", "-c", command, (char *)NULL, environment);
    }
    _exit(EXEC_FAILED);
}

/* --- the parent ---------------------------------------------------------------------------------------- */

static void close_both(const int pair[2])
{
    for (int i = 0; i < 2; i++)
        if (pair[i] != -1)
            close(pair[i]);
}

/* A pipe whose ends are above the standard streams, whichever of these were closed when we started. */
static int make_pipe(int ends[2], struct error *error)
{
    int made[2];
    if (pipe2(made, O_CLOEXEC) == -1)
        return error_set(error, "cannot create a pipe: %m");
    for (int i = 0; i < 2; i++)
        ends[i] = fcntl(made[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int cause = errno;
    close_both(made);
    errno = cause;
    return ends[0] == -1 || ends[1] == -1 ? error_set(error, "cannot create a pipe: %m") : 0;
}

static int set_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int child_start(struct child *child, const char *command, char *const *environment, struct error *error)
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    pid_t parent = getpid();
    pid_t pid = -1;
    if (make_pipe(in, error) == 0 && make_pipe(out, error) == 0) {
        pid = fork();
        if (pid == 0)
            run(command, environment, in[0], out[1], parent);
        if (pid == -1)
            error_set(error, "fork: %m");
    }
    if (pid == -1) {
        close_both(in);
        close_both(out);
        return -1;
    }
    setpgid(pid, pid); /* whichever of the two comes first: it may have to be killed before it ran */
    close(in[0]);
    close(out[1]);
    *child = (struct child){.pid = pid, .pidfd = pidfd_open(pid, 0), .to = in[1], .from = out[0]};
    set_nonblocking(child->to);
    set_nonblocking(child->from);
    return 0;
}

/* True when it has ended by then; it is not reaped. */
static bool ends_within(const struct child *child, int64_t grace_us)
{
    int64_t until_us = clock_monotonic_us() + grace_us;
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0)
            return true;
        int64_t left_ms = (until_us - clock_monotonic_us()) / US_PER_MS;
        if (left_ms <= 0)
            return false;
        struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
        poll(&end, 1, child->pidfd != -1 || left_ms < POLL_MS ? (int)left_ms : POLL_MS);
    }
}

bool child_has_ended(const struct child *child)
{
    return ends_within(child, 0);
}

void child_end(struct child *child, int64_t grace_us, char *how, size_t bytes)
{
    if (child->pid == 0)
        return;
    close(child->to);
    bool by_itself = ends_within(child, grace_us);
    kill(-child->pid,
         SIGKILL); /* what it left in its group ends with it; not reaped yet, so the number is its own */
    int status = 0;
    char name[SIGNAL_NAME_BYTES];
    while (waitpid(child->pid, &status, 0) == -1 && errno == EINTR)
        continue;
    if (how != NULL && !by_itself)
        snprintf(how, bytes, "had to be killed");
    else if (how != NULL && WIFSIGNALED(status))
        snprintf(how, bytes, "was killed by %s", signal_name(WTERMSIG(status), name));
    else if (how != NULL)
        snprintf(how, bytes, "ended with exit status %d", WEXITSTATUS(status));
    close(child->from);
    if (child->pidfd != -1)
        close(child->pidfd);
    *child = (struct child)CHILD_NONE;
}

#include "consumer/pipeline/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/clock.h"

/* A process in the midst of exec shows no environment for a moment, so one clean look is not enough; and who
 * forks faster than we look is not chased for ever. */
enum { LOOKS_MAX = 200, CLEAN_LOOKS = 2, BETWEEN_US = 1000 };

/* --- looking; only async-signal-safe calls, as the guard is forked beside other threads ------------------ */

/* Whether the bytes hold the mark as a whole text: behind a zero, or at their beginning. */
static bool holds(const char *bytes, size_t length, const char *mark)
{
    size_t mark_length = strlen(mark) + 1;
    const char *at = bytes;
    while ((at = memmem(at, length - (size_t)(at - bytes), mark, mark_length)) != NULL) {
        if (at == bytes || at[-1] == '\0')
            return true;
        at++;
    }
    return false;
}

/* Reads on with the end of what was read before in front, as the mark may lie across. */
static bool reads_mark(int fd, const char *mark)
{
    char bytes[8192];
    size_t kept = 0;
    ssize_t length;
    while ((length = read(fd, bytes + kept, sizeof bytes - kept)) > 0) {
        size_t used = kept + (size_t)length;
        if (holds(bytes, used, mark))
            return true;
        kept = used < GUARD_MARK_BYTES ? used : GUARD_MARK_BYTES;
        memmove(bytes, bytes + used - kept, kept);
    }
    return false;
}

static bool carries(int proc, const char *name, const char *mark)
{
    int folder = openat(proc, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = folder == -1 ? -1 : openat(folder, "environ", O_RDONLY | O_CLOEXEC);
    bool marked = fd != -1 && reads_mark(fd, mark);
    if (fd != -1)
        close(fd);
    if (folder != -1)
        close(folder);
    return marked;
}

/* 0: it is none. */
static pid_t process_number(const char *name)
{
    pid_t pid = 0;
    for (const char *c = name; *c != '\0'; c++) {
        if (*c < '0' || *c > '9')
            return 0;
        pid = pid * 10 + (*c - '0');
    }
    return pid;
}

/* The descriptor first, the look after: what it names cannot change between the two. */
static bool kill_marked(int proc, const char *name, const char *mark)
{
    pid_t pid = process_number(name);
    if (pid == 0)
        return false;
    int pidfd = pidfd_open(pid, 0);
    bool marked = carries(proc, name, mark);
    if (marked && pidfd != -1)
        pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    else if (marked)
        kill(pid, SIGKILL);
    if (pidfd != -1)
        close(pidfd);
    return marked;
}

struct entry { /* getdents64(2): libc's readdir allocates */
    uint64_t inode;
    int64_t next;
    uint16_t bytes;
    uint8_t type;
    char name[];
};

/* One look at all processes: how many were killed. A zombie has no environment. */
static size_t look(int proc, const char *mark)
{
    _Alignas(struct entry) char entries[8192];
    size_t killed = 0;
    long length;
    lseek(proc, 0, SEEK_SET);
    while ((length = syscall(SYS_getdents64, proc, entries, sizeof entries)) > 0)
        for (long at = 0; at < length;) {
            const struct entry *entry = (const void *)(entries + at);
            killed += kill_marked(proc, entry->name, mark);
            at += entry->bytes;
        }
    return killed;
}

static void sweep(const char *mark)
{
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int looks = 0, clean = 0; proc != -1 && looks < LOOKS_MAX && clean < CLEAN_LOOKS; looks++) {
        clean = look(proc, mark) == 0 ? clean + 1 : 0;
        usleep(BETWEEN_US);
    }
    if (proc != -1)
        close(proc);
}

/* --- the guard ----------------------------------------------------------------------------------------- */

/* The numbers that come are process groups; the end comes when nobody holds the other end. That of a group
 * that still has members is nobody else's, and one that lost its last a moment ago is not given again yet. */
static _Noreturn void stand_guard(int lifeline, const char *mark)
{
    pid_t group = 0;
    pid_t said;
    ssize_t length;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    setsid();
    prctl(PR_SET_NAME, "kconsume-guard");
    dup2(lifeline, STDIN_FILENO);
    close_range(STDIN_FILENO + 1, ~0U, 0); /* nobody is to wait for an end that we hold */
    while ((length = read(STDIN_FILENO, &said, sizeof said)) != 0)
        if (length == (ssize_t)sizeof said)
            group = said;
    if (group > 0)
        kill(-group, SIGKILL);
    sweep(mark);
    _exit(0);
}

/* --- we ------------------------------------------------------------------------------------------------ */

static int make_mark(struct guard *guard, struct error *error)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        return error_set(error, "cannot get a random number: %m");
    snprintf(guard->mark, sizeof guard->mark, "KSUPERVISE_EXEC=%d.%016" PRIx64, (int)getpid(), number);
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    guard->environment = malloc((count + 2) * sizeof *guard->environment);
    if (guard->environment == NULL)
        return error_set(error, "out of memory");
    guard->environment[0] = guard->mark;
    memcpy(guard->environment + 1, environ, (count + 1) * sizeof *environ);
    return 0;
}

int guard_start(struct guard *guard, struct error *error)
{
    int ends[2];
    *guard = (struct guard)GUARD_NONE;
    if (make_mark(guard, error) == -1)
        return -1;
    if (pipe2(ends, O_CLOEXEC) == -1)
        return error_set(error, "cannot create a pipe: %m");
    guard->pid = fork();
    if (guard->pid == 0)
        stand_guard(ends[0], guard->mark);
    close(ends[0]);
    if (guard->pid != -1) {
        guard->lifeline = ends[1];
        return 0;
    }
    guard->pid = 0;
    close(ends[1]);
    return error_set(error, "fork: %m");
}

void guard_watch(const struct guard *guard, pid_t group)
{
    /* Four bytes into a pipe that is read: whole, and at once. A guard that was killed takes none; SIGPIPE is
     * ignored. */
    while (guard->lifeline != -1 && write(guard->lifeline, &group, sizeof group) == -1 && errno == EINTR)
        continue;
}

void guard_sweep(const struct guard *guard)
{
    if (guard->pid != 0)
        sweep(guard->mark);
}

void guard_end(struct guard *guard)
{
    if (guard->lifeline != -1)
        close(guard->lifeline);
    while (guard->pid > 0 && waitpid(guard->pid, NULL, 0) == -1 && errno == EINTR)
        continue;
    free(guard->environment);
    *guard = (struct guard)GUARD_NONE;
}

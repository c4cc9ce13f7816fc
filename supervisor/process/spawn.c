#include "supervisor/process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "common/after_fork.h"
#include "common/exit_codes.h"
#include "common/stats/liveness.h"
#include "common/worker/config.h"

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* A sanitizer keeps notes of a thread's stack and calls, which a child in the same memory would write on. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SHARED_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SHARED_MEMORY 0
#endif
#endif
#ifndef SHARED_MEMORY
#define SHARED_MEMORY CLONE_VM
#endif

enum { EXEC_FAILED = 127, CHILD_STACK_BYTES = 32768 };

/* What the child gets, and gives back: it shares our memory until exec, while we wait. */
struct birth {
    const struct spawn_request *request;
    pid_t parent;
    int cause; /* errno of what failed before or at exec; 0: nothing did */
};

/* --- the descriptors ------------------------------------------------------------------------------------ */

/* A thousand workers are five thousand descriptors here, and a child that got them all would spend most of
 * its start in copying and closing them. So it shares our table until it has cut one of its own out of the
 * low end (with CLOSE_RANGE_UNSHARE the kernel copies only what lies below the range). What it is to have
 * waits there: a slot for each of its descriptors, opened once, before there are many, and never closed. An
 * empty one holds /dev/null. */
static int slots[WORKER_FD_END];
static int slots_end; /* one above the highest; 0: there are none yet */

static int slots_from(int null)
{
    for (int i = 0; i < WORKER_FD_END; i++) {
        slots[i] = fcntl(null, F_DUPFD_CLOEXEC, WORKER_FD_END);
        if (slots[i] == -1) {
            while (i-- > 0)
                close(slots[i]);
            slots_end = 0;
            return -1;
        }
        slots_end = slots[i] >= slots_end ? slots[i] + 1 : slots_end;
    }
    return 0;
}

static int slots_open(void)
{
    if (slots_end != 0)
        return 0;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null == -1)
        return -1;
    int result = slots_from(null);
    int cause = errno;
    close(null);
    errno = cause;
    return result;
}

/* Puts a copy of each of the request's descriptors into its slot. The first slot is always empty. */
static int slots_fill(const struct spawn_request *request)
{
    const int wanted[WORKER_FD_END] = {-1,
                                       request->output_fd,
                                       request->output_fd,
                                       request->config_fd,
                                       request->channel_fd,
                                       request->segment_fd};
    for (int i = 1; i < WORKER_FD_END; i++)
        if (wanted[i] != -1 && dup3(wanted[i], slots[i], O_CLOEXEC) == -1)
            return -1;
    return 0;
}

/* A pipe with an end in a slot would never signal end of file: empty the slots. */
static void slots_clear(void)
{
    for (int i = 1; i < WORKER_FD_END; i++)
        dup3(slots[0], slots[i], O_CLOEXEC);
}

/* --- the child, between clone and exec ------------------------------------------------------------------ */

/* Async-signal-safe calls only: another thread may hold any lock, and the memory is the parent's. */

static _Noreturn void child_fail(struct birth *birth)
{
    birth->cause = errno;
    _exit(EXEC_FAILED);
}

/* Cuts a table of its own out of the parent's, which it shares until then, and puts the descriptors at their
 * places. No slot is a target, so none is overwritten before it is copied; dup2 clears close-on-exec on the
 * copy. */
static void child_descriptors(struct birth *birth)
{
    if (close_range((unsigned)slots_end, ~0U, CLOSE_RANGE_UNSHARE) == -1 && unshare(CLONE_FILES) == -1)
        child_fail(birth);
    for (int target = 0; target < WORKER_FD_END; target++)
        if (dup2(slots[target], target) == -1)
            child_fail(birth);
    /* Whatever our own parent left open is not the worker's business. A kernel before 5.11 has no such flag:
     * then only what we opened ourselves, close-on-exec all of it, is certain to go. */
    close_range(WORKER_FD_END, ~0U, CLOSE_RANGE_CLOEXEC);
}

static int child_run(void *context)
{
    struct birth *birth = context;
    setpgid(0, 0);
    if (after_fork_die_with(birth->parent) == -1)
        child_fail(birth);
    child_descriptors(birth);
    after_fork_signals(&birth->request->mask);
    execv(birth->request->path, birth->request->argv);
    child_fail(birth);
}

/* --- the parent ---------------------------------------------------------------------------------------- */

/* A fork would copy the page tables and share every page for a moment: with a thousand workers that is most
 * of what a restart takes. So the child runs in our memory, on a stack of its own, and we go on when it has
 * called exec or ended, as after vfork. No handler of ours may run in the child: all signals are blocked. -1
 * with errno when there is no child. */
static pid_t clone_child(struct birth *birth)
{
    static _Alignas(16) char stack[CHILD_STACK_BYTES]; /* one child at a time is born, by one thread */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t pid =
        clone(child_run, stack + sizeof stack, SHARED_MEMORY | CLONE_FILES | CLONE_VFORK | SIGCHLD, birth);
    int cause = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = cause;
    return pid;
}

/* A child that failed before exec is reaped here and leaves no trace. */
static int finish_start(struct process *process, pid_t pid, int cause)
{
    int pidfd = cause == 0 ? pidfd_open(pid, 0) : -1;
    if (pidfd == -1) {
        cause = cause != 0 ? cause : errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        errno = cause;
        return -1;
    }
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    *process = (struct process){pid, pidfd, liveness_start_ticks(pid)};
    return 0;
}

/* Where the child leaves its errno: shared with it, whatever else of our memory is. NULL when there is none
 * to be had. */
static struct birth *birth_place(void)
{
    static struct birth *shared;
    if (shared == NULL) {
        void *page = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        shared = page != MAP_FAILED ? page : NULL;
    }
    return shared;
}

int process_spawn(struct process *process, const struct spawn_request *request, struct error *error)
{
    struct birth *birth = birth_place();
    *process = (struct process){0, -1, 0};
    if (birth == NULL || slots_open() == -1)
        return error_set(error, "cannot start %s: %m", request->path);
    *birth = (struct birth){.request = request, .parent = getpid()};
    pid_t pid = slots_fill(request) == 0 ? clone_child(birth) : -1;
    int result = pid == -1 ? -1 : finish_start(process, pid, birth->cause);
    int cause = errno;
    slots_clear();
    if (result == -1)
        error_set_code(error, exit_code_of_errno(cause, EXIT_CODE_FAILED), "cannot start %s: %s",
                       request->path, strerror(cause));
    errno = cause;
    return result;
}

int process_signal(const struct process *process, int signal)
{
    return pidfd_send_signal(process->pidfd, signal, NULL, 0);
}

void process_kill_group(const struct process *process)
{
    kill(-process->pid, SIGKILL);
}

void process_abandon(struct process *process)
{
    process_kill_group(process);
    kill(process->pid, SIGKILL); /* it may not lead its group yet */
    while (waitpid(process->pid, NULL, 0) == -1 && errno == EINTR)
        continue;
    close(process->pidfd);
    *process = (struct process){0, -1, 0};
}

int process_reap(struct process *process, struct process_end *end)
{
    siginfo_t info = {0};
    if (process->pid == 0 ||
        waitid(P_PIDFD, (id_t)process->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid == 0)
        return 0;
    /* It is a zombie now and keeps its number until wait4, so the group cannot be somebody else's. */
    process_kill_group(process);
    int status = 0;
    *end = (struct process_end){0};
    wait4(process->pid, &status, 0, &end->usage);
    end->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end->core_dumped = WIFSIGNALED(status) && WCOREDUMP(status);
    close(process->pidfd);
    *process = (struct process){0, -1, 0};
    return 1;
}

void process_end_survivor(pid_t pid, uint64_t start_ticks)
{
    /* The descriptor first, the comparison after: what it names cannot change between the two. */
    int pidfd = pidfd_open(pid, 0);
    if (pidfd == -1)
        return;
    fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    struct pollfd ended = {.fd = pidfd, .events = POLLIN};
    if (liveness_start_ticks(pid) == start_ticks && pidfd_send_signal(pidfd, SIGKILL, NULL, 0) == 0)
        poll(&ended, 1, 1000);
    close(pidfd);
}

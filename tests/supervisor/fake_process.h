/* fake_process.h: processes that are none, in place of supervisor/process/spawn.c. A test plays the program:
 * it says things on the process's channel, hears what the supervisor asks, and ends it.
 *
 * Including this file is all that a test has to do, as with fake_clock.h: it defines all that spawn.h
 * declares, and the linker leaves spawn.o in its archive. Only the test's one source file may include it.
 */
#ifndef KSUPERVISE_TESTS_SUPERVISOR_FAKE_PROCESS_H
#define KSUPERVISE_TESTS_SUPERVISOR_FAKE_PROCESS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "common/rpc/message.h"
#include "supervisor/worker.h"
#include "tests/support/check_main.h"

enum { FAKE_PROCESSES_MAX = 512, FAKE_PIDS_FROM = 1000000 };

/* What the program has, and what was done to it. */
struct fake_process {
    char program[32];
    char words[512];                       /* of its command line, the first too, each behind a blank */
    int channel_fd, segment_fd, config_fd; /* its own ends; -1: closed, or none */
    int output_fd;                         /* the same; kept of one that has no channel to speak on */
    int end_fd;                            /* readable when it has ended: the pidfd */
    sigset_t mask;                         /* that it was given */
    struct process_end end;
    int signal; /* the last that it got; 0: none */
    unsigned signals;
    unsigned group_kills;
};

static struct fake_process fake_processes[FAKE_PROCESSES_MAX];
static size_t fake_process_count;
static int fake_spawn_errno;             /* the next start fails with it; 0: it does not */
static bool fake_spawn_unwatchable;      /* the next one's end cannot be waited for */
static int fake_signal_errno;            /* every signal fails with it; 0: none does */
static struct process_end fake_survivor; /* exit_status: the pid that process_end_survivor was told */

static inline struct fake_process *fake_process(const struct process *process)
{
    ck_assert_int_ge(process->pid, FAKE_PIDS_FROM);
    return &fake_processes[process->pid - FAKE_PIDS_FROM];
}

static inline int fake_own(int fd)
{
    return fd == -1 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static inline void fake_close(int *fd)
{
    if (*fd != -1)
        close(*fd);
    *fd = -1;
}

static inline void fake_ends_as(struct fake_process *fake, int exit_status, int signal)
{
    uint64_t one = 1;
    fake->end.exit_status = exit_status;
    fake->end.signal = signal;
    fake_close(&fake->channel_fd);
    fake_close(&fake->output_fd);
    ck_assert_int_eq(write(fake->end_fd, &one, sizeof one), (ssize_t)sizeof one);
}

/* The process ends; what it has said before is still there to be read. */
static inline void fake_ends(const struct process *process, int exit_status, int signal)
{
    fake_ends_as(fake_process(process), exit_status, signal);
}

/* The process that was started last, whoever did. */
static inline struct fake_process *fake_newest(void)
{
    ck_assert_uint_gt(fake_process_count, 0);
    return &fake_processes[fake_process_count - 1];
}

/* What it had is closed with it. */
static inline void fake_reap(struct process *process)
{
    struct fake_process *fake = fake_process(process);
    fake_close(&fake->segment_fd);
    fake_close(&fake->config_fd);
    fake_close(&fake->output_fd);
    fake_close(&fake->end_fd);
    close(process->pidfd);
    *process = (struct process){0, -1, 0};
}

int process_spawn(struct process *process, const struct spawn_request *request, struct error *error)
{
    if (fake_spawn_errno != 0) {
        errno = fake_spawn_errno;
        fake_spawn_errno = 0;
        return error_set(error, "cannot start %s: %s", request->path, strerror(errno));
    }
    ck_assert_uint_lt(fake_process_count, FAKE_PROCESSES_MAX);
    struct fake_process *fake = &fake_processes[fake_process_count];
    *fake = (struct fake_process){.channel_fd = fake_own(request->channel_fd),
                                  .segment_fd = fake_own(request->segment_fd),
                                  .config_fd = fake_own(request->config_fd),
                                  .output_fd = request->channel_fd == -1 ? fake_own(request->output_fd) : -1,
                                  .mask = request->mask};
    snprintf(fake->program, sizeof fake->program, "%s", strrchr(request->path, '/') + 1);
    for (size_t i = 0; request->argv[i] != NULL; i++)
        snprintf(fake->words + strlen(fake->words), sizeof fake->words - strlen(fake->words), " %s",
                 request->argv[i]);
    int pidfd = fake_spawn_unwatchable ? open("/dev/null", O_RDWR | O_CLOEXEC) /* epoll refuses it */
                                       : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    fake_spawn_unwatchable = false;
    *process = (struct process){FAKE_PIDS_FROM + (pid_t)fake_process_count++, pidfd, 7};
    ck_assert_int_ne(process->pidfd, -1);
    fake->end_fd = fake_own(process->pidfd);
    return 0;
}

int process_signal(const struct process *process, int number)
{
    struct fake_process *fake = fake_process(process);
    errno = fake_signal_errno;
    if (fake_signal_errno != 0)
        return -1;
    fake->signal = number;
    fake->signals++;
    return 0;
}

void process_kill_group(const struct process *process)
{
    struct fake_process *fake = fake_process(process);
    if (fake->group_kills++ == 0)
        fake_ends(process, -1, SIGKILL);
}

int process_reap(struct process *process, struct process_end *end)
{
    uint64_t count;
    if (process->pid == 0 || read(process->pidfd, &count, sizeof count) != (ssize_t)sizeof count)
        return 0;
    *end = fake_process(process)->end;
    fake_reap(process);
    return 1;
}

void process_abandon(struct process *process)
{
    if (process->pid == 0)
        return;
    process_kill_group(process);
    fake_reap(process);
}

void process_end_survivor(pid_t pid, uint64_t start_ticks)
{
    fake_survivor = (struct process_end){.exit_status = pid, .signal = (int)start_ticks};
}

/* What the process of a worker says on its channel: FAKE_SAYS(worker, "ready", "i", (int64_t)3). */
#define FAKE_SAYS(worker, ...)                                                                               \
    do {                                                                                                     \
        char fake_bytes[RPC_MESSAGE_BYTES];                                                                  \
        size_t fake_length = rpc_pack_notification(fake_bytes, sizeof fake_bytes, __VA_ARGS__);              \
        ck_assert_int_eq(send(fake_process(&(worker)->process)->channel_fd, fake_bytes, fake_length, 0),     \
                         (ssize_t)fake_length);                                                              \
    } while (0)

/* The next thing that the process was told: its method, "" when nothing came. `message` is at its parameters;
 * good until the next call. */
static inline const char *fake_hears(const struct worker *worker, struct rpc_message *message)
{
    static char bytes[RPC_MESSAGE_BYTES];
    static char method[64];
    ssize_t length = recv(fake_process(&worker->process)->channel_fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (length <= 0)
        return "";
    ck_assert_int_eq(rpc_parse(message, bytes, (size_t)length), 0);
    snprintf(method, sizeof method, "%.*s", (int)message->method.length, message->method.data);
    return method;
}

/* The process was told these bytes in its configuration. */
static inline bool fake_was_told(const struct worker *worker, const char *text)
{
    static char bytes[64 * 1024];
    ssize_t length = pread(fake_process(&worker->process)->config_fd, bytes, sizeof bytes, 0);
    ck_assert_int_gt(length, 0);
    return memmem(bytes, (size_t)length, text, strlen(text)) != NULL;
}

#endif

/* Arbitrary bytes at the control socket of a fleet: whatever comes, nothing breaks, every answer can be read,
 * and the fleet can be ended. All of the supervisor is real but the processes, the shared memory and the
 * clock, for which the linker puts the functions below (--wrap, see the Makefile).
 *
 * The first byte of an input says how the rest is cut into pieces, and whether started workers become ready.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/clock.h"
#include "common/msgpack/reader.h"
#include "common/runtime.h"
#include "supervisor/control/control.h"
#include "supervisor/fleet.h"
#include "supervisor/control/reload.h"
#include "supervisor/control/rollout.h"
#include "supervisor/notifications.h"
#include "supervisor/process/segment.h"
#include "supervisor/service.h"
#include "supervisor/states.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIDS_FROM = 1000000, PROCESSES = 4096, ROUNDS = 12, INPUT_MAX = 8192 };

/* --- processes that are none --------------------------------------------------------------------------- */

static struct process_end ends[PROCESSES];
static size_t process_count;

int __wrap_process_spawn(struct process *process, const struct spawn_request *request, struct error *error);
int __wrap_process_signal(const struct process *process, int number);
void __wrap_process_kill_group(const struct process *process);
int __wrap_process_reap(struct process *process, struct process_end *end);
void __wrap_process_abandon(struct process *process);

static void ends_with(const struct process *process, int exit_status, int number)
{
    uint64_t one = 1;
    ends[process->pid - PIDS_FROM] = (struct process_end){.exit_status = exit_status, .signal = number};
    if (write(process->pidfd, &one, sizeof one) != (ssize_t)sizeof one)
        abort();
}

int __wrap_process_spawn(struct process *process, const struct spawn_request *request, struct error *error)
{
    if (process_count == PROCESSES)
        return error_set(error, "no more processes");
    *process =
        (struct process){PIDS_FROM + (pid_t)process_count++, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 1};
    if (process->pidfd == -1)
        abort();
    if (strstr(request->path, "ktopic") != NULL)
        ends_with(process, 0, 0);
    return 0;
}

int __wrap_process_signal(const struct process *process, int number)
{
    ends_with(process, -1, number);
    return 0;
}

void __wrap_process_kill_group(const struct process *process)
{
    ends_with(process, -1, SIGKILL);
}

int __wrap_process_reap(struct process *process, struct process_end *end)
{
    uint64_t count;
    if (process->pid == 0 || read(process->pidfd, &count, sizeof count) != (ssize_t)sizeof count)
        return 0;
    *end = ends[process->pid - PIDS_FROM];
    close(process->pidfd);
    *process = (struct process){0, -1, 0};
    return 1;
}

void __wrap_process_abandon(struct process *process)
{
    close(process->pidfd);
    *process = (struct process){0, -1, 0};
}

/* --- no shared memory, and a clock of our own ----------------------------------------------------------- */

int __wrap_segment_next(struct worker *worker, struct error *error);
void __wrap_segment_unlink_all(const char *instance);
int __wrap_directory_create(struct directory_writer **writer, const char *instance, const char *birth_id,
                            uint32_t capacity, struct error *error);
void __wrap_directory_set_bootstrap(struct directory_writer *writer, const char *bootstrap);
void __wrap_directory_close(struct directory_writer *writer, bool unlink_it);
int __wrap_events_open(struct events_writer **writer, const char *instance, struct error *error);
int64_t __wrap_clock_monotonic_us(void);
int64_t __wrap_clock_wall_us(void);

static int64_t now_us;

int __wrap_segment_next(struct worker *worker, struct error *error)
{
    (void)worker;
    return error_set(error, "there is none here");
}

void __wrap_segment_unlink_all(const char *instance)
{
    (void)instance;
}

int __wrap_directory_create(struct directory_writer **writer, const char *instance, const char *birth_id,
                            uint32_t capacity, struct error *error)
{
    (void)instance;
    (void)birth_id;
    (void)capacity;
    (void)error;
    *writer = NULL;
    return 0;
}

void __wrap_directory_set_bootstrap(struct directory_writer *writer, const char *bootstrap)
{
    (void)writer;
    (void)bootstrap;
}

void __wrap_directory_close(struct directory_writer *writer, bool unlink_it)
{
    (void)writer;
    (void)unlink_it;
}

int __wrap_events_open(struct events_writer **writer, const char *instance, struct error *error)
{
    (void)instance;
    (void)error;
    *writer = NULL;
    return 0;
}

int64_t __wrap_clock_monotonic_us(void)
{
    return now_us;
}

int64_t __wrap_clock_wall_us(void)
{
    return now_us;
}

/* --- a fleet ------------------------------------------------------------------------------------------- */

static struct supervisor supervisor;
static struct reload reload;
static struct rollout rollout;
static struct service service;
static struct config *config;
static struct printer *printer;
static char folder[] = "/tmp/fuzz-control-XXXXXX";
static char instance[32];

static void remove_folder(void)
{
    char inner[64];
    snprintf(inner, sizeof inner, "%s/ksupervise", folder);
    rmdir(inner);
    rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char *words[] = {(char *)"ksupervise",
                            (char *)"--clients",
                            (char *)"bravo,zulu",
                            (char *)"--bootstrap",
                            (char *)"127.0.0.1:1",
                            (char *)"--instance",
                            instance,
                            NULL};
    struct error error = ERROR_INIT;
    (void)argc;
    (void)argv;
    snprintf(instance, sizeof instance, "fuzz-%d", (int)getpid());
    if (mkdtemp(folder) == NULL || setenv("XDG_RUNTIME_DIR", folder, 1) != 0)
        abort();
    atexit(remove_folder);
    if (printer_open(&printer, open("/dev/null", O_WRONLY | O_CLOEXEC), &error) == -1 ||
        config_load(&config, 7, words, &error) == -1) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    return 0;
}

static void open_fleet(void)
{
    struct error error = ERROR_INIT;
    process_count = 0;
    now_us = 1000 * US_PER_SECOND;
    reload = (struct reload){0};
    rollout = (struct rollout){0};
    service = (struct service){.fd = -1};
    supervisor = (struct supervisor){.config = config,
                                     .first_config = config,
                                     .settings = config_settings(config),
                                     .printer = printer,
                                     .listener = &notifications,
                                     .reload = &reload,
                                     .rollout = &rollout,
                                     .service = &service,
                                     .folder = "/nowhere",
                                     .done_check_us = INT64_MAX};
    if (reactor_init(&supervisor.reactor, &error) == -1 || fleet_init(&supervisor, &error) == -1 ||
        control_open(&supervisor.control, &supervisor, &error) == -1) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    supervisor_find(&supervisor, KIND_PROVISION)->restarts = 1; /* it was tried: all others start */
    fleet_start(&supervisor);
}

static void close_fleet(void)
{
    control_close(supervisor.control);
    for (size_t i = 0; i < supervisor.worker_count; i++) {
        struct worker *worker = supervisor.workers[i];
        reactor_close(&supervisor.reactor, &worker->exit_watch);
        reactor_close(&supervisor.reactor, &worker->channel_watch);
        reactor_close(&supervisor.reactor, &worker->output.watch);
        if (worker->process.pidfd != -1)
            close(worker->process.pidfd);
    }
    rollout_release(&supervisor);
    fleet_release(&supervisor);
    reactor_release(&supervisor.reactor);
}

/* One turn of the supervisor's loop, and three seconds. */
static void turn(bool become_ready)
{
    for (size_t i = 0; become_ready && i < supervisor.worker_count; i++)
        if (supervisor.workers[i]->state == WORKER_STARTING && supervisor.workers[i]->kind != KIND_PROVISION)
            states_dispatch(supervisor.workers[i], EVENT_READY);
    fleet_advance(&supervisor);
    rollout_check(&supervisor);
    control_check(supervisor.control);
    reactor_wait(&supervisor.reactor, now_us); /* what is there, without waiting */
    now_us += 3 * US_PER_SECOND;
    fleet_timers(&supervisor, now_us);
}

/* --- the client ---------------------------------------------------------------------------------------- */

static int connect_client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct error error = ERROR_INIT;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd == -1 || runtime_socket(address.sun_path, instance, &error) == -1 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) == -1)
        abort();
    return fd;
}

/* Everything that came is whole MessagePack. */
static void read_answers(int fd)
{
    static uint8_t bytes[1 << 20];
    size_t used = 0;
    ssize_t n;
    while ((n = recv(fd, bytes + used, sizeof bytes - used, 0)) > 0)
        used += (size_t)n;
    struct mp_reader reader;
    mp_init(&reader, bytes, used);
    while (!mp_at_end(&reader))
        if (mp_step(&reader, MP_DEPTH_MAX) != MP_OK)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX)
        return 0;
    bool become_ready = data[0] & 1;
    size_t piece = 1 + (size_t)(data[0] >> 1) * 8;
    open_fleet();
    turn(become_ready);
    turn(become_ready);
    int fd = connect_client();
    for (size_t at = 1; at < size; at += piece) {
        /* One that was dropped cannot send any more: EPIPE. */
        if (send(fd, data + at, size - at < piece ? size - at : piece, MSG_NOSIGNAL) == -1 && errno == EAGAIN)
            break;
        if (at == 1 || piece > 64)
            turn(become_ready);
        else
            reactor_wait(&supervisor.reactor, now_us);
    }
    for (int i = 0; i < ROUNDS; i++)
        turn(become_ready);
    read_answers(fd);
    close(fd);
    turn(become_ready);
    fleet_stop(&supervisor, 0);
    for (int i = 0; i < ROUNDS && supervisor.step != STEP_OVER; i++)
        turn(false);
    if (supervisor.step != STEP_OVER)
        abort();
    close_fleet();
    return 0;
}

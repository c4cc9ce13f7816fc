/* ksupervise: one thread that starts, watches, restarts and ends a fleet of workers; another that prints. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <uuid/uuid.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "common/streams.h"
#include "supervisor/announce.h"
#include "supervisor/control/control.h"
#include "supervisor/config/explain.h"
#include "supervisor/fleet.h"
#include "supervisor/process/programs.h"
#include "supervisor/process/kinds.h"
#include "supervisor/lock.h"
#include "supervisor/log/files.h"
#include "supervisor/config/preflight.h"
#include "supervisor/control/ktopic.h"
#include "supervisor/control/reload.h"
#include "supervisor/log/report.h"
#include "supervisor/notifications.h"
#include "supervisor/control/rollout.h"
#include "supervisor/service.h"
#include "supervisor/config/topics.h"

#define OUTPUT_CLOSE_US US_PER_SECOND

enum { EXIT_FORCED = 130 };

/* --- signals ------------------------------------------------------------------------------------------- */

static void take_stop(struct supervisor *supervisor, uint32_t number)
{
    int64_t now_us = clock_monotonic_us();
    if (supervisor->signalled_us != 0 && now_us - supervisor->signalled_us < SIGNALS_MOMENT_US)
        return;
    supervisor->signalled_us = now_us;
    char name[32];
    snprintf(name, sizeof name, "SIG%s", sigabbrev_np((int)number));
    if (!supervisor->stopping) {
        report_line(supervisor, "SIG%s: stopping in order: producer, consumers%s; repeat to force",
                    sigabbrev_np((int)number), settings_embedded(supervisor->settings) ? ", broker" : "");
        supervisor->cause = name;
        fleet_stop(supervisor, EXIT_CODE_OK);
        supervisor->cause = NULL;
        return;
    }
    report_line(supervisor, "SIG%s: killing what is left", sigabbrev_np((int)number));
    supervisor->exit_code = EXIT_FORCED;
    fleet_kill(supervisor);
}

/* Without a terminal that could hang up, SIGHUP means what it means to daemons. */
static void take_reload(struct supervisor *supervisor)
{
    struct error error = ERROR_INIT;
    report_line(supervisor, "SIGHUP: reading the configuration again");
    supervisor->cause = "SIGHUP";
    if (reload_begin(supervisor, &error) == -1)
        report_line(supervisor, "nothing was changed: %s", error.text);
    supervisor->cause = NULL;
}

/* We are a subreaper: what a worker leaves behind becomes our child. Our own processes are reaped through
 * their pidfds. */
static bool is_ours(const struct supervisor *supervisor, pid_t pid)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->process.pid == pid)
            return true;
    return pid == reload_pid(supervisor) || ktopic_owns(supervisor, pid);
}

/* With a thousand children the kernel needs long to find one that has ended: wait only when one has. A
 * worker's zombie hides adopted processes behind it until its pidfd was served: then the next round looks
 * again. */
static void reap_strangers(struct supervisor *supervisor)
{
    siginfo_t info = {0};
    while (supervisor->child_ended) {
        supervisor->child_ended =
            waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
        if (!supervisor->child_ended || is_ours(supervisor, info.si_pid))
            return;
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static void take_signals(void *context)
{
    struct supervisor *supervisor = context;
    struct signalfd_siginfo info;
    while (read(supervisor->signal_watch.fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo == SIGCHLD)
            supervisor->child_ended = true;
        else if (info.ssi_signo == SIGHUP && !supervisor->terminal)
            take_reload(supervisor);
        else
            take_stop(supervisor, info.ssi_signo);
}

/* Asked at the start: when the terminal is gone, it is too late. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd != -1)
        close(fd);
    return fd != -1;
}

/* Under nohup SIGHUP is ignored; a signalfd would deliver it nevertheless. */
static bool is_ignored(int number)
{
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static int watch_signals(struct supervisor *supervisor, struct error *error)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    supervisor->terminal = has_terminal();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!(numbers[i] == SIGHUP && supervisor->terminal && is_ignored(SIGHUP)))
            sigaddset(&set, numbers[i]);
    sigprocmask(SIG_BLOCK, &set, &supervisor->original_mask);
    supervisor->child_ended = true; /* perhaps, before we listened */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTTOU, SIG_IGN); /* a background supervisor may print even where stty tostop is set */
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd == -1)
        return error_set(error, "cannot watch signals: %m");
    return reactor_add(&supervisor->reactor, &supervisor->signal_watch, fd, take_signals, supervisor, error);
}

/* --- set-up -------------------------------------------------------------------------------------------- */

static int find_programs(struct supervisor *supervisor, struct error *error)
{
    /* An address of the stack, as a number. NOLINTNEXTLINE(performance-no-int-to-ptr) */
    const char *started_as = (const char *)getauxval(AT_EXECFN);
    return folder_find(supervisor->folder, sizeof supervisor->folder, started_as, kind_program(KIND_CONSUMER),
                       error);
}

static void identify(struct supervisor *supervisor)
{
    uuid_t id;
    uuid_generate(id);
    uuid_unparse_lower(id, supervisor->birth_id);
    memcpy(&supervisor->random, id, sizeof supervisor->random);
    /* A follower continues with our successor's lines: their numbers are higher than ours. */
    supervisor->lines_numbered = (uint64_t)clock_wall_us();
    if (gethostname(supervisor->host, sizeof supervisor->host - 1) == -1)
        snprintf(supervisor->host, sizeof supervisor->host, "localhost");
}

static int open_output(struct supervisor *supervisor, struct error *error)
{
    const struct settings *settings = supervisor->settings;
    struct log_files_settings logs = {.folder = settings->log_dir,
                                      .size_bytes = settings->log_size_bytes,
                                      .files = settings->log_files,
                                      .complain = report_log_trouble,
                                      .context = supervisor};
    supervisor->colours = log_colours(stdout);
    if (printer_open(&supervisor->printer, STDOUT_FILENO, error) == -1)
        return -1;
    if (settings->log_format == LOG_FORMAT_JSON)
        printer_set_notice(supervisor->printer, report_json_notice);
    return settings->log_dir == NULL ? 0 : log_files_open(&supervisor->logs, &logs, error);
}

static void close_output(struct supervisor *supervisor)
{
    log_files_close(supervisor->logs, OUTPUT_CLOSE_US);
    printer_close(supervisor->printer, OUTPUT_CLOSE_US);
}

static int set_up(struct supervisor *supervisor, struct error *error)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    identify(supervisor);
    if (service_open(supervisor->service, error) == -1 || find_programs(supervisor, error) == -1 ||
        (supervisor->lock_fd = lock_take(supervisor->settings->instance, error)) == -1 ||
        reactor_init(&supervisor->reactor, error) == -1 || watch_signals(supervisor, error) == -1 ||
        open_output(supervisor, error) == -1)
        return -1;
    /* The directory comes last: a start that fails leaves none. */
    if (control_open(&supervisor->control, supervisor, error) == -1)
        return -1;
    if (fleet_init(supervisor, error) == 0)
        return 0;
    control_close(supervisor->control);
    return -1;
}

static void greet(struct supervisor *supervisor)
{
    const struct settings *settings = supervisor->settings;
    bool embedded = settings_embedded(settings);
    char topics[1024];
    topics_text(supervisor, topics, sizeof topics);
    report_line(
        supervisor, "instance %s, pid %d, topic %s, %s%s%s%s; watch it with kstat, end it with Ctrl-C",
        settings->instance, (int)getpid(), topics, embedded ? "embedded broker" : settings->brokers.bootstrap,
        embedded ? "" : " (from ", embedded ? "" : settings->brokers.source, embedded ? "" : ")");
}

/* --- the loop ------------------------------------------------------------------------------------------ */

static int64_t deadline_us(const struct supervisor *supervisor)
{
    const int64_t all_us[] = {fleet_deadline_us(supervisor), control_deadline_us(supervisor->control),
                              service_deadline_us(supervisor->service), rollout_deadline_us(supervisor),
                              reload_deadline_us(supervisor)};
    int64_t nearest_us = INT64_MAX;
    for (size_t i = 0; i < sizeof all_us / sizeof all_us[0]; i++)
        if (all_us[i] < nearest_us)
            nearest_us = all_us[i];
    return nearest_us;
}

static void run(struct supervisor *supervisor)
{
    greet(supervisor);
    fleet_start(supervisor);
    for (;;) {
        fleet_advance(supervisor);
        if (supervisor->step == STEP_OVER)
            return;
        rollout_check(supervisor);
        reload_check(supervisor);
        control_check(supervisor->control);
        service_check(supervisor, clock_monotonic_us());
        reactor_wait(&supervisor->reactor, deadline_us(supervisor));
        fleet_timers(supervisor, clock_monotonic_us());
        reap_strangers(supervisor);
    }
}

/* --- what only looks and tells ------------------------------------------------------------------------- */

static int check(struct supervisor *supervisor, struct error *error)
{
    identify(supervisor);
    sigprocmask(SIG_BLOCK, NULL, &supervisor->original_mask);
    if (find_programs(supervisor, error) == -1 || reactor_init(&supervisor->reactor, error) == -1)
        return -1;
    int result = preflight(supervisor, supervisor->config, error);
    reactor_release(&supervisor->reactor);
    if (result == 0)
        explain_config(supervisor->config, stdout);
    return result;
}

/* 1 when that is all, 0 when there is a fleet to run, -1 with the error. */
static int explain(struct supervisor *supervisor, struct error *error)
{
    const struct settings *settings = config_settings(supervisor->config);
    if (settings->explain_states)
        explain_states(stdout);
    if (settings->explain_exits)
        explain_exits(stdout);
    if (settings->explain_states || settings->explain_exits)
        return 1;
    if (settings->check)
        return check(supervisor, error) == 0 ? 1 : -1;
    return 0;
}

static void tear_down(struct supervisor *supervisor)
{
    control_close(supervisor->control);
    announce_summary(supervisor);
    close_output(supervisor);
    fleet_release(supervisor);
    reactor_close(&supervisor->reactor, &supervisor->signal_watch);
    reactor_release(&supervisor->reactor);
    service_close(supervisor->service);
    close(supervisor->lock_fd);
    reload_release(supervisor);
    rollout_release(supervisor);
    if (supervisor->config != supervisor->first_config)
        config_free(supervisor->config);
    config_free(supervisor->first_config);
}

int main(int argc, char **argv)
{
    struct reload reload = {0};
    struct rollout rollout = {0};
    struct service service = {.fd = -1};
    struct supervisor supervisor = {.argc = argc,
                                    .argv = argv,
                                    .listener = &notifications,
                                    .reload = &reload,
                                    .rollout = &rollout,
                                    .service = &service,
                                    .done_check_us = INT64_MAX,
                                    .signal_watch.fd = -1};
    struct error error = ERROR_INIT;
    streams_init();
    if (config_load(&supervisor.config, argc, argv, &error) == -1)
        return program_fail(supervisor_program.name, &error);
    int explained = explain(&supervisor, &error);
    if (explained != 0) {
        config_free(supervisor.config);
        if (explained == -1)
            return program_fail(supervisor_program.name, &error);
        return streams_end(supervisor_program.name, EXIT_CODE_OK);
    }
    supervisor.first_config = supervisor.config;
    supervisor.settings = config_settings(supervisor.config);
    supervisor.log_format = supervisor.settings->log_format;
    if (set_up(&supervisor, &error) == -1)
        return program_fail(supervisor_program.name, &error);
    run(&supervisor);
    tear_down(&supervisor);
    return supervisor.exit_code;
}

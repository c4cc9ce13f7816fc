#include "supervisor/actions.h"

#include "common/clock.h"
#include "supervisor/announce.h"
#include "supervisor/process/channel.h"
#include "supervisor/evidence.h"
#include "supervisor/count.h"
#include "supervisor/process/kinds.h"
#include "supervisor/journal.h"
#include "supervisor/process/launch.h"
#include "supervisor/log/offsets_text.h"
#include "supervisor/log/output.h"
#include "supervisor/log/report.h"
#include "supervisor/process/segment.h"
#include "supervisor/process/worker_config.h"
#include "supervisor/spec.h"
#include "supervisor/supervisor.h"
#include "supervisor/verdict.h"

enum worker_event action_none(struct worker *worker)
{
    (void)worker;
    return EVENT_NONE;
}

/* --- birth --------------------------------------------------------------------------------------------- */

static void process_ended(void *context)
{
    struct worker *worker = context;
    worker->supervisor->listener->exited(worker);
}

/* The descriptors of a start; our ends are closed afterwards in any case. */
struct start {
    int config_fd, channel_fd, output_fd;
};

static void start_close(struct start *start)
{
    const int fds[] = {start->config_fd, start->channel_fd, start->output_fd};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] != -1)
            close(fds[i]);
}

static void make_segment(struct worker *worker)
{
    struct error error = ERROR_INIT;
    if (kind_publishes(worker->kind) && segment_next(worker, &error) == -1)
        report_line(worker->supervisor,
                    "%s runs without statistics: its hangs are not detected, --exit-when-done cannot finish, "
                    "and kstat does not show it: %s",
                    worker->name, error.text);
}

static int start_process(struct worker *worker, struct start *start, struct error *error)
{
    const char *words[WORKER_CONFIG_WORDS];
    struct worker_spec spec;
    spec_of_worker(worker, &spec);
    worker_config_arguments(&spec, words);
    if ((start->config_fd = worker_config(&spec, error)) == -1 ||
        (start->channel_fd = channel_open(worker, error)) == -1 ||
        (start->output_fd = output_open(worker, error)) == -1)
        return -1;
    struct launch how = {
        .folder = worker->supervisor->folder,
        .program = kind_program(worker->kind),
        .request = {.argv = (char *const *)words,
                    .output_fd = start->output_fd,
                    .config_fd = start->config_fd,
                    .channel_fd = start->channel_fd,
                    .segment_fd = worker->segment_fd,
                    .mask = worker->supervisor->original_mask},
        .reactor = &worker->supervisor->reactor,
        .ended = process_ended,
        .context = worker,
    };
    return launch(&how, &worker->process, &worker->exit_watch, error);
}

/* Provisioning is never ready, only done. A paused producer may send nothing, and so never become ready. */
static void begin_start_deadline(struct worker *worker)
{
    bool none = worker->kind == KIND_PROVISION || worker->paused;
    worker->deadline_us = none ? INT64_MAX : clock_monotonic_us() + worker->settings->start_timeout_us;
}

enum worker_event action_spawn(struct worker *worker)
{
    struct start start = {-1, -1, -1};
    struct error error = ERROR_INIT;
    if (worker->generation > 0)
        worker->restarts++;
    worker->generation++;
    begin_start_deadline(worker);
    worker->spawned_us = clock_monotonic_us();
    worker->next_restart_us = STATS_UNKNOWN;
    worker->ready_us = 0;
    worker->resume_told = false;
    worker->moves = worker->outdated = false;
    worker->rate.taken = 0;
    worker->hung = worker->signalled = false;
    worker->spawn_failed = 0;
    worker->partitions = STATS_UNKNOWN;
    worker->broker_away = false;
    worker->trouble[0] = worker->version[0] = '\0';
    worker->tick = 0;
    worker->tick_us = clock_monotonic_us();
    make_segment(worker);
    if (worker->count_base == STATS_UNKNOWN)
        worker->count_base = count_acknowledged(worker);
    int result = start_process(worker, &start, &error);
    start_close(&start);
    if (result == 0)
        journal_note(worker, EVENT_KIND_STARTED);
    if (result == 0 && worker->rate.set)
        channel_rate(worker); /* it lies there until the process listens */
    if (result == 0 && worker->paused)
        channel_pause(worker, true); /* so does this: it takes no record before it is told */
    if (result == 0)
        return EVENT_NONE;
    snprintf(worker->reason, sizeof worker->reason, "%.*s", (int)sizeof worker->reason - 1, error.text);
    worker->spawn_failed = error.exit_code;
    return EVENT_SPAWN_FAILED;
}

static void become_ready(struct worker *worker)
{
    struct event event = journal_of(worker, EVENT_KIND_READY);
    worker->ready_us = clock_monotonic_us();
    journal_broker(worker, false);
    event.count = worker->partitions;
    journal_add(worker->supervisor, &event, "%s",
                worker->state == WORKER_QUARANTINING ? "taking poison candidates one by one" : "");
}

enum worker_event action_ready(struct worker *worker)
{
    if (worker->ready_us == 0)
        become_ready(worker);
    worker->deadline_us = INT64_MAX;
    worker->reason[0] = '\0';
    if (worker->kind == KIND_CONSUMER && !worker->resume_told)
        announce_resume(worker);
    return EVENT_NONE;
}

enum worker_event action_cleared(struct worker *worker)
{
    evidence_cleared(worker);
    return action_ready(worker);
}

/* A worker that cannot reach Kafka can do nothing about it, and neither could its successor: the time in
 * which it has to be ready stands still. */
enum worker_event action_broker_away(struct worker *worker)
{
    worker->deadline_us = INT64_MAX;
    snprintf(worker->reason, sizeof worker->reason, "no broker answers");
    if (worker->ready_us == 0)
        report_line(worker->supervisor,
                    "%s is not ready, because no broker answers: its start deadline is suspended",
                    worker->name);
    return EVENT_NONE;
}

enum worker_event action_broker_back(struct worker *worker)
{
    worker->reason[0] = '\0';
    if (worker->ready_us == 0)
        begin_start_deadline(worker);
    return EVENT_NONE;
}

/* --- death --------------------------------------------------------------------------------------------- */

static void note_death(struct worker *worker, const struct process_end *end, pid_t pid)
{
    bool read = segment_refresh(worker);
    struct stats_liveness liveness = {0};
    if (read)
        stats_snapshot_liveness(worker->stats, &liveness);
    int64_t now_us = clock_wall_us();
    /* A heartbeat in the future was written before the clock was set back: its age is unknown. */
    bool beat = read && liveness.heartbeat_us != STATS_UNKNOWN && liveness.heartbeat_us <= now_us;
    worker->last_death = (struct directory_death){
        .time_us = now_us,
        .exit_status = end->exit_status >= 0 ? end->exit_status : STATS_UNKNOWN,
        .signal = end->signal,
        .core_dumped = end->core_dumped,
        .generation = (int64_t)worker->generation,
        .pid = pid,
        .user_us = end->usage.ru_utime.tv_sec * US_PER_SECOND + end->usage.ru_utime.tv_usec,
        .system_us = end->usage.ru_stime.tv_sec * US_PER_SECOND + end->usage.ru_stime.tv_usec,
        .max_rss_bytes = end->usage.ru_maxrss * 1024,
        .phase = read ? stats_snapshot_status(worker->stats, "phase") : STATS_UNKNOWN,
        .heartbeat_age_us = beat ? now_us - liveness.heartbeat_us : STATS_UNKNOWN,
    };
    worker->died_us = clock_monotonic_us();
}

/* Everything that the process leaves: its last words, its descriptors, its exit status. False when it has not
 * ended after all. */
static bool collect_exit(struct worker *worker, struct process_end *end)
{
    pid_t pid = worker->process.pid;
    if (!process_reap(&worker->process, end))
        return false;
    reactor_close(&worker->supervisor->reactor, &worker->exit_watch);
    output_close(worker);
    channel_close(worker);
    note_death(worker, end, pid);
    return true;
}

static const enum worker_event verdict_events[] = {
    [RESTART_NOW] = EVENT_RESTART,
    [RESTART_LATER] = EVENT_BACK_OFF,
    [RESTART_NEVER] = EVENT_FINISH,
    [RESTART_HOLD] = EVENT_HOLD,
};

/* Its group, when it is stopped. Who is to be started again stays a member. */
static bool leaves(const struct worker *worker)
{
    return !worker->start_again || worker->moves;
}

/* Whether its successor finds the group membership still taken. A process that kept it is followed in the
 * same way. */
static void note_membership(struct worker *worker, const struct process_end *end)
{
    if (end->exit_status != 0)
        worker->takes_over = true;
    else if (leaves(worker))
        worker->takes_over = false;
}

static enum worker_event ask_policy(struct worker *worker, const struct process_end *end)
{
    int64_t delay_us;
    enum restart_verdict verdict = verdict_of(worker, end, &delay_us);
    note_membership(worker, end); /* the verdict is about the place that this one took over */
    if (worker->spawn_failed != 0)
        announce_spawn_failed(worker, verdict, delay_us);
    else if (end->exit_status != 0 ||
             worker->kind != KIND_PROVISION) /* a topic that is there needs no line */
        announce_death(worker, end, verdict, delay_us);
    return verdict_events[verdict];
}

enum worker_event action_reap(struct worker *worker)
{
    struct process_end end;
    if (!collect_exit(worker, &end))
        return EVENT_NONE;
    evidence_of_death(worker, &end);
    worker->supervisor->listener->reaped(worker, false);
    return ask_policy(worker, &end);
}

enum worker_event action_reap_stopped(struct worker *worker)
{
    struct process_end end;
    if (!collect_exit(worker, &end))
        return EVENT_NONE;
    worker->trouble[0] = '\0';
    worker->deadline_us = INT64_MAX;
    worker->supervisor->listener->reaped(worker, end.exit_status == 0);
    note_membership(worker, &end);
    bool as_told = !kind_listens(worker->kind) && end.signal == SIGTERM;
    if (end.exit_status != 0 && !as_told)
        announce_death(worker, &end, RESTART_NEVER, 0);
    else
        journal_stop(worker);
    if (!worker->start_again)
        return EVENT_NONE;
    worker->start_again = false;
    return count_is_finished(worker) ? EVENT_FINISH : EVENT_START;
}

/* A lack of resources may pass (EAGAIN, EMFILE, ENOMEM): the start is retried without a limit. Other causes
 * (ENOENT, EACCES) may never pass: --max-deaths limits them. */
enum worker_event action_reap_spawn_failed(struct worker *worker)
{
    struct process_end end = {.exit_status = worker->spawn_failed};
    output_close(worker);
    channel_close(worker);
    reactor_close(&worker->supervisor->reactor, &worker->exit_watch);
    worker->died_us = clock_monotonic_us();
    return ask_policy(worker, &end);
}

enum worker_event action_wait_restart(struct worker *worker)
{
    (void)worker; /* the deadline is set, and announce_death has said it */
    return EVENT_NONE;
}

enum worker_event action_hold(struct worker *worker)
{
    worker->deadline_us = INT64_MAX;
    report_line(worker->supervisor, "%s is held: %s", worker->name, worker->reason);
    journal_tell(worker, EVENT_KIND_HELD, "%s", worker->reason);
    return EVENT_NONE;
}

enum worker_event action_finish(struct worker *worker)
{
    worker->deadline_us = INT64_MAX;
    if (worker->reason[0] != '\0')
        report_line(worker->supervisor, "%s is %s", worker->name, worker->reason);
    journal_tell(worker, EVENT_KIND_DONE, "%s", worker->reason);
    return EVENT_NONE;
}

enum worker_event action_cancel_restart(struct worker *worker)
{
    worker->deadline_us = INT64_MAX;
    worker->next_restart_us = STATS_UNKNOWN;
    return EVENT_NONE;
}

/* --- the asked-for end --------------------------------------------------------------------------------- */

enum worker_event action_drain(struct worker *worker)
{
    worker->deadline_us = clock_monotonic_us() + worker->settings->stop_timeout_us;
    journal_tell(worker, EVENT_KIND_STOPPING, "%s", worker->supervisor->stopping ? "the instance ends" : "");
    /* A worker that comes back at once keeps its group membership: no rebalance. One that is not listening
     * gets a signal instead; one that ignores that is killed by its deadline. */
    if (!kind_listens(worker->kind) || channel_drain(worker, leaves(worker)) == -1)
        process_signal(&worker->process, SIGTERM);
    return EVENT_NONE;
}

enum worker_event action_start_after(struct worker *worker)
{
    worker->start_again = true;
    return EVENT_NONE;
}

/* A restart is taken back. The process was told to keep its group membership for a successor, which will not
 * come. */
enum worker_event action_stay_down(struct worker *worker)
{
    if (!worker->start_again)
        return EVENT_NONE;
    worker->start_again = false;
    if (kind_listens(worker->kind))
        channel_drain(worker, leaves(worker));
    return EVENT_NONE;
}

static const char *phase_text(const struct worker *worker)
{
    int64_t phase = worker->stats == NULL ? STATS_UNKNOWN : stats_snapshot_status(worker->stats, "phase");
    return phase == STATS_UNKNOWN ? "starting" : stats_phase_name((enum stats_phase)phase);
}

enum worker_event action_kill_unready(struct worker *worker)
{
    if (worker->paused)
        return EVENT_NONE;
    segment_refresh_whole(worker);
    snprintf(worker->reason, sizeof worker->reason, "start deadline: not ready after %.1f s, while %s",
             (double)(clock_monotonic_us() - worker->spawned_us) / 1e6, phase_text(worker));
    report_line(worker->supervisor, "%s: %s: killed", worker->name, worker->reason);
    journal_kill(worker, worker->spawned_us, worker->reason);
    process_kill_group(&worker->process);
    return EVENT_NONE;
}

/* The phase and the records in flight are what an operator needs first. */
enum worker_event action_kill_hung(struct worker *worker)
{
    char first[512];
    char end[512];
    int64_t phase = STATS_UNKNOWN;
    if (segment_refresh_whole(worker)) {
        phase = stats_snapshot_status(worker->stats, "phase");
        offsets_text(worker->stats, "inflight_first", first, sizeof first);
        offsets_text(worker->stats, "inflight_end", end, sizeof end);
    }
    report_line(worker->supervisor, "%s hangs: nothing has moved for %.1f s while %s%s%s%s%s: killed",
                worker->name, (double)(clock_monotonic_us() - worker->tick_us) / 1e6, phase_text(worker),
                phase == PHASE_PROCESSING ? ", in the batch from " : "",
                phase == PHASE_PROCESSING ? first : "", phase == PHASE_PROCESSING ? " to " : "",
                phase == PHASE_PROCESSING ? end : "");
    journal_kill(worker, worker->tick_us, "it hangs: nothing has moved");
    worker->hung = true;
    process_kill_group(&worker->process);
    return EVENT_NONE;
}

enum worker_event action_kill(struct worker *worker)
{
    segment_refresh(worker);
    report_line(worker->supervisor, "%s has not ended in %.1f s: killed", worker->name,
                (double)worker->settings->stop_timeout_us / 1e6);
    journal_kill(worker, clock_monotonic_us() - worker->settings->stop_timeout_us,
                 "it has not ended in time");
    worker->deadline_us = INT64_MAX;
    process_kill_group(&worker->process);
    return EVENT_NONE;
}

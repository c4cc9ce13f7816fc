#include "common/view/why.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/stats/liveness.h"
#include "common/view/format.h"

/* A worker that stays in one phase for longer, with records to process, is stuck, not slow. */
#define STANDS_US INT64_C(5000000)

struct subject {
    const struct view *view;
    const struct view_worker *worker;
    char *text;
};

static void say(const struct subject *subject, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct subject *subject, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(subject->text, WHY_BYTES, format, arguments);
    va_end(arguments);
}

static bool is_state(const struct subject *subject, enum worker_state state)
{
    return strcmp(view_state(subject->view, subject->worker), worker_state_name(state)) == 0;
}

static int64_t status(const struct subject *subject, const char *name)
{
    return subject->worker->snapshot == NULL ? STATS_UNKNOWN
                                             : stats_snapshot_status(subject->worker->snapshot, name);
}

static bool is_phase(const struct subject *subject, enum stats_phase phase)
{
    const char *name = view_phase(subject->worker);
    return name != NULL && strcmp(name, stats_phase_name(phase)) == 0;
}

static struct formatted phase_age(const struct subject *subject)
{
    return format_age(subject->view->now_us, status(subject, "phase_since_us"));
}

/* ": the reason", where the supervisor has one. */
static struct foreign reason_of(const struct subject *subject)
{
    struct foreign reason = {""};
    if (subject->worker->entry.reason[0] != '\0') {
        struct foreign text = format_foreign(subject->worker->entry.reason);
        snprintf(reason.text, sizeof reason.text, ": %.1000s", text.text);
    }
    return reason;
}

static struct formatted state_age(const struct subject *subject)
{
    return format_age(subject->view->now_us, view_state_since_us(subject->view, subject->worker));
}

/* --- causes, the outermost first; true: said ----------------------------------------------------------- */

/* A live worker continues without its supervisor. */
static bool supervisor_stopped(const struct subject *subject)
{
    if (!subject->view->supervisor_stopped || view_alive(subject->worker))
        return false;
    say(subject, "its supervisor (pid %d) is stopped: kill -CONT %d continues it",
        (int)directory_pid(subject->view->directory), (int)directory_pid(subject->view->directory));
    return true;
}

/* For a capture the pid may be another process's by now. */
static bool process_stopped(const struct subject *subject)
{
    const struct stats_liveness *liveness = &subject->worker->liveness;
    if (!view_alive(subject->worker) || liveness->elsewhere || subject->view->source != &source_live ||
        !liveness_stopped(liveness->pid))
        return false;
    say(subject, "its process (pid %d) is stopped: kill -CONT %d continues it", (int)liveness->pid,
        (int)liveness->pid);
    return true;
}

/* A heartbeat comes with each turn of its loop. */
static bool silent(const struct subject *subject)
{
    int64_t heartbeat_us = subject->worker->liveness.heartbeat_us, silent_us;
    if (!view_alive(subject->worker) || heartbeat_us <= 0 ||
        __builtin_sub_overflow(subject->view->now_us, heartbeat_us, &silent_us) || silent_us < STANDS_US)
        return false;
    say(subject, "it has shown no sign of life for %s: it hangs, or its process is stopped",
        format_age(subject->view->now_us, heartbeat_us).text);
    return true;
}

static bool nobody_restarts(const struct subject *subject)
{
    if (view_alive(subject->worker) || (subject->view->directory != NULL && subject->view->supervisor_alive))
        return false;
    say(subject, "it is dead, and there is no supervisor to start it again: it died %s ago",
        format_age(subject->view->now_us, view_died_us(subject->worker)).text);
    return true;
}

static bool held(const struct subject *subject)
{
    if (!is_state(subject, WORKER_HELD))
        return false;
    say(subject, "it has been held for %s%s; kctl release %s lets it start again", state_age(subject).text,
        reason_of(subject).text, subject->worker->entry.name);
    return true;
}

static bool backing_off(const struct subject *subject)
{
    if (!is_state(subject, WORKER_BACKING_OFF))
        return false;
    int64_t next_us = subject->worker->entry.next_restart_us;
    say(subject, "it will be started again in %s%s",
        next_us == STATS_UNKNOWN ? "?" : format_age(next_us, subject->view->now_us).text,
        reason_of(subject).text);
    return true;
}

static bool ended(const struct subject *subject)
{
    bool down = is_state(subject, WORKER_DOWN), done = is_state(subject, WORKER_DONE);
    if (!down && !done)
        return false;
    if (subject->worker->entry.retired == 1)
        say(subject, "it was scaled away, or removed from the configuration, %s ago",
            state_age(subject).text);
    else
        say(subject, "it has been %s for %s; kctl start %s starts it", down ? "stopped" : "done",
            state_age(subject).text, subject->worker->entry.name);
    return true;
}

static bool coming_or_going(const struct subject *subject)
{
    static const enum worker_state states[] = {WORKER_STARTING, WORKER_JOINING, WORKER_STOPPING};
    if (subject->view->supervisor_stopped) /* it is what it was then */
        return false;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (is_state(subject, states[i])) {
            say(subject, "it has been %s for %s%s", worker_state_name(states[i]), state_age(subject).text,
                reason_of(subject).text);
            return true;
        }
    return false;
}

static bool idle(const struct subject *subject)
{
    if (!is_state(subject, WORKER_READY_IDLE))
        return false;
    say(subject,
        "its group has no partition for it: there are more members than partitions, or others hold them");
    return true;
}

static bool troubled(const struct subject *subject)
{
    if (subject->worker->entry.reason[0] == '\0')
        return false;
    say(subject, "%.600s", format_foreign(subject->worker->entry.reason).text);
    return true;
}

static bool paused(const struct subject *subject)
{
    if (!is_phase(subject, PHASE_PAUSED))
        return false;
    say(subject, "it has been paused for %s, by kctl pause; kctl resume %s continues it",
        phase_age(subject).text, subject->worker->entry.name);
    return true;
}

/* The record it is at, and since when. */
static bool in_flight(const struct subject *subject)
{
    int64_t records = status(subject, "batch_records");
    int64_t since_us = status(subject, "phase_since_us");
    if (records <= 0 || since_us == STATS_UNKNOWN || subject->view->now_us - since_us < STANDS_US)
        return false;
    struct view_partition partition;
    for (size_t i = 0; view_partition(subject->view, subject->worker, i, &partition); i++) {
        int64_t first = stats_snapshot_partition(subject->worker->snapshot, partition.slot, "inflight_first");
        int64_t end = stats_snapshot_partition(subject->worker->snapshot, partition.slot, "inflight_end");
        if (first == STATS_UNKNOWN || end <= first)
            continue;
        say(subject,
            "it has been %s for %s, with %" PRId64 " record%s in flight: %s [%" PRId32
            "] from offset %" PRId64,
            view_phase(subject->worker), phase_age(subject).text, records, records == 1 ? "" : "s",
            format_foreign(partition.topic).text, partition.number, first);
        return true;
    }
    return false;
}

static bool transaction_open(const struct subject *subject)
{
    struct view_partition partition;
    for (size_t i = 0; view_partition(subject->view, subject->worker, i, &partition); i++)
        if (partition.assigned && partition.behind.held_back > 0) {
            say(subject,
                "an open transaction holds %" PRId64 " record%s of %s [%" PRId32
                "] back: its producer has to end it",
                partition.behind.held_back, partition.behind.held_back == 1 ? "" : "s",
                format_foreign(partition.topic).text, partition.number);
            return true;
        }
    return false;
}

static bool not_acknowledged(const struct subject *subject)
{
    struct view_partition partition;
    for (size_t i = 0; view_partition(subject->view, subject->worker, i, &partition); i++) {
        int64_t waiting =
            stats_snapshot_partition(subject->worker->snapshot, partition.slot, "unacknowledged");
        if (!partition.assigned || waiting <= 0)
            continue;
        say(subject,
            "%" PRId64 " record%s of %s [%" PRId32 "] wait%s to be acknowledged: kctl ack %s %" PRId32
            ":OFFSET",
            waiting, waiting == 1 ? "" : "s", format_foreign(partition.topic).text, partition.number,
            waiting == 1 ? "s" : "", subject->worker->entry.name, partition.number);
        return true;
    }
    return false;
}

/* The last thing that librdkafka, or a stage, complained of, when that was a moment ago. */
static bool last_error(const struct subject *subject)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    const struct stats_snapshot *snapshot = subject->worker->snapshot;
    size_t count = snapshot == NULL ? 0 : stats_snapshot_ring(snapshot, STATS_RING_ERRORS, entries);
    if (count == 0 || subject->view->now_us - entries[count - 1].time_us > 60 * INT64_C(1000000))
        return false;
    say(subject, "its last error, %s ago: %s",
        format_age(subject->view->now_us, entries[count - 1].time_us).text,
        format_foreign(entries[count - 1].text).text);
    return true;
}

static bool behind(const struct subject *subject)
{
    if (view_is_producer(subject->worker))
        return false;
    struct behind lag = behind_of_worker(subject->view, subject->worker);
    char records[BEHIND_TEXT_BYTES], time[BEHIND_TEXT_BYTES];
    behind_lag_text(&lag, records);
    behind_time_text(&lag, time);
    if (lag.lag == 0)
        return false;
    say(subject, "nothing blocks it: it is %s, with %s records to go, %s behind",
        view_phase(subject->worker) == NULL ? "in an unknown phase" : view_phase(subject->worker), records,
        time);
    return true;
}

static bool nothing(const struct subject *subject)
{
    const char *phase = view_phase(subject->worker);
    say(subject, "nothing blocks it: it is %s, %s", phase == NULL ? "in an unknown phase" : phase,
        view_is_producer(subject->worker) ? "as its pace says" : "and has caught up");
    return true;
}

static bool (*const causes[])(const struct subject *subject) = {
    supervisor_stopped, process_stopped,  held,       backing_off, ended,     coming_or_going,
    nobody_restarts,    paused,           idle,       troubled,    in_flight, silent,
    transaction_open,   not_acknowledged, last_error, behind,      nothing,
};

void why(const struct view *view, const struct view_worker *worker, char text[WHY_BYTES])
{
    const struct subject subject = {view, worker, text};
    size_t i = 0;
    text[0] = '\0';
    while (i < sizeof causes / sizeof causes[0] && !causes[i](&subject))
        i++;
}

void show_why(const struct view *view, FILE *stream)
{
    char text[WHY_BYTES];
    for (size_t i = 0; i < view->count; i++) {
        why(view, &view->workers[i], text);
        fprintf(stream, "%s: %s\n", view->workers[i].entry.name, text);
    }
}

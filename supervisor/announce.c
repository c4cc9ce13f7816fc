#include "supervisor/announce.h"

#include <inttypes.h>

#include "common/clock.h"
#include "common/signal_name.h"
#include "common/text.h"
#include "supervisor/journal.h"
#include "supervisor/log/line.h"
#include "supervisor/log/offsets_text.h"
#include "supervisor/log/report.h"
#include "supervisor/process/segment.h"

enum { TEXT_BYTES = 8192 }; /* of what is said at once */

/* --- deaths -------------------------------------------------------------------------------------------- */

static size_t append_cause(const struct worker *worker, char *line, size_t used,
                           const struct process_end *end)
{
    char name[SIGNAL_NAME_BYTES];
    if (end->signal != 0)
        used = text_append(line, TEXT_BYTES, used, "was killed by %s%s", signal_name(end->signal, name),
                           end->core_dumped ? " (core dumped)" : "");
    else if (end->exit_status == 0)
        used = text_append(line, TEXT_BYTES, used, "ended");
    else
        used = text_append(line, TEXT_BYTES, used, "exited with %d (%s)", end->exit_status,
                           exit_code_find(end->exit_status)->meaning);
    const struct directory_death *death = &worker->last_death;
    if (death->phase != STATS_UNKNOWN && end->exit_status != 0)
        used = text_append(line, TEXT_BYTES, used, " while %s",
                           stats_phase_name((enum stats_phase)death->phase));
    if (death->heartbeat_age_us != STATS_UNKNOWN && end->signal != 0)
        used = text_append(line, TEXT_BYTES, used, ", %.1f s after its last heartbeat",
                           (double)death->heartbeat_age_us / 1e6);
    return used;
}

static size_t append_verdict(char *line, size_t used, enum restart_verdict verdict, int64_t delay_us)
{
    switch (verdict) {
    case RESTART_NOW:
        return text_append(line, TEXT_BYTES, used, "; restarting at once");
    case RESTART_LATER:
        return text_append(line, TEXT_BYTES, used, "; restarting in %.1f s", (double)delay_us / 1e6);
    default:
        return used;
    }
}

void announce_death(struct worker *worker, const struct process_end *end, enum restart_verdict verdict,
                    int64_t delay_us)
{
    char line[TEXT_BYTES];
    size_t used = text_append(line, TEXT_BYTES, 0, "%s (pid %" PRId64 ", generation %" PRIu64 ") ",
                              worker->name, worker->last_death.pid, worker->generation);
    size_t cause = used;
    used = append_cause(worker, line, used, end);
    if (end->exit_status != 0)
        journal_death(worker, line + cause);
    if (worker->kind == KIND_CONSUMER && worker->stats != NULL && end->exit_status != 0) {
        char offsets[1024];
        offsets_text(worker->stats, "committed", offsets, sizeof offsets);
        used = text_append(line, TEXT_BYTES, used, "; committed %s", offsets);
        offsets_text(worker->stats, "position", offsets, sizeof offsets);
        used = text_append(line, TEXT_BYTES, used, ", processed up to %s", offsets);
    }
    append_verdict(line, used, verdict, delay_us);
    report_line(worker->supervisor, "%s", line);
    journal_restart(worker, verdict, delay_us);
}

void announce_spawn_failed(struct worker *worker, enum restart_verdict verdict, int64_t delay_us)
{
    char line[TEXT_BYTES];
    size_t used = text_append(line, TEXT_BYTES, 0, "%s: %s", worker->name, worker->reason);
    append_verdict(line, used, verdict, delay_us);
    report_line(worker->supervisor, "%s", line);
    journal_tell(worker, EVENT_KIND_NOT_STARTED, "%s", worker->reason);
    journal_restart(worker, verdict, delay_us);
}

/* --- resuming ------------------------------------------------------------------------------------------ */

static void tell_partitions(struct worker *worker)
{
    struct resumption one;
    for (size_t i = 0; i < stats_snapshot_partitions(worker->stats); i++)
        if (offsets_resumed_at(worker->stats, &worker->progress, i, &one))
            report_line(worker->supervisor,
                        "  %s [%" PRId32 "] resumed at %" PRId64 " (committed %" PRId64
                        "), redelivering at most %" PRId64,
                        one.topic, one.partition, one.resumed, one.committed, one.redelivered);
}

static size_t append_partitions(const struct worker *worker, char *line, size_t used, size_t partitions)
{
    uint64_t untracked = stats_snapshot_untracked(worker->stats);
    if (untracked > 0)
        return text_append(line, TEXT_BYTES, used, "; sums over %zu of %" PRIu64 " partitions", partitions,
                           partitions + untracked);
    if (partitions > 1)
        return text_append(line, TEXT_BYTES, used, "; sums over %zu partitions", partitions);
    return used;
}

void announce_resume(struct worker *worker)
{
    struct resumption sum;
    worker->resume_told = worker->generation == 1; /* a first start resumes nothing */
    if (worker->resume_told || !segment_refresh_whole(worker) ||
        !offsets_resumed(worker->stats, &worker->progress, &sum))
        return;
    worker->resume_told = true;
    char line[TEXT_BYTES];
    size_t used =
        text_append(line, TEXT_BYTES, 0,
                    "%s resumed at %" PRId64 " (committed %" PRId64 "), redelivering at most %" PRId64,
                    worker->name, sum.resumed, sum.committed, sum.redelivered);
    used = append_partitions(worker, line, used, sum.partitions);
    size_t end = used;
    line[end] = '\0';
    if (worker->died_us != 0)
        text_append(line, TEXT_BYTES, used, "; %.0f ms after the %s",
                    (double)(clock_monotonic_us() - worker->died_us) / 1e3,
                    worker->last_death.exit_status == 0 ? "end" : "death");
    report_line(worker->supervisor, "%s", line);
    journal_resume(worker, &sum, line[end] != '\0' ? line + end + strlen("; ") : "");
    if (worker->settings->verbose && sum.partitions > 1)
        tell_partitions(worker);
}

/* --- the whole fleet ----------------------------------------------------------------------------------- */

void announce_ready(struct supervisor *supervisor)
{
    char line[TEXT_BYTES];
    size_t used = text_append(line, TEXT_BYTES, 0, "ready:");
    const char *separator = " ";
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        if (worker->kind != KIND_CONSUMER)
            continue;
        int64_t count = segment_refresh(worker) ? stats_snapshot_status(worker->stats, "assigned_partitions")
                                                : STATS_UNKNOWN;
        used = text_append(line, TEXT_BYTES, used, "%s%s", separator, worker->name);
        if (worker->state == WORKER_READY_IDLE)
            used = text_append(line, TEXT_BYTES, used, " (" WORKER_IDLE_TEXT ")");
        else if (count != STATS_UNKNOWN)
            used = text_append(line, TEXT_BYTES, used, " (%" PRId64 " partition%s)", count,
                               count == 1 ? "" : "s");
        separator = ", ";
        segment_cool(supervisor);
    }
    report_line(supervisor, "%s", line);
}

struct column {
    const char *title;
    const char *counter;
};

static const struct column consumer_columns[] = {
    {"received", "received"},
    {"processed", "processed"},
    {"failed", "failed"},
    {"commits", "commits"},
};

/* The counters are of all generations, the offsets of the last one, which may have none. */
static void committed_text(const struct worker *worker, char *text, size_t bytes)
{
    static const char nothing[] = "nothing";
    offsets_text(worker->stats, "committed", text, bytes);
    if (strcmp(text, nothing) == 0 && stats_snapshot_counter(worker->stats, "commits") > 0)
        snprintf(text, bytes, "not known");
}

static void summary_consumer(struct worker *worker)
{
    char line[TEXT_BYTES];
    char offsets[1024];
    size_t used = text_append(line, TEXT_BYTES, 0, "%-16s %8" PRIu64, worker->name, worker->restarts);
    for (size_t i = 0; i < sizeof consumer_columns / sizeof consumer_columns[0]; i++)
        used = text_append(line, TEXT_BYTES, used, " %10" PRId64,
                           stats_snapshot_counter(worker->stats, consumer_columns[i].counter));
    committed_text(worker, offsets, sizeof offsets);
    text_append(line, TEXT_BYTES, used, "  %s", offsets);
    report_line(worker->supervisor, "%s", line);
}

static void summary_producer(struct worker *worker)
{
    report_line(worker->supervisor,
                "%-16s %8" PRIu64 " produced %" PRId64 ", acknowledged %" PRId64 ", failed %" PRId64,
                worker->name, worker->restarts, stats_snapshot_counter(worker->stats, "produced"),
                stats_snapshot_counter(worker->stats, "acknowledged"),
                stats_snapshot_counter(worker->stats, "failed"));
}

/* A worker that was never started has nothing to show. */
static void summary_worker(struct worker *worker)
{
    bool shown = worker->kind == KIND_CONSUMER || worker->kind == KIND_PRODUCER;
    bool known = segment_refresh(worker);
    if (shown && !known && worker->generation > 0)
        report_line(worker->supervisor, "%-16s %8" PRIu64 " no statistics", worker->name, worker->restarts);
    else if (known && worker->kind == KIND_CONSUMER)
        summary_consumer(worker);
    else if (known && worker->kind == KIND_PRODUCER)
        summary_producer(worker);
}

void announce_summary(struct supervisor *supervisor)
{
    char line[TEXT_BYTES];
    size_t used = text_append(line, TEXT_BYTES, 0, "%-16s %8s", "worker", "restarts");
    for (size_t i = 0; i < sizeof consumer_columns / sizeof consumer_columns[0]; i++)
        used = text_append(line, TEXT_BYTES, used, " %10s", consumer_columns[i].title);
    text_append(line, TEXT_BYTES, used, "  committed");
    report_line(supervisor, "%s", line);
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        summary_worker(worker);
        segment_cool(supervisor);
    }
}

#include "supervisor/report.h"

#include <inttypes.h>
#include <stdarg.h>

#include "common/clock.h"
#include "common/record/text.h"
#include "supervisor/offsets_text.h"
#include "supervisor/segment.h"

enum { LINE_BYTES = 16 * 1024 };

/* A client keeps its colour for as long as the instance runs: a circle for every terminal and log file, and
 * an SGR colour for those that have it. */
struct colour {
    const char *circle;
    const char *sgr;
};

static const struct colour colours[] = {
    {"🟣", "35"},       {"🔵", "34"}, {"🟢", "32"},       {"🟡", "33"},
    {"🟠", "38;5;208"}, {"🔴", "31"}, {"🟤", "38;5;130"}, {"⚪", "37"},
};

#define SGR_SUPERVISOR "1"
#define SGR_QUIET      "2"

/* --- lines
 * --------------------------------------------------------------------------------------------------- */

static size_t append(char *line, size_t used, const char *format, ...) __attribute__((format(printf, 3, 4)));
static size_t append(char *line, size_t used, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line + used, LINE_BYTES - used, format, arguments);
    va_end(arguments);
    size_t end = used + (n > 0 ? (size_t)n : 0);
    return end < LINE_BYTES ? end : LINE_BYTES - 1;
}

void report_line(struct supervisor *supervisor, const char *format, ...)
{
    char text[LINE_BYTES / 2];
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    bool coloured = supervisor->colours;
    size_t used = append(line, 0, "%s[ksupervise]%s ", coloured ? "\033[" SGR_SUPERVISOR "m" : "",
                         coloured ? "\033[0m" : "");
    text_escape(line, sizeof line, &used, text, strlen(text));
    printer_line(supervisor->printer, line, used);
}

static size_t prefix(const struct worker *worker, char *line)
{
    const struct colour *colour = &colours[worker->colour % (sizeof colours / sizeof colours[0])];
    char upper[WORKER_NAME_BYTES];
    if (worker->kind != KIND_CONSUMER) {
        const char *name = worker->kind == KIND_PRODUCER ? "producer" : worker->name;
        return append(line, 0, worker->supervisor->colours ? "\033[" SGR_QUIET "m[%s]\033[0m " : "[%s] ",
                      name);
    }
    name_upper(upper, sizeof upper, worker->name);
    if (worker->supervisor->colours)
        return append(line, 0, "\033[%sm[client %s %s]\033[0m ", colour->sgr, colour->circle, upper);
    return append(line, 0, "[client %s %s] ", colour->circle, upper);
}

void report_worker_line(struct worker *worker, const char *text, size_t length)
{
    char line[LINE_BYTES];
    size_t used = prefix(worker, line);
    size_t begin = used;
    text_escape(line, sizeof line, &used, text, length);
    tail_add(&worker->tail, clock_wall_us(), worker->generation, line + begin, used - begin);
    printer_line(worker->supervisor->printer, line, used);
}

/* --- deaths
 * -------------------------------------------------------------------------------------------------- */

static size_t append_cause(const struct worker *worker, char *line, size_t used,
                           const struct process_end *end)
{
    if (end->signal != 0)
        used = append(line, used, "was killed by SIG%s%s", sigabbrev_np(end->signal),
                      end->core_dumped ? " (core dumped)" : "");
    else if (end->exit_status == 0)
        used = append(line, used, "ended");
    else
        used = append(line, used, "exited with %d (%s)", end->exit_status,
                      exit_code_find(end->exit_status)->meaning);
    const struct directory_death *death = &worker->last_death;
    if (death->phase != STATS_UNKNOWN && end->exit_status != 0)
        used = append(line, used, " while %s", stats_phase_name((enum stats_phase)death->phase));
    if (death->heartbeat_age_us != STATS_UNKNOWN && end->signal != 0)
        used = append(line, used, ", %.1f s after its last heartbeat", (double)death->heartbeat_age_us / 1e6);
    return used;
}

static size_t append_verdict(char *line, size_t used, enum restart_verdict verdict, int64_t delay_us)
{
    switch (verdict) {
    case RESTART_NOW:
        return append(line, used, "; restarting at once");
    case RESTART_LATER:
        return append(line, used, "; restarting in %.1f s", (double)delay_us / 1e6);
    default:
        return used;
    }
}

void report_death(struct worker *worker, const struct process_end *end, enum restart_verdict verdict,
                  int64_t delay_us)
{
    char line[LINE_BYTES];
    size_t used = append(line, 0, "%s (pid %" PRId64 ", generation %" PRIu64 ") ", worker->name,
                         worker->last_death.pid, worker->generation);
    used = append_cause(worker, line, used, end);
    if (worker->kind == KIND_CONSUMER && worker->stats != NULL && end->exit_status != 0) {
        char offsets[1024];
        offsets_text(worker->stats, "committed", offsets, sizeof offsets);
        used = append(line, used, "; committed %s", offsets);
        offsets_text(worker->stats, "position", offsets, sizeof offsets);
        used = append(line, used, ", processed up to %s", offsets);
    }
    used = append_verdict(line, used, verdict, delay_us);
    report_line(worker->supervisor, "%s", line);
}

/* --- resuming
 * ------------------------------------------------------------------------------------------------ */

static void tell_partitions(struct worker *worker, const struct resumption *sum)
{
    struct resumption one;
    for (size_t i = 0; i < sum->partitions; i++)
        if (offsets_resumed_at(worker->stats, &worker->reached, i, &one))
            report_line(worker->supervisor,
                        "  %s [%" PRId32 "] resumed at %" PRId64 " (committed %" PRId64
                        "), redelivering at most %" PRId64,
                        one.topic, one.partition, one.resumed, one.committed, one.redelivered);
}

void report_resume(struct worker *worker)
{
    struct resumption sum;
    if (!segment_refresh_whole(worker) || !offsets_resumed(worker->stats, &worker->reached, &sum))
        return;
    worker->resume_told = true;
    if (worker->generation == 1)
        return; /* a first start resumes nothing */
    char line[LINE_BYTES];
    size_t used =
        append(line, 0, "%s resumed at %" PRId64 " (committed %" PRId64 "), redelivering at most %" PRId64,
               worker->name, sum.resumed, sum.committed, sum.redelivered);
    if (sum.partitions > 1)
        used = append(line, used, "; sums over %zu partitions", sum.partitions);
    if (worker->died_us != 0)
        append(line, used, "; %.0f ms after the death",
               (double)(clock_monotonic_us() - worker->died_us) / 1e3);
    report_line(worker->supervisor, "%s", line);
    if (worker->settings->verbose && sum.partitions > 1)
        tell_partitions(worker, &sum);
}

/* --- the whole fleet
 * ----------------------------------------------------------------------------------------- */

void report_ready(struct supervisor *supervisor)
{
    char line[LINE_BYTES];
    size_t used = append(line, 0, "ready:");
    const char *separator = " ";
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        if (worker->kind != KIND_CONSUMER)
            continue;
        int64_t count = segment_refresh(worker) ? stats_snapshot_status(worker->stats, "assigned_partitions")
                                                : STATS_UNKNOWN;
        used = append(line, used, "%s%s", separator, worker->name);
        if (worker->state == WORKER_READY_IDLE)
            used = append(line, used, " (idle: more consumers than partitions)");
        else if (count != STATS_UNKNOWN)
            used = append(line, used, " (%" PRId64 " partition%s)", count, count == 1 ? "" : "s");
        separator = ", ";
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

static void summary_consumer(struct worker *worker)
{
    char line[LINE_BYTES];
    char offsets[1024];
    size_t used = append(line, 0, "%-16s %8" PRIu64, worker->name, worker->restarts);
    for (size_t i = 0; i < sizeof consumer_columns / sizeof consumer_columns[0]; i++)
        used = append(line, used, " %10" PRId64,
                      stats_snapshot_counter(worker->stats, consumer_columns[i].counter));
    offsets_text(worker->stats, "committed", offsets, sizeof offsets);
    append(line, used, "  %s", offsets);
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

void report_summary(struct supervisor *supervisor)
{
    char line[LINE_BYTES];
    size_t used = append(line, 0, "%-16s %8s", "worker", "restarts");
    for (size_t i = 0; i < sizeof consumer_columns / sizeof consumer_columns[0]; i++)
        used = append(line, used, " %10s", consumer_columns[i].title);
    append(line, used, "  committed");
    report_line(supervisor, "%s", line);
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        struct worker *worker = supervisor->workers[i];
        if (!segment_refresh(worker))
            continue;
        if (worker->kind == KIND_CONSUMER)
            summary_consumer(worker);
        else if (worker->kind == KIND_PRODUCER)
            summary_producer(worker);
    }
}

#include "supervisor/journal.h"

#include <stdarg.h>

#include "common/clock.h"
#include "common/secret.h"
#include "supervisor/fleet_slots.h"
#include "supervisor/log/report.h"

/* --- the ring ------------------------------------------------------------------------------------------ */

void journal_open(struct supervisor *supervisor)
{
    struct error error = ERROR_INIT;
    if (events_open(&supervisor->events, supervisor->settings->instance, &error) == -1)
        report_line(supervisor, "no events are kept, and 'kctl events' has nothing to show: %s", error.text);
}

void journal_close(struct supervisor *supervisor, bool unlink_object)
{
    struct event event = journal_of_instance(EVENT_KIND_SUPERVISOR_STOPPED);
    event.count = supervisor->exit_code;
    journal_add(supervisor, &event, "%s", "");
    events_close(supervisor->events, unlink_object);
    supervisor->events = NULL;
}

/* --- events -------------------------------------------------------------------------------------------- */

struct event journal_of_instance(enum event_kind kind)
{
    struct event event;
    event_init(&event, kind);
    event.pid = getpid();
    return event;
}

struct event journal_of(const struct worker *worker, enum event_kind kind)
{
    struct event event;
    event_init(&event, kind);
    if (worker->process.pid != 0)
        event.pid = worker->process.pid;
    if (worker->generation > 0)
        event.generation = (int64_t)worker->generation;
    snprintf(event.worker, sizeof event.worker, "%s", worker->name);
    return event;
}

static void write_event(struct supervisor *supervisor, struct event *event, const char *format,
                        va_list arguments) __attribute__((format(printf, 3, 0)));
static void write_event(struct supervisor *supervisor, struct event *event, const char *format,
                        va_list arguments)
{
    char text[ERROR_TEXT_BYTES];
    const char *cause = supervisor->cause != NULL ? supervisor->cause : "";
    secret_vprint(text, sizeof text, format, arguments);
    /* The text is cut where it does not fit, never the cause behind it. */
    int room = (int)(sizeof event->text - 1 - strlen(cause) - strlen("; "));
    snprintf(event->text, sizeof event->text, "%.*s%s%s", room, text,
             text[0] != '\0' && cause[0] != '\0' ? "; " : "", cause);
    events_add(supervisor->events, event);
}

void journal_add(struct supervisor *supervisor, struct event *event, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (supervisor->events != NULL)
        write_event(supervisor, event, format, arguments);
    va_end(arguments);
}

void journal_tell(struct worker *worker, enum event_kind kind, const char *format, ...)
{
    struct event event = journal_of(worker, kind);
    va_list arguments;
    va_start(arguments, format);
    if (worker->supervisor->events != NULL)
        write_event(worker->supervisor, &event, format, arguments);
    va_end(arguments);
}

void journal_note(struct worker *worker, enum event_kind kind)
{
    journal_tell(worker, kind, "%s", "");
}

void journal_note_instance(struct supervisor *supervisor, enum event_kind kind)
{
    struct event event = journal_of_instance(kind);
    journal_add(supervisor, &event, "%s", "");
}

/* --- outages ------------------------------------------------------------------------------------------- */

static bool any_is_away(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->worker_count; i++)
        if (supervisor->workers[i]->broker_away && supervisor->workers[i]->process.pid != 0)
            return true;
    return false;
}

static void begin_outage(struct worker *worker)
{
    worker->supervisor->broker_away_us = clock_monotonic_us();
    journal_note(worker, EVENT_KIND_BROKER_AWAY);
}

static void end_outage(struct worker *worker)
{
    struct supervisor *supervisor = worker->supervisor;
    struct event event = journal_of(worker, EVENT_KIND_BROKER_BACK);
    event.count = (clock_monotonic_us() - supervisor->broker_away_us) / US_PER_MS;
    supervisor->broker_away_us = 0;
    journal_add(supervisor, &event, "%s", "");
}

void journal_broker(struct worker *worker, bool away)
{
    struct supervisor *supervisor = worker->supervisor;
    worker->broker_away = away;
    if (away && supervisor->broker_away_us == 0)
        begin_outage(worker);
    else if (!away && supervisor->broker_away_us != 0 && !any_is_away(supervisor))
        end_outage(worker);
}

/* --- what has numbers ---------------------------------------------------------------------------------- */

void journal_rate(struct worker *producer)
{
    struct event event = journal_of(producer, EVENT_KIND_RATE);
    event.count = producer->rate.interval_us == 0 ? producer->rate.records : STATS_UNKNOWN;
    if (producer->rate.interval_us != 0)
        journal_add(producer->supervisor, &event, "one every %.3f s",
                    (double)producer->rate.interval_us / 1e6);
    else
        journal_add(producer->supervisor, &event, "%s", event.count == 0 ? "as fast as possible" : "");
}

void journal_scale(struct supervisor *supervisor, const char *client, unsigned count)
{
    struct event event = journal_of_instance(EVENT_KIND_SCALED);
    bool known = false;
    event.pid = STATS_UNKNOWN;
    event.from = 0;
    event.to = count;
    for (size_t i = 0; i < supervisor->worker_count; i++) {
        const struct worker *worker = supervisor->workers[i];
        if (!fleet_is_of(worker, client))
            continue;
        known = true;
        event.from += !worker->retired;
        snprintf(event.worker, sizeof event.worker, "%s", worker->client);
    }
    if (known)
        journal_add(supervisor, &event, "%s", "");
}

void journal_start(struct supervisor *supervisor, int former_pid)
{
    struct event event = journal_of_instance(EVENT_KIND_SUPERVISOR_STARTED);
    event.count = (int64_t)supervisor->worker_count;
    if (former_pid != 0)
        journal_add(supervisor, &event, "took over from pid %d, which died", former_pid);
    else
        journal_add(supervisor, &event, "fresh");
}

void journal_death(struct worker *worker, const char *how)
{
    struct event event = journal_of(worker, EVENT_KIND_DIED);
    event.pid = worker->last_death.pid;
    if (worker->kind == KIND_CONSUMER && worker->stats != NULL)
        offsets_sums(worker->stats, &event.from, &event.to);
    journal_add(worker->supervisor, &event, "%s", how);
}

void journal_stop(struct worker *worker)
{
    struct event event = journal_of(worker, EVENT_KIND_STOPPED);
    event.pid = worker->last_death.pid;
    journal_add(worker->supervisor, &event, "%s", "");
}

void journal_kill(struct worker *worker, int64_t since_us, const char *why)
{
    struct event event = journal_of(worker, EVENT_KIND_KILLED);
    event.count = (clock_monotonic_us() - since_us) / US_PER_MS;
    journal_add(worker->supervisor, &event, "%s", why);
}

void journal_restart(struct worker *worker, enum restart_verdict verdict, int64_t delay_us)
{
    struct event event = journal_of(worker, EVENT_KIND_RESTARTING);
    event.count = verdict == RESTART_LATER ? delay_us / US_PER_MS : 0;
    if (verdict == RESTART_NOW || verdict == RESTART_LATER)
        journal_add(worker->supervisor, &event, "%s", "");
}

void journal_resume(struct worker *worker, const struct resumption *sum, const char *when)
{
    struct event event = journal_of(worker, EVENT_KIND_RESUMED);
    event.from = sum->committed;
    event.to = sum->resumed;
    event.count = sum->redelivered;
    journal_add(worker->supervisor, &event, "%s", when);
}

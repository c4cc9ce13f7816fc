#include "supervisor/evidence.h"

#include <inttypes.h>

#include "common/signal_name.h"
#include "common/stats/kept.h"
#include "common/text.h"
#include "supervisor/journal.h"
#include "supervisor/log/line.h"
#include "supervisor/log/report.h"
#include "supervisor/process/segment.h"
#include "supervisor/supervisor.h"

enum { FLIGHTS_MAX = 1024 };

/* False when the partition has nothing in flight. */
static bool flight_at(const struct stats_snapshot *stats, size_t index, struct poison_flight *flight)
{
    const char *topic = stats_snapshot_partition_topic(stats, index, &flight->partition);
    flight->first = stats_snapshot_partition(stats, index, "inflight_first");
    flight->end = stats_snapshot_partition(stats, index, "inflight_end");
    if (topic == NULL || flight->first < 0 || flight->end <= flight->first)
        return false;
    snprintf(flight->topic, sizeof flight->topic, "%s", topic);
    return true;
}

/* A crash outside of processing (while joining or committing) is no evidence against a record. */
static size_t in_flight(const struct worker *worker, struct poison_flight *flights)
{
    size_t count = 0;
    if (worker->stats == NULL || stats_snapshot_status(worker->stats, "phase") != PHASE_PROCESSING)
        return 0;
    for (size_t i = 0; i < stats_snapshot_partitions(worker->stats) && count < FLIGHTS_MAX; i++)
        if (flight_at(worker->stats, i, &flights[count]))
            count++;
    return count;
}

static bool cause_of(const struct worker *worker, const struct process_end *end, char cause[32])
{
    char name[SIGNAL_NAME_BYTES];
    if (worker->hung)
        snprintf(cause, 32, "a hang");
    else if (poison_is_crash(end->signal) && !worker->signalled)
        snprintf(cause, 32, "%s", signal_name(end->signal, name));
    else
        return false;
    return true;
}

static void tell_candidates(const struct worker *worker, const char *cause,
                            const struct poison_flight *flights, size_t count)
{
    char line[LINE_BYTES];
    int64_t records = 0;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        records += flights[i].end - flights[i].first;
        if (used < sizeof line - 128)
            used = text_append(line, sizeof line, used, "%s [%" PRId32 "] %" PRId64 " to %" PRId64,
                               i > 0 ? "," : "", flights[i].partition, flights[i].first, flights[i].end - 1);
    }
    report_line(worker->supervisor,
                "%s: one of the records in flight may have caused %s: %s%s (at most %" PRId64
                "); the next process takes them one by one",
                worker->name, cause, flights[0].topic, line, records);
    struct event event = journal_of(worker, EVENT_KIND_CANDIDATES);
    event.count = records;
    if (count == 1) {
        event.partition = flights[0].partition;
        event.from = flights[0].first;
        event.to = flights[0].end - 1;
    }
    journal_add(worker->supervisor, &event, "after %s: %s%s", cause, flights[0].topic, line);
}

static void tell_quarantined(const struct worker *worker, const char *cause,
                             const struct poison_flight *flight, const struct poison_range *former)
{
    report_line(worker->supervisor,
                "%s [%" PRId32 "] offset %" PRId64 " killed %s twice (%s in generation %" PRIu64
                ", %s in generation %" PRIu64 "): quarantined, it goes to the dead letters undecoded",
                flight->topic, flight->partition, flight->first, worker->name, former->cause,
                former->generation, cause, worker->generation);
    struct event event = journal_of(worker, EVENT_KIND_QUARANTINED);
    event.partition = flight->partition;
    event.from = flight->first;
    journal_add(worker->supervisor, &event,
                "%s in generation %" PRIu64 " and %s in generation %" PRIu64 ", of %s", former->cause,
                former->generation, cause, worker->generation, flight->topic);
}

/* The embedded broker's records end with it: nothing of them is kept. */
static void keep(struct supervisor *supervisor)
{
    struct error error = ERROR_INIT;
    size_t length;
    if (settings_embedded(supervisor->settings))
        return;
    if (supervisor->poison.count == 0) {
        kept_unlink(supervisor->settings->instance);
        return;
    }
    void *bytes = poison_pack(&supervisor->poison, supervisor->brokers.bootstrap, &length);
    if (bytes != NULL && kept_write(supervisor->settings->instance, bytes, length, &error) == -1)
        report_line(supervisor, "another supervisor will not know of poison candidates: %s", error.text);
    free(bytes);
}

static void tell_known(struct supervisor *supervisor)
{
    size_t quarantined = 0;
    for (size_t i = 0; i < supervisor->poison.count; i++)
        quarantined += supervisor->poison.ranges[i].quarantined;
    size_t candidates = supervisor->poison.count - quarantined;
    if (supervisor->poison.count > 0)
        report_line(supervisor,
                    "inherited from the previous supervisor: %zu range%s of poison candidates and %zu "
                    "quarantined ones",
                    candidates, candidates == 1 ? "" : "s", quarantined);
}

void evidence_take_over(struct supervisor *supervisor)
{
    size_t length;
    void *bytes =
        settings_embedded(supervisor->settings) ? NULL : kept_read(supervisor->settings->instance, &length);
    if (bytes != NULL)
        poison_unpack(&supervisor->poison, supervisor->brokers.bootstrap, bytes, length);
    free(bytes);
    tell_known(supervisor);
}

void evidence_of_death(struct worker *worker, const struct process_end *end)
{
    char cause[32];
    struct poison_range former;
    if (worker->kind != KIND_CONSUMER || !cause_of(worker, end, cause))
        return;
    struct poison_flight *flights = calloc(FLIGHTS_MAX, sizeof *flights);
    if (flights == NULL)
        return;
    segment_refresh_whole(worker);
    size_t count = in_flight(worker, flights);
    enum poison_verdict verdict = poison_judge(&worker->supervisor->poison, worker->group, worker->generation,
                                               cause, flights, count, &former);
    keep(worker->supervisor); /* before it is told: what was told is known */
    switch (verdict) {
    case POISON_CANDIDATES:
        tell_candidates(worker, cause, flights, count);
        break;
    case POISON_QUARANTINED:
        tell_quarantined(worker, cause, &flights[0], &former);
        break;
    case POISON_NOTHING:
        break;
    }
    free(flights);
}

void evidence_cleared(struct worker *worker)
{
    if (!segment_refresh_whole(worker))
        return;
    for (size_t i = 0; i < stats_snapshot_partitions(worker->stats); i++) {
        int32_t partition;
        const char *topic = stats_snapshot_partition_topic(worker->stats, i, &partition);
        if (topic != NULL && stats_snapshot_partition(worker->stats, i, "assigned") == 1)
            poison_clear(&worker->supervisor->poison, worker->group, topic, partition);
    }
    keep(worker->supervisor);
    report_line(worker->supervisor, "%s came through the poison candidates: batches are whole again",
                worker->name);
    journal_note(worker, EVENT_KIND_CLEARED);
}

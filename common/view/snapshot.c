#include "common/view/snapshot.h"

#include "common/clock.h"
#include "common/offset_set.h"
#include "common/stats/events.h"
#include "common/view/json_v2.h"
#include "common/view/why.h"

static void number(struct json_stream *json, const char *name, int64_t value)
{
    if (value == STATS_UNKNOWN)
        json_stream_null(json, name);
    else
        json_stream_number(json, name, value);
}

static const char *or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* --- partitions ---------------------------------------------------------------------------------------- */

/* "0110": character i says whether offset committed + i was acknowledged. */
static void put_ahead(struct json_stream *json, const struct stats_snapshot *stats, size_t slot)
{
    int64_t committed = stats_snapshot_partition(stats, slot, "committed");
    int64_t next = stats_snapshot_partition(stats, slot, "acknowledged_next");
    int64_t map = stats_snapshot_partition(stats, slot, "acknowledged_map");
    char bits[128] = "";
    size_t length = 0, unconfirmed = 0;
    if (map == STATS_UNKNOWN || committed == STATS_UNKNOWN)
        return;
    if (next > committed && next - committed < (int64_t)sizeof bits / 2)
        unconfirmed = (size_t)(next - committed); /* acknowledged, and not committed yet */
    for (size_t i = 0; i < unconfirmed + OFFSET_SET_MAP_BITS; i++) {
        bool set = i < unconfirmed || ((map >> (i - unconfirmed)) & 1);
        bits[i] = set ? '1' : '0';
        length = set ? i + 1 : length;
    }
    bits[length] = '\0';
    json_stream_text(json, "ahead", bits);
}

static void put_consumer_partition(struct json_stream *json, const struct stats_snapshot *stats,
                                   const struct view_partition *partition)
{
    static const char *const offsets[] = {"position", "committed", "low", "unacknowledged",
                                          "acknowledged_ahead"};
    json_stream_boolean(json, "assigned", partition->assigned);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        number(json, offsets[i], stats_snapshot_partition(stats, partition->slot, offsets[i]));
    number(json, "high", partition->behind.high);
    number(json, "lag", partition->lag);
    json_stream_boolean(json, "lag_at_least", partition->behind.lag_at_least);
    number(json, "behind_us", partition->behind.us);
    json_stream_boolean(json, "behind_at_least", partition->behind.us_at_least);
    put_ahead(json, stats, partition->slot);
}

static void put_partitions(struct json_stream *json, const struct view *view,
                           const struct view_worker *worker)
{
    struct view_partition partition;
    json_stream_open(json, "partitions", '[');
    for (size_t i = 0; view_partition(view, worker, i, &partition); i++) {
        json_stream_open(json, NULL, '{');
        json_stream_text(json, "topic", partition.topic);
        json_stream_number(json, "partition", partition.number);
        if (view_is_producer(worker))
            number(json, "acknowledged_offset",
                   stats_snapshot_partition(worker->snapshot, partition.slot, "acknowledged_offset"));
        else
            put_consumer_partition(json, worker->snapshot, &partition);
        json_stream_close(json, '}');
    }
    json_stream_close(json, ']');
}

/* --- workers ------------------------------------------------------------------------------------------- */

static void put_counters(struct json_stream *json, const struct view_worker *worker)
{
    const struct stats_definition *definition;
    json_stream_open(json, "counters", '{');
    for (size_t i = 0;
         worker->snapshot != NULL && (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL;
         i++)
        if (definition->type == STATS_COUNTER)
            number(json, definition->name, stats_snapshot_value(worker->snapshot, i, 0));
    json_stream_close(json, '}');
}

static void put_rate(struct json_stream *json, const struct view_worker *worker, const struct rates *rates)
{
    double now, average;
    if (rates_get(rates, worker->entry.name, view_progress_counter(worker), &now, &average))
        json_stream_real(json, "per_second", now);
    else
        json_stream_null(json, "per_second");
}

static bool lag_at_least(const struct view *view, const struct view_worker *worker)
{
    struct view_partition partition;
    bool at_least = false;
    for (size_t i = 0; view_partition(view, worker, i, &partition); i++)
        at_least |= partition.assigned && partition.behind.lag_at_least;
    return at_least;
}

static void put_behind(struct json_stream *json, const struct view *view, const struct view_worker *worker)
{
    bool at_least;
    int64_t us = view_behind_us(view, worker, &at_least);
    number(json, "lag", view_lag(view, worker));
    json_stream_boolean(json, "lag_at_least", lag_at_least(view, worker));
    number(json, "behind_us", us);
    json_stream_boolean(json, "behind_at_least", at_least);
}

static void put_latency(struct json_stream *json, const struct view_worker *worker)
{
    struct stats_summary summary = {.count = 0, .p50 = STATS_UNKNOWN, .p99 = STATS_UNKNOWN};
    if (worker->snapshot != NULL)
        stats_snapshot_histogram(worker->snapshot, view_is_producer(worker) ? "delivery_us" : "process_us",
                                 &summary);
    number(json, "p50_us", summary.p50);
    number(json, "p99_us", summary.p99);
}

static void put_who(struct json_stream *json, const struct view *view, const struct view_worker *worker)
{
    const struct directory_worker *entry = &worker->entry;
    json_stream_text(json, "name", entry->name);
    json_stream_text(json, "client", or_null(entry->client));
    json_stream_text(json, "kind", view_is_producer(worker) ? "producer" : "consumer");
    json_stream_text(json, "group", or_null(entry->group));
    json_stream_text(json, "state", view_state(view, worker));
    number(json, "state_since_us", view_state_since_us(view, worker));
    json_stream_text(json, "phase", view_phase(worker));
    number(json, "phase_since_us",
           worker->snapshot != NULL ? stats_snapshot_status(worker->snapshot, "phase_since_us")
                                    : STATS_UNKNOWN);
    number(json, "pid", view_alive(worker) ? worker->liveness.pid : STATS_UNKNOWN);
    json_stream_number(json, "generation", (int64_t)worker->generation);
    number(json, "restarts", worker->listed ? entry->restarts : STATS_UNKNOWN);
    json_stream_text(json, "reason", or_null(entry->reason));
    json_stream_boolean(json, "retired", entry->retired);
}

static void put_worker(struct json_stream *json, const struct view *view, const struct view_worker *worker,
                       struct rates *rates)
{
    char reason[WHY_BYTES] = "";
    rates_look(rates, worker, view->now_us);
    why(view, worker, reason);
    json_stream_open(json, NULL, '{');
    put_who(json, view, worker);
    json_stream_text(json, "why", reason);
    put_counters(json, worker);
    put_rate(json, worker, rates);
    if (!view_is_producer(worker))
        put_behind(json, view, worker);
    put_latency(json, worker);
    put_partitions(json, view, worker);
    json_stream_close(json, '}');
}

/* --- the instance -------------------------------------------------------------------------------------- */

static void put_workers(struct json_stream *json, const struct view *view, struct rates *rates)
{
    json_stream_open(json, "workers", '[');
    for (size_t i = 0; i < view->count; i++)
        put_worker(json, view, &view->workers[i], rates);
    json_stream_close(json, ']');
}

static void put_instance(struct json_stream *json, const struct snapshot_spec *spec, const struct view *view)
{
    const char *bootstrap =
        view != NULL && view->directory != NULL ? directory_bootstrap(view->directory) : NULL;
    json_stream_number(json, "time_us", view != NULL ? view->now_us : clock_wall_us());
    json_stream_text(json, "instance", spec->instance);
    json_stream_text(json, "bootstrap", or_null(bootstrap));
    json_stream_boolean(json, "read_only", spec->read_only);
}

void snapshot_write(const struct snapshot_spec *spec, const struct view *view, FILE *stream)
{
    const struct view none = {.count = 0};
    struct json_stream json = {.file = stream};
    json_stream_open(&json, NULL, '{');
    put_instance(&json, spec, view);
    json_v2_supervisor(&json, view != NULL ? view : &none);
    put_workers(&json, view != NULL ? view : &none, spec->rates);
    json_stream_close(&json, '}');
}

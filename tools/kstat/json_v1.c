#include "common/record/text.h"
#include "tools/kstat/show.h"

#define JSON_VERSION 1

/* All setters pass NULL on to jansson, which refuses it: without memory the member is missing and the object
 * stays whole. */
static void set_number(json_t *object, const char *name, int64_t value)
{
    json_object_set_new(object, name, value == STATS_UNKNOWN ? json_null() : json_integer(value));
}

/* There is no process 0: to a script's kill it would be the script's own group. */
static void set_pid(json_t *object, int64_t pid)
{
    set_number(object, "pid", pid > 0 ? pid : STATS_UNKNOWN);
}

/* Foreign text may be no UTF-8, which JSON cannot hold: then it is escaped as for a terminal. */
static void set_text(json_t *object, const char *name, const char *text)
{
    json_t *value = text == NULL ? json_null() : json_string(text);
    if (value == NULL && text != NULL) {
        char escaped[2048] = "";
        size_t used = 0;
        text_escape(escaped, sizeof escaped, &used, text, strlen(text));
        value = json_string(escaped);
    }
    json_object_set_new(object, name, value);
}

static json_t *counters(const struct view_worker *worker)
{
    json_t *object = json_object();
    const struct stats_definition *definition;
    for (size_t i = 0; (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL; i++)
        if (definition->section == STATS_SECTION_COUNTERS)
            set_number(object, definition->name, stats_snapshot_counter(worker->snapshot, definition->name));
    return object;
}

static json_t *rates_of(const struct view_worker *worker, const struct rates *rates)
{
    json_t *object = json_object();
    const struct stats_definition *definition;
    for (size_t i = 0; (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL; i++) {
        double now, average;
        if (definition->section == STATS_SECTION_COUNTERS &&
            rates_get(rates, worker->entry.name, definition->name, &now, &average))
            json_object_set_new(object, definition->name,
                                json_pack("{s:f, s:f}", "now", now, "average", average));
    }
    return object;
}

static json_t *latency(const struct view_worker *worker)
{
    json_t *object = json_object();
    const struct stats_definition *definition;
    for (size_t i = 0; (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL; i++) {
        if (definition->section != STATS_SECTION_HISTOGRAMS)
            continue;
        struct stats_summary summary;
        stats_snapshot_histogram(worker->snapshot, definition->name, &summary);
        json_t *one = json_object();
        json_object_set_new(one, "count", json_integer((json_int_t)summary.count));
        set_number(one, "sum", summary.sum);
        set_number(one, "p50", summary.p50);
        set_number(one, "p90", summary.p90);
        set_number(one, "p99", summary.p99);
        set_number(one, "max", summary.max);
        json_object_set_new(object, definition->name, one);
    }
    return object;
}

static void set_partition_value(json_t *object, const struct view_worker *worker, size_t slot,
                                const struct stats_definition *definition)
{
    int64_t value = stats_snapshot_partition(worker->snapshot, slot, definition->name);
    if (value != STATS_UNKNOWN && strcmp(definition->unit, STATS_UNIT_BOOLEAN) == 0)
        json_object_set_new(object, definition->name, json_boolean(value != 0));
    else
        set_number(object, definition->name, value);
}

static void set_behind(json_t *object, const struct behind *behind)
{
    json_object_set_new(object, "lag_at_least", json_boolean(behind->lag_at_least));
    set_number(object, "behind_us", behind->us);
    json_object_set_new(object, "behind_us_at_least", json_boolean(behind->us_at_least));
    set_number(object, "held_back", behind->held_back);
}

static json_t *partition_of(const struct view_worker *worker, const struct view_partition *partition)
{
    json_t *object = json_object();
    set_text(object, "topic", partition->topic);
    set_number(object, "partition", partition->number);
    const struct stats_definition *definition;
    for (size_t i = 0; (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL; i++)
        if (definition->section == STATS_SECTION_PARTITION)
            set_partition_value(object, worker, partition->slot, definition);
    if (!view_is_producer(worker)) {
        set_number(object, "lag", partition->lag);
        set_number(object, "lag_ms", partition->lag_ms);
        set_behind(object, &partition->behind);
    }
    set_number(object, "updated_us", partition->updated_us);
    return object;
}

static json_t *partitions(const struct view *view, const struct view_worker *worker)
{
    json_t *list = json_array();
    struct view_partition partition;
    for (size_t i = 0; view_partition(view, worker, i, &partition); i++)
        json_array_append_new(list, partition_of(worker, &partition));
    return list;
}

static json_t *last_death(const struct directory_death *death)
{
    json_t *object = json_object();
    set_number(object, "time_us", death->time_us);
    set_number(object, "generation", death->generation);
    set_pid(object, death->pid);
    set_number(object, "exit_status", death->exit_status);
    set_number(object, "signal", death->signal > 0 ? death->signal : STATS_UNKNOWN);
    json_object_set_new(object, "core_dumped", json_boolean(death->core_dumped == 1));
    set_text(object, "phase",
             death->phase == STATS_UNKNOWN ? NULL : stats_phase_name((enum stats_phase)death->phase));
    set_number(object, "heartbeat_age_us", death->heartbeat_age_us);
    set_number(object, "user_us", death->user_us);
    set_number(object, "system_us", death->system_us);
    set_number(object, "max_rss_bytes", death->max_rss_bytes);
    return object;
}

static json_t *ring(const struct view_worker *worker, enum stats_ring which)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    size_t count = stats_snapshot_ring(worker->snapshot, which, entries);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *entry = json_object();
        set_number(entry, "time_us", entries[i].time_us);
        set_number(entry, "number", entries[i].number);
        set_text(entry, "text", entries[i].text);
        json_array_append_new(list, entry);
    }
    return list;
}

static void set_status(json_t *object, const struct view_worker *worker)
{
    const struct stats_definition *definition;
    for (size_t i = 0; (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL; i++) {
        if (definition->section != STATS_SECTION_STATUS)
            continue;
        if (definition->type == STATS_STATE)
            set_text(object, definition->name, stats_snapshot_state(worker->snapshot, definition->name));
        else
            set_number(object, definition->name, stats_snapshot_status(worker->snapshot, definition->name));
    }
}

static void set_snapshot(json_t *object, const struct view *view, const struct view_worker *worker,
                         const struct rates *rates)
{
    set_status(object, worker);
    set_number(object, "created_us", stats_snapshot_created_us(worker->snapshot));
    set_number(object, "heartbeat_us", worker->liveness.heartbeat_us);
    json_object_set_new(object, "torn", json_boolean(stats_snapshot_torn(worker->snapshot)));
    json_object_set_new(object, "counters", counters(worker));
    if (rates != NULL)
        json_object_set_new(object, "rates", rates_of(worker, rates));
    json_object_set_new(object, "latency", latency(worker));
    json_object_set_new(object, "partitions", partitions(view, worker));
    json_object_set_new(object, "rebalances", ring(worker, STATS_RING_REBALANCES));
    json_object_set_new(object, "errors", ring(worker, STATS_RING_ERRORS));
    json_object_set_new(object, "lines", ring(worker, STATS_RING_LINES));
}

static void set_supervision(json_t *object, const struct directory_worker *entry)
{
    set_number(object, "state_since_us", entry->state_since_us);
    set_number(object, "restarts", entry->restarts);
    set_number(object, "next_restart_us", entry->next_restart_us);
    set_text(object, "reason", entry->reason[0] == '\0' ? NULL : entry->reason);
    json_object_set_new(object, "last_death",
                        entry->last_death.time_us == STATS_UNKNOWN ? json_null()
                                                                   : last_death(&entry->last_death));
}

/* A worker without a segment (yet) has the members, empty: readers need not check for them first. */
static void set_nothing(json_t *object)
{
    json_object_set_new(object, "phase", json_null());
    json_object_set_new(object, "phase_since_us", json_null());
    json_object_set_new(object, "counters", json_object());
    json_object_set_new(object, "latency", json_object());
    json_object_set_new(object, "partitions", json_array());
}

static json_t *worker_of(const struct view *view, const struct view_worker *worker, const struct rates *rates)
{
    const struct directory_worker *entry = &worker->entry;
    json_t *object = json_object();
    set_text(object, "name", entry->name);
    set_text(object, "client", entry->client[0] == '\0' ? NULL : entry->client);
    set_text(object, "kind", stats_kind_name((enum stats_kind)entry->kind));
    set_number(object, "generation",
               worker->generation > 0 ? (int64_t)worker->generation : entry->generation);
    set_pid(object, worker->snapshot != NULL ? worker->liveness.pid : entry->pid);
    json_object_set_new(object, "alive", json_boolean(view_alive(worker)));
    json_object_set_new(object, "other_pid_namespace",
                        json_boolean(worker->snapshot != NULL && worker->liveness.elsewhere));
    set_text(object, "state", view_state(view, worker));
    set_text(object, "group", entry->group[0] == '\0' ? NULL : entry->group);
    if (worker->listed)
        set_supervision(object, entry);
    else
        set_number(object, "restarts", STATS_UNKNOWN);
    if (worker->snapshot != NULL)
        set_snapshot(object, view, worker, rates);
    else
        set_nothing(object);
    if (worker->problem[0] != '\0')
        set_text(object, "problem", worker->problem);
    return object;
}

static json_t *states(const struct view *view)
{
    struct view_state_count counts[VIEW_STATES_MAX];
    size_t count = view_states(view, counts);
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, counts[i].name, json_integer((json_int_t)counts[i].count));
    return object;
}

static json_t *supervisor_of(const struct view *view)
{
    if (view->directory == NULL)
        return json_null();
    json_t *object = json_object();
    set_pid(object, directory_pid(view->directory));
    json_object_set_new(object, "alive", json_boolean(view->supervisor_alive));
    json_object_set_new(object, "stopped", json_boolean(view->supervisor_stopped));
    json_object_set_new(object, "other_pid_namespace", json_boolean(view->elsewhere));
    set_number(object, "started_us", directory_started_us(view->directory));
    set_text(object, "birth_id", directory_birth_id(view->directory));
    return object;
}

json_t *json_view(const struct view *view, const struct rates *rates)
{
    json_t *root = json_object(), *workers = json_array();
    bool known = view->directory != NULL && directory_bootstrap(view->directory)[0] != '\0';
    json_object_set_new(root, "version", json_integer(JSON_VERSION));
    set_text(root, "instance", view->instance);
    set_number(root, "time_us", view->now_us);
    set_text(root, "bootstrap", known ? directory_bootstrap(view->directory) : NULL);
    json_object_set_new(root, "supervisor", supervisor_of(view));
    json_object_set_new(root, "states", states(view));
    for (size_t i = 0; i < view->count; i++)
        json_array_append_new(workers, worker_of(view, &view->workers[i], rates));
    json_object_set_new(root, "workers", workers);
    return root;
}

#include "common/view/values.h"

/* --- single values ------------------------------------------------------------------------------------- */

static void lower_bound(const struct values_visitor *visitor, const char *name, int64_t value, bool at_least)
{
    visitor->value(visitor->context, name,
                   (struct stat_value){value == STATS_UNKNOWN ? VALUE_UNKNOWN : VALUE_NUMBER,
                                       {.number = value, .at_least = at_least}});
}

static void number(const struct values_visitor *visitor, const char *name, int64_t value)
{
    lower_bound(visitor, name, value, false);
}

/* There is no process 0, and no signal: to a script's kill 0 would be the script's own group. */
static void positive(const struct values_visitor *visitor, const char *name, int64_t value)
{
    number(visitor, name, value > 0 ? value : STATS_UNKNOWN);
}

static void text(const struct values_visitor *visitor, const char *name, const char *value)
{
    bool known = value != NULL && value[0] != '\0';
    visitor->value(visitor->context, name,
                   (struct stat_value){known ? VALUE_TEXT : VALUE_UNKNOWN, {.text = value}});
}

static void boolean(const struct values_visitor *visitor, const char *name, bool value)
{
    visitor->value(visitor->context, name, (struct stat_value){VALUE_BOOLEAN, {.boolean = value}});
}

static void real(const struct values_visitor *visitor, const char *name, double value)
{
    visitor->value(visitor->context, name, (struct stat_value){VALUE_REAL, {.real = value}});
}

static void open_part(const struct values_visitor *visitor, enum values_part part, const char *name)
{
    visitor->open(visitor->context, part, name, 0);
}

static void close_part(const struct values_visitor *visitor, enum values_part part)
{
    visitor->close(visitor->context, part);
}

/* --- by the segment's own definitions ------------------------------------------------------------------ */

struct walk {
    const struct view *view;
    const struct view_worker *worker;
    const struct rates *rates;
    const struct values_visitor *visitor;
};

typedef void each_definition(const struct walk *walk, const struct stats_definition *definition, size_t index,
                             size_t slot);

static void for_each(const struct walk *walk, enum stats_section section, size_t slot, each_definition *each)
{
    const struct stats_snapshot *snapshot = walk->worker->snapshot;
    const struct stats_definition *definition;
    for (size_t i = 0; snapshot != NULL && (definition = stats_snapshot_definition(snapshot, i)) != NULL; i++)
        if (definition->section == section)
            each(walk, definition, i, slot);
}

static void one_value(const struct walk *walk, const struct stats_definition *definition, size_t index,
                      size_t slot)
{
    const struct stats_snapshot *snapshot = walk->worker->snapshot;
    int64_t value = stats_snapshot_value(snapshot, index, slot);
    if (definition->type == STATS_STATE)
        text(walk->visitor, definition->name, stats_snapshot_state_at(snapshot, index));
    else if (value != STATS_UNKNOWN && strcmp(definition->unit, STATS_UNIT_BOOLEAN) == 0)
        boolean(walk->visitor, definition->name, value != 0);
    else
        number(walk->visitor, definition->name, value);
}

static void one_rate(const struct walk *walk, const struct stats_definition *definition, size_t index,
                     size_t slot)
{
    (void)index;
    (void)slot;
    double now, average;
    if (!rates_get(walk->rates, walk->worker->entry.name, definition->name, &now, &average))
        return;
    open_part(walk->visitor, VALUES_OBJECT, definition->name);
    real(walk->visitor, "now", now);
    real(walk->visitor, "average", average);
    close_part(walk->visitor, VALUES_OBJECT);
}

static void one_histogram(const struct walk *walk, const struct stats_definition *definition, size_t index,
                          size_t slot)
{
    (void)index;
    (void)slot;
    struct stats_summary summary;
    stats_snapshot_histogram(walk->worker->snapshot, definition->name, &summary);
    open_part(walk->visitor, VALUES_OBJECT, definition->name);
    number(walk->visitor, "count", (int64_t)(summary.count & INT64_MAX));
    number(walk->visitor, "sum", summary.sum);
    number(walk->visitor, "p50", summary.p50);
    number(walk->visitor, "p90", summary.p90);
    number(walk->visitor, "p99", summary.p99);
    number(walk->visitor, "p99_9", summary.p99_9);
    number(walk->visitor, "max", summary.max);
    close_part(walk->visitor, VALUES_OBJECT);
}

/* --- parts of a worker --------------------------------------------------------------------------------- */

static void section(const struct walk *walk, enum values_part part, const char *name,
                    enum stats_section which, each_definition *each)
{
    open_part(walk->visitor, part, name);
    for_each(walk, which, 0, each);
    close_part(walk->visitor, part);
}

static void rates_of(const struct walk *walk)
{
    if (walk->rates == NULL)
        text(walk->visitor, "rates", NULL);
    else
        section(walk, VALUES_OBJECT, "rates", STATS_SECTION_COUNTERS, one_rate);
}

static void behind_values(const struct values_visitor *visitor, const struct behind *behind)
{
    lower_bound(visitor, "lag", behind->lag, behind->lag_at_least);
    boolean(visitor, "lag_at_least", behind->lag_at_least);
    lower_bound(visitor, "behind_us", behind->us, behind->us_at_least);
    boolean(visitor, "behind_us_at_least", behind->us_at_least);
    number(visitor, "held_back", behind->held_back);
}

static void partitions_of(const struct walk *walk)
{
    struct view_partition partition;
    open_part(walk->visitor, VALUES_LIST, "partitions");
    for (size_t i = 0; view_partition(walk->view, walk->worker, i, &partition); i++) {
        walk->visitor->open(walk->visitor->context, VALUES_PARTITION, partition.topic, partition.number);
        for_each(walk, STATS_SECTION_PARTITION, partition.slot, one_value);
        if (!view_is_producer(walk->worker)) {
            lower_bound(walk->visitor, "lag_ms", partition.lag_ms, partition.behind.lag_at_least);
            behind_values(walk->visitor, &partition.behind);
        }
        number(walk->visitor, "updated_us", partition.updated_us);
        close_part(walk->visitor, VALUES_PARTITION);
    }
    close_part(walk->visitor, VALUES_LIST);
}

static void ring_of(const struct walk *walk, const char *name, enum stats_ring which)
{
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    size_t count =
        walk->worker->snapshot == NULL ? 0 : stats_snapshot_ring(walk->worker->snapshot, which, entries);
    open_part(walk->visitor, VALUES_LIST, name);
    for (size_t i = 0; i < count; i++) {
        open_part(walk->visitor, VALUES_ENTRY, NULL);
        number(walk->visitor, "time_us", entries[i].time_us);
        number(walk->visitor, "number", entries[i].number);
        text(walk->visitor, "text", entries[i].text);
        close_part(walk->visitor, VALUES_ENTRY);
    }
    close_part(walk->visitor, VALUES_LIST);
}

static void last_death(const struct values_visitor *visitor, const struct directory_death *death)
{
    if (death->time_us == STATS_UNKNOWN) {
        text(visitor, "last_death", NULL);
        return;
    }
    open_part(visitor, VALUES_OBJECT, "last_death");
    number(visitor, "time_us", death->time_us);
    number(visitor, "generation", death->generation);
    positive(visitor, "pid", death->pid);
    number(visitor, "exit_status", death->exit_status);
    positive(visitor, "signal", death->signal);
    boolean(visitor, "core_dumped", death->core_dumped == 1);
    text(visitor, "phase",
         death->phase == STATS_UNKNOWN ? NULL : stats_phase_name((enum stats_phase)death->phase));
    number(visitor, "heartbeat_age_us", death->heartbeat_age_us);
    number(visitor, "user_us", death->user_us);
    number(visitor, "system_us", death->system_us);
    number(visitor, "max_rss_bytes", death->max_rss_bytes);
    close_part(visitor, VALUES_OBJECT);
}

static void who_it_is(const struct values_visitor *visitor, const struct view_worker *worker)
{
    const struct directory_worker *entry = &worker->entry;
    bool has = worker->snapshot != NULL;
    text(visitor, "name", entry->name);
    text(visitor, "client", entry->client);
    text(visitor, "kind", stats_kind_name((enum stats_kind)entry->kind));
    text(visitor, "group", entry->group);
    number(visitor, "generation", has ? (int64_t)worker->generation : entry->generation);
    positive(visitor, "pid", has ? worker->liveness.pid : entry->pid);
    boolean(visitor, "alive", view_alive(worker));
    boolean(visitor, "other_pid_namespace", has && worker->liveness.elsewhere);
}

/* For a worker without a supervisor most of it is unknown. */
static void how_it_is(const struct values_visitor *visitor, const struct view *view,
                      const struct view_worker *worker)
{
    const struct directory_worker *entry = &worker->entry;
    bool has = worker->snapshot != NULL;
    text(visitor, "state", view_state(view, worker));
    number(visitor, "state_since_us", view_state_since_us(view, worker));
    number(visitor, "restarts", worker->listed ? entry->restarts : STATS_UNKNOWN);
    number(visitor, "next_restart_us", worker->listed ? entry->next_restart_us : STATS_UNKNOWN);
    text(visitor, "reason", entry->reason);
    boolean(visitor, "retired", entry->retired == 1);
    text(visitor, "problem", worker->problem);
    number(visitor, "created_us", has ? stats_snapshot_created_us(worker->snapshot) : STATS_UNKNOWN);
    number(visitor, "heartbeat_us", has ? worker->liveness.heartbeat_us : STATS_UNKNOWN);
    boolean(visitor, "torn", has && stats_snapshot_torn(worker->snapshot));
    if (!view_is_producer(worker)) {
        struct behind behind = behind_of_worker(view, worker);
        behind_values(visitor, &behind);
    }
    last_death(visitor, &entry->last_death);
}

void values_of_worker(const struct view *view, const struct view_worker *worker, const struct rates *rates,
                      const struct values_visitor *visitor)
{
    const struct walk walk = {view, worker, rates, visitor};
    open_part(visitor, VALUES_WORKER, worker->entry.name);
    who_it_is(visitor, worker);
    how_it_is(visitor, view, worker);
    section(&walk, VALUES_GROUP, "status", STATS_SECTION_STATUS, one_value);
    section(&walk, VALUES_GROUP, "counters", STATS_SECTION_COUNTERS, one_value);
    rates_of(&walk);
    section(&walk, VALUES_OBJECT, "latency", STATS_SECTION_HISTOGRAMS, one_histogram);
    partitions_of(&walk);
    ring_of(&walk, "rebalances", STATS_RING_REBALANCES);
    ring_of(&walk, "errors", STATS_RING_ERRORS);
    ring_of(&walk, "lines", STATS_RING_LINES);
    close_part(visitor, VALUES_WORKER);
}

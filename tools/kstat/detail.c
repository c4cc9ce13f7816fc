#include <inttypes.h>
#include <signal.h>

#include "common/clock.h"
#include "common/view/format.h"
#include "tools/kstat/show.h"

static void show_who(const struct view *view, const struct view_worker *worker, const struct screen *screen,
                     FILE *stream)
{
    const struct directory_worker *entry = &worker->entry;
    const char *state = view_state(view, worker);
    styled(stream, screen, CELL_TITLE, "%s", format_foreign(entry->name).text);
    fprintf(stream, " · %s", stats_kind_name((enum stats_kind)entry->kind));
    if (entry->group[0] != '\0')
        fprintf(stream, " · client %s, group %s", format_foreign(entry->client).text,
                format_foreign(entry->group).text);
    fputs(" · ", stream);
    styled(stream, screen, style_of_state(state), "%s", state);
    if (worker->listed && view->supervisor_alive)
        fprintf(stream, " for %s", format_age(view->now_us, view_state_since_us(view, worker)).text);
    if (worker->listed && entry->restarts > 0)
        fprintf(stream, " · %" PRId64 " restart%s", entry->restarts, entry->restarts == 1 ? "" : "s");
    if (entry->next_restart_us != STATS_UNKNOWN && entry->next_restart_us > view->now_us)
        fprintf(stream, " · next restart in %s", format_span(entry->next_restart_us - view->now_us).text);
    fputc('\n', stream);
    if (worker->problem[0] != '\0')
        styled_line(stream, screen, CELL_BAD, "%s", format_foreign(worker->problem).text);
    if (worker->listed && entry->reason[0] != '\0')
        styled_line(stream, screen, CELL_WARNING, "%s", format_foreign(entry->reason).text);
}

static void show_life(const struct view *view, const struct view_worker *worker, const struct screen *screen,
                      FILE *stream)
{
    if (worker->snapshot == NULL) {
        fputs("no generation of it has left a segment\n", stream);
        return;
    }
    const char *phase = view_phase(worker);
    int64_t until_us = view_alive(worker) ? view->now_us : view_died_us(worker); /* a dead one has no age */
    fprintf(stream, "generation %" PRIu64 ", created %s ago · ", worker->generation,
            format_age(view->now_us, stats_snapshot_created_us(worker->snapshot)).text);
    if (view_alive(worker))
        fprintf(stream, "pid %d alive%s, heartbeat %s ago", (int)worker->liveness.pid,
                worker->liveness.elsewhere ? " (in another pid namespace)" : "",
                format_age(view->now_us, worker->liveness.heartbeat_us).text);
    else if (worker->liveness.pid == 0)
        fputs("no process has opened it yet", stream);
    else
        styled(stream, screen, CELL_BAD, "DEAD (pid was %d): this is how it was %s ago",
               (int)worker->liveness.pid, format_age(view->now_us, view_died_us(worker)).text);
    fprintf(stream, " · %s for %s\n", phase == NULL ? "phase unknown" : phase,
            format_age(until_us, stats_snapshot_status(worker->snapshot, "phase_since_us")).text);
    if (stats_snapshot_torn(worker->snapshot))
        fputs("it was writing too fast to be read whole: some values are unknown\n", stream);
}

static const struct table_column value_columns[] = {
    {"VALUE", false, false, 0},    {"", true, false, 0},      {"NOW/S", true, false, 2},
    {"AVERAGE/S", true, false, 3}, {"UNIT", false, false, 4}, {"MEANING", false, true, 5},
};
#define VALUE_COLUMNS (sizeof value_columns / sizeof value_columns[0])

static void add_value(struct table *table, const struct view *view, const struct view_worker *worker,
                      const struct stats_definition *definition, const struct rates *rates)
{
    bool counter = definition->section == STATS_SECTION_COUNTERS;
    int64_t value = counter ? stats_snapshot_counter(worker->snapshot, definition->name)
                            : stats_snapshot_status(worker->snapshot, definition->name);
    const char *state =
        definition->type == STATS_STATE ? stats_snapshot_state(worker->snapshot, definition->name) : NULL;
    double now, average;
    bool known = counter && rates_get(rates, worker->entry.name, definition->name, &now, &average);
    table_add(table, CELL_PLAIN, "%s", definition->name);
    if (definition->type == STATS_TIME && value != STATS_UNKNOWN)
        table_add(table, CELL_PLAIN, "%s ago", format_age(view->now_us, value).text);
    else
        table_add(table, CELL_PLAIN, "%s", state != NULL ? state : format_number(value).text);
    table_add(table, CELL_PLAIN, "%s", known ? format_rate(now).text : "");
    table_add(table, CELL_PLAIN, "%s", known ? format_rate(average).text : "");
    table_add(table, CELL_FAINT, "%s", counter || definition->type == STATS_GAUGE ? definition->unit : "");
    table_add(table, CELL_FAINT, "%s", definition->help);
}

static void show_values(const struct view *view, const struct view_worker *worker, const struct rates *rates,
                        const struct screen *screen, FILE *stream)
{
    struct table table;
    const struct stats_definition *definition;
    table_init(&table, value_columns, VALUE_COLUMNS);
    for (size_t i = 0; (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL; i++)
        if (definition->section == STATS_SECTION_COUNTERS || definition->section == STATS_SECTION_STATUS)
            add_value(&table, view, worker, definition, rates);
    fputc('\n', stream);
    table_print(&table, screen, stream);
    table_release(&table);
}

static const struct table_column latency_columns[] = {
    {"LATENCY", false, false, 0}, {"COUNT", true, false, 0}, {"MEAN", true, false, 3},
    {"P50", true, false, 0},      {"P90", true, false, 1},   {"P99", true, false, 0},
    {"P99.9", true, false, 2},    {"MAX", true, false, 0},   {"MEANING", false, true, 5},
};
#define LATENCY_COLUMNS (sizeof latency_columns / sizeof latency_columns[0])

static void add_latency(struct table *table, const struct view_worker *worker,
                        const struct stats_definition *definition)
{
    struct stats_summary summary;
    stats_snapshot_histogram(worker->snapshot, definition->name, &summary);
    int64_t mean = summary.count > 0 ? (int64_t)((uint64_t)summary.sum / summary.count) : STATS_UNKNOWN;
    table_add(table, CELL_PLAIN, "%s", definition->name);
    table_add(table, CELL_PLAIN, "%" PRIu64, summary.count);
    const int64_t spans[] = {mean, summary.p50, summary.p90, summary.p99, summary.p99_9, summary.max};
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
        table_add(table, CELL_PLAIN, "%s", format_span(spans[i]).text);
    table_add(table, CELL_FAINT, "%s", definition->help);
}

static void show_latencies(const struct view_worker *worker, const struct screen *screen, FILE *stream)
{
    struct table table;
    const struct stats_definition *definition;
    table_init(&table, latency_columns, LATENCY_COLUMNS);
    for (size_t i = 0; (definition = stats_snapshot_definition(worker->snapshot, i)) != NULL; i++)
        if (definition->section == STATS_SECTION_HISTOGRAMS)
            add_latency(&table, worker, definition);
    fputc('\n', stream);
    table_print(&table, screen, stream);
    table_release(&table);
}

static void show_ring(const struct view *view, const struct view_worker *worker, enum stats_ring ring,
                      const char *title, const struct screen *screen, FILE *stream)
{
    const struct table_column columns[] = {{title, false, false, 0},
                                           {"AGO", true, false, 1},
                                           {"NUMBER", true, false, 2},
                                           {"WHAT", false, true, 0}};
    struct stats_ring_entry entries[STATS_RING_ENTRIES];
    size_t count = stats_snapshot_ring(worker->snapshot, ring, entries);
    struct table table;
    table_init(&table, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < count; i++) {
        char when[CLOCK_ISO8601_BYTES];
        table_add(&table, CELL_PLAIN, "%s", clock_format_iso8601(when, entries[i].time_us));
        table_add(&table, CELL_PLAIN, "%s", format_age(view->now_us, entries[i].time_us).text);
        table_add(&table, CELL_PLAIN, "%s", format_number(entries[i].number).text);
        table_add(&table, CELL_PLAIN, "%s", entries[i].text);
    }
    if (count > 0)
        fputc('\n', stream);
    table_print(&table, screen, stream);
    table_release(&table);
}

static void show_death(const struct view *view, const struct view_worker *worker, FILE *stream)
{
    const struct directory_death *death = &worker->entry.last_death;
    if (!worker->listed || death->time_us == STATS_UNKNOWN)
        return;
    fprintf(stream, "\nlast death: generation %" PRId64 ", pid %" PRId64 ", %s ago, ", death->generation,
            death->pid, format_age(view->now_us, death->time_us).text);
    const char *signal_text =
        death->signal > 0 && death->signal < NSIG ? sigdescr_np((int)death->signal) : NULL;
    if (death->signal > 0)
        fprintf(stream, "by signal %" PRId64 " (%s)%s", death->signal,
                signal_text == NULL ? "?" : signal_text, death->core_dumped == 1 ? ", core dumped" : "");
    else
        fprintf(stream, "exit status %s", format_number(death->exit_status).text);
    fprintf(stream, ", while %s, heartbeat %s before; CPU %s user, %s system, %s at most\n",
            death->phase == STATS_UNKNOWN ? "?" : stats_phase_name((enum stats_phase)death->phase),
            format_span(death->heartbeat_age_us).text, format_span(death->user_us).text,
            format_span(death->system_us).text, format_bytes(death->max_rss_bytes).text);
}

/* For a consumer with --commit manual. */
static void show_acknowledgements(const struct view_worker *worker, FILE *stream)
{
    for (size_t i = 0; i < stats_snapshot_partitions(worker->snapshot); i++) {
        int32_t number;
        const char *topic = stats_snapshot_partition_topic(worker->snapshot, i, &number);
        int64_t waiting = stats_snapshot_partition(worker->snapshot, i, "unacknowledged");
        if (topic == NULL || waiting == STATS_UNKNOWN)
            continue;
        fprintf(stream, "%s [%" PRId32 "]: %s not acknowledged, %s acknowledged beyond the first of these\n",
                format_foreign(topic).text, number, format_number(waiting).text,
                format_number(stats_snapshot_partition(worker->snapshot, i, "acknowledged_ahead")).text);
    }
}

static const struct table_column successor_columns[] = {
    {"PARTITION", false, false, 0}, {"PROCESSED TO", true, false, 0}, {"RESUMED AT", true, false, 0},
    {"COMMITTED", true, false, 0},  {"REDELIVERED", true, false, 0},
};

/* What the dead one may have processed: its position, or the end of the batch that it was at. */
static int64_t processed_to(const struct stats_snapshot *snapshot, size_t slot)
{
    int64_t end = stats_snapshot_partition(snapshot, slot, "inflight_end");
    return end != STATS_UNKNOWN ? end : stats_snapshot_partition(snapshot, slot, "position");
}

static void add_successor(struct table *table, const struct view_worker *worker, size_t slot)
{
    int32_t number;
    int32_t wanted;
    const char *topic = stats_snapshot_partition_topic(worker->successor, slot, &wanted);
    int64_t resumed = stats_snapshot_partition(worker->successor, slot, "resumed");
    int64_t had = STATS_UNKNOWN;
    for (size_t i = 0; i < stats_snapshot_partitions(worker->snapshot); i++) {
        const char *its = stats_snapshot_partition_topic(worker->snapshot, i, &number);
        if (its != NULL && topic != NULL && number == wanted && strcmp(its, topic) == 0)
            had = processed_to(worker->snapshot, i);
    }
    bool known = had != STATS_UNKNOWN && resumed != STATS_UNKNOWN;
    table_add(table, CELL_PLAIN, "%s [%" PRId32 "]", topic ? format_foreign(topic).text : "?", wanted);
    table_add(table, CELL_PLAIN, "%s", format_number(had).text);
    table_add(table, CELL_PLAIN, "%s", format_number(resumed).text);
    table_add(table, CELL_PLAIN, "%s",
              format_number(stats_snapshot_partition(worker->successor, slot, "resumed_committed")).text);
    if (known)
        table_add(table, CELL_PLAIN, "%s%" PRId64, had > resumed ? "at most " : "",
                  had > resumed ? had - resumed : 0);
    else
        table_add(table, CELL_PLAIN, "%s", "");
}

/* What the next generation did with what this one left. */
static void show_successor(const struct view *view, const struct view_worker *worker,
                           const struct screen *screen, FILE *stream)
{
    struct table table;
    table_init(&table, successor_columns, sizeof successor_columns / sizeof successor_columns[0]);
    for (size_t i = 0; i < stats_snapshot_partitions(worker->successor); i++)
        add_successor(&table, worker, i);
    fprintf(stream, "\nthen generation %" PRIu64 ", created %s ago, went on:\n",
            stats_snapshot_identity(worker->successor)->generation,
            format_age(view->now_us, stats_snapshot_created_us(worker->successor)).text);
    table_print(&table, screen, stream);
    table_release(&table);
}

static void show_one(const struct view *view, size_t index, const struct rates *rates,
                     const struct screen *screen, FILE *stream)
{
    const struct view_worker *worker = &view->workers[index];
    fputc('\n', stream);
    show_who(view, worker, screen, stream);
    show_life(view, worker, screen, stream);
    if (worker->snapshot != NULL) {
        show_partitions(view, index, 1, true, screen, stream);
        show_acknowledgements(worker, stream);
        show_latencies(worker, screen, stream);
        show_values(view, worker, rates, screen, stream);
        show_ring(view, worker, STATS_RING_REBALANCES, "REBALANCES", screen, stream);
        show_ring(view, worker, STATS_RING_ERRORS, "ERRORS", screen, stream);
        show_ring(view, worker, STATS_RING_LINES, "LINES", screen, stream);
    }
    show_death(view, worker, stream);
    if (worker->successor != NULL)
        show_successor(view, worker, screen, stream);
}

void show_workers(const struct view *view, const struct rates *rates, const struct screen *screen,
                  FILE *stream)
{
    for (size_t i = 0; i < view->count; i++)
        show_one(view, i, rates, screen, stream);
}

void show_detail(const struct view *view, const struct rates *rates, const struct screen *screen,
                 FILE *stream)
{
    show_heading(view, screen, stream);
    show_workers(view, rates, screen, stream);
}

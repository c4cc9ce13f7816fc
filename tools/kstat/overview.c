#include "common/view/format.h"
#include "tools/kstat/show.h"

enum table_style style_of_state(const char *state)
{
    static const struct {
        const char *state;
        enum table_style style;
    } styles[] = {
        {"ready", CELL_GOOD}, {"ready-idle", CELL_GOOD}, {"running", CELL_GOOD}, {"done", CELL_FAINT},
        {"dead", CELL_BAD},   {"held", CELL_BAD},        {"down", CELL_FAINT},
    };
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++)
        if (strcmp(styles[i].state, state) == 0)
            return styles[i].style;
    return CELL_WARNING;
}

static void show_supervisor(const struct view *view, const struct screen *screen, FILE *stream)
{
    if (view->directory == NULL) {
        fputs(" · workers without a supervisor", stream);
        return;
    }
    int pid = (int)directory_pid(view->directory);
    if (view->supervisor_stopped)
        styled(stream, screen, CELL_BAD,
               " · ksupervise %d is STOPPED (kill -CONT %d): this is what it last said", pid, pid);
    else if (view->supervisor_alive)
        fprintf(stream, " · ksupervise %d%s, up %s", pid,
                view->elsewhere ? " (in another pid namespace)" : "",
                format_age(view->now_us, directory_started_us(view->directory)).text);
    else
        styled(stream, screen, CELL_BAD, " · its supervisor (pid %d) is dead; this is what it left", pid);
    if (directory_bootstrap(view->directory)[0] != '\0')
        fprintf(stream, " · %s", format_foreign(directory_bootstrap(view->directory)).text);
}

void show_heading_of(const struct view *view, const struct view_state_count *states, size_t count,
                     const struct screen *screen, FILE *stream)
{
    styled(stream, screen, CELL_TITLE, "%s", view->instance);
    show_supervisor(view, screen, stream);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? " · " : ", ", stream);
        styled(stream, screen, style_of_state(states[i].name), "%zu %s", states[i].count, states[i].name);
    }
    fputc('\n', stream);
}

void show_heading(const struct view *view, const struct screen *screen, FILE *stream)
{
    struct view_state_count states[VIEW_STATES_MAX];
    size_t count = view_states(view, states);
    show_heading_of(view, states, count, screen, stream);
}

static const struct table_column worker_columns[] = {
    {"WORKER", false, true, 0},  {"STATE", false, false, 0},    {"PHASE", false, false, 5},
    {"GEN", true, false, 7},     {"PID", true, false, 8},       {"RESTARTS", true, false, 6},
    {"RECORDS", true, false, 0}, {"NOW/S", true, false, 1},     {"AVERAGE/S", true, false, 4},
    {"FAILED", true, false, 3},  {"LAG", true, false, 0},       {"BEHIND", true, false, 2},
    {"P99", true, false, 6},     {"HEARTBEAT", true, false, 9},
};
#define WORKER_COLUMNS (sizeof worker_columns / sizeof worker_columns[0])

static void add_rates(struct table *table, const struct rates *rates, const struct view_worker *worker)
{
    double now, average;
    bool known = rates_get(rates, worker->entry.name, view_progress_counter(worker), &now, &average);
    table_add(table, CELL_PLAIN, "%s", known ? format_rate(now).text : rates != NULL ? "?" : "");
    table_add(table, CELL_PLAIN, "%s", known ? format_rate(average).text : rates != NULL ? "?" : "");
}

static void add_lag(struct table *table, const struct view *view, const struct view_worker *worker)
{
    char lag[BEHIND_TEXT_BYTES] = "", behind_by[BEHIND_TEXT_BYTES] = "";
    if (!view_is_producer(worker)) {
        struct behind behind = behind_of_worker(view, worker);
        behind_lag_text(&behind, lag);
        behind_time_text(&behind, behind_by);
    }
    table_add(table, CELL_PLAIN, "%s", lag);
    table_add(table, CELL_PLAIN, "%s", behind_by);
}

static void add_worker(struct table *table, const struct view *view, const struct view_worker *worker,
                       const struct rates *rates)
{
    const char *state = view_state(view, worker), *phase = view_phase(worker);
    int64_t failed = view_counter(worker, "failed");
    int64_t heartbeat = worker->snapshot != NULL ? worker->liveness.heartbeat_us : STATS_UNKNOWN;
    table_add(table, CELL_TITLE, "%s", worker->entry.name);
    table_add(table, style_of_state(state), "%s", state);
    table_add(table, CELL_PLAIN, "%s", phase == NULL ? "?" : phase);
    table_add(
        table, CELL_PLAIN, "%s",
        format_number(worker->generation > 0 ? (int64_t)worker->generation : worker->entry.generation).text);
    table_add(table, CELL_PLAIN, "%s", worker->entry.pid > 0 ? format_number(worker->entry.pid).text : "-");
    table_add(table, worker->entry.restarts > 0 ? CELL_WARNING : CELL_PLAIN, "%s",
              worker->listed ? format_number(worker->entry.restarts).text : "");
    table_add(table, CELL_PLAIN, "%s",
              format_number(view_counter(worker, view_progress_counter(worker))).text);
    add_rates(table, rates, worker);
    table_add(table, failed > 0 ? CELL_BAD : CELL_PLAIN, "%s", format_number(failed).text);
    add_lag(table, view, worker);
    table_add(table, CELL_PLAIN, "%s", format_span(view_p99_us(worker)).text);
    table_add(table, CELL_PLAIN, "%s", format_age(view->now_us, heartbeat).text);
}

/* Below the table: what does not fit into a cell. */
static void show_notes(const struct view *view, const struct screen *screen, FILE *stream)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct view_worker *worker = &view->workers[i];
        if (worker->problem[0] != '\0')
            styled_line(stream, screen, CELL_BAD, "%s", format_foreign(worker->problem).text);
        if (worker->snapshot != NULL && !view_alive(worker) && worker->liveness.pid != 0)
            styled_line(stream, screen, CELL_BAD, "%s is dead: this is how generation %llu was %s ago",
                        format_foreign(worker->entry.name).text, (unsigned long long)worker->generation,
                        format_age(view->now_us, view_died_us(worker)).text);
        if (worker->listed && worker->entry.reason[0] != '\0')
            styled_line(stream, screen, CELL_WARNING, "%s: %s", format_foreign(worker->entry.name).text,
                        format_foreign(worker->entry.reason).text);
        if (worker->snapshot != NULL && stats_snapshot_untracked(worker->snapshot) > 0)
            styled_line(
                stream, screen, CELL_WARNING,
                "%s: %llu partitions have no place in its segment (/dev/shm is full?): no sum is known",
                format_foreign(worker->entry.name).text,
                (unsigned long long)stats_snapshot_untracked(worker->snapshot));
        if (worker->snapshot != NULL && stats_snapshot_torn(worker->snapshot))
            fprintf(stream, "%s was writing too fast to be read whole: some values are unknown\n",
                    format_foreign(worker->entry.name).text);
    }
}

void show_overview(const struct view *view, const struct rates *rates, const struct screen *screen,
                   FILE *stream)
{
    struct table table;
    show_heading(view, screen, stream);
    table_init(&table, worker_columns, WORKER_COLUMNS);
    for (size_t i = 0; i < view->count; i++)
        add_worker(&table, view, &view->workers[i], rates);
    table_print(&table, screen, stream);
    table_release(&table);
    show_notes(view, screen, stream);
    show_partitions(view, 0, view->count, false, screen, stream);
}

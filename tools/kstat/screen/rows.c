#include "tools/kstat/screen/rows.h"

#include <strings.h>

#include "common/clock.h"
#include "common/view/format.h"

/* Alive, behind, and without progress for this long: stuck. */
#define STUCK_US (10 * US_PER_SECOND)

/* --- one worker ---------------------------------------------------------------------------------------- */

static bool is_any(const char *text, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

static bool stands(const struct row *row)
{
    return !row->producer && row->behind.lag > 0 && row->behind.us != STATS_UNKNOWN &&
           row->behind.us > STUCK_US && row->rates_known && row->ten <= 0;
}

static enum severity severity_of(const struct row *row)
{
    static const char *const over[] = {"done", "down", NULL}, *const dead[] = {"dead", "backing off", NULL},
                             *const working[] = {"ready", "running", "ready-idle", NULL};
    if (strcmp(row->state, "held") == 0)
        return SEVERITY_HELD;
    if (is_any(row->state, dead))
        return SEVERITY_DEAD;
    if (is_any(row->state, over))
        return SEVERITY_OVER;
    if (stands(row) || row->note[0] != '\0')
        return SEVERITY_STUCK;
    if (!is_any(row->state, working))
        return SEVERITY_UNDER_WAY;
    return !row->producer && row->behind.lag != 0 ? SEVERITY_BEHIND : SEVERITY_WELL;
}

static void take_rates(struct row *row, struct history *history, int64_t us, bool utf8)
{
    history_look(history, row->name, row->progress, us);
    row->rates_known = history_rate(history, row->name, 0, &row->now) &&
                       history_rate(history, row->name, 10 * US_PER_SECOND, &row->ten) &&
                       history_rate(history, row->name, 60 * US_PER_SECOND, &row->sixty);
    history_spark(history, row->name, utf8, row->spark);
}

static void take(struct row *row, const struct view *view, const struct view_worker *worker,
                 struct history *history, int64_t us, bool utf8)
{
    const struct directory_worker *entry = &worker->entry;
    const char *phase = view_phase(worker);
    int64_t phase_since_us =
        worker->snapshot == NULL ? STATS_UNKNOWN : stats_snapshot_status(worker->snapshot, "phase_since_us");
    snprintf(row->name, sizeof row->name, "%s", entry->name);
    snprintf(row->client, sizeof row->client, "%s", entry->client);
    snprintf(row->group, sizeof row->group, "%s", entry->group);
    snprintf(row->state, sizeof row->state, "%s", view_state(view, worker));
    snprintf(row->phase, sizeof row->phase, "%s", phase == NULL ? "?" : phase);
    snprintf(row->note, sizeof row->note, "%.159s",
             worker->problem[0] != '\0' ? worker->problem : entry->reason);
    row->producer = view_is_producer(worker);
    row->generation = worker->generation > 0 ? (int64_t)worker->generation : entry->generation;
    row->since_us = view_state_since_us(view, worker);
    row->phase_us = phase_since_us;
    row->restarts = worker->listed ? entry->restarts : STATS_UNKNOWN;
    row->failed = view_counter(worker, "failed");
    row->p99_us = view_p99_us(worker);
    row->progress = view_counter(worker, view_progress_counter(worker));
    if (!row->producer)
        row->behind = behind_of_worker(view, worker);
    take_rates(row, history, us, utf8);
    row->severity = severity_of(row);
}

/* --- all of them --------------------------------------------------------------------------------------- */

/* Unknown sorts as worse than any number: it may be anything. */
static int compare_unknown(int64_t a, int64_t b)
{
    bool a_unknown = a == STATS_UNKNOWN, b_unknown = b == STATS_UNKNOWN;
    if (a_unknown || b_unknown)
        return a_unknown - b_unknown;
    return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    int order = (b->severity > a->severity) - (b->severity < a->severity);
    if (order == 0)
        order = compare_unknown(b->behind.us, a->behind.us);
    if (order == 0)
        order = compare_unknown(b->behind.lag, a->behind.lag);
    return order != 0 ? order : strcmp(a->name, b->name);
}

static bool make_room(struct rows *rows, size_t count)
{
    if (count <= rows->capacity)
        return true;
    struct row *items = realloc(rows->items, count * sizeof *items);
    if (items == NULL)
        return false;
    rows->items = items;
    rows->capacity = count;
    return true;
}

static char *heading_of(const struct rows *rows, const struct view *view)
{
    static const struct screen coloured = {.colours = true};
    char *text = NULL;
    size_t bytes;
    FILE *stream = open_memstream(&text, &bytes);
    if (stream == NULL)
        return NULL;
    show_heading_of(view, rows->states, rows->state_count, &coloured, stream);
    return fclose(stream) == 0 ? text : NULL;
}

int rows_take(struct rows *rows, struct view *view, const struct view_request *request,
              struct history *history, int64_t us, bool utf8)
{
    if (!make_room(rows, view->count))
        return -1;
    rows->count = rows->state_count = 0;
    rows->time_us = view->now_us;
    for (size_t i = 0; i < view->count; i++) {
        struct row *row = &rows->items[rows->count++];
        *row = (struct row){.producer = false};
        view_begin_worker(view, i, request);
        take(row, view, &view->workers[i], history, us, utf8);
        rows->state_count = view_count_state(view, &view->workers[i], rows->states, rows->state_count);
        view_end_worker(view, i, request);
    }
    if (rows->count > 0)
        qsort(rows->items, rows->count, sizeof rows->items[0], compare);
    free(rows->heading);
    rows->heading = heading_of(rows, view);
    return 0;
}

void rows_release(struct rows *rows)
{
    free(rows->items);
    free(rows->heading);
    *rows = (struct rows){0};
}

bool row_matches(const struct row *row, const char *filter)
{
    return strcasestr(row->name, filter) != NULL || strcasestr(row->client, filter) != NULL ||
           strcasestr(row->group, filter) != NULL || strcasestr(row->state, filter) != NULL ||
           strcasestr(row->phase, filter) != NULL;
}

/* --- as a table ---------------------------------------------------------------------------------------- */

static const struct table_column columns[] = {
    {"WORKER", false, true, 0}, {"STATE", false, false, 0}, {"FOR", true, false, 7},
    {"PHASE", false, false, 4}, {"FOR", true, false, 8},    {"GEN", true, false, 9},
    {"NOW/S", true, false, 1},  {"10 S", true, false, 5},   {"60 S", true, false, 6},
    {"LAG", true, false, 0},    {"BEHIND", true, false, 0}, {"P99", true, false, 9},
    {"FAILED", true, false, 3}, {"", false, false, 2},      {"NOTE", false, true, 10},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static const enum table_style severity_styles[] = {
    [SEVERITY_OVER] = CELL_FAINT,        [SEVERITY_WELL] = CELL_PLAIN, [SEVERITY_BEHIND] = CELL_PLAIN,
    [SEVERITY_UNDER_WAY] = CELL_WARNING, [SEVERITY_STUCK] = CELL_BAD,  [SEVERITY_DEAD] = CELL_BAD,
    [SEVERITY_HELD] = CELL_BAD};

static void add_rate(struct table *table, const struct row *row, double rate)
{
    table_add(table, CELL_PLAIN, "%s", row->rates_known ? format_rate(rate).text : "?");
}

static void add_lags(struct table *table, const struct row *row)
{
    char lag[BEHIND_TEXT_BYTES] = "", time[BEHIND_TEXT_BYTES] = "";
    if (!row->producer) {
        behind_lag_text(&row->behind, lag);
        behind_time_text(&row->behind, time);
    }
    table_add(table, severity_styles[row->severity], "%s", lag);
    table_add(table, severity_styles[row->severity], "%s", time);
}

static void add(struct table *table, const struct rows *rows, const struct row *row)
{
    table_add(table, CELL_TITLE, "%s", row->name);
    table_add(table, style_of_state(row->state), "%s", row->state);
    table_add(table, CELL_PLAIN, "%s", format_age(rows->time_us, row->since_us).text);
    table_add(table, CELL_PLAIN, "%s", row->phase);
    table_add(table, CELL_PLAIN, "%s", format_age(rows->time_us, row->phase_us).text);
    table_add(table, row->restarts > 0 ? CELL_WARNING : CELL_PLAIN, "%s",
              format_number(row->generation).text);
    add_rate(table, row, row->now);
    add_rate(table, row, row->ten);
    add_rate(table, row, row->sixty);
    add_lags(table, row);
    table_add(table, CELL_PLAIN, "%s", format_span(row->p99_us).text);
    table_add(table, row->failed > 0 ? CELL_BAD : CELL_PLAIN, "%s", format_number(row->failed).text);
    table_add(table, CELL_PLAIN, "%s", row->spark);
    table_add(table, severity_styles[row->severity], "%s", row->note);
}

size_t rows_print(const struct rows *rows, const char *filter, size_t first, size_t count,
                  const struct screen *screen, FILE *stream)
{
    struct table table;
    size_t matching = 0, lines = 0;
    table_init(&table, columns, COLUMNS);
    for (size_t i = 0; i < rows->count && lines < count; i++)
        if (row_matches(&rows->items[i], filter) && matching++ >= first) {
            add(&table, rows, &rows->items[i]);
            lines++;
        }
    table_print(&table, screen, stream);
    table_release(&table);
    return lines > 0 ? lines + 1 : 0;
}

#include "tools/kstat/diff.h"

#include <inttypes.h>

#include "common/view/format.h"
#include "tools/kstat/show.h"

static const struct table_column columns[] = {
    {"WORKER", false, true, 0},  {"STATE", false, false, 0}, {"GENERATION", false, false, 2},
    {"RECORDS", true, false, 0}, {"/S", true, false, 1},     {"FAILED", true, false, 3},
    {"LAG", false, false, 0},    {"WHAT", false, true, 0},
};

struct pair {
    const struct view *before, *after;
    const struct view_worker *from, *to; /* one of them may be NULL */
};

static const struct view_worker *find(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->count; i++)
        if (strcmp(view->workers[i].entry.name, name) == 0)
            return &view->workers[i];
    return NULL;
}

static int64_t moved(int64_t from, int64_t to)
{
    int64_t by;
    if (from == STATS_UNKNOWN || to == STATS_UNKNOWN || __builtin_sub_overflow(to, from, &by))
        return STATS_UNKNOWN;
    return by;
}

static int64_t generation(const struct view_worker *worker)
{
    return worker->generation > 0 ? (int64_t)worker->generation : worker->entry.generation;
}

static bool is_the_same_process(const struct pair *pair)
{
    return generation(pair->from) == generation(pair->to) &&
           (pair->from->snapshot == NULL || pair->to->snapshot == NULL ||
            stats_snapshot_created_us(pair->from->snapshot) == stats_snapshot_created_us(pair->to->snapshot));
}

/* Counters go on from one generation to the next, and begin at 0 in an instance that was started anew. */
static int64_t counted(const struct pair *pair, const char *name)
{
    if (pair->from == NULL || pair->to == NULL)
        return STATS_UNKNOWN;
    bool goes_on = generation(pair->to) > generation(pair->from) || is_the_same_process(pair);
    int64_t by = moved(view_counter(pair->from, name), view_counter(pair->to, name));
    return goes_on && by >= 0 ? by : STATS_UNKNOWN;
}

/* --- one worker ---------------------------------------------------------------------------------------- */

/* The first that is so is what happened. */
static bool came(const struct pair *pair)
{
    return pair->from == NULL;
}

static bool went(const struct pair *pair)
{
    return pair->to == NULL;
}

static bool is_unreadable(const struct pair *pair)
{
    return pair->to->problem[0] != '\0';
}

static bool is_state(const struct pair *pair, enum worker_state state)
{
    return !view_alive(pair->to) && strcmp(view_state(pair->after, pair->to), worker_state_name(state)) == 0;
}

/* By an operator, or scaled away. */
static bool was_stopped(const struct pair *pair)
{
    return is_state(pair, WORKER_DOWN);
}

static bool is_done(const struct pair *pair)
{
    return is_state(pair, WORKER_DONE);
}

static bool died(const struct pair *pair)
{
    return view_alive(pair->from) && !view_alive(pair->to);
}

static bool was_replaced(const struct pair *pair)
{
    return !is_the_same_process(pair);
}

static bool is_dead(const struct pair *pair)
{
    return !view_alive(pair->to);
}

static bool progressed(const struct pair *pair)
{
    return counted(pair, view_progress_counter(pair->to)) > 0;
}

static bool stalled(const struct pair *pair)
{
    return view_lag(pair->after, pair->to) > 0;
}

static bool always(const struct pair *pair)
{
    (void)pair;
    return true;
}

static const struct {
    bool (*so)(const struct pair *pair);
    const char *what;
    enum table_style style;
} verdicts[] = {
    {came, "new", CELL_GOOD},
    {went, "gone", CELL_WARNING},
    {is_unreadable, "cannot be read", CELL_BAD},
    {was_stopped, "stopped", CELL_WARNING},
    {is_done, "done", CELL_GOOD},
    {died, "died", CELL_BAD},
    {is_dead, "dead", CELL_BAD},
    {was_replaced, "started again", CELL_WARNING},
    {progressed, "moved", CELL_GOOD},
    {stalled, "stalled", CELL_BAD},
    {always, "idle", CELL_FAINT},
};

static void add_verdict(struct table *table, const struct pair *pair)
{
    size_t i = 0;
    while (!verdicts[i].so(pair))
        i++;
    const struct directory_worker *entry = &(pair->to != NULL ? pair->to : pair->from)->entry;
    const char *reason = pair->to == NULL ? "" : is_unreadable(pair) ? pair->to->problem : entry->reason;
    table_add(table, verdicts[i].style, "%s%s%s", verdicts[i].what, reason[0] != '\0' ? ": " : "", reason);
}

static void add_change(struct table *table, const char *from, const char *to)
{
    if (from[0] == '\0' || to[0] == '\0' || strcmp(from, to) == 0)
        table_add(table, CELL_PLAIN, "%s", to[0] != '\0' ? to : from);
    else
        table_add(table, CELL_WARNING, "%s → %s", from, to);
}

static void add_generations(struct table *table, const struct pair *pair)
{
    struct formatted from = {""}, to = {""};
    if (pair->from != NULL)
        from = format_number(generation(pair->from));
    if (pair->to != NULL)
        to = format_number(generation(pair->to));
    add_change(table, from.text, to.text);
}

static void add_lags(struct table *table, const struct pair *pair)
{
    bool shown = !view_is_producer(pair->to != NULL ? pair->to : pair->from);
    struct formatted from = {""}, to = {""};
    if (pair->from != NULL && shown)
        from = format_number(view_lag(pair->before, pair->from));
    if (pair->to != NULL && shown)
        to = format_number(view_lag(pair->after, pair->to));
    add_change(table, from.text, to.text);
}

static void add_progress(struct table *table, const struct pair *pair)
{
    const struct view_worker *either = pair->to != NULL ? pair->to : pair->from;
    int64_t records = counted(pair, view_progress_counter(either)), failed = counted(pair, "failed");
    int64_t us = pair->after->now_us - pair->before->now_us;
    bool known = records != STATS_UNKNOWN && us > 0;
    table_add(table, CELL_PLAIN, "%s", format_number(records).text);
    table_add(table, CELL_PLAIN, "%s", known ? format_rate((double)records * 1e6 / (double)us).text : "");
    table_add(table, failed > 0 ? CELL_BAD : CELL_PLAIN, "%s", format_number(failed).text);
}

static void add_worker(struct table *table, const struct pair *pair)
{
    table_add(table, CELL_TITLE, "%s", (pair->to != NULL ? pair->to : pair->from)->entry.name);
    add_change(table, pair->from != NULL ? view_state(pair->before, pair->from) : "",
               pair->to != NULL ? view_state(pair->after, pair->to) : "");
    add_generations(table, pair);
    add_progress(table, pair);
    add_lags(table, pair);
    add_verdict(table, pair);
}

/* --- partitions ---------------------------------------------------------------------------------------- */

static bool find_partition(const struct pair *pair, const struct view_partition *wanted,
                           struct view_partition *found)
{
    for (size_t i = 0; view_partition(pair->before, pair->from, i, found); i++)
        if (found->number == wanted->number && strcmp(found->topic, wanted->topic) == 0)
            return true;
    return false;
}

static void show_stalled(const struct pair *pair, const struct screen *screen, FILE *stream)
{
    struct view_partition after, before;
    if (pair->from == NULL || pair->to == NULL || view_is_producer(pair->to))
        return;
    for (size_t i = 0; view_partition(pair->after, pair->to, i, &after); i++) {
        int64_t committed = stats_snapshot_partition(pair->to->snapshot, after.slot, "committed");
        if (!after.assigned || after.lag <= 0 || !find_partition(pair, &after, &before) ||
            stats_snapshot_partition(pair->from->snapshot, before.slot, "committed") != committed)
            continue;
        styled_line(stream, screen, CELL_BAD, "%s: %s [%" PRId32 "] stands at %s, lag %s → %s",
                    pair->to->entry.name, format_foreign(after.topic).text, after.number,
                    format_number(committed).text, format_number(before.lag).text,
                    format_number(after.lag).text);
    }
}

void show_diff(const struct view *before, const struct view *after, const struct screen *screen, FILE *stream)
{
    struct table table;
    styled(stream, screen, CELL_TITLE, "%s", after->instance);
    fprintf(stream, " · %s between the two\n", format_age(after->now_us, before->now_us).text);
    table_init(&table, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < after->count; i++) {
        const struct view_worker *to = &after->workers[i];
        add_worker(&table, &(struct pair){before, after, find(before, to->entry.name), to});
    }
    for (size_t i = 0; i < before->count; i++)
        if (find(after, before->workers[i].entry.name) == NULL)
            add_worker(&table, &(struct pair){before, after, &before->workers[i], NULL});
    table_print(&table, screen, stream);
    table_release(&table);
    for (size_t i = 0; i < after->count; i++) {
        const struct view_worker *to = &after->workers[i];
        show_stalled(&(struct pair){before, after, find(before, to->entry.name), to}, screen, stream);
    }
}

#include <inttypes.h>

#include "common/view/format.h"
#include "tools/kstat/show.h"

static const struct table_column consumer_columns[] = {
    {"WORKER", false, true, 0},    {"TOPIC", false, true, 0},   {"PARTITION", true, false, 0},
    {"ASSIGNED", false, false, 6}, {"RESUMED", true, false, 7}, {"POSITION", true, false, 3},
    {"COMMITTED", true, false, 1}, {"LOW", true, false, 7},     {"HIGH", true, false, 2},
    {"LAG", true, false, 0},       {"BEHIND", true, false, 4},  {"IN FLIGHT", true, false, 6},
    {"UPDATED", true, false, 5},
};
#define CONSUMER_COLUMNS (sizeof consumer_columns / sizeof consumer_columns[0])

static const struct table_column producer_columns[] = {
    {"WORKER", false, true, 0},       {"TOPIC", false, true, 0},   {"PARTITION", true, false, 0},
    {"ACKNOWLEDGED", true, false, 0}, {"UPDATED", true, false, 1},
};
#define PRODUCER_COLUMNS (sizeof producer_columns / sizeof producer_columns[0])

struct row {
    const struct view *view;
    const struct view_worker *worker;
    struct view_partition partition;
};

static void add_value(struct table *table, const struct row *row, const char *name)
{
    table_add(table, CELL_PLAIN, "%s",
              format_number(stats_snapshot_partition(row->worker->snapshot, row->partition.slot, name)).text);
}

static void add_name(struct table *table, const struct row *row)
{
    table_add(table, CELL_TITLE, "%s", row->worker->entry.name);
    table_add(table, CELL_PLAIN, "%s", row->partition.topic);
    table_add(table, CELL_PLAIN, "%" PRId32, row->partition.number);
}

static void add_in_flight(struct table *table, const struct row *row)
{
    int64_t first = stats_snapshot_partition(row->worker->snapshot, row->partition.slot, "inflight_first");
    int64_t end = stats_snapshot_partition(row->worker->snapshot, row->partition.slot, "inflight_end");
    if (first != STATS_UNKNOWN && end != STATS_UNKNOWN && end > first)
        table_add(table, CELL_PLAIN, "%" PRId64 "…%" PRId64, first, end - 1);
    else
        table_add(table, CELL_PLAIN, "-");
}

static void add_behind(struct table *table, const struct row *row)
{
    const struct behind *behind = &row->partition.behind;
    char text[BEHIND_TEXT_BYTES];
    behind_high_text(row->view, behind, text);
    table_add(table, CELL_PLAIN, "%s", text);
    behind_lag_text(behind, text);
    table_add(table, CELL_PLAIN, "%s", text);
    behind_time_text(behind, text);
    table_add(table, CELL_PLAIN, "%s", text);
}

static void add_consumer_row(struct table *table, const struct row *row, bool detail)
{
    add_name(table, row);
    table_add(table, CELL_PLAIN, "%s", !detail ? "" : row->partition.assigned ? "yes" : "no");
    if (detail)
        add_value(table, row, "resumed");
    else
        table_add(table, CELL_PLAIN, "%s", "");
    add_value(table, row, "position");
    add_value(table, row, "committed");
    if (detail)
        add_value(table, row, "low");
    else
        table_add(table, CELL_PLAIN, "%s", "");
    add_behind(table, row);
    if (detail)
        add_in_flight(table, row);
    else
        table_add(table, CELL_PLAIN, "%s", "");
    table_add(table, CELL_PLAIN, "%s", format_age(row->view->now_us, row->partition.updated_us).text);
}

static void add_producer_row(struct table *table, const struct row *row)
{
    add_name(table, row);
    add_value(table, row, "acknowledged_offset");
    table_add(table, CELL_PLAIN, "%s", format_age(row->view->now_us, row->partition.updated_us).text);
}

static void add_rows(struct table *consumers, struct table *producers, struct row *row, bool detail)
{
    for (size_t i = 0; view_partition(row->view, row->worker, i, &row->partition); i++) {
        if (view_is_producer(row->worker))
            add_producer_row(producers, row);
        else if (detail || row->partition.assigned)
            add_consumer_row(consumers, row, detail);
    }
}

/* Below the table: why a lag cannot be worked off. */
static void show_held_back(const struct row *row, const struct screen *screen, FILE *stream)
{
    const struct view_partition *partition = &row->partition;
    if (partition->assigned && partition->behind.held_back > 0)
        styled_line(stream, screen, CELL_WARNING,
                    "%s: an open transaction holds back %" PRId64 " of %" PRId64
                    " records of lag in %s [%" PRId32 "], from offset %" PRId64 " on",
                    format_foreign(row->worker->entry.name).text, partition->behind.held_back, partition->lag,
                    partition->topic, partition->number,
                    stats_snapshot_partition(row->worker->snapshot, partition->slot, "last_stable"));
}

static void show_all_held_back(const struct view *view, size_t first, size_t count,
                               const struct screen *screen, FILE *stream)
{
    for (size_t i = first; i < first + count; i++) {
        struct row row = {.view = view, .worker = &view->workers[i]};
        for (size_t p = 0; view_partition(view, row.worker, p, &row.partition); p++)
            show_held_back(&row, screen, stream);
    }
}

static void print_after_a_gap(const struct table *table, const struct screen *screen, FILE *stream)
{
    if (!table_empty(table))
        fputc('\n', stream);
    table_print(table, screen, stream);
}

void show_partitions(const struct view *view, size_t first, size_t count, bool detail,
                     const struct screen *screen, FILE *stream)
{
    struct table consumers, producers;
    table_init(&consumers, consumer_columns, CONSUMER_COLUMNS);
    table_init(&producers, producer_columns, PRODUCER_COLUMNS);
    for (size_t i = first; i < first + count; i++) {
        struct row row = {.view = view, .worker = &view->workers[i]};
        add_rows(&consumers, &producers, &row, detail);
    }
    print_after_a_gap(&consumers, screen, stream);
    show_all_held_back(view, first, count, screen, stream);
    print_after_a_gap(&producers, screen, stream);
    table_release(&consumers);
    table_release(&producers);
}

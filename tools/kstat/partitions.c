#include <inttypes.h>

#include "tools/kstat/format.h"
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
    add_value(table, row, "high");
    table_add(table, CELL_PLAIN, "%s", format_number(row->partition.lag).text);
    table_add(
        table, CELL_PLAIN, "%s",
        format_span(row->partition.lag_ms == STATS_UNKNOWN ? STATS_UNKNOWN : row->partition.lag_ms * 1000)
            .text);
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
    print_after_a_gap(&producers, screen, stream);
    table_release(&consumers);
    table_release(&producers);
}

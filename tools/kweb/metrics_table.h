/* metrics_table.h: the values of all workers and their partitions at one moment, a row each, so that what
 * stands together in an answer (a family over all workers) can be written from segments that were read one
 * after the other. The view is not needed any more. 900 bytes a worker and 300 a partition, with its labels.
 */
#ifndef KSUPERVISE_TOOLS_KWEB_METRICS_TABLE_H
#define KSUPERVISE_TOOLS_KWEB_METRICS_TABLE_H

#include "tools/kweb/metrics_families.h"

/* A text in metrics_table.text. */
struct metrics_text {
    size_t at, length;
};

struct metrics_worker {
    int kind;
    bool alive;
    struct metrics_text labels, client, group;
};

struct metrics_partition {
    size_t worker;
    bool assigned;
    int32_t number;
    struct metrics_text labels, topic;
};

#define METRICS_INSTANCE_MAX 8

struct metrics_table {
    struct metrics_families families;
    struct metrics_text instance_labels;
    struct metrics_text cluster; /* its name, where one is required: the brokers, else the instance */
    int64_t instance_values[METRICS_INSTANCE_MAX];
    struct metrics_worker *workers;
    size_t workers_count;
    int64_t *worker_values; /* workers_count rows */
    struct metrics_partition *partitions;
    size_t partitions_count, partitions_capacity;
    int64_t *partition_values;
    size_t
        definitions[METRICS_FAMILIES_MAX]; /* of each family's definition in the segment that is being read */
    char *text;                            /* all texts, each with a NUL behind it */
    size_t text_used, text_capacity;
};

/* Workers that were scaled away are not in it, nor what a consumer remembers of partitions that are no longer
 * its own. 0, or -1 without memory; the caller releases it either way. */
int metrics_table_init(struct metrics_table *table, struct view *view, const struct view_request *request);
void metrics_table_release(struct metrics_table *table);

const int64_t *metrics_worker_row(const struct metrics_table *table, size_t worker);
const int64_t *metrics_partition_row(const struct metrics_table *table, size_t partition);
const char *metrics_text(const struct metrics_table *table, struct metrics_text text);
struct span metrics_labels(const struct metrics_table *table, struct metrics_text text);

#endif

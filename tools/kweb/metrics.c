#include "tools/kweb/metrics.h"

#include "tools/kweb/metrics_kafka.h"

struct metrics {
    struct metrics_table table;
    struct metrics_kafka *kafka; /* NULL: our own names */
    size_t family, row;          /* of our own: what comes next */
    bool ended;
    size_t taken; /* of exposition.bytes */
    struct exposition exposition;
};

const char *metrics_content_type(enum exposition_format format)
{
    static const char *const types[] = {
        [EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
        [EXPOSITION_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    };
    return types[format];
}

/* --- what and which it is ------------------------------------------------------------------------------ */

static void write_infos(struct exposition *exposition, const struct metrics_table *table)
{
    static const struct exposition_family build = {"ksupervise_build", "what is built", "", EXPOSITION_INFO,
                                                   false};
    static const struct exposition_family instance = {
        "ksupervise_instance", "which instance it is, and its brokers", "", EXPOSITION_INFO, false};
    struct labels labels = {.used = 0};
    labels_add(&labels, "version", KSUPERVISE_VERSION);
    exposition_family(exposition, &build);
    exposition_sample(exposition, labels_span(&labels), 1);
    exposition_family(exposition, &instance);
    exposition_sample(exposition, metrics_labels(table, table->instance_labels), 1);
}

/* --- one row's samples of a family --------------------------------------------------------------------- */

static void states(struct exposition *exposition, const struct metrics_family *family, struct span labels,
                   int64_t value)
{
    const char *name;
    for (size_t i = 0; value != STATS_UNKNOWN && (name = family->state(i)) != NULL; i++)
        exposition_part(exposition, labels, (struct exposition_extra){"", family->definition->name, name},
                        (int64_t)i == value);
}

static void histogram(struct exposition *exposition, struct span labels, const int64_t *values)
{
    for (size_t i = 0; i < METRICS_BOUNDS; i++) {
        char bound[EXPOSITION_SECONDS_BYTES + 1];
        bound[exposition_seconds((int64_t)metrics_bounds[i], bound)] = '\0';
        exposition_part(exposition, labels, (struct exposition_extra){"_bucket", "le", bound}, values[i]);
    }
    int64_t count = values[METRICS_BOUNDS], sum = values[METRICS_BOUNDS + 1];
    exposition_part(exposition, labels, (struct exposition_extra){"_bucket", "le", "+Inf"}, count);
    exposition_part(exposition, labels, (struct exposition_extra){"_sum", NULL, NULL}, sum);
    exposition_part(exposition, labels, (struct exposition_extra){"_count", NULL, NULL}, count);
}

static void samples(struct exposition *exposition, const struct metrics_family *family, struct span labels,
                    const int64_t *row)
{
    const int64_t *values = row + family->column;
    if (family->head.type == EXPOSITION_STATES)
        states(exposition, family, labels, values[0]);
    else if (family->head.type == EXPOSITION_HISTOGRAM)
        histogram(exposition, labels, values);
    else
        exposition_sample(exposition, labels, values[0]);
}

/* --- all families, row by row -------------------------------------------------------------------------- */

static size_t rows_of(const struct metrics_table *table, const struct metrics_family *family)
{
    const size_t rows[] = {[METRICS_OF_INSTANCE] = 1,
                           [METRICS_OF_WORKER] = table->workers_count,
                           [METRICS_OF_PARTITION] = table->partitions_count};
    return rows[family->scope];
}

static void write_row(struct exposition *exposition, const struct metrics_table *table,
                      const struct metrics_family *family, size_t row)
{
    if (family->scope == METRICS_OF_INSTANCE)
        samples(exposition, family, (struct span){"", 0}, table->instance_values);
    else if (family->scope == METRICS_OF_WORKER)
        samples(exposition, family, metrics_labels(table, table->workers[row].labels),
                metrics_worker_row(table, row));
    else
        samples(exposition, family, metrics_labels(table, table->partitions[row].labels),
                metrics_partition_row(table, row));
}

/* A row more, or the next family's head; false: there is none. */
static bool write_next(struct metrics *metrics)
{
    const struct metrics_table *table = &metrics->table;
    if (metrics->family == table->families.count)
        return false;
    const struct metrics_family *family = &table->families.items[metrics->family];
    if (metrics->row == 0)
        exposition_family(&metrics->exposition, &family->head);
    if (metrics->row < rows_of(table, family)) {
        write_row(&metrics->exposition, table, family, metrics->row++);
    } else {
        metrics->family++;
        metrics->row = 0;
    }
    return true;
}

/* --- reading ------------------------------------------------------------------------------------------- */

static bool prepare(struct metrics *metrics, struct view *view, const struct view_request *request,
                    enum metrics_names names)
{
    if (metrics_table_init(&metrics->table, view, request) == -1)
        return false;
    if (names == METRICS_OWN)
        write_infos(&metrics->exposition, &metrics->table);
    else
        metrics->kafka = metrics_kafka_new(&metrics->table);
    return names == METRICS_OWN || metrics->kafka != NULL;
}

struct metrics *metrics_open(struct view *view, const struct view_request *request, enum metrics_names names,
                             enum exposition_format format)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL)
        return NULL;
    exposition_begin(&metrics->exposition, format);
    if (prepare(metrics, view, request, names))
        return metrics;
    metrics_close(metrics);
    return NULL;
}

static void refill(struct metrics *metrics)
{
    metrics->exposition.used = metrics->taken = 0;
    while (!metrics->ended && !exposition_is_full(&metrics->exposition)) {
        metrics->ended = metrics->kafka != NULL ? !metrics_kafka_next(metrics->kafka, &metrics->exposition)
                                                : !write_next(metrics);
        if (metrics->ended)
            exposition_end(&metrics->exposition);
    }
}

size_t metrics_read(struct metrics *metrics, char *bytes, size_t capacity)
{
    if (metrics->taken == metrics->exposition.used)
        refill(metrics);
    size_t left = metrics->exposition.used - metrics->taken;
    size_t length = left < capacity ? left : capacity;
    memcpy(bytes, metrics->exposition.bytes + metrics->taken, length);
    metrics->taken += length;
    return length;
}

void metrics_close(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    metrics_kafka_free(metrics->kafka);
    metrics_table_release(&metrics->table);
    free(metrics);
}

#include "tools/kweb/metrics.h"

#include "tools/kweb/metrics_table.h"

const char *metrics_content_type(enum metrics_format format)
{
    static const char *const types[] = {
        [METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
        [METRICS_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
    };
    return types[format];
}

/* --- what and which it is ------------------------------------------------------------------------------ */

static void build_info(struct exposition *exposition)
{
    static const struct exposition_family family = {"ksupervise_build", "what is built", "", EXPOSITION_INFO,
                                                    false};
    struct labels labels = {.used = 0};
    labels_add(&labels, "version", KSUPERVISE_VERSION);
    exposition_family(exposition, &family);
    exposition_sample(exposition, labels_span(&labels), 1);
}

static void instance_info(struct exposition *exposition, const struct view *view)
{
    static const struct exposition_family family = {
        "ksupervise_instance", "which instance it is, and its brokers", "", EXPOSITION_INFO, false};
    struct labels labels = {.used = 0};
    labels_add(&labels, "name", view->instance);
    if (view->directory != NULL)
        labels_add(&labels, "bootstrap", directory_bootstrap(view->directory));
    exposition_family(exposition, &family);
    exposition_sample(exposition, labels_span(&labels), 1);
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

/* --- a family ------------------------------------------------------------------------------------------ */

static void of_workers(struct exposition *exposition, const struct metrics_table *table,
                       const struct metrics_family *family)
{
    for (size_t i = 0; i < table->workers_count; i++)
        samples(exposition, family, metrics_labels(table, table->workers[i].labels),
                metrics_worker_row(table, i));
}

static void of_partitions(struct exposition *exposition, const struct metrics_table *table,
                          const struct metrics_family *family)
{
    for (size_t i = 0; i < table->partitions_count; i++)
        samples(exposition, family, metrics_labels(table, table->partitions[i].labels),
                metrics_partition_row(table, i));
}

static void write_family(struct exposition *exposition, const struct metrics_table *table,
                         const struct view *view, const struct metrics_family *family)
{
    exposition_family(exposition, &family->head);
    if (family->scope == METRICS_OF_INSTANCE)
        exposition_sample(exposition, (struct span){"", 0}, family->value->of_instance(view));
    else if (family->scope == METRICS_OF_WORKER)
        of_workers(exposition, table, family);
    else
        of_partitions(exposition, table, family);
}

int metrics_write(struct view *view, const struct view_request *request, enum metrics_format format,
                  FILE *stream)
{
    struct metrics_table table;
    struct exposition exposition;
    int result = metrics_table_init(&table, view, request);
    if (result == 0) {
        exposition_begin(&exposition, format, stream);
        build_info(&exposition);
        instance_info(&exposition, view);
        for (size_t i = 0; i < table.families.count; i++)
            write_family(&exposition, &table, view, &table.families.items[i]);
        exposition_end(&exposition);
    }
    metrics_table_release(&table);
    return result;
}

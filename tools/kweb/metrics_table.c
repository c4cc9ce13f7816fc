#include "tools/kweb/metrics_table.h"

#include <assert.h>

#define NOWHERE SIZE_MAX

/* --- texts --------------------------------------------------------------------------------------------- */

/* At least `count` items; false without memory. */
static bool reserve(void **items, size_t *capacity, size_t count, size_t item_bytes)
{
    if (count <= *capacity)
        return true;
    size_t more = *capacity == 0 ? 256 : *capacity;
    while (more < count)
        more *= 2;
    void *grown = reallocarray(*items, more, item_bytes);
    if (grown == NULL)
        return false;
    *items = grown;
    *capacity = more;
    return true;
}

static bool keep(struct metrics_table *table, const char *text, size_t length, struct metrics_text *kept)
{
    void *bytes = table->text;
    if (!reserve(&bytes, &table->text_capacity, table->text_used + length + 1, 1))
        return false;
    table->text = bytes;
    *kept = (struct metrics_text){table->text_used, length};
    memcpy(table->text + kept->at, text, length);
    table->text[kept->at + length] = '\0';
    table->text_used += length + 1;
    return true;
}

const char *metrics_text(const struct metrics_table *table, struct metrics_text text)
{
    return table->text + text.at;
}

struct span metrics_labels(const struct metrics_table *table, struct metrics_text text)
{
    return (struct span){table->text + text.at, text.length};
}

/* --- a row --------------------------------------------------------------------------------------------- */

static void unknown(int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = STATS_UNKNOWN;
}

static bool is_of(const struct metrics_family *family, enum metrics_scope scope,
                  const struct view_worker *worker)
{
    return family->scope == scope && (family->kind == 0 || family->kind == worker->entry.kind);
}

static bool is_same(const struct stats_definition *one, const struct stats_definition *other)
{
    return other != NULL && one->section == other->section && one->type == other->type &&
           strcmp(one->name, other->name) == 0 && strcmp(one->unit, other->unit) == 0;
}

/* The segment of another build may have its definitions in another order, lack some, or mean something else
 * by a name. */
static size_t find_definition(const struct stats_snapshot *snapshot, const struct metrics_family *family)
{
    size_t count;
    size_t here = (size_t)(family->definition - stats_definitions((enum stats_kind)family->kind, &count));
    const struct stats_definition *there;
    if (is_same(family->definition, stats_snapshot_definition(snapshot, here)))
        return here;
    for (size_t i = 0; (there = stats_snapshot_definition(snapshot, i)) != NULL; i++)
        if (is_same(family->definition, there))
            return i;
    return NOWHERE;
}

static void find_definitions(struct metrics_table *table, const struct view_worker *worker)
{
    for (size_t i = 0; i < table->families.count; i++) {
        const struct metrics_family *family = &table->families.items[i];
        bool of_segment =
            worker->snapshot != NULL && family->value == NULL && family->kind == worker->entry.kind;
        table->definitions[i] = of_segment ? find_definition(worker->snapshot, family) : NOWHERE;
    }
}

static int64_t state_of(const struct metrics_family *family, const char *name)
{
    const char *state;
    for (size_t i = 0; name != NULL && (state = family->state(i)) != NULL; i++)
        if (strcmp(state, name) == 0)
            return (int64_t)i;
    return STATS_UNKNOWN;
}

static void distribution(const struct metrics_family *family, const struct stats_snapshot *snapshot,
                         int64_t *values)
{
    struct stats_distribution all;
    if (!stats_snapshot_distribution(snapshot, family->definition->name, metrics_bounds, METRICS_BOUNDS,
                                     &all))
        return;
    memcpy(values, all.at_most, METRICS_BOUNDS * sizeof *values);
    values[METRICS_BOUNDS] = all.count;
    values[METRICS_BOUNDS + 1] = all.sum;
}

static void value_of_segment(const struct metrics_family *family, const struct stats_snapshot *snapshot,
                             size_t definition, size_t slot, int64_t *values)
{
    if (definition == NOWHERE)
        return;
    if (family->head.type == EXPOSITION_HISTOGRAM)
        distribution(family, snapshot, values);
    else if (family->head.type == EXPOSITION_STATES)
        values[0] = state_of(family, stats_snapshot_state_at(snapshot, definition));
    else
        values[0] = stats_snapshot_value(snapshot, definition, slot);
}

/* --- a worker ------------------------------------------------------------------------------------------ */

static void worker_values(struct metrics_table *table, const struct view *view,
                          const struct view_worker *worker, int64_t *values)
{
    unknown(values, table->families.worker_columns);
    for (size_t i = 0; i < table->families.first_of_partition; i++) {
        const struct metrics_family *family = &table->families.items[i];
        if (!is_of(family, METRICS_OF_WORKER, worker))
            continue;
        if (family->value != NULL)
            values[family->column] = family->value->of_worker(view, worker);
        else
            value_of_segment(family, worker->snapshot, table->definitions[i], 0, values + family->column);
    }
}

static void worker_labels(struct labels *labels, const struct view_worker *worker)
{
    labels->used = 0;
    labels_add(labels, "worker", worker->entry.name);
    labels_add(labels, "client", worker->entry.client);
    labels_add(labels, "group", worker->entry.group);
}

static bool add_worker(struct metrics_table *table, const struct view *view, const struct view_worker *worker,
                       const struct labels *labels)
{
    struct metrics_worker *row = &table->workers[table->workers_count];
    const struct directory_worker *entry = &worker->entry;
    *row = (struct metrics_worker){.kind = (int)entry->kind, .alive = view_alive(worker)};
    find_definitions(table, worker);
    worker_values(table, view, worker,
                  table->worker_values + table->workers_count * table->families.worker_columns);
    table->workers_count++;
    return keep(table, labels->text, labels->used, &row->labels) &&
           keep(table, entry->client, strlen(entry->client), &row->client) &&
           keep(table, entry->group, strlen(entry->group), &row->group);
}

/* --- its partitions ------------------------------------------------------------------------------------ */

static int64_t *new_partition(struct metrics_table *table)
{
    size_t capacity = table->partitions_capacity, columns = table->families.partition_columns;
    void *partitions = table->partitions, *values = table->partition_values;
    if (!reserve(&partitions, &table->partitions_capacity, table->partitions_count + 1,
                 sizeof *table->partitions))
        return NULL;
    table->partitions = partitions;
    if (!reserve(&values, &capacity, table->partitions_capacity, columns * sizeof *table->partition_values))
        return NULL;
    table->partition_values = values;
    return table->partition_values + table->partitions_count++ * columns;
}

/* What a consumer remembers of one that it no longer has is old: of that only that it has it not. */
static void partition_values(const struct metrics_table *table, const struct view_worker *worker,
                             const struct view_partition *partition, int64_t *values)
{
    unknown(values, table->families.partition_columns);
    for (size_t i = table->families.first_of_partition; i < table->families.count; i++) {
        const struct metrics_family *family = &table->families.items[i];
        bool wanted = view_is_producer(worker) || partition->assigned ||
                      strcmp(family->definition->name, "assigned") == 0;
        if (!wanted || !is_of(family, METRICS_OF_PARTITION, worker))
            continue;
        if (family->value != NULL)
            values[family->column] = family->value->of_partition(partition);
        else
            value_of_segment(family, worker->snapshot, table->definitions[i], partition->slot,
                             values + family->column);
    }
}

static bool add_partition(struct metrics_table *table, const struct view_worker *worker,
                          struct labels *labels, const struct view_partition *partition)
{
    size_t before = labels->used;
    int64_t *values = new_partition(table);
    if (values == NULL)
        return false;
    struct metrics_partition *row = &table->partitions[table->partitions_count - 1];
    *row = (struct metrics_partition){
        table->workers_count - 1, partition->assigned, partition->number, {0, 0}, {0, 0}};
    partition_values(table, worker, partition, values);
    labels_add(labels, "topic", partition->topic);
    labels_add_number(labels, "partition", partition->number);
    bool kept = keep(table, labels->text, labels->used, &row->labels) &&
                keep(table, partition->topic, strlen(partition->topic), &row->topic);
    labels->used = before;
    return kept;
}

/* A segment may hold anything; a series twice would cost the whole scrape. They come sorted. */
static bool is_again(const struct view_partition *former, const struct view_partition *partition)
{
    return former->topic != NULL && former->number == partition->number &&
           strcmp(former->topic, partition->topic) == 0;
}

static bool add_partitions(struct metrics_table *table, const struct view *view,
                           const struct view_worker *worker, struct labels *labels)
{
    struct view_partition partition, former = {.topic = NULL};
    for (size_t i = 0; view_partition(view, worker, i, &partition); i++) {
        if (!is_again(&former, &partition) && !add_partition(table, worker, labels, &partition))
            return false;
        former = partition;
    }
    return true;
}

/* --- the instance -------------------------------------------------------------------------------------- */

static void instance_values(struct metrics_table *table, const struct view *view)
{
    assert(table->families.instance_columns <= METRICS_INSTANCE_MAX);
    for (size_t i = 0; i < table->families.first_of_partition; i++) {
        const struct metrics_family *family = &table->families.items[i];
        if (family->scope == METRICS_OF_INSTANCE)
            table->instance_values[family->column] = family->value->of_instance(view);
    }
}

static bool add_instance(struct metrics_table *table, const struct view *view)
{
    struct labels labels = {.used = 0};
    const char *bootstrap = view->directory == NULL ? "" : directory_bootstrap(view->directory);
    const char *cluster = bootstrap[0] != '\0' ? bootstrap : view->instance;
    labels_add(&labels, "name", view->instance);
    labels_add(&labels, "bootstrap", bootstrap);
    instance_values(table, view);
    return keep(table, labels.text, labels.used, &table->instance_labels) &&
           keep(table, cluster, strlen(cluster), &table->cluster);
}

/* --- all of them --------------------------------------------------------------------------------------- */

static bool add_whole(struct metrics_table *table, const struct view *view, const struct view_worker *worker)
{
    struct labels labels;
    if (worker->entry.retired == 1)
        return true;
    worker_labels(&labels, worker);
    return add_worker(table, view, worker, &labels) && add_partitions(table, view, worker, &labels);
}

int metrics_table_init(struct metrics_table *table, struct view *view, const struct view_request *request)
{
    memset(table, 0, sizeof *table);
    metrics_families_init(&table->families);
    table->workers = calloc(view->count + 1, sizeof *table->workers);
    table->worker_values =
        calloc(view->count + 1, table->families.worker_columns * sizeof *table->worker_values);
    if (table->workers == NULL || table->worker_values == NULL)
        return -1;
    bool whole = add_instance(table, view);
    for (size_t i = 0; i < view->count && whole; i++) {
        view_begin_worker(view, i, request);
        whole = add_whole(table, view, &view->workers[i]);
        view_end_worker(view, i, request);
    }
    return whole ? 0 : -1;
}

void metrics_table_release(struct metrics_table *table)
{
    free(table->workers);
    free(table->worker_values);
    free(table->partitions);
    free(table->partition_values);
    free(table->text);
    memset(table, 0, sizeof *table);
}

const int64_t *metrics_worker_row(const struct metrics_table *table, size_t worker)
{
    return table->worker_values + worker * table->families.worker_columns;
}

const int64_t *metrics_partition_row(const struct metrics_table *table, size_t partition)
{
    return table->partition_values + partition * table->families.partition_columns;
}

#include "tools/kweb/metrics_families.h"

#include <assert.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define OCTAVES(n) ((UINT64_C(1) << (n)) - 1)
const uint64_t metrics_bounds[METRICS_BOUNDS] = {
    OCTAVES(8),  OCTAVES(10), OCTAVES(12), OCTAVES(14), OCTAVES(16),
    OCTAVES(18), OCTAVES(20), OCTAVES(22), OCTAVES(24), OCTAVES(26),
};
_Static_assert(METRICS_BOUNDS <= STATS_DISTRIBUTION_MAX, "the reader counts them");

/* --- names --------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool is_microseconds(const struct stats_definition *definition)
{
    return strcmp(definition->unit, STATS_UNIT_MICROSECONDS) == 0;
}

/* What is counted: batches_by_size and commit_errors say it already, received does not. */
static bool says_what(const struct stats_definition *definition)
{
    return strstr(definition->name, definition->unit) != NULL || ends_with(definition->name, "s");
}

static bool has_no_unit(const struct stats_definition *definition)
{
    return definition->type == STATS_STATE || strcmp(definition->unit, STATS_UNIT_BOOLEAN) == 0 ||
           definition->unit[0] == '\0';
}

static const char *unit_of_name(const struct stats_definition *definition)
{
    if (definition->type == STATS_TIME)
        return "timestamp_seconds";
    if (is_microseconds(definition))
        return "seconds";
    if (definition->type == STATS_OFFSET)
        return ends_with(definition->name, "offset") ? "" : "offset";
    return has_no_unit(definition) || says_what(definition) ? "" : definition->unit;
}

static void name_it(struct metrics_family *family, const char *whose)
{
    const struct stats_definition *definition = family->definition;
    const char *unit = unit_of_name(definition);
    size_t length = strlen(definition->name);
    if (is_microseconds(definition) && ends_with(definition->name, "_us"))
        length -= 3;
    snprintf(family->head.name, sizeof family->head.name, "ksupervise_%s%.*s%s%s", whose, (int)length,
             definition->name, unit[0] == '\0' ? "" : "_", unit);
}

/* What OpenMetrics knows as a unit, of those a name can end in. */
static const char *declared_unit(const char *name)
{
    static const char *const units[] = {"seconds", "bytes", STATS_UNIT_RECORDS};
    for (size_t i = 0; i < COUNT(units); i++)
        if (ends_with(name, units[i]))
            return units[i];
    return "";
}

/* --- the list ------------------------------------------------------------------------------------------ */

static enum exposition_type type_of(const struct stats_definition *definition)
{
    static const enum exposition_type types[] = {
        [STATS_COUNTER] = EXPOSITION_COUNTER, [STATS_GAUGE] = EXPOSITION_GAUGE,
        [STATS_OFFSET] = EXPOSITION_GAUGE,    [STATS_TIME] = EXPOSITION_GAUGE,
        [STATS_STATE] = EXPOSITION_STATES,    [STATS_HISTOGRAM] = EXPOSITION_HISTOGRAM,
    };
    return types[definition->type];
}

static void give_columns(struct metrics_families *families, struct metrics_family *family)
{
    size_t *const ends[] = {[METRICS_OF_INSTANCE] = &families->instance_columns,
                            [METRICS_OF_WORKER] = &families->worker_columns,
                            [METRICS_OF_PARTITION] = &families->partition_columns};
    family->columns = family->head.type == EXPOSITION_HISTOGRAM ? METRICS_BOUNDS + 2 : 1;
    family->column = *ends[family->scope];
    *ends[family->scope] += family->columns;
}

static struct metrics_family *add(struct metrics_families *families, enum metrics_scope scope, int kind,
                                  const char *whose, const struct stats_definition *definition)
{
    assert(families->count < METRICS_FAMILIES_MAX);
    struct metrics_family *family = &families->items[families->count++];
    *family = (struct metrics_family){.scope = scope, .kind = kind, .definition = definition};
    family->head.type = type_of(definition);
    family->head.help = definition->help;
    family->head.microseconds = is_microseconds(definition);
    name_it(family, whose);
    family->head.unit = declared_unit(family->head.name);
    give_columns(families, family);
    return family;
}

static void add_values(struct metrics_families *families, enum metrics_scope scope)
{
    static const char *const whose[] = {
        [METRICS_OF_INSTANCE] = "", [METRICS_OF_WORKER] = "worker_", [METRICS_OF_PARTITION] = "partition_"};
    const struct metrics_value *value;
    for (size_t i = 0; (value = metrics_value(i)) != NULL; i++) {
        if (value->scope != scope)
            continue;
        struct metrics_family *family = add(families, scope, value->kind, whose[scope], &value->definition);
        family->value = value;
        family->state = value->state;
    }
}

static const char *phase_name(size_t number)
{
    const char *name = stats_phase_name((enum stats_phase)number);
    return strcmp(name, "?") == 0 ? NULL : name;
}

/* A map of bits is no quantity, and Prometheus' numbers have 53 of them. */
static bool is_quantity(const struct stats_definition *definition)
{
    return strcmp(definition->unit, STATS_UNIT_BITS) != 0;
}

/* A section of a segment's definitions; the only list of states in it is that of phases. */
static void add_section(struct metrics_families *families, enum stats_kind kind, enum stats_section section)
{
    size_t count;
    const struct stats_definition *definitions = stats_definitions(kind, &count);
    bool of_partition = section == STATS_SECTION_PARTITION;
    enum metrics_scope scope = of_partition ? METRICS_OF_PARTITION : METRICS_OF_WORKER;
    char whose[32];
    snprintf(whose, sizeof whose, "%s_", of_partition ? "partition" : stats_kind_name(kind));
    for (size_t i = 0; i < count; i++)
        if (definitions[i].section == section && is_quantity(&definitions[i]))
            add(families, scope, (int)kind, whose, &definitions[i])->state = phase_name;
}

static void add_of_segments(struct metrics_families *families, const enum stats_section *sections,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_section(families, STATS_KIND_CONSUMER, sections[i]);
        add_section(families, STATS_KIND_PRODUCER, sections[i]);
    }
}

void metrics_families_init(struct metrics_families *families)
{
    static const enum stats_section of_worker[] = {STATS_SECTION_STATUS, STATS_SECTION_COUNTERS,
                                                   STATS_SECTION_HISTOGRAMS};
    static const enum stats_section of_partition[] = {STATS_SECTION_PARTITION};
    families->count = families->instance_columns = families->worker_columns = families->partition_columns = 0;
    add_values(families, METRICS_OF_INSTANCE);
    add_values(families, METRICS_OF_WORKER);
    add_of_segments(families, of_worker, COUNT(of_worker));
    families->first_of_partition = families->count;
    add_of_segments(families, of_partition, COUNT(of_partition));
    add_values(families, METRICS_OF_PARTITION);
}

size_t metrics_partition_column(const struct metrics_families *families, const char *name)
{
    size_t i = families->first_of_partition;
    while (i < families->count && strcmp(families->items[i].definition->name, name) != 0)
        i++;
    assert(i < families->count);
    return families->items[i].column;
}

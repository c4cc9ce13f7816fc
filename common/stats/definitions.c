#include "common/stats/definitions.h"

/* The texts go into fields of fixed size; what would be cut there must not compile. */
#define X(id, text, type_, unit_, help_)                                                                     \
    _Static_assert(sizeof(text) <= STATS_DEFINITION_NAME_BYTES, "name too long: " text);                     \
    _Static_assert(sizeof(STATS_UNIT_##unit_) <= STATS_DEFINITION_UNIT_BYTES, "unit too long: " text);       \
    _Static_assert(sizeof(help_) <= STATS_DEFINITION_HELP_BYTES, "help too long: " text);
STATS_CONSUMER_COUNTERS(X)
STATS_CONSUMER_STATUS(X)
STATS_CONSUMER_PARTITION(X)
STATS_CONSUMER_HISTOGRAMS(X)
STATS_PRODUCER_COUNTERS(X)
STATS_PRODUCER_STATUS(X)
STATS_PRODUCER_PARTITION(X)
STATS_PRODUCER_HISTOGRAMS(X)
#undef X

#define COUNTERS(id, text, type_, unit_, help_)                                                              \
    {STATS_SECTION_COUNTERS, STATS_##type_, text, STATS_UNIT_##unit_, help_},
#define STATUS(id, text, type_, unit_, help_)                                                                \
    {STATS_SECTION_STATUS, STATS_##type_, text, STATS_UNIT_##unit_, help_},
#define PARTITION(id, text, type_, unit_, help_)                                                             \
    {STATS_SECTION_PARTITION, STATS_##type_, text, STATS_UNIT_##unit_, help_},
#define HISTOGRAMS(id, text, type_, unit_, help_)                                                            \
    {STATS_SECTION_HISTOGRAMS, STATS_##type_, text, STATS_UNIT_##unit_, help_},
#define NAMES(id, text) {STATS_SECTION_NAMES, STATS_NAME, text, STATS_UNIT_PHASES, ""},

static const struct stats_definition consumer_definitions[] = {
    STATS_CONSUMER_COUNTERS(COUNTERS) STATS_CONSUMER_STATUS(STATUS) STATS_CONSUMER_PARTITION(PARTITION)
        STATS_CONSUMER_HISTOGRAMS(HISTOGRAMS) STATS_PHASES(NAMES)};

static const struct stats_definition producer_definitions[] = {
    STATS_PRODUCER_COUNTERS(COUNTERS) STATS_PRODUCER_STATUS(STATUS) STATS_PRODUCER_PARTITION(PARTITION)
        STATS_PRODUCER_HISTOGRAMS(HISTOGRAMS) STATS_PHASES(NAMES)};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const struct stats_definition *stats_definitions(enum stats_kind kind, size_t *count)
{
    if (kind == STATS_KIND_PRODUCER) {
        *count = COUNT(producer_definitions);
        return producer_definitions;
    }
    *count = COUNT(consumer_definitions);
    return consumer_definitions;
}

size_t stats_section_count(enum stats_kind kind, enum stats_section section)
{
    size_t count, found = 0;
    const struct stats_definition *definitions = stats_definitions(kind, &count);
    for (size_t i = 0; i < count; i++)
        found += definitions[i].section == section;
    return found;
}

static const char *name_at(const char *const *names, size_t count, size_t index)
{
    return index < count && names[index] != NULL ? names[index] : "?";
}

const char *stats_kind_name(enum stats_kind kind)
{
    static const char *const names[] = {
        [STATS_KIND_CONSUMER] = "consumer", [STATS_KIND_PRODUCER] = "producer"};
    return name_at(names, COUNT(names), (size_t)kind);
}

const char *stats_type_name(enum stats_type type)
{
    static const char *const names[] = {
        [STATS_COUNTER] = "counter", [STATS_GAUGE] = "gauge", [STATS_OFFSET] = "offset",
        [STATS_TIME] = "time",       [STATS_STATE] = "state", [STATS_HISTOGRAM] = "histogram",
        [STATS_NAME] = "name",
    };
    return name_at(names, COUNT(names), (size_t)type);
}

const char *stats_section_scope(enum stats_section section)
{
    return section == STATS_SECTION_PARTITION ? "partition" : "worker";
}

const char *stats_phase_name(enum stats_phase phase)
{
#define X(id, name) name,
    static const char *const names[] = {STATS_PHASES(X)};
#undef X
    return name_at(names, COUNT(names), (size_t)phase);
}

/* metrics_families.h: the families `ksupervise_…`: one for each definition of a segment (definitions.h) but
 * maps of bits, and one for each value that is worked out or comes from the directory, which are declared in
 * metrics_values.h in the same words. Names follow from them by one rule:
 *
 *   ksupervise_ consumer_ | producer_ | worker_ | partition_    whose it is; worker_: of both kinds
 *   the definition's name, without _us
 *   TIME _timestamp_seconds, other times _seconds, OFFSET _offset, what is counted its unit, unless the name
 *   says it or is a plural; COUNTER also _total
 *
 * A histogram becomes one of Prometheus', with ten of its own bounds, each a factor of 4 above the last:
 * 255 µs to 67 s. Percentiles cannot be added up over workers, nor taken of the last five minutes; counts
 * can. They are exact, because the bounds are the largest values of buckets (histogram.h). Each is a series
 * of every worker: finer ones would cost more than they tell.
 */
#ifndef KSUPERVISE_TOOLS_KWEB_METRICS_FAMILIES_H
#define KSUPERVISE_TOOLS_KWEB_METRICS_FAMILIES_H

#include "tools/kweb/exposition.h"
#include "tools/kweb/metrics_values.h"

#define METRICS_BOUNDS 10
extern const uint64_t metrics_bounds[METRICS_BOUNDS]; /* microseconds */

struct metrics_family {
    struct exposition_family head;
    enum metrics_scope scope;
    int kind; /* enum stats_kind; 0: both */
    const struct stats_definition *definition;
    const struct metrics_value *value; /* NULL: the segment has it */
    /* Where it is in a row of values: one number, of a histogram METRICS_BOUNDS + 2 of them. */
    size_t column, columns;
    /* Of a state set: its number-th state, NULL past the last. */
    const char *(*state)(size_t number);
};

#define METRICS_FAMILIES_MAX 160
struct metrics_families {
    size_t count, first_of_partition;                           /* from there on, all are of partitions */
    size_t instance_columns, worker_columns, partition_columns; /* how long a row is */
    struct metrics_family items[METRICS_FAMILIES_MAX];
};

/* All of this build, in the order in which they are written. */
void metrics_families_init(struct metrics_families *families);
/* The column of a partition's value, by its name in definitions.h or among those worked out. */
size_t metrics_partition_column(const struct metrics_families *families, const char *name);

#endif

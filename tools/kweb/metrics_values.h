/* metrics_values.h: what is exported and no segment holds: it is of the directory, or worked out. Declared in
 * the words of definitions.h, so that names and types follow by the same rule. */
#ifndef KSUPERVISE_TOOLS_KWEB_METRICS_VALUES_H
#define KSUPERVISE_TOOLS_KWEB_METRICS_VALUES_H

#include "common/view/view.h"

enum metrics_scope { METRICS_OF_INSTANCE, METRICS_OF_WORKER, METRICS_OF_PARTITION };

struct metrics_value {
    enum metrics_scope scope;
    int kind; /* enum stats_kind; 0: both */
    struct stats_definition definition;
    /* One of them, by the scope. STATS_UNKNOWN: it is left out. */
    int64_t (*of_instance)(const struct view *view);
    int64_t (*of_worker)(const struct view *view, const struct view_worker *worker);
    int64_t (*of_partition)(const struct view_partition *partition);
    /* Of a STATE: the name of the number-th, NULL past the last. */
    const char *(*state)(size_t number);
};

/* NULL past the last. */
const struct metrics_value *metrics_value(size_t index);

#endif

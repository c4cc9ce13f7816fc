/* values.h: everything that is known of an instance, value by value, in one order: what JSON version 2, the
 * selectors and --until are made of. Pure; one thread. */
#ifndef KSUPERVISE_COMMON_VIEW_VALUES_H
#define KSUPERVISE_COMMON_VIEW_VALUES_H

#include "common/view/rates.h"
#include "common/view/view.h"

enum value_type { VALUE_UNKNOWN, VALUE_NUMBER, VALUE_REAL, VALUE_BOOLEAN, VALUE_TEXT };

struct stat_value {
    enum value_type type;
    struct {
        union {
            int64_t number;
            double real;
            bool boolean;
            const char *text; /* as long as the view */
        };
        bool at_least; /* the number is a lower bound (behind.h) */
    };
};

/* What a value stands in. */
enum values_part {
    VALUES_WORKER,    /* an item of the list of workers; named as the worker */
    VALUES_GROUP,     /* counters, status: their names are the worker's own, too */
    VALUES_OBJECT,    /* latency, rates, last_death, and each of the first two */
    VALUES_LIST,      /* partitions, rebalances, errors, lines */
    VALUES_PARTITION, /* an item of the first: topic and number */
    VALUES_ENTRY,     /* an item of the others */
};

struct values_visitor {
    void (*open)(void *context, enum values_part part, const char *name, int32_t number);
    void (*value)(void *context, const char *name, struct stat_value value);
    void (*close)(void *context, enum values_part part);
    void *context;
};

/* All of one worker, attached, within VALUES_WORKER. `rates` may be NULL. */
void values_of_worker(const struct view *view, const struct view_worker *worker, const struct rates *rates,
                      const struct values_visitor *visitor);

#endif

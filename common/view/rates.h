/* rates.h: per second, since the last look and since the first, for `kstat 1`. Keyed by worker and counter,
 * because the counters of a worker go on over its generations. */
#ifndef KSUPERVISE_COMMON_VIEW_RATES_H
#define KSUPERVISE_COMMON_VIEW_RATES_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/view/view.h"

struct rates; /* opaque */

struct rates *rates_new(void); /* NULL without memory */
void rates_free(struct rates *rates);

/* A new reading of a counter. A counter that decreased belongs to another instance: its rate starts over.
 * Without memory the rate is unknown. */
void rates_update(struct rates *rates, const char *worker, const char *counter, int64_t value,
                  int64_t monotonic_us);

/* The same for all counters of a worker that is attached. `rates` NULL: nothing. */
void rates_look(struct rates *rates, const struct view_worker *worker, int64_t monotonic_us);

/* False before the second reading. `rates` NULL: false. */
bool rates_get(const struct rates *rates, const char *worker, const char *counter, double *now,
               double *average);

#endif

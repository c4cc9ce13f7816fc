/* lag.h: how far a consumer is behind, according to its segment. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_LAG_H
#define KSUPERVISE_SUPERVISOR_CONTROL_LAG_H

#include "supervisor/worker.h"

/* The sum over the partitions that are its own, 0 without any; STATS_UNKNOWN while one of them is, or has no
 * place in the segment. Reads the segment. */
int64_t lag_of(struct worker *worker);

#endif

/* done.h: --exit-when-done: when is everything produced and committed? */
#ifndef KSUPERVISE_SUPERVISOR_DONE_H
#define KSUPERVISE_SUPERVISOR_DONE_H

#include "supervisor/supervisor.h"

/* True when the producer has ended well and every group has committed past the last acknowledged record of
 * every partition; false while one has no place in the producer's statistics. Reads the segments; no broker
 * is asked. */
bool done_check(struct supervisor *supervisor);

#endif

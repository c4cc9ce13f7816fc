/* verdict.h: what follows a worker's death: restart.h's arithmetic, asked with what this worker is, what its
 * settings say, and what is special about its kind. */
#ifndef KSUPERVISE_SUPERVISOR_VERDICT_H
#define KSUPERVISE_SUPERVISOR_VERDICT_H

#include "supervisor/worker.h"

/* Of a process that has ended and was reaped, or could not be started (then `end` has the exit code for
 * that). Notes the death in the worker's history, why it is not started again in its reason, and of
 * RESTART_LATER, which is in *delay_us, its deadline. Tells nobody. */
enum restart_verdict verdict_of(struct worker *worker, const struct process_end *end, int64_t *delay_us);

#endif

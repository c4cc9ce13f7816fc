/* spec.h: what the process of a worker is told: worker_config.h's specification, from the worker, its
 * settings and the instance. */
#ifndef KSUPERVISE_SUPERVISOR_SPEC_H
#define KSUPERVISE_SUPERVISOR_SPEC_H

#include "supervisor/process/worker_config.h"
#include "supervisor/worker.h"

/* Points into the worker and its supervisor. Reads the producer's segment. */
void spec_of_worker(struct worker *worker, struct worker_spec *spec);

#endif

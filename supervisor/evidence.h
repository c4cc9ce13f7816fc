/* evidence.h: what a worker's death says about the records that it had in flight (poison.h), read from its
 * segment, and told. */
#ifndef KSUPERVISE_SUPERVISOR_EVIDENCE_H
#define KSUPERVISE_SUPERVISOR_EVIDENCE_H

#include "supervisor/worker.h"

/* A process has ended without being asked to: a crash or a proven hang makes the records in flight
 * candidates. */
void evidence_of_death(struct worker *worker, const struct process_end *end);

/* The process came through all candidates that it was told of. */
void evidence_cleared(struct worker *worker);

/* What an earlier supervisor of this instance knew, of the same Kafka. */
void evidence_take_over(struct supervisor *supervisor);

#endif

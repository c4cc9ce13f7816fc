/* errands.h: what the supervisor asks of a running consumer beside draining and pausing: `reset`, and
 * whatever else is a line in the table. Carried out between two batches; each line of its answer is a
 * notification `errand_line` (consumer_say), its end one `errand_done` with its number, or `errand_failed`
 * with the reason.
 */
#ifndef KSUPERVISE_CONSUMER_ERRANDS_H
#define KSUPERVISE_CONSUMER_ERRANDS_H

#include "consumer/consumer.h"

/* Carries out what is asked for, if something is. Cheap when not. */
void errands_run(struct consumer *consumer);

#endif

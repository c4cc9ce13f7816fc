/* requests.h: what the supervisor asks of a running consumer beside draining and pausing: `reset`, and
 * whatever else is a line in the table. Carried out between two batches; each partition's
 * outcome is a notification `result` (consumer_say), the end one `done`, or `failed` with the reason; all
 * have the request's number.
 */
#ifndef KSUPERVISE_CONSUMER_REQUESTS_H
#define KSUPERVISE_CONSUMER_REQUESTS_H

#include "consumer/consumer.h"

/* Carries out what is asked for, if something is. Cheap when not. */
void requests_run(struct consumer *consumer);

#endif

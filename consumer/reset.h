/* reset.h: sets a group's offsets: by the members that own the partitions while they run, or by a process
 * started only for that when none runs. In Kafka, and in the sink, when the pipeline has one.
 *
 * Nothing is done when members outside this supervisor own partitions of the group: they are named.
 */
#ifndef KSUPERVISE_CONSUMER_RESET_H
#define KSUPERVISE_CONSUMER_RESET_H

#include "common/reset_spec.h"
#include "consumer/consumer.h"

/* Of the partitions that this member owns now: a line for each, "payments [0] 350 → 0" (consumer_say).
 * `*partitions` is how many were set (or would be). -1 with the error: not all was done, what was is in the
 * lines. */
int reset_owned(struct consumer *consumer, const struct reset_spec *spec, int64_t *partitions,
                struct error *error);

/* kconsume --reset: of all partitions, of a group without members. Prints the lines. Returns the exit code.
 */
int reset_stopped(struct consumer *consumer, struct error *error);

#endif

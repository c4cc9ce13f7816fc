/* verb_produce.h: the verb `produce`: one record, sent by the producer, and answered with partition and
 * offset when the broker has acknowledged it. A row of the table in verbs.c.
 *
 * Where no producer runs, one is started that makes no records of its own (--on-request), and stays. Nothing
 * is sent twice: what may have been sent is said to be so, and left.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_PRODUCE_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_PRODUCE_H

#include "supervisor/control/verb.h"

#define VERB_PRODUCE_LATE "the record may still arrive; it is not sent again"

/* The argument is the record, as the producer reads it: a JSON object, or a line a field, field=value. */
enum progress verb_produce_begin(struct request *request, struct error *error);
enum progress verb_produce_check(struct request *request, struct error *error);
/* {"topic", "partition", "offset", "started"}: whether a producer was started for it. */
void verb_produce_result(struct request *request, msgpack_packer *packer);
void verb_produce_lines(struct request *request, msgpack_packer *packer);

#endif

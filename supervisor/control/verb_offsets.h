/* verb_offsets.h: the verbs that the consumers themselves carry out, and answer partition by partition:
 * `reset`, `ack`. Rows of the table in verbs.c. Each is done in every group that is meant; what failed is
 * told beside what is done. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_OFFSETS_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_OFFSETS_H

#include "supervisor/control/verb.h"

/* The argument is a request of common/reset_spec.h. A client that runs: every worker of its group sets the
 * partitions that it owns. One that does not: a process is started for nothing else. */
enum progress verb_reset_begin(struct request *request, struct error *error);
enum progress verb_reset_check(struct request *request, struct error *error);
/* The argument is "3:41", "3:41-60", "all", or several with commas. */
enum progress verb_ack_begin(struct request *request, struct error *error);
enum progress verb_ack_check(struct request *request, struct error *error);

void verb_offsets_lines(struct request *request, msgpack_packer *packer);
/* The member "partitions": what became of each, with its worker. */
void verb_offsets_results(struct request *request, msgpack_packer *packer);

#endif

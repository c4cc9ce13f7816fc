/* verb_rate.h: the verb `rate`: the producer's pace. A row of the table in verbs.c. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_RATE_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_RATE_H

#include "supervisor/control/verb.h"

/* `rate 500/s`, `rate producer 500`, `rate 2s`: records a second (0: as fast as possible), or the time from
 * one record to the next. Done when the producer has taken it; one that does not run takes it
 * when it starts. */
enum progress verb_rate_begin(struct request *request, struct error *error);
enum progress verb_rate_check(struct request *request, struct error *error);
void verb_rate_lines(struct request *request, msgpack_packer *packer);

#endif

/* verb_logs.h: the verbs `logs` (the last lines of the workers that are meant, out of their tails) and
 * `reopen-logs` (the files of --log-dir). Rows of verbs.c's table. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_LOGS_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_LOGS_H

#include "supervisor/control/verb.h"

enum progress verb_logs_begin(struct request *request, struct error *error);
void verb_logs_lines(struct request *request, msgpack_packer *packer);
/* The number of the newest line: what a follower asks on from. */
void verb_logs_last(struct request *request, msgpack_packer *packer);

/* Done when the log thread has closed what was open. */
enum progress verb_reopen_begin(struct request *request, struct error *error);
enum progress verb_reopen_check(struct request *request, struct error *error);
void verb_reopen_lines(struct request *request, msgpack_packer *packer);

#endif

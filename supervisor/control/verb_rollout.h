/* verb_rollout.h: the verbs that are carried out step by step, `rolling-restart` and `reload`: rows of the
 * table in verbs.c. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_ROLLOUT_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_ROLLOUT_H

#include "supervisor/control/verb.h"

/* The argument is how far behind a consumer may be when the next one goes, instead of --max-lag. */
enum progress verb_rolling_begin(struct request *request, struct error *error);
enum progress verb_reload_begin(struct request *request, struct error *error);
enum progress verb_reload_check(struct request *request, struct error *error);
enum progress verb_rollout_check(struct request *request, struct error *error);
void verb_rollout_lines(struct request *request, msgpack_packer *packer);
void verb_rollout_changes(struct request *request, msgpack_packer *packer);

#endif

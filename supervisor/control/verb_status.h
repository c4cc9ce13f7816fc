/* verb_status.h: what each worker is now, as the answers of most verbs have it. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_STATUS_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_STATUS_H

#include "supervisor/control/verb.h"

/* The member "lines": the verb's own, or what each worker is now that the request means. */
void verb_lines(struct request *request, msgpack_packer *packer);

/* The member "workers": an array of maps, of those that the request means. */
void verb_pack_workers(struct request *request, msgpack_packer *packer);

#endif

/* params.h: the parameters of a request on the control socket: [target, argument, timeout_ms, wait, by]. */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_PARAMS_H
#define KSUPERVISE_SUPERVISOR_CONTROL_PARAMS_H

#include "common/error.h"
#include "common/rpc/message.h"

struct request; /* request.h */

/* Reads them into the request; what is missing is "", "", 30 s from now, true, "". 0, or -1 with an error for
 * the caller. */
int params_read(struct rpc_message *message, struct request *request, struct error *error);

#endif

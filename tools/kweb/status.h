/* status.h: everything that is known of the instance, as kstat --json has it. */
#ifndef KSUPERVISE_TOOLS_KWEB_STATUS_H
#define KSUPERVISE_TOOLS_KWEB_STATUS_H

#include "tools/kweb/exchange.h"

void serve_status(struct exchange *exchange);
/* An hour of samples, for charts. */
void serve_history(struct exchange *exchange);

#endif

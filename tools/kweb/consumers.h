/* consumers.h: what the consumers have received and acknowledged, and acknowledging, message by message: the
 * routes of independent acknowledgement. */
#ifndef KSUPERVISE_TOOLS_KWEB_CONSUMERS_H
#define KSUPERVISE_TOOLS_KWEB_CONSUMERS_H

#include "tools/kweb/exchange.h"

void serve_consumers(struct exchange *exchange);
void serve_acknowledge(struct exchange *exchange);

#endif

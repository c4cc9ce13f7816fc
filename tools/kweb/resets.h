/* resets.h: setting offsets over HTTP: of one client, or of each, with what became of each. */
#ifndef KSUPERVISE_TOOLS_KWEB_RESETS_H
#define KSUPERVISE_TOOLS_KWEB_RESETS_H

#include "tools/kweb/exchange.h"

void serve_reset(struct exchange *exchange);
void serve_reset_all(struct exchange *exchange);

#endif

/* produce.h: a record from an HTTP body to the producer, and where it is. */
#ifndef KSUPERVISE_TOOLS_KWEB_PRODUCE_H
#define KSUPERVISE_TOOLS_KWEB_PRODUCE_H

#include "tools/kweb/exchange.h"

void serve_produce(struct exchange *exchange);

#endif

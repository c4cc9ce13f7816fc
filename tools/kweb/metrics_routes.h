/* metrics_routes.h: what Prometheus scrapes: metrics.h over HTTP. */
#ifndef KSUPERVISE_TOOLS_KWEB_METRICS_ROUTES_H
#define KSUPERVISE_TOOLS_KWEB_METRICS_ROUTES_H

#include "tools/kweb/exchange.h"

void serve_metrics(struct exchange *exchange);
void serve_metrics_kafka(struct exchange *exchange);

#endif

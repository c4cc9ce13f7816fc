/* openapi.h: the route table as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0). */
#ifndef KSUPERVISE_TOOLS_KWEB_OPENAPI_H
#define KSUPERVISE_TOOLS_KWEB_OPENAPI_H

#include "tools/kweb/exchange.h"

/* A new reference; NULL without memory. Pure. */
json_t *openapi(const char *instance);

void serve_openapi(struct exchange *exchange);

#endif

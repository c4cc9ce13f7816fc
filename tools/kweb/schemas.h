/* schemas.h: the schemas of the API's answers, for openapi.c. They are data: schemas.json, part of the
 * program. */
#ifndef KSUPERVISE_TOOLS_KWEB_SCHEMAS_H
#define KSUPERVISE_TOOLS_KWEB_SCHEMAS_H

#include "common/banned.h"

#include <jansson.h>

/* A new reference, an object by name. */
json_t *schemas(void);

#endif

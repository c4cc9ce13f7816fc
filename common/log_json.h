/* log_json.h: JSON as a line of log.h. */
#ifndef KSUPERVISE_COMMON_LOG_JSON_H
#define KSUPERVISE_COMMON_LOG_JSON_H

#include "common/banned.h"

#include <jansson.h>

/* Compact, by log_line. NULL, which jansson gives where memory is short, is no line. */
void log_json(const json_t *json);

#endif

#include "common/log_json.h"

#include <stdlib.h>

#include "common/log.h"

void log_json(const json_t *json)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    if (text != NULL)
        log_line("%s", text);
    free(text);
}

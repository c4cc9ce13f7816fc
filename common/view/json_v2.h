/* json_v2.h: an instance as JSON, version 2: tools/kstat/kstat.schema.json is its JSON Schema. One thread. */
#ifndef KSUPERVISE_COMMON_VIEW_JSON_V2_H
#define KSUPERVISE_COMMON_VIEW_JSON_V2_H

#include "common/view/json_stream.h"
#include "common/view/rates.h"
#include "common/view/view.h"

/* One line; the workers of a lazy view are attached one by one. `rates` may be NULL: then there are none. */
void json_v2(struct view *view, const struct view_request *request, struct rates *rates, FILE *stream);

/* Its member "supervisor" alone, null where none ever was. */
void json_v2_supervisor(struct json_stream *json, const struct view *view);

#endif

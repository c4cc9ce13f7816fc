/* select.h: the values that patterns choose, as `name value` lines or as one JSON object. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SELECT_H
#define KSUPERVISE_TOOLS_KSTAT_SELECT_H

#include "tools/kstat/flat.h"

struct selection {
    const char *const *patterns;
    size_t count; /* 0: all values */
    bool json;
};

/* One look; the workers of a lazy view are attached one by one. Returns how many values there were. */
size_t select_values(struct view *view, const struct view_request *request, struct rates *rates,
                     const struct selection *selection, FILE *stream);

#endif

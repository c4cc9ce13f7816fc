/* snapshot.h: an instance for the page, a JSON object on one line: less than kstat's JSON, plus the reason
 * why a worker does not move. One thread. */
#ifndef KSUPERVISE_COMMON_VIEW_SNAPSHOT_H
#define KSUPERVISE_COMMON_VIEW_SNAPSHOT_H

#include "common/view/rates.h"
#include "common/view/view.h"

#include <stdio.h>

struct snapshot_spec {
    const char *instance;
    bool read_only;      /* said in it */
    struct rates *rates; /* kept from one snapshot to the next; NULL: there are none */
};

/* `view` NULL: an instance that does not run, without workers. */
void snapshot_write(const struct snapshot_spec *spec, const struct view *view, FILE *stream);

#endif

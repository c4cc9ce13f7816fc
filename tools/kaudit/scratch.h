/* scratch.h: offsets that come in any order, and shall be read in theirs, however many: a table in a
 * temporary SQLite database of our own, which SQLite keeps in memory while it is small, and deletes. */
#ifndef KSUPERVISE_TOOLS_KAUDIT_SCRATCH_H
#define KSUPERVISE_TOOLS_KAUDIT_SCRATCH_H

#include "tools/kaudit/source.h"

struct scratch; /* opaque */

/* `once`: an offset that is added again, with the same timestamp, is not kept again. NULL with the error. */
struct scratch *scratch_open(bool once, struct error *error);

/* 1, 0 for one that is there and is kept once, -1. */
int scratch_add(struct scratch *scratch, int32_t partition, struct source_item item, struct error *error);

/* All is added: makes a source of it. Takes `scratch` over in any case. */
int scratch_source(struct scratch *scratch, struct source *source, struct error *error);

/* For one that does not become a source. NULL is nothing. */
void scratch_free(struct scratch *scratch);

#endif

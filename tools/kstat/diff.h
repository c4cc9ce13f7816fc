/* diff.h: what moved, stalled and died between two moments of an instance. */
#ifndef KSUPERVISE_TOOLS_KSTAT_DIFF_H
#define KSUPERVISE_TOOLS_KSTAT_DIFF_H

#include "tools/kstat/table.h"
#include "common/view/view.h"

/* A line a worker with what it did between them, then the partitions that stalled: behind at the end, and not
 * a record further. Workers are the same by name, partitions by topic and number. */
void show_diff(const struct view *before, const struct view *after, const struct screen *screen,
               FILE *stream);

#endif

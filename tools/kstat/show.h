/* show.h: the forms in which a view is shown. `rates` may be NULL: then there are none (yet). */
#ifndef KSUPERVISE_TOOLS_KSTAT_SHOW_H
#define KSUPERVISE_TOOLS_KSTAT_SHOW_H

#include <jansson.h>

#include "common/view/rates.h"
#include "tools/kstat/table.h"
#include "common/view/view.h"

/* The line above everything: instance, supervisor, broker, states. */
void show_heading(const struct view *view, const struct screen *screen, FILE *stream);
/* The same, where how many workers are in each state is known already: of a lazy view. */
void show_heading_of(const struct view *view, const struct view_state_count *states, size_t count,
                     const struct screen *screen, FILE *stream);
/* All workers and their partitions. */
void show_overview(const struct view *view, const struct rates *rates, const struct screen *screen,
                   FILE *stream);
/* Everything about each worker of the view. */
void show_detail(const struct view *view, const struct rates *rates, const struct screen *screen,
                 FILE *stream);
/* The same without the line above. */
void show_workers(const struct view *view, const struct rates *rates, const struct screen *screen,
                  FILE *stream);
/* The partitions of a worker or of all: `detail` shows those too that were given up, and more columns. */
void show_partitions(const struct view *view, size_t first, size_t count, bool detail,
                     const struct screen *screen, FILE *stream);
/* What can be shown: the definitions of this build. */
void show_definitions(const struct screen *screen, FILE *stream);

/* JSON version 1, in README.md. A new reference, NULL without memory. */
json_t *json_view(const struct view *view, const struct rates *rates);
json_t *json_definitions(void);

enum table_style style_of_state(const char *state);

#endif

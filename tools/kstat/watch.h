/* watch.h: a view again and again. */
#ifndef KSUPERVISE_TOOLS_KSTAT_WATCH_H
#define KSUPERVISE_TOOLS_KSTAT_WATCH_H

#include "tools/kstat/settings.h"
#include "tools/kstat/table.h"
#include "common/view/view.h"

/* The terminal behind stdout; unlimited width and height when it is not one. */
struct screen screen_of_stdout(void);

/* Shows it settings->count times (0: until SIGINT or SIGTERM), settings->interval_us apart: on a terminal in
 * place, else one below the other. The first look must succeed; an instance that ends later is said to be
 * gone, and waited for. Returns 0, or -1. */
int watch(const struct settings *settings, const struct view_request *request, struct error *error);

/* Calls `each` settings->count times (0: until SIGINT or SIGTERM), settings->interval_us apart; ends when it
 * returns non-zero, and returns that when it is -1. */
int watch_every(const struct settings *settings, int (*each)(void *context, struct error *error),
                void *context, struct error *error);

/* Looks until all of settings->conditions are true at once. 0; -1: EXIT_CODE_TIMED_OUT, EXIT_CODE_NEVER. An
 * instance that is not there yet is waited for. */
int watch_until(const struct settings *settings, const struct view_request *request, struct error *error);

/* One look in the form that the settings ask for. `rates` may be NULL. */
struct rates;
int show_once(const struct settings *settings, struct view *view, const struct view_request *request,
              struct rates *rates, const struct screen *screen, FILE *stream, struct error *error);

#endif

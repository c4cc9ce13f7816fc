/* screen.h: the live screen: all workers, the worst first; one of them in full; a capture to go through. It
 * takes the terminal until it is left, and asks nobody anything: keys.h lists what can be pressed. */
#ifndef KSUPERVISE_TOOLS_KSTAT_SCREEN_SCREEN_H
#define KSUPERVISE_TOOLS_KSTAT_SCREEN_SCREEN_H

#include "common/capture/capture.h"
#include "tools/kstat/settings.h"

/* True when both ends are a terminal that curses can use, and nobody asked for another form. */
bool screen_is_wanted(const struct settings *settings);

/* Looks every settings->interval_us; `capture` is gone through instead of the present when it is not NULL,
 * from `frame` on. 0, or -1. */
int screen_run(const struct settings *settings, const struct view_request *request, struct capture *capture,
               size_t frame, struct error *error);

#endif

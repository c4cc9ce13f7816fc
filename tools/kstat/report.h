/* report.h: `kstat --report FILE`: the page of kweb with a capture in it, or with the present moment: one
 * file that a browser opens without a server, for who was not there. */
#ifndef KSUPERVISE_TOOLS_KSTAT_REPORT_H
#define KSUPERVISE_TOOLS_KSTAT_REPORT_H

#include "common/view/view.h"
#include "common/capture/capture.h"
#include "tools/kstat/settings.h"

/* Writes settings->report: what `capture` has, or what is now (NULL). A file of that name is replaced when
 * the new one is whole. */
int report(const struct settings *settings, const struct view_request *request, struct capture *capture,
           struct error *error);

#endif

/* report.h: `kstat --report FILE`: the page of kweb with a capture in it, or with the present moment: one
 * file that a browser opens without a server, for who was not there. */
#ifndef KSUPERVISE_TOOLS_KSTAT_REPORT_H
#define KSUPERVISE_TOOLS_KSTAT_REPORT_H

#include "common/view/view.h"
#include "tools/kstat/capture.h"
#include "tools/kstat/settings.h"

/* More are thinned out evenly: a browser has to hold them. */
#define REPORT_MOMENTS_MAX 1000

/* Writes settings->report: what `capture` has, or what is now (NULL). A file of that name is replaced when
 * the new one is whole. */
int report(const struct settings *settings, const struct view_request *request, struct capture *capture,
           struct error *error);

#endif

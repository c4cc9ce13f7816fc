/* report.h: what came out, for people or as JSON, and whether it is clean. */
#ifndef KSUPERVISE_TOOLS_KAUDIT_REPORT_H
#define KSUPERVISE_TOOLS_KAUDIT_REPORT_H

#include "tools/kaudit/audit.h"

/* Prints it. True when nothing is lost, doubled, out of order in its key, or without a record. */
bool report(const struct audit *audit);

#endif

/* replay.h: captures on the command line: --dump, --file, --diff. */
#ifndef KSUPERVISE_TOOLS_KSTAT_REPLAY_H
#define KSUPERVISE_TOOLS_KSTAT_REPLAY_H

#include "tools/kstat/settings.h"
#include "common/view/view.h"

/* Writes a look of `instance` to settings->dump: one, or one every interval until the count or a signal. */
int dump(const struct settings *settings, const char *instance, struct error *error);

/* Shows settings->file as the settings ask; `request` is completed with source and instance. */
int replay(const struct settings *settings, struct view_request *request, struct error *error);

/* Between the captures settings->before and settings->after; the latter NULL: what `instance` is now. */
int diff(const struct settings *settings, struct error *error);

#endif

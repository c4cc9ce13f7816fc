/* events.h: --events: what has happened in the instance, from its ring of events. */
#ifndef KSUPERVISE_TOOLS_KSTAT_EVENTS_H
#define KSUPERVISE_TOOLS_KSTAT_EVENTS_H

#include "tools/kstat/settings.h"

/* Those of the worker or client that was named, or all; with an interval also what comes. */
int kstat_events(const struct settings *settings, const char *instance, struct error *error);

#endif

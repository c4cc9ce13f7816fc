#include "tools/kstat/events.h"

#include "common/stats/events_show.h"

int kstat_events(const struct settings *settings, const char *instance, struct error *error)
{
    const struct events_spec spec = {.instance = instance,
                                     .worker = settings->worker,
                                     .follow = settings->interval_us > 0,
                                     .json = settings->json != JSON_NONE};
    return events_show(&spec, stdout, error);
}

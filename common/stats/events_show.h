/* events_show.h: the events of an instance, shown line by line: what `kctl events` and `kstat --events` do.
 */
#ifndef KSUPERVISE_COMMON_STATS_EVENTS_SHOW_H
#define KSUPERVISE_COMMON_STATS_EVENTS_SHOW_H

#include "common/stats/events.h"

struct events_spec {
    const char *instance;
    const char *worker; /* a worker's, or all of a client's; NULL or "": every one */
    uint64_t since;     /* those after this number; 0: from the oldest that is kept */
    bool follow;        /* go on with what comes, over restarts of the supervisor, until the instance ends in
                           order */
    bool json;          /* a JSON object a line; {"missed":N} stands for those that were overwritten unread */
};

/* What it is of: bravo means bravo.2, too, as everywhere. */
bool events_is_of(const struct event *event, const char *worker);
/* The line that stands for so many that nobody can read any more; none for 0. */
void events_show_missed(uint64_t missed, bool json, FILE *stream);

/* EXIT_CODE_NOT_RUNNING when there is no ring. The stream is flushed whenever there is nothing more to show.
 */
int events_show(const struct events_spec *spec, FILE *stream, struct error *error);

#endif

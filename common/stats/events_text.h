/* events_text.h: events for people, and for programs. Pure functions; what does not fit is cut. */
#ifndef KSUPERVISE_COMMON_STATS_EVENTS_TEXT_H
#define KSUPERVISE_COMMON_STATS_EVENTS_TEXT_H

#include "common/stats/events.h"

#define EVENT_LINE_BYTES 1024

/* `was killed by SIGKILL while polling; committed 1042, processed up to 1050`: the text, then the numbers as
 * the kind says them. Escaped for a terminal. */
void event_phrase(char text[EVENT_LINE_BYTES], const struct event *event, const struct event_about *about);

/* `2026-02-26T09:52:20.102594+00:00     17  bravo        died                …` */
void event_line(char text[EVENT_LINE_BYTES], const struct event *event, const struct event_about *about);

/* {"sequence":17,"time_us":…,"kind":"died","worker":"bravo","generation":2,"pid":4711,"partition":null,
 * "from":1042,"to":1050,"count":null,"text":"…"}; null is unknown, and the worker of the instance's own. */
void event_json(char text[EVENT_LINE_BYTES], const struct event *event, const struct event_about *about);

#endif

/* stream.h: readers of /events (server-sent events,
 * https://html.spec.whatwg.org/multipage/server-sent-events.html). What a reader has not taken is not kept
 * for it: it has a number of the event ring, and whether it has the last snapshot. So it costs the same
 * however slow it is. */
#ifndef KSUPERVISE_TOOLS_KWEB_STREAM_H
#define KSUPERVISE_TOOLS_KWEB_STREAM_H

#include "tools/kweb/exchange.h"

#define STREAMS_MAX 256

/* The route's function. */
void serve_events(struct exchange *exchange);

/* Wakes those for whom there is something. */
void streams_check(struct kweb *kweb, int64_t now_us);
int64_t streams_deadline_us(const struct kweb *kweb);
/* Ends all. */
void streams_close(struct kweb *kweb);

#endif

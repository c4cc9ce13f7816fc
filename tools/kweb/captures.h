/* captures.h: a capture that somebody sends, as the page plays it. It is gone through step by step while
 * others are served; nothing of it is kept. */
#ifndef KSUPERVISE_TOOLS_KWEB_CAPTURES_H
#define KSUPERVISE_TOOLS_KWEB_CAPTURES_H

#include "tools/kweb/exchange.h"

#define CAPTURES_BYTES_MAX  (64 << 20) /* of a file */
#define CAPTURES_ANSWER_MAX (32 << 20) /* about: moments are left out until it fits */

/* The route's function. */
void serve_captures(struct exchange *exchange);

/* A step of each. */
void captures_check(struct kweb *kweb, int64_t now_us);
int64_t captures_deadline_us(const struct kweb *kweb); /* INT64_MAX: there is none */
/* Ends all. */
void captures_close(struct kweb *kweb);

#endif

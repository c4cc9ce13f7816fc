/* format.h: numbers for people. Unknown (STATS_UNKNOWN) is `?` everywhere; a value that does not apply is
 * shown as `-` by the caller. */
#ifndef KSUPERVISE_COMMON_VIEW_FORMAT_H
#define KSUPERVISE_COMMON_VIEW_FORMAT_H

#include "common/banned.h"

#include <stdint.h>

#define FORMAT_BYTES 32

/* A text lives in the struct, so that several fit into one printf: format_span(us).text */
struct formatted {
    char text[FORMAT_BYTES];
};

struct formatted format_number(int64_t value);                /* 1042 */
struct formatted format_span(int64_t microseconds);           /* 850 µs, 1.2 ms, 35 s, 5 min, 3 h, 9 d */
struct formatted format_age(int64_t now_us, int64_t then_us); /* the span between them, never negative */
struct formatted format_rate(double per_second);              /* 0.42, 12.5, 4200 */
struct formatted format_bytes(int64_t bytes);                 /* 12 B, 3.4 KiB, 1.2 GiB */

/* Untrusted text, escaped for a terminal. */
struct foreign {
    char text[1024];
};
struct foreign format_foreign(const char *text);

#endif

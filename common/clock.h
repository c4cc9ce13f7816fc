/* clock.h: the two clocks. Deadlines and durations use the monotonic one; wall time is only for showing and
 * for record timestamps. Both may be called from any thread and from a signal handler. A test that includes
 * tests/support/fake_clock.h sets both itself. */
#ifndef KSUPERVISE_COMMON_CLOCK_H
#define KSUPERVISE_COMMON_CLOCK_H

#include "common/banned.h"

#include <stddef.h>
#include <stdint.h>

#define US_PER_MS     INT64_C(1000)
#define US_PER_SECOND INT64_C(1000000)

/* timeout(1) signals a process, and then its group: two signals to stop within a moment are one request. */
#define SIGNALS_MOMENT_US (500 * US_PER_MS)

int64_t clock_monotonic_us(void); /* CLOCK_MONOTONIC, microseconds */
int64_t clock_wall_us(void);      /* CLOCK_REALTIME, microseconds since the epoch, UTC */

/* 2026-02-26T09:52:20.102594+00:00, 32 characters, and a NUL. Returns `buffer`. Years outside 0..9999 become
 * `?`. */
#define CLOCK_ISO8601_BYTES 33
char *clock_format_iso8601(char buffer[CLOCK_ISO8601_BYTES], int64_t wall_us);

/* Reads RFC 3339: `2026-02-26T09:52:20.102594+00:00`, or ending in `Z`; the fraction may be missing, digits
 * beyond microseconds are refused. 0, or -1 when it is anything else. */
int clock_parse_iso8601(const char *text, size_t length, int64_t *wall_us);

#endif

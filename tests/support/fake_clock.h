/* fake_clock.h: both clocks of common/clock.h, moved by hand.
 *
 * Including this file is all that a test has to do: it defines clock_monotonic_us and clock_wall_us, and the
 * linker then leaves clock.o in libcommon.a (clock.c holds nothing else for that reason). So it stands in the
 * test's one source file, never in a header that two of them share. Both clocks start at values that no code
 * should take for "not set". Not for use from several threads.
 */
#ifndef KSUPERVISE_TESTS_SUPPORT_FAKE_CLOCK_H
#define KSUPERVISE_TESTS_SUPPORT_FAKE_CLOCK_H

#include "common/clock.h"

static int64_t fake_monotonic_us = 1000 * US_PER_SECOND;
static int64_t fake_wall_us = INT64_C(1772099522102594); /* 2026-02-26T09:52:02.102594+00:00 */

int64_t clock_monotonic_us(void)
{
    return fake_monotonic_us;
}

int64_t clock_wall_us(void)
{
    return fake_wall_us;
}

/* Sets both. Only a test that wants a step of the wall clock, or a rollback, needs it. */
static inline void fake_clock_set(int64_t monotonic_us, int64_t wall_us)
{
    fake_monotonic_us = monotonic_us;
    fake_wall_us = wall_us;
}

/* Lets time pass: both clocks move on together. */
static inline void fake_clock_advance(int64_t microseconds)
{
    fake_monotonic_us += microseconds;
    fake_wall_us += microseconds;
}

#endif

#include "consumer/backoff.h"

#include "common/clock.h"

#define WAIT_MAX_US (30 * US_PER_SECOND) /* far below half of max.poll.interval.ms, 150 s */
#define DOUBLINGS   20                   /* enough to reach the cap from a millisecond */

/* The jitter is for workers that fail at the same database at the same moment: the clock's low digits differ
 * among processes well enough. */
int64_t backoff_us(const struct settings *settings, unsigned attempts)
{
    unsigned doublings = attempts - 1 < DOUBLINGS ? attempts - 1 : DOUBLINGS;
    int64_t wait = settings->retry_delay_us << doublings;
    if (wait > WAIT_MAX_US)
        wait = WAIT_MAX_US;
    return wait * 3 / 4 + clock_monotonic_us() % (wait / 2 + 1);
}

#include "common/clock.h"

static int64_t now_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now); /* cannot fail: both clocks always exist on Linux */
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t clock_monotonic_us(void)
{
    return now_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
    return now_us(CLOCK_REALTIME);
}

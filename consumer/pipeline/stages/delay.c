/* delay: to study slow consumers: each record takes that long. It keeps ticking, so that nobody takes it for a
 * hang, and a consumer that is to end waits no longer. */
#include "consumer/pipeline/stages/stages.h"

#include <errno.h>

#include "common/clock.h"
#include "common/exit_codes.h"

#define SLICE_US (50 * US_PER_MS)
#define MAX_US   (3600 * US_PER_SECOND)

struct delay {
    const struct pipeline *pipeline;
    int64_t delay_us;
};

/* A bare number is milliseconds. */
static int parse_delay(const char *argument, int64_t *delay_us, struct error *error)
{
    bool bare = argument[strspn(argument, "0123456789")] == '\0';
    if (bare && option_parse_integer(argument, 0, MAX_US / US_PER_MS, delay_us, error) == -1)
        return -1;
    if (bare)
        *delay_us *= US_PER_MS;
    else if (option_parse_duration(argument, delay_us, error) == -1)
        return -1;
    if (*delay_us > MAX_US)
        return error_set(error, "'%.40s' is more than an hour", argument);
    return 0;
}

static int delay_open(void **state, const char *argument, const struct pipeline *pipeline,
                      struct error *error)
{
    int64_t delay_us;
    if (parse_delay(argument, &delay_us, error) == -1) {
        error->exit_code = EXIT_CODE_USAGE;
        return -1;
    }
    struct delay *delay = malloc(sizeof *delay);
    if (delay == NULL)
        return error_set(error, "out of memory");
    *delay = (struct delay){pipeline, delay_us};
    *state = delay;
    return 0;
}

static void sleep_until(int64_t monotonic_us)
{
    struct timespec until = {.tv_sec = monotonic_us / US_PER_SECOND,
                             .tv_nsec = monotonic_us % US_PER_SECOND * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}

static enum verdict delay_record(void *state, const struct item *item, char why[STAGE_WHY_BYTES])
{
    const struct delay *delay = state;
    (void)item;
    (void)why;
    int64_t now_us = clock_monotonic_us();
    int64_t until_us = now_us + delay->delay_us;
    for (; now_us < until_us && !pipeline_ending(delay->pipeline); now_us = clock_monotonic_us()) {
        sleep_until(until_us - now_us > SLICE_US ? now_us + SLICE_US : until_us);
        pipeline_tick(delay->pipeline);
    }
    return VERDICT_PASS;
}

const struct stage_class stage_delay = {
    .name = "delay",
    .argument = "MS",
    .help = "to study slow consumers: each record takes this many milliseconds (or 20us, 2s …)",
    .open = delay_open,
    .record = delay_record,
    .close = free,
};

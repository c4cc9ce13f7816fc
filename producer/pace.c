#include "producer/pace.h"

#include "common/clock.h"

void pace_init_interval(struct pace *pace, int64_t interval_us, int64_t now_us)
{
    *pace = (struct pace){.start_us = now_us, .period_us = interval_us, .records = 1};
}

void pace_init_rate(struct pace *pace, int64_t records_per_second, int64_t now_us)
{
    *pace = (struct pace){.start_us = now_us,
                          .period_us = records_per_second == 0 ? 0 : US_PER_SECOND,
                          .records = records_per_second};
}

static int64_t due_us(const struct pace *pace)
{
    return pace->start_us + pace->sent * pace->period_us / pace->records;
}

int64_t pace_wait_us(struct pace *pace, int64_t now_us)
{
    if (pace_is_unlimited(pace))
        return 0;
    int64_t late_us = now_us - due_us(pace);
    if (late_us > PACE_SLACK_US)
        pace->start_us += late_us - PACE_SLACK_US;
    return late_us >= 0 ? 0 : -late_us;
}

void pace_sent(struct pace *pace)
{
    pace->sent++;
    if (pace->sent >= pace->records &&
        pace->records > 0) { /* whole periods go into the start: nothing can overflow */
        pace->start_us += pace->period_us;
        pace->sent -= pace->records;
    }
}

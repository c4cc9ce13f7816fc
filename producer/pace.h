/* pace.h: when is the next record due? An absolute schedule: record i is due at start + i × period, so that
 * the time that one send takes does not delay all later ones, and no error adds up. A stall (a full queue, a
 * stopped process) is not followed by a burst: what is late by more than PACE_SLACK_US is dropped from the
 * schedule.
 *
 * Times are monotonic microseconds, the caller's. Pure state: any clock, any thread. */
#ifndef KSUPERVISE_PRODUCER_PACE_H
#define KSUPERVISE_PRODUCER_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* How late a send may be and still be caught up: a few late wake-ups of the kernel's timer, no more. */
#define PACE_SLACK_US 10000

struct pace {
    int64_t start_us;
    int64_t sent; /* since start_us */
    /* the period is period_us / records: 1000000/3000 is not a whole number */
    int64_t period_us; /* 0: always due */
    int64_t records;
};

void pace_init_interval(struct pace *pace, int64_t interval_us, int64_t now_us);
void pace_init_rate(struct pace *pace, int64_t records_per_second, int64_t now_us);

static inline bool pace_is_unlimited(const struct pace *pace)
{
    return pace->period_us == 0;
}

/* Microseconds until the next record is due, 0 when it is. */
int64_t pace_wait_us(struct pace *pace, int64_t now_us);

/* A record was sent. */
void pace_sent(struct pace *pace);

#endif

#include "producer/pace.h"

#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

/* Sends what is due now; returns how many. */
static int64_t send_due(struct pace *pace)
{
    int64_t count = 0;
    while (pace_wait_us(pace, clock_monotonic_us()) == 0 && count < 1000000) {
        pace_sent(pace);
        count++;
    }
    return count;
}

START_TEST(an_interval_is_kept_to_the_microsecond)
{
    struct pace pace;
    pace_init_interval(&pace, 2 * US_PER_SECOND, clock_monotonic_us());
    ck_assert_int_eq(send_due(&pace), 1);
    ck_assert_int_eq(pace_wait_us(&pace, clock_monotonic_us()), 2 * US_PER_SECOND);
    fake_clock_advance(2 * US_PER_SECOND - 1);
    ck_assert_int_eq(send_due(&pace), 0);
    fake_clock_advance(1);
    ck_assert_int_eq(send_due(&pace), 1);
}
END_TEST

START_TEST(a_rate_that_divides_no_microsecond_loses_nothing)
{
    struct pace pace;
    pace_init_rate(&pace, 3000, clock_monotonic_us());
    int64_t sent = 0;
    for (int ms = 0; ms < 100000; ms++) {
        sent += send_due(&pace);
        fake_clock_advance(US_PER_MS);
    }
    ck_assert_int_eq(sent, 300000 - 2); /* the last millisecond's second and third are still to come */
}
END_TEST

START_TEST(records_are_spread_evenly)
{
    struct pace pace;
    pace_init_rate(&pace, 1000, clock_monotonic_us());
    ck_assert_int_eq(send_due(&pace), 1);
    for (int i = 0; i < 5000; i++) {
        ck_assert_int_eq(pace_wait_us(&pace, clock_monotonic_us()), US_PER_MS);
        fake_clock_advance(US_PER_MS);
        ck_assert_int_eq(send_due(&pace), 1);
    }
}
END_TEST

START_TEST(what_sending_takes_does_not_delay_the_next)
{
    struct pace pace;
    pace_init_interval(&pace, 100 * US_PER_MS, clock_monotonic_us());
    ck_assert_int_eq(send_due(&pace), 1);
    for (int i = 0; i < 50; i++) {
        fake_clock_advance(3 * US_PER_MS); /* sending took so long */
        int64_t wait_us = pace_wait_us(&pace, clock_monotonic_us());
        ck_assert_int_eq(wait_us, 97 * US_PER_MS);
        fake_clock_advance(wait_us);
        ck_assert_int_eq(send_due(&pace), 1);
    }
}
END_TEST

START_TEST(a_stall_is_not_made_up_for_by_a_burst)
{
    struct pace pace;
    pace_init_rate(&pace, 10000, clock_monotonic_us());
    send_due(&pace);
    fake_clock_advance(60 * US_PER_SECOND);
    int64_t burst = send_due(&pace);
    ck_assert_int_le(burst, 10000 * PACE_SLACK_US / US_PER_SECOND + 1);
    fake_clock_advance(US_PER_SECOND);
    ck_assert_int_le(send_due(&pace), 101); /* again a stall, for the pace */
}
END_TEST

START_TEST(a_late_wake_up_is_caught_up)
{
    struct pace pace;
    pace_init_rate(&pace, 1000, clock_monotonic_us());
    send_due(&pace);
    fake_clock_advance(PACE_SLACK_US);
    ck_assert_int_eq(send_due(&pace), 10);
}
END_TEST

START_TEST(unlimited_is_always_due)
{
    struct pace pace;
    pace_init_rate(&pace, 0, clock_monotonic_us());
    ck_assert(pace_is_unlimited(&pace));
    ck_assert_int_eq(send_due(&pace), 1000000);
    pace_init_interval(&pace, 0, clock_monotonic_us());
    ck_assert(pace_is_unlimited(&pace));
    ck_assert_int_eq(send_due(&pace), 1000000);
}
END_TEST

START_TEST(a_year_at_the_highest_rate_does_not_overflow)
{
    struct pace pace;
    pace_init_rate(&pace, 100000000, clock_monotonic_us());
    for (int64_t i = 0; i < 3; i++) {
        pace.sent = 100000000 - 1; /* the last of a second */
        pace_sent(&pace);
        ck_assert_int_eq(pace.sent, 0);
    }
    ck_assert_int_eq(pace.start_us, clock_monotonic_us() + 3 * US_PER_SECOND);
    pace_init_interval(&pace, INT64_MAX / 4, clock_monotonic_us() - INT64_MAX / 2);
    for (int i = 0; i < 5; i++)
        pace_sent(&pace);
    ck_assert_int_gt(pace_wait_us(&pace, clock_monotonic_us()), INT64_MAX / 8);
}
END_TEST

CHECK_MAIN("producer/pace", an_interval_is_kept_to_the_microsecond,
           a_rate_that_divides_no_microsecond_loses_nothing, records_are_spread_evenly,
           what_sending_takes_does_not_delay_the_next, a_stall_is_not_made_up_for_by_a_burst,
           a_late_wake_up_is_caught_up, unlimited_is_always_due, a_year_at_the_highest_rate_does_not_overflow)

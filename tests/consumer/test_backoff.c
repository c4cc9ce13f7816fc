#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

#include "consumer/backoff.h"

static struct settings settings = {.retry_delay_us = US_PER_SECOND};

START_TEST(waits_double_up_to_half_a_minute_with_a_quarter_of_jitter)
{
    static const struct {
        unsigned attempts;
        int64_t nominal_us;
    } waits[] = {{1, US_PER_SECOND},
                 {2, 2 * US_PER_SECOND},
                 {5, 16 * US_PER_SECOND},
                 {6, 30 * US_PER_SECOND},
                 {1000, 30 * US_PER_SECOND}};
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        int64_t half_us = waits[i].nominal_us / 2;
        fake_clock_set(1000 * (half_us + 1), 0);
        ck_assert_int_eq(backoff_us(&settings, waits[i].attempts), waits[i].nominal_us * 3 / 4);
        fake_clock_set(1000 * (half_us + 1) + half_us, 0);
        ck_assert_int_eq(backoff_us(&settings, waits[i].attempts), waits[i].nominal_us * 5 / 4);
        fake_clock_set(1000 * (half_us + 1) + 7, 0);
        ck_assert_int_eq(backoff_us(&settings, waits[i].attempts), waits[i].nominal_us * 3 / 4 + 7);
    }
}
END_TEST

START_TEST(a_delay_of_a_microsecond_doubles_no_more_often_than_twenty_times)
{
    settings.retry_delay_us = 1;
    int64_t half_us = (INT64_C(1) << 20) / 2;
    fake_clock_set(1000 * (half_us + 1), 0);
    ck_assert_int_eq(backoff_us(&settings, 21), (INT64_C(1) << 20) * 3 / 4);
    ck_assert_int_eq(backoff_us(&settings, 22), (INT64_C(1) << 20) * 3 / 4);
    ck_assert_int_lt(backoff_us(&settings, 20), (INT64_C(1) << 20) * 3 / 4);
}
END_TEST

CHECK_MAIN("consumer/backoff", waits_double_up_to_half_a_minute_with_a_quarter_of_jitter,
           a_delay_of_a_microsecond_doubles_no_more_often_than_twenty_times)

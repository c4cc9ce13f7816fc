#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

START_TEST(a_test_moves_both_clocks_together)
{
    int64_t monotonic_us = clock_monotonic_us();
    int64_t wall_us = clock_wall_us();

    fake_clock_advance(3 * US_PER_SECOND);

    ck_assert_int_eq(clock_monotonic_us(), monotonic_us + 3 * US_PER_SECOND);
    ck_assert_int_eq(clock_wall_us(), wall_us + 3 * US_PER_SECOND);
}
END_TEST

START_TEST(a_test_can_step_the_wall_clock_back)
{
    int64_t monotonic_us = clock_monotonic_us();
    int64_t wall_us = clock_wall_us();

    fake_clock_set(monotonic_us + 1, wall_us - US_PER_SECOND);

    ck_assert_int_eq(clock_monotonic_us(), monotonic_us + 1);
    ck_assert_int_lt(clock_wall_us(), wall_us);
}
END_TEST

CHECK_MAIN("tests/support/fake_clock", a_test_moves_both_clocks_together, a_test_can_step_the_wall_clock_back)

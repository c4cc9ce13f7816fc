#include "common/view/rates.h"

#include "tests/support/check_main.h"

static struct rates *rates;
static double now, average;

static void prepare(void)
{
    rates = rates_new();
}

static void release(void)
{
    rates_free(rates);
}

START_TEST(a_first_look_gives_no_rate)
{
    ck_assert(!rates_get(NULL, "bravo", "processed", &now, &average));
    ck_assert(!rates_get(rates, "bravo", "processed", &now, &average));
    rates_update(rates, "bravo", "processed", 100, 1000000);
    ck_assert(!rates_get(rates, "bravo", "processed", &now, &average));
}
END_TEST

START_TEST(the_rate_is_of_the_last_interval_and_the_average_of_all)
{
    rates_update(rates, "bravo", "processed", 100, 1000000);
    rates_update(rates, "bravo", "processed", 110, 2000000);
    rates_update(rates, "bravo", "processed", 150, 4000000);
    ck_assert(rates_get(rates, "bravo", "processed", &now, &average));
    ck_assert_double_eq_tol(now, 20.0, 1e-9);
    ck_assert_double_eq_tol(average, 50.0 / 3, 1e-9);
}
END_TEST

START_TEST(workers_and_counters_do_not_mix)
{
    static const char *const workers[] = {"bravo", "bravo.2", "zulu"}, *const counters[] = {"received",
                                                                                            "processed"};
    for (int64_t look = 0; look < 3; look++)
        for (int64_t w = 0; w < 3; w++)
            for (int64_t c = 0; c < 2; c++)
                rates_update(rates, workers[w], counters[c], look * (10 * w + c), look * 1000000);
    for (int64_t w = 0; w < 3; w++)
        for (int64_t c = 0; c < 2; c++) {
            ck_assert(rates_get(rates, workers[w], counters[c], &now, &average));
            ck_assert_double_eq_tol(now, (double)(10 * w + c), 1e-9);
        }
}
END_TEST

START_TEST(a_counter_that_went_back_begins_anew)
{
    rates_update(rates, "bravo", "processed", 1000, 1000000);
    rates_update(rates, "bravo", "processed", 2000, 2000000);
    rates_update(rates, "bravo", "processed", 5, 3000000);
    ck_assert(!rates_get(rates, "bravo", "processed", &now, &average));
    rates_update(rates, "bravo", "processed", 8, 4000000);
    ck_assert(rates_get(rates, "bravo", "processed", &now, &average));
    ck_assert_double_eq_tol(average, 3.0, 1e-9);
}
END_TEST

START_TEST(two_looks_at_one_moment_do_not_divide_by_zero)
{
    rates_update(rates, "bravo", "processed", 1, 1000000);
    rates_update(rates, "bravo", "processed", 9, 1000000);
    ck_assert(!rates_get(rates, "bravo", "processed", &now, &average));
}
END_TEST

CHECK_MAIN_WITH("common/view/rates", prepare, release, a_first_look_gives_no_rate,
                the_rate_is_of_the_last_interval_and_the_average_of_all, workers_and_counters_do_not_mix,
                a_counter_that_went_back_begins_anew, two_looks_at_one_moment_do_not_divide_by_zero)

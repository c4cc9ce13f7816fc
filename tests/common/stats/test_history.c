/* An hour of samples for charts. */
#include "common/stats/history.h"

#include <math.h>

#include "common/clock.h"
#include "tests/common/stats/support.h"

#define HOUR_US (HISTORY_SECONDS * US_PER_SECOND)
#define NOON_US (INT64_C(1772099520) * US_PER_SECOND)

static struct history *history;

static void opens(void)
{
    struct error error = ERROR_INIT;
    ck_assert_int_eq(history_open(&history, instance_name, &error), 0);
    ck_assert_str_eq(error.text, "");
}

static void prepare(void)
{
    name_instance();
    opens();
}

static void clean_up(void)
{
    history_close(history, true);
}

static void opens_again(void)
{
    history_close(history, false);
    opens();
}

/* A sample in which these workers are, from `first` on. */
static void sample(int64_t time_us, size_t first, size_t count, double lag)
{
    const double values[HISTORY_VALUES] = {[HISTORY_LAG] = lag};
    history_begin(history, time_us);
    for (size_t i = first; i < first + count; i++) {
        char name[HISTORY_NAME_BYTES];
        snprintf(name, sizeof name, "w%zu", i);
        history_put(history, name, values);
    }
    history_end(history);
}

static size_t place_of(const char *name)
{
    size_t i = 0;
    while (history_worker(history, i) != NULL && strcmp(history_worker(history, i), name) != 0)
        i++;
    return history_worker(history, i) != NULL ? i : SIZE_MAX;
}

/* Its lag in the last sample; NaN: unknown. */
static double lag_of(const char *name, int64_t now_us)
{
    size_t at = 0, slot, last = SIZE_MAX;
    while (history_next(history, now_us, &at, &slot) != 0)
        last = slot;
    ck_assert_uint_ne(last, SIZE_MAX);
    return history_values(history, place_of(name), last)[HISTORY_LAG];
}

START_TEST(a_lag_of_any_size_is_kept_as_it_is)
{
    static const double lags[] = {16777217.0, 9007199254740991.0};
    for (size_t i = 0; i < 2; i++) {
        sample(NOON_US + (int64_t)i * US_PER_SECOND, 0, 1, lags[i]);
        ck_assert(lag_of("w0", NOON_US + US_PER_SECOND) == lags[i]);
    }
    opens_again();
    ck_assert(lag_of("w0", NOON_US + US_PER_SECOND) == lags[1]);
}
END_TEST

START_TEST(one_too_many_is_passed_over_while_all_are_there)
{
    for (int64_t at_us = 0; at_us < 5 * US_PER_SECOND; at_us += US_PER_SECOND)
        sample(NOON_US + at_us, 0, HISTORY_WORKERS_MAX + 1, 7);
    ck_assert_uint_eq(place_of("w64"), SIZE_MAX);
    ck_assert_ptr_null(history_worker(history, HISTORY_WORKERS_MAX));
}
END_TEST

START_TEST(who_was_not_seen_for_an_hour_gives_its_place)
{
    sample(NOON_US, 0, HISTORY_WORKERS_MAX, 7);
    sample(NOON_US + HOUR_US - US_PER_SECOND, 1, HISTORY_WORKERS_MAX - 1, 8);
    sample(NOON_US + HOUR_US, 64, 1, 9);
    ck_assert_uint_eq(place_of("w64"), SIZE_MAX);
    sample(NOON_US + HOUR_US + US_PER_SECOND, 64, 2, 9);
    ck_assert_uint_eq(place_of("w0"), SIZE_MAX);
    ck_assert_uint_eq(place_of("w65"), SIZE_MAX); /* the others were there a moment ago */
    for (int again = 0; again < 2; again++) {
        ck_assert_uint_eq(place_of("w64"), 0);
        ck_assert(lag_of("w64", NOON_US + HOUR_US + US_PER_SECOND) == 9);
        ck_assert(isnan(lag_of("w1", NOON_US + HOUR_US + US_PER_SECOND)));
        opens_again();
    }
}
END_TEST

START_TEST(it_does_so_too_where_another_process_has_seen_it)
{
    sample(NOON_US, 0, HISTORY_WORKERS_MAX, 7);
    opens_again();
    sample(NOON_US + HOUR_US - US_PER_SECOND, 64, 1, 9);
    ck_assert_uint_eq(place_of("w64"), SIZE_MAX);
    opens_again();
    sample(NOON_US + HOUR_US + US_PER_SECOND, 64, 1, 9);
    ck_assert_uint_eq(place_of("w64"), 0);
}
END_TEST

CHECK_MAIN_WITH("common/stats/history", prepare, clean_up, a_lag_of_any_size_is_kept_as_it_is,
                one_too_many_is_passed_over_while_all_are_there, who_was_not_seen_for_an_hour_gives_its_place,
                it_does_so_too_where_another_process_has_seen_it)

#include "tests/support/check_main.h"

#include <inttypes.h>

#include "common/clock.h"

struct moment {
    const char *text;
    int64_t wall_us;
};

/* The values are those of date -u -d @SECONDS. */
static const struct moment moments[] = {
    {"1970-01-01T00:00:00.000000+00:00", 0},
    {"1969-12-31T23:59:59.999999+00:00", -1},
    {"2026-02-26T09:52:20.102594+00:00", INT64_C(1772099540102594)},
    {"2024-02-29T23:59:59.000001+00:00", INT64_C(1709251199000001)},
    {"2038-01-19T03:14:08.000000+00:00", INT64_C(2147483648000000)},
    {"0000-01-01T00:00:00.000000+00:00", INT64_C(-62167219200000000)},
    {"9999-12-31T23:59:59.999999+00:00", INT64_C(253402300799999999)},
};

START_TEST(a_moment_is_written_and_read_back_exactly)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        char text[CLOCK_ISO8601_BYTES];
        int64_t wall_us;
        ck_assert_str_eq(clock_format_iso8601(text, moments[i].wall_us), moments[i].text);
        ck_assert_int_eq(clock_parse_iso8601(text, strlen(text), &wall_us), 0);
        ck_assert_int_eq(wall_us, moments[i].wall_us);
    }
}
END_TEST

START_TEST(a_year_that_four_digits_cannot_hold_is_a_question_mark)
{
    static const int64_t strange[] = {INT64_C(253402300800000000), INT64_C(-62167219200000001), INT64_MAX,
                                      INT64_MIN};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        char text[CLOCK_ISO8601_BYTES];
        ck_assert_str_eq(clock_format_iso8601(text, strange[i]), "?");
    }
}
END_TEST

START_TEST(reads_zones_and_fractions_of_any_length)
{
    static const struct moment good[] = {
        {"2026-02-26T09:52:20Z", INT64_C(1772099540000000)},
        {"2026-02-26T09:52:20.1Z", INT64_C(1772099540100000)},
        {"2026-02-26T11:22:20.102594+01:30", INT64_C(1772099540102594)},
        {"2026-02-26T04:52:20.102594-05:00", INT64_C(1772099540102594)},
        {"2026-02-27T00:00:00+00:00", INT64_C(1772150400000000)},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t wall_us;
        ck_assert_msg(clock_parse_iso8601(good[i].text, strlen(good[i].text), &wall_us) == 0, "refused %s",
                      good[i].text);
        ck_assert_int_eq(wall_us, good[i].wall_us);
    }
}
END_TEST

START_TEST(refuses_what_is_no_rfc_3339)
{
    static const char *const bad[] = {"",
                                      "2026-02-26",
                                      "2026-02-26T09:52:20",
                                      "2026-02-26 09:52:20Z",
                                      "2026-02-26T09:52:20.Z",
                                      "2026-02-26T09:52:20.1234567Z",
                                      "2026-02-30T09:52:20Z",
                                      "2025-02-29T09:52:20Z",
                                      "2026-13-01T09:52:20Z",
                                      "2026-00-01T09:52:20Z",
                                      "2026-01-00T09:52:20Z",
                                      "2026-02-26T24:00:00Z",
                                      "2026-02-26T09:60:00Z",
                                      "2026-02-26T09:52:61Z",
                                      "2026-02-26T09:52:20+24:00",
                                      "2026-02-26T09:52:20+0100",
                                      "2026-02-26T09:52:20Zx",
                                      "+026-02-26T09:52:20Z",
                                      "2026-02-26T09:52:-1Z"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t wall_us;
        ck_assert_msg(clock_parse_iso8601(bad[i], strlen(bad[i]), &wall_us) == -1, "accepted '%s'", bad[i]);
    }
}
END_TEST

START_TEST(no_cut_of_a_moment_is_read_past_its_end)
{
    const char whole[] = "2026-02-26T09:52:20.102594+00:00";
    for (size_t length = 0; length < sizeof whole - 1; length++) {
        char *exact = malloc(length); /* so that a sanitizer sees a byte too far */
        memcpy(exact, whole, length);
        int64_t wall_us;
        ck_assert_msg(clock_parse_iso8601(exact, length, &wall_us) == -1, "accepted %zu bytes", length);
        free(exact);
    }
}
END_TEST

/* In four centuries all of the calendar's rules occur; before and after, a few. */
START_TEST(counts_days_as_the_c_library_does)
{
    static const int first_years[] = {0, 1600, 9990};
    static const int last_years[] = {9, 2010, 9999};
    for (size_t i = 0; i < sizeof first_years / sizeof first_years[0]; i++) {
        struct tm day = {.tm_year = first_years[i] - 1900, .tm_mday = 1, .tm_hour = 12};
        for (time_t at = timegm(&day); day.tm_year <= last_years[i] - 1900; at += 24 * 60 * 60) {
            char text[64];
            int64_t wall_us;
            ck_assert_ptr_nonnull(gmtime_r(&at, &day));
            snprintf(text, sizeof text, "%04d-%02d-%02dT12:00:00Z", day.tm_year + 1900, day.tm_mon + 1,
                     day.tm_mday);
            if (day.tm_year > 9999 - 1900)
                break;
            ck_assert_msg(clock_parse_iso8601(text, strlen(text), &wall_us) == 0, "refused %s", text);
            ck_assert_int_eq(wall_us, at * US_PER_SECOND);
        }
    }
}
END_TEST

CHECK_MAIN("common/clock_text", counts_days_as_the_c_library_does, a_moment_is_written_and_read_back_exactly,
           a_year_that_four_digits_cannot_hold_is_a_question_mark, reads_zones_and_fractions_of_any_length,
           refuses_what_is_no_rfc_3339, no_cut_of_a_moment_is_read_past_its_end)

#include "tools/kstat/format.h"

#include "common/stats/definitions.h"
#include "tests/support/check_main.h"

START_TEST(unknown_is_a_dash)
{
    ck_assert_str_eq(format_number(STATS_UNKNOWN).text, "-");
    ck_assert_str_eq(format_span(STATS_UNKNOWN).text, "-");
    ck_assert_str_eq(format_age(5, STATS_UNKNOWN).text, "-");
    ck_assert_str_eq(format_bytes(STATS_UNKNOWN).text, "-");
}
END_TEST

START_TEST(spans_have_the_unit_that_fits)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        {0, "0 µs"},          {850, "850 µs"},       {1000, "1 ms"},     {1200, "1.2 ms"},
        {45000, "45 ms"},     {1500000, "1.5 s"},    {90000000, "90 s"}, {300000000, "5 min"},
        {10800000000, "3 h"}, {777600000000, "9 d"}, {-5, "0 µs"},       {INT64_MAX, "106751991 d"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_str_eq(format_span(cases[i].us).text, cases[i].text);
}
END_TEST

START_TEST(an_age_is_never_negative_and_never_overflows)
{
    ck_assert_str_eq(format_age(3000000, 1000000).text, "2 s");
    ck_assert_str_eq(format_age(1000000, 3000000).text, "0 µs");
    ck_assert_ptr_nonnull(strstr(format_age(INT64_MAX, INT64_MIN + 1).text, " d"));
}
END_TEST

START_TEST(rates_have_three_digits_or_more)
{
    ck_assert_str_eq(format_rate(0.418).text, "0.42");
    ck_assert_str_eq(format_rate(12.54).text, "12.5");
    ck_assert_str_eq(format_rate(4200.4).text, "4200");
}
END_TEST

START_TEST(bytes_have_binary_units)
{
    ck_assert_str_eq(format_bytes(12).text, "12 B");
    ck_assert_str_eq(format_bytes(3482).text, "3.4 KiB");
    ck_assert_str_eq(format_bytes(INT64_C(48) << 20).text, "48 MiB");
}
END_TEST

CHECK_MAIN("tools/kstat/format", unknown_is_a_dash, spans_have_the_unit_that_fits,
           an_age_is_never_negative_and_never_overflows, rates_have_three_digits_or_more,
           bytes_have_binary_units)

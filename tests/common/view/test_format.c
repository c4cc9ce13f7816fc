#include "common/view/format.h"

#include "common/stats/definitions.h"
#include "tests/support/check_main.h"

/* By value: what a function returned is gone at the end of the expression. */
static void shows(struct formatted formatted, const char *text)
{
    ck_assert_str_eq(formatted.text, text);
}

START_TEST(unknown_is_a_question_mark)
{
    shows(format_number(STATS_UNKNOWN), "?");
    shows(format_span(STATS_UNKNOWN), "?");
    shows(format_age(5, STATS_UNKNOWN), "?");
    shows(format_bytes(STATS_UNKNOWN), "?");
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
        shows(format_span(cases[i].us), cases[i].text);
}
END_TEST

START_TEST(an_age_is_never_negative_and_never_overflows)
{
    shows(format_age(3000000, 1000000), "2 s");
    shows(format_age(1000000, 3000000), "0 µs");
    struct formatted longest = format_age(INT64_MAX, INT64_MIN + 1);
    ck_assert_ptr_nonnull(strstr(longest.text, " d"));
}
END_TEST

START_TEST(rates_have_three_digits_or_more)
{
    shows(format_rate(0.418), "0.42");
    shows(format_rate(12.54), "12.5");
    shows(format_rate(4200.4), "4200");
}
END_TEST

START_TEST(bytes_have_binary_units)
{
    shows(format_bytes(12), "12 B");
    shows(format_bytes(3482), "3.4 KiB");
    shows(format_bytes(INT64_C(48) << 20), "48 MiB");
}
END_TEST

CHECK_MAIN("common/view/format", unknown_is_a_question_mark, spans_have_the_unit_that_fits,
           an_age_is_never_negative_and_never_overflows, rates_have_three_digits_or_more,
           bytes_have_binary_units)

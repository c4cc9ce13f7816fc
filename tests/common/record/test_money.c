#include "common/record/text.h"

#include "tests/support/check_main.h"

static const char *format(int64_t minor, int exponent, bool sign)
{
    static char text[MONEY_TEXT_BYTES];
    size_t length = money_format(minor, exponent, sign, text);
    ck_assert_uint_eq(length, strlen(text));
    return text;
}

static bool parses(const char *text, int exponent, int64_t expected)
{
    int64_t minor = INT64_C(424242);
    return money_parse(text, strlen(text), exponent, &minor) == 0 && minor == expected;
}

static bool refuses(const char *text, int exponent)
{
    int64_t minor;
    return money_parse(text, strlen(text), exponent, &minor) == -1;
}

START_TEST(formats_exact_decimals)
{
    ck_assert_str_eq(format(24999, 2, false), "249.99");
    ck_assert_str_eq(format(5, 2, false), "0.05");
    ck_assert_str_eq(format(-5, 2, false), "-0.05");
    ck_assert_str_eq(format(0, 2, true), "+0.00");
    ck_assert_str_eq(format(15050, 2, true), "+150.50");
    ck_assert_str_eq(format(-100000, 2, true), "-1000.00");
    ck_assert_str_eq(format(250, 0, false), "250");
    ck_assert_str_eq(format(1, 4, false), "0.0001");
    ck_assert_str_eq(format(INT64_MAX, 2, false), "92233720368547758.07");
    ck_assert_str_eq(format(INT64_MIN, 2, false), "-92233720368547758.08");
    ck_assert_str_eq(format(INT64_MIN, 18, true), "-9.223372036854775808");
    ck_assert_str_eq(format(INT64_MIN, 99, false), "-9.223372036854775808");
    ck_assert_str_eq(format(7, -3, false), "7");
}
END_TEST

START_TEST(parses_plain_decimals)
{
    ck_assert(parses("249.99", 2, 24999));
    ck_assert(parses("-3", 2, -300));
    ck_assert(parses("+0.5", 2, 50));
    ck_assert(parses("0", 0, 0));
    ck_assert(parses("-0.00", 2, 0));
    ck_assert(parses("0000000000000000000000012.5", 1, 125));
    ck_assert(parses("92233720368547758.07", 2, INT64_MAX));
    ck_assert(parses("-92233720368547758.08", 2, INT64_MIN));
}
END_TEST

START_TEST(refuses_what_it_cannot_hold_exactly)
{
    ck_assert(refuses("249.999", 2) && refuses("249.990", 2) && refuses("1.0", 0));
    ck_assert(refuses("92233720368547758.08", 2) && refuses("-92233720368547758.09", 2));
    ck_assert(refuses("92233720368547759", 2) && refuses("9223372036854775808", 0));
    ck_assert(refuses("99999999999999999999999999", 2));
}
END_TEST

START_TEST(refuses_what_is_no_plain_decimal)
{
    static const char *const bad[] = {"",   "-",   "+",   ".",     ".5",  "5.",  "1e3",  "1,5", " 1",
                                      "1 ", "--1", "0x1", "1.2.3", "NaN", "inf", "1.-2", "½"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(refuses(bad[i], 2), "'%s'", bad[i]);
}
END_TEST

START_TEST(reads_back_what_it_formats)
{
    static const int64_t values[] = {INT64_MIN, INT64_MIN + 1, -100000, -99,           -1,       0, 1, 9, 10,
                                     99,        100,           24999,   INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        for (int exponent = 0; exponent <= 18; exponent++) {
            ck_assert(parses(format(values[i], exponent, false), exponent, values[i]));
            ck_assert(parses(format(values[i], exponent, true), exponent, values[i]));
        }
}
END_TEST

START_TEST(knows_the_exponents_of_currencies)
{
    ck_assert_int_eq(currency_exponent("PLN"), 2);
    ck_assert_int_eq(currency_exponent("JPY"), 0);
    ck_assert_int_eq(currency_exponent("KWD"), 3);
    ck_assert_int_eq(currency_exponent("XXX"), -1);
}
END_TEST

CHECK_MAIN("common/record/money", formats_exact_decimals, parses_plain_decimals,
           refuses_what_it_cannot_hold_exactly, refuses_what_is_no_plain_decimal, reads_back_what_it_formats,
           knows_the_exponents_of_currencies)

#include <errno.h>
#include <locale.h>
#include <math.h>

#include "tests/common/json/support.h"

START_TEST(reads_integers_exactly_to_the_ends_of_their_range)
{
    static const struct {
        const char *json;
        int64_t value;
    } cases[] = {{"0", 0},
                 {"-0", 0},
                 {"7", 7},
                 {"-1", -1},
                 {"1772099540102594", INT64_C(1772099540102594)},
                 {"999999999999999999", INT64_C(999999999999999999)},
                 {"-999999999999999999", -INT64_C(999999999999999999)},
                 {"1000000000000000000", INT64_C(1000000000000000000)},
                 {"9223372036854775807", INT64_MAX},
                 {"-9223372036854775808", INT64_MIN},
                 {"9007199254740993", INT64_C(9007199254740993)}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 42;
        struct text text = text_of(cases[i].json);
        ck_assert_msg(js_read_int(&text.reader, &value) && js_end(&text.reader), "%s", cases[i].json);
        ck_assert_int_eq(value, cases[i].value);
        text_free(&text);
    }
}
END_TEST

START_TEST(reads_unsigned_integers_exactly_too)
{
    static const struct {
        const char *json;
        uint64_t value;
    } cases[] = {{"0", 0},
                 {"-0", 0},
                 {"1", 1},
                 {"9223372036854775808", (uint64_t)INT64_MAX + 1},
                 {"18446744073709551615", UINT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t value = 42;
        struct text text = text_of(cases[i].json);
        ck_assert_msg(js_read_uint(&text.reader, &value) && js_end(&text.reader), "%s", cases[i].json);
        ck_assert_uint_eq(value, cases[i].value);
        text_free(&text);
    }
}
END_TEST

START_TEST(refuses_integers_that_do_not_fit_or_are_not_whole)
{
    static const struct refused bad[] = {
        {"9223372036854775808", JS_OUT_OF_RANGE, 0},
        {"-9223372036854775809", JS_OUT_OF_RANGE, 0},
        {" 18446744073709551616", JS_OUT_OF_RANGE, 1},
        {"100000000000000000000000000000000000000000", JS_OUT_OF_RANGE, 0},
        {"1.0", JS_NOT_WHOLE, 0},
        {" 1e3", JS_NOT_WHOLE, 1},
        {"1E3", JS_NOT_WHOLE, 0},
        {"-", JS_TRUNCATED, 1},
        {"-a", JS_NO_DIGIT, 1},
        {"--1", JS_NO_DIGIT, 1},
        {"00", JS_LEADING_ZERO, 0},
        {"-012", JS_LEADING_ZERO, 1},
        {"1.", JS_TRUNCATED, 2},
        {"+1", JS_NOT_A_VALUE, 0},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value;
        struct text text = text_of(bad[i].json);
        ck_assert_msg(!js_read_int(&text.reader, &value), "%s", bad[i].json);
        assert_fault(&text, &bad[i]);
        text_free(&text);
    }
    static const struct refused bad_unsigned[] = {{"-1", JS_OUT_OF_RANGE, 0},
                                                  {"18446744073709551616", JS_OUT_OF_RANGE, 0},
                                                  {"18446744073709551620", JS_OUT_OF_RANGE, 0},
                                                  {"0.5", JS_NOT_WHOLE, 0}};
    for (size_t i = 0; i < sizeof bad_unsigned / sizeof bad_unsigned[0]; i++) {
        uint64_t value;
        struct text text = text_of(bad_unsigned[i].json);
        ck_assert_msg(!js_read_uint(&text.reader, &value), "%s", bad_unsigned[i].json);
        assert_fault(&text, &bad_unsigned[i]);
        text_free(&text);
    }
}
END_TEST

START_TEST(hands_out_a_number_as_it_stands)
{
    static const char *const numbers[] = {"249.99", "-0.10",   "0",    "-0",
                                          "1e3",    "1.5E+10", "2e-0", "123456789012345678901234567890.5"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char json[64];
        struct mp_view value;
        snprintf(json, sizeof json, "[%s]", numbers[i]);
        struct text text = text_of(json);
        text.reader.at++;
        ck_assert(js_read_number(&text.reader, &value) && view_is(&value, numbers[i]));
        ck_assert(*text.reader.at == ']');
        text_free(&text);
    }
}
END_TEST

START_TEST(refuses_malformed_numbers_where_they_go_wrong)
{
    static const struct refused bad[] = {
        {"1.", JS_TRUNCATED, 2},     {"1.x", JS_NO_DIGIT, 2},   {"1.e3", JS_NO_DIGIT, 2},
        {"1e", JS_TRUNCATED, 2},     {"1e+", JS_TRUNCATED, 3},  {"1e+]", JS_NO_DIGIT, 3},
        {"1e--1", JS_NO_DIGIT, 3},   {"1E+-1", JS_NO_DIGIT, 3}, {"01.5", JS_LEADING_ZERO, 0},
        {"-00", JS_LEADING_ZERO, 1}, {"-.5", JS_NO_DIGIT, 1},   {".5", JS_NOT_A_VALUE, 0},
        {"1..2", JS_NO_DIGIT, 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mp_view value;
        struct text text = text_of(bad[i].json);
        ck_assert_msg(!js_read_number(&text.reader, &value), "%s", bad[i].json);
        assert_fault(&text, &bad[i]);
        text_free(&text);
    }
}
END_TEST

static double double_of(const char *json)
{
    double value = -42;
    struct text text = text_of(json);
    ck_assert_msg(js_read_double(&text.reader, &value) && js_end(&text.reader), "%.60s", json);
    text_free(&text);
    return value;
}

static void assert_same_double(const char *json)
{
    double value = double_of(json);
    double wanted = strtod(json, NULL);
    ck_assert_msg(memcmp(&value, &wanted, sizeof value) == 0, "%.60s: %a, not %a", json, value, wanted);
}

START_TEST(rounds_to_the_nearest_double)
{
    static const char *const numbers[] = {
        "0",
        "-0",
        "0.0",
        "-0e99",
        "0e999999999999999999",
        "1",
        "-1.5",
        "0.1",
        "0.3",
        "249.99",
        "1e22",
        "1e23",
        "-1e-22",
        "1e-23",
        "9007199254740992",
        "9007199254740993",
        "9007199254740995",
        "123456789012345678",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1e-400",
        "1e-999999999999999999999",
        "0.000000000000000000000000000000001",
        "100000000000000000000000000000000",
        "6.02214076e23",
        "8.5",
        "9007199254740992.5",
        "9007199254740993.0000000000000000000000000000000000000000000000000001",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_same_double(numbers[i]);
}
END_TEST

/* Half way between two doubles, told apart by the last of very many digits. */
START_TEST(digits_that_are_left_out_still_decide)
{
    char json[3000];
    static const char half[] = "9007199254740993.";
    memset(json, '0', sizeof json);
    memcpy(json, half, sizeof half - 1);
    json[sizeof json - 1] = '\0';
    ck_assert(double_of(json) == 9007199254740992.0);
    json[sizeof json - 2] = '1';
    ck_assert(double_of(json) == 9007199254740994.0);
    memset(json, '3', sizeof json - 1);
    json[1] = '.';
    ck_assert(double_of(json) == 10.0 / 3);
}
END_TEST

START_TEST(many_decimals_round_as_in_the_c_library)
{
    uint64_t state = 42;
    for (unsigned i = 0; i < 200000; i++) {
        char json[64];
        state = state * UINT64_C(6364136223846793005) + 1;
        unsigned digits = (unsigned)(state >> 33) % 19 + 1;
        int exponent = (int)((state >> 40) % 660) - 340;
        snprintf(json, sizeof json, "%s%u.%0*llu%s%d", i % 2 == 0 ? "-" : "", i % 10, (int)digits,
                 (unsigned long long)(state % 1000000007), i % 3 == 0 ? "e" : "E",
                 i % 5 == 0 ? exponent : exponent % 20);
        if (!isinf(strtod(json, NULL)))
            assert_same_double(json);
    }
}
END_TEST

START_TEST(refuses_what_is_beyond_the_largest_double)
{
    static const char *const numbers[] = {"1e309", "-1e309", "1.7976931348623159e308",
                                          "1e999999999999999999999"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double value;
        struct text text = text_of(numbers[i]);
        errno = 0;
        ck_assert(!js_read_double(&text.reader, &value));
        assert_fault(&text, &(struct refused){numbers[i], JS_OUT_OF_RANGE, 0});
        ck_assert_int_eq(errno, 0);
        text_free(&text);
    }
}
END_TEST

/* Where a locale with a comma is installed; strtod is not asked about points in any case. */
START_TEST(a_locale_changes_nothing)
{
    double before = double_of("1234567890123456789.5e-30");
    setlocale(LC_ALL, "de_DE.UTF-8");
    ck_assert(double_of("1234567890123456789.5e-30") == before);
    ck_assert(double_of("2.5") == 5.0 / 2);
}
END_TEST

CHECK_MAIN("common/json/number", reads_integers_exactly_to_the_ends_of_their_range,
           reads_unsigned_integers_exactly_too, refuses_integers_that_do_not_fit_or_are_not_whole,
           hands_out_a_number_as_it_stands, refuses_malformed_numbers_where_they_go_wrong,
           rounds_to_the_nearest_double, digits_that_are_left_out_still_decide,
           many_decimals_round_as_in_the_c_library, refuses_what_is_beyond_the_largest_double,
           a_locale_changes_nothing)

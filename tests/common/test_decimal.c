#include "common/decimal.h"
#include "tests/support/check_main.h"

static int64_t number;

START_TEST(digits_are_read_and_what_follows_is_told)
{
    ck_assert_str_eq(decimal_read("17-20", INT64_MAX, &number), "-20");
    ck_assert_int_eq(number, 17);
    ck_assert_str_eq(decimal_read("0009", 9, &number), "");
    ck_assert_int_eq(number, 9);
}
END_TEST

START_TEST(what_begins_with_no_digit_is_no_number_and_changes_nothing)
{
    static const char *const texts[] = {"", "-1", "+1", " 1", "x1"};
    number = 7;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(decimal_read(texts[i], INT64_MAX, &number) == NULL, "'%s'", texts[i]);
    ck_assert_int_eq(number, 7);
}
END_TEST

START_TEST(the_maximum_is_one_and_the_next_is_none)
{
    ck_assert_ptr_nonnull(decimal_read("9223372036854775807", INT64_MAX, &number));
    ck_assert_int_eq(number, INT64_MAX);
    ck_assert_ptr_null(decimal_read("9223372036854775808", INT64_MAX, &number));
    ck_assert_ptr_null(decimal_read("99999999999999999999999", INT64_MAX, &number));
    ck_assert_ptr_nonnull(decimal_read("2147483647", INT32_MAX, &number));
    ck_assert_ptr_null(decimal_read("2147483648", INT32_MAX, &number));
    for (int64_t maximum = 0; maximum < 120; maximum++)
        for (int value = 0; value < 200; value++) {
            char text[8];
            snprintf(text, sizeof text, "%d", value);
            ck_assert_msg((decimal_read(text, maximum, &number) != NULL) == (value <= maximum), "%s", text);
        }
}
END_TEST

START_TEST(bytes_are_one_number_or_none)
{
    ck_assert(decimal_parse("1234", 2, INT64_MAX, &number));
    ck_assert_int_eq(number, 12);
    ck_assert(!decimal_parse("12 ", 3, INT64_MAX, &number));
    ck_assert(!decimal_parse("12\0", 3, INT64_MAX, &number));
    ck_assert(!decimal_parse("12", 0, INT64_MAX, &number));
}
END_TEST

CHECK_MAIN("common/decimal", digits_are_read_and_what_follows_is_told,
           what_begins_with_no_digit_is_no_number_and_changes_nothing,
           the_maximum_is_one_and_the_next_is_none, bytes_are_one_number_or_none)

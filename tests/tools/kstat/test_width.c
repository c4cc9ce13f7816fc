#include "tools/kstat/width.h"

#include "tests/support/check_main.h"

START_TEST(a_letter_takes_one_column_in_every_alphabet)
{
    ck_assert_uint_eq(text_width(""), 0);
    ck_assert_uint_eq(text_width("bravo"), 5);
    ck_assert_uint_eq(text_width("zażółć"), 6);
    ck_assert_uint_eq(text_width("12 µs"), 5);
}
END_TEST

START_TEST(wide_characters_take_two_and_combining_marks_none)
{
    ck_assert_uint_eq(text_width("日本"), 4);
    ck_assert_uint_eq(text_width("💳"), 2);
    ck_assert_uint_eq(text_width("e\xcc\x81"), 1); /* e and U+0301 */
}
END_TEST

START_TEST(bytes_that_are_no_utf8_take_one_each)
{
    ck_assert_uint_eq(text_width("\xff\xfe"), 2);
    ck_assert_uint_eq(text_width("a\xc5"), 2);
}
END_TEST

START_TEST(a_cut_never_parts_a_character)
{
    ck_assert_uint_eq(text_fit("zażółć", 3), 4);
    ck_assert_uint_eq(text_fit("日本", 3), 3);
    ck_assert_uint_eq(text_fit("日本", 1), 0);
    ck_assert_uint_eq(text_fit("e\xcc\x81x", 1), 3); /* the mark stays with its letter */
    ck_assert_uint_eq(text_fit("bravo", 100), 5);
}
END_TEST

CHECK_MAIN("tools/kstat/width", a_letter_takes_one_column_in_every_alphabet,
           wide_characters_take_two_and_combining_marks_none, bytes_that_are_no_utf8_take_one_each,
           a_cut_never_parts_a_character)

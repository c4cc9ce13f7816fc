#include "common/text.h"
#include "tests/support/check_main.h"

START_TEST(pieces_are_put_behind_each_other)
{
    char text[16];
    size_t used = text_append(text, sizeof text, 0, "%s", "one");
    used = text_append(text, sizeof text, used, ", %d", 2);
    ck_assert_str_eq(text, "one, 2");
    ck_assert_uint_eq(used, 6);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_and_nothing_follows_it)
{
    char text[6] = "";
    size_t used = text_append(text, sizeof text, 0, "%s", "12345678");
    ck_assert_str_eq(text, "12345");
    ck_assert_uint_eq(used, 5);
    ck_assert_uint_eq(text_append(text, sizeof text, used, "9"), 5);
    ck_assert_str_eq(text, "12345");
}
END_TEST

START_TEST(the_last_byte_is_the_nul)
{
    char text[4];
    ck_assert_uint_eq(text_append(text, sizeof text, 0, "abc"), 3);
    ck_assert_str_eq(text, "abc");
}
END_TEST

CHECK_MAIN("common/text", pieces_are_put_behind_each_other, what_does_not_fit_is_cut_and_nothing_follows_it,
           the_last_byte_is_the_nul)

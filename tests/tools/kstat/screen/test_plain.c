/* Our texts in ASCII. */
#include "tools/kstat/screen/plain.h"

#include "tests/support/check_main.h"

static char text[128];

static const char *plain_of(const char *from)
{
    snprintf(text, sizeof text, "%s", from);
    plain(text);
    return text;
}

START_TEST(what_we_write_keeps_its_meaning_and_its_width)
{
    ck_assert_str_eq(plain_of("LAG ≥ 201 · 0 µs"), "LAG >=201 - 0 us");
    ck_assert_str_eq(plain_of("≥"), ">");
    ck_assert_str_eq(plain_of("↑↓ 1 → 2 ← …"), "^v 1 > 2 < .");
}
END_TEST

START_TEST(ascii_stays_as_it_is)
{
    ck_assert_str_eq(plain_of(""), "");
    ck_assert_str_eq(plain_of("bravo ready 12 ms"), "bravo ready 12 ms");
}
END_TEST

START_TEST(any_other_character_is_one_question_mark)
{
    ck_assert_str_eq(plain_of("zażółć 🟣!"), "za???? ?!");
    ck_assert_str_eq(plain_of("\xff\x80 \xc2"), "? ?"); /* no UTF-8 at all */
}
END_TEST

CHECK_MAIN("tools/kstat/screen/plain", what_we_write_keeps_its_meaning_and_its_width, ascii_stays_as_it_is,
           any_other_character_is_one_question_mark)

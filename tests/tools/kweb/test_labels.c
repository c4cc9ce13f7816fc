/* Labels: escaped as the formats want it, valid UTF-8 whatever comes, and never cut in the middle. */
#include "tools/kweb/labels.h"

#include "tests/support/check_main.h"

static struct labels labels;

static const char *text(void)
{
    static char copy[LABELS_BYTES + 1];
    struct span span = labels_span(&labels);
    memcpy(copy, span.text, span.length);
    copy[span.length] = '\0';
    return copy;
}

static void prepare(void)
{
    labels.used = 0;
}

START_TEST(labels_stand_one_behind_the_other)
{
    labels_add(&labels, "worker", "bravo.2");
    labels_add_number(&labels, "partition", 11);
    ck_assert_str_eq(text(), "worker=\"bravo.2\",partition=\"11\"");
}
END_TEST

START_TEST(an_empty_value_is_no_label)
{
    labels_add(&labels, "group", "");
    labels_add(&labels, "group", NULL);
    labels_add(&labels, "worker", "x");
    ck_assert_str_eq(text(), "worker=\"x\"");
}
END_TEST

START_TEST(quotes_backslashes_and_newlines_are_escaped)
{
    labels_add(&labels, "group", "a\"b\\c\nd");
    ck_assert_str_eq(text(), "group=\"a\\\"b\\\\c\\nd\"");
}
END_TEST

START_TEST(other_characters_stay)
{
    labels_add(&labels, "group", "zażółć 🟣\tx");
    ck_assert_str_eq(text(), "group=\"zażółć 🟣\tx\"");
}
END_TEST

START_TEST(a_byte_that_is_no_text_becomes_the_replacement_character)
{
    labels_add(&labels, "group", "a\xff\xc3(\xed\xa0\x80");
    ck_assert_str_eq(text(), "group=\"a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}
END_TEST

/* Of every length around the end: whole, or not at all. */
START_TEST(what_does_not_fit_is_left_out_whole)
{
    static char value[LABELS_BYTES];
    for (size_t length = LABELS_BYTES - 40; length < LABELS_BYTES - 1; length++) {
        memset(value, 'a', length);
        value[length] = '\0';
        value[length - 1] = '"';
        labels.used = 0;
        labels_add(&labels, "worker", "x");
        labels_add(&labels, "g", value);
        size_t whole = strlen("worker=\"x\",g=\"\"") + length + 1;
        ck_assert_uint_eq(labels.used, whole <= LABELS_BYTES ? whole : strlen("worker=\"x\""));
    }
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/labels", prepare, NULL, labels_stand_one_behind_the_other,
                an_empty_value_is_no_label, quotes_backslashes_and_newlines_are_escaped,
                other_characters_stay, a_byte_that_is_no_text_becomes_the_replacement_character,
                what_does_not_fit_is_left_out_whole)

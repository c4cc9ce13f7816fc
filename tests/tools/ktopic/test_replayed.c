#include "tools/ktopic/dlq/replayed.h"

#include "tests/support/check_main.h"

static struct replayed replayed;
static struct error error;

static void teardown(void)
{
    offset_set_release(&replayed.done);
}

static void add(int64_t first, int64_t last)
{
    ck_assert_int_eq(offset_set_add(&replayed.done, first, last + 1, &error), 0);
}

static void is_text(const char *expected)
{
    char text[REPLAYED_TEXT_BYTES];
    ck_assert_int_eq(replayed_text(&replayed, text, &error), 0);
    ck_assert_str_eq(text, expected);
}

START_TEST(what_is_done_from_the_front_is_one_offset)
{
    ck_assert_int_eq(replayed_parse(&replayed, 100, NULL, &error), 0);
    add(100, 100);
    add(102, 104);
    add(101, 101);
    ck_assert_int_eq(replayed.done.next, 105);
    is_text("replay 1 -");
}
END_TEST

START_TEST(what_is_done_beyond_is_kept_beside)
{
    ck_assert_int_eq(replayed_parse(&replayed, 100, "", &error), 0);
    add(110, 110);
    add(104, 104);
    add(103, 103);
    replayed.begun_us = 77;
    is_text("replay 1 77 3+2 5");
    ck_assert(offset_set_has(&replayed.done, 99));
    ck_assert(!offset_set_has(&replayed.done, 100));
    ck_assert(offset_set_has(&replayed.done, 103));
    ck_assert(offset_set_has(&replayed.done, 104));
    ck_assert(!offset_set_has(&replayed.done, 105));
    ck_assert(offset_set_has(&replayed.done, 110));
    ck_assert(!offset_set_has(&replayed.done, 111));
}
END_TEST

START_TEST(ranges_that_touch_become_one)
{
    ck_assert_int_eq(replayed_parse(&replayed, 0, NULL, &error), 0);
    add(10, 12);
    add(20, 22);
    add(13, 19);
    ck_assert_uint_eq(replayed.done.count, 1);
    add(5, 30);
    is_text("replay 1 - 5+26");
    add(0, 4);
    ck_assert_int_eq(replayed.done.next, 31);
}
END_TEST

START_TEST(the_text_is_read_back)
{
    ck_assert_int_eq(replayed_parse(&replayed, 100, "replay 1 1772099522102594 3+2 5", &error), 0);
    ck_assert_int_eq(replayed.done.next, 100);
    ck_assert_int_eq(replayed.begun_us, 1772099522102594);
    ck_assert(offset_set_has(&replayed.done, 104) && offset_set_has(&replayed.done, 110) &&
              !offset_set_has(&replayed.done, 109));
    is_text("replay 1 1772099522102594 3+2 5");
}
END_TEST

START_TEST(a_text_that_is_not_ours_is_refused)
{
    static const char *const texts[] = {
        "hello",        "replay 2 -",     "replay 1 ",         "replay 1 x",
        "replay 1 - a", "replay 1 - 3+",  "replay 1 - 3+0",    "replay 1 - -1",
        "replay 1 0",   "replay 1 - 3,4", "replay 1 - 3+-2 1", "replay 1 - 9223372036854775807+9"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_msg(replayed_parse(&replayed, 0, texts[i], &error) == -1, "'%s'", texts[i]);
        offset_set_release(&replayed.done);
    }
}
END_TEST

START_TEST(too_scattered_is_told)
{
    char text[REPLAYED_TEXT_BYTES];
    ck_assert_int_eq(replayed_parse(&replayed, 0, NULL, &error), 0);
    for (int64_t i = 0; i < 1500; i++)
        add(2 * i + 1, 2 * i + 1);
    ck_assert_int_eq(replayed_text(&replayed, text, &error), 0);
    for (int64_t i = 1500; i < 3000; i++)
        add(2 * i + 1, 2 * i + 1);
    ck_assert_int_eq(replayed_text(&replayed, text, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "too scattered"));
}
END_TEST

START_TEST(any_order_of_additions_gives_the_same)
{
    enum { COUNT = 300 };
    bool done[COUNT] = {false};
    srandom(3);
    ck_assert_int_eq(replayed_parse(&replayed, 0, NULL, &error), 0);
    for (int round = 0; round < 400; round++) {
        int64_t first = random() % COUNT;
        int64_t last = first + random() % 3;
        last = last < COUNT ? last : COUNT - 1;
        add(first, last);
        for (int64_t i = first; i <= last; i++)
            done[i] = true;
        for (int64_t i = 0; i < COUNT; i++)
            ck_assert_int_eq(offset_set_has(&replayed.done, i), done[i]);
    }
}
END_TEST

CHECK_MAIN_WITH("tools/ktopic/dlq/replayed", NULL, teardown, what_is_done_from_the_front_is_one_offset,
                what_is_done_beyond_is_kept_beside, ranges_that_touch_become_one, the_text_is_read_back,
                a_text_that_is_not_ours_is_refused, too_scattered_is_told,
                any_order_of_additions_gives_the_same)

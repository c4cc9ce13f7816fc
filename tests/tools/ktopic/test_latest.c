/* The last so many of many texts. */
#include "tools/ktopic/dlq/latest.h"
#include "tests/support/check_main.h"

static struct latest latest;

static void has(const char *wanted)
{
    char text[64] = "";
    for (size_t i = 0; i < latest.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s", latest.texts[i].text);
    ck_assert_str_eq(text, wanted);
}

static void add(int64_t time, const char *text)
{
    latest_add(&latest, time, strdup(text));
}

START_TEST(those_that_are_latest_are_kept_in_the_order_of_their_time)
{
    ck_assert_int_eq(latest_init(&latest, 3, NULL), 0);
    add(5, "c");
    add(1, "a");
    has("ac");
    add(3, "b");
    add(7, "d");
    has("bcd");
    add(2, "x");
    has("bcd");
    latest_release(&latest);
}
END_TEST

START_TEST(of_the_same_time_the_later_ones_are_kept)
{
    ck_assert_int_eq(latest_init(&latest, 2, NULL), 0);
    add(4, "a");
    add(4, "b");
    add(4, "c");
    has("bc");
    ck_assert(latest_wants(&latest, 4));
    ck_assert(!latest_wants(&latest, 3));
    latest_release(&latest);
}
END_TEST

CHECK_MAIN("tools/ktopic/latest", those_that_are_latest_are_kept_in_the_order_of_their_time,
           of_the_same_time_the_later_ones_are_kept)

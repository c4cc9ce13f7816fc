#include "supervisor/log/tail.h"

#include "tests/support/check_main.h"

static struct {
    size_t count;
    struct tail_line lines[TAIL_LINES + 1];
    char texts[TAIL_LINES + 1][TAIL_LINE_BYTES + 1];
} seen;

static void note(const struct tail_line *line, void *context)
{
    (void)context;
    ck_assert_uint_le(seen.count, TAIL_LINES);
    ck_assert_uint_eq(strlen(line->text), line->length);
    snprintf(seen.texts[seen.count], sizeof seen.texts[0], "%s", line->text);
    seen.lines[seen.count++] = *line;
}

static void look(const struct tail *tail, uint64_t after)
{
    seen.count = 0;
    tail_each(tail, after, note, NULL);
}

static void add(struct tail *tail, const char *text)
{
    tail_add(tail, tail->last + 1, 0, 1, text, strlen(text));
}

START_TEST(an_empty_tail_has_no_line)
{
    struct tail tail = {0};
    look(&tail, 0);
    ck_assert_uint_eq(seen.count, 0);
    tail_release(&tail);
}
END_TEST

START_TEST(gives_lines_back_as_they_came)
{
    struct tail tail = {0};
    tail_add(&tail, 7, 1000, 1, "hello", 5);
    tail_add(&tail, 9, 2000, 2, "", 0);
    look(&tail, 0);
    ck_assert_uint_eq(seen.count, 2);
    ck_assert_str_eq(seen.texts[0], "hello");
    ck_assert_str_eq(seen.texts[1], "");
    ck_assert_uint_eq(seen.lines[0].number, 7);
    ck_assert_uint_eq(tail.last, 9);
    ck_assert_uint_eq(tail.forgotten, 0);
    ck_assert_int_eq(seen.lines[0].time_us, 1000);
    ck_assert_uint_eq(seen.lines[1].generation, 2);
    tail_release(&tail);
}
END_TEST

START_TEST(a_follower_gets_what_came_after_the_last_he_saw)
{
    struct tail tail = {0};
    add(&tail, "one");
    add(&tail, "two");
    look(&tail, 1);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_str_eq(seen.texts[0], "two");
    look(&tail, tail.last);
    ck_assert_uint_eq(seen.count, 0);
    tail_release(&tail);
}
END_TEST

START_TEST(keeps_the_newest_lines_and_their_numbers)
{
    struct tail tail = {0};
    char text[32];
    for (int i = 1; i <= 1000; i++) {
        snprintf(text, sizeof text, "line %d", i);
        add(&tail, text);
    }
    look(&tail, 0);
    ck_assert_uint_eq(seen.count, TAIL_LINES);
    ck_assert_uint_eq(seen.lines[0].number, 1000 - TAIL_LINES + 1);
    ck_assert_str_eq(seen.texts[TAIL_LINES - 1], "line 1000");
    ck_assert_uint_eq(tail.forgotten, 1000 - TAIL_LINES);
    tail_release(&tail);
}
END_TEST

START_TEST(long_lines_push_out_more_than_one)
{
    struct tail tail = {0};
    char text[TAIL_LINE_BYTES + 1];
    memset(text, 'x', TAIL_LINE_BYTES);
    text[TAIL_LINE_BYTES] = '\0';
    for (int i = 0; i < TAIL_LINES; i++)
        add(&tail, "short");
    for (int i = 0; i < 50; i++) {
        add(&tail, text);
        ck_assert_uint_le(tail.ring.used, TAIL_BYTES);
    }
    look(&tail, 0);
    ck_assert_uint_ge(seen.count, TAIL_BYTES / TAIL_LINE_BYTES - 1);
    for (size_t i = 0; i < seen.count; i++)
        ck_assert_str_eq(seen.texts[i], text);
    tail_release(&tail);
}
END_TEST

START_TEST(a_line_too_long_is_cut_between_characters_and_marked)
{
    struct tail tail = {0};
    char text[2 * TAIL_LINE_BYTES];
    size_t length = 0;
    while (length + 2 <= sizeof text) { /* ä is two bytes, so the cut falls into one */
        memcpy(text + length, "ä", 2);
        length += 2;
    }
    tail_add(&tail, 1, 0, 1, text, length);
    look(&tail, 0);
    ck_assert_uint_le(seen.lines[0].length, TAIL_LINE_BYTES);
    ck_assert_str_eq(seen.texts[0] + seen.lines[0].length - strlen("ä…"), "ä…");
    tail_release(&tail);
}
END_TEST

CHECK_MAIN("supervisor/tail", an_empty_tail_has_no_line, gives_lines_back_as_they_came,
           a_follower_gets_what_came_after_the_last_he_saw, keeps_the_newest_lines_and_their_numbers,
           long_lines_push_out_more_than_one, a_line_too_long_is_cut_between_characters_and_marked)

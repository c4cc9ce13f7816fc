#include "producer/input.h"

#include <fcntl.h>

#include "tests/support/check_main.h"

static int ends[2];
static struct input input;

static void setup(void)
{
    struct error error = ERROR_INIT;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_int_eq(input_init(&input, ends[0], &error), 0);
}

static void teardown(void)
{
    input_release(&input);
    input_release(&input); /* there is nothing left to release */
    close(ends[0]);
}

static void put(const char *text)
{
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

static void expect(const char *line)
{
    const char *text = NULL;
    size_t length = 0;
    ck_assert_int_eq(input_next(&input, &text, &length), INPUT_LINE);
    ck_assert_uint_eq(length, strlen(line));
    ck_assert_mem_eq(text, line, length);
}

static enum input_answer next(void)
{
    const char *text;
    size_t length;
    return input_next(&input, &text, &length);
}

START_TEST(hands_out_lines_as_they_come)
{
    put("one\ntw");
    expect("one");
    ck_assert_int_eq(next(), INPUT_WAIT);
    put("o\n\nlast");
    expect("two");
    expect("");
    ck_assert_int_eq(next(), INPUT_WAIT);
    close(ends[1]);
    expect("last");
    ck_assert_uint_eq(input.line, 4);
    ck_assert_int_eq(next(), INPUT_END);
    ck_assert_int_eq(next(), INPUT_END);
}
END_TEST

START_TEST(ends_at_once_when_there_is_nothing)
{
    close(ends[1]);
    ck_assert_int_eq(next(), INPUT_END);
}
END_TEST

/* Writes `bytes` of x without a newline, reading on meanwhile, as a pipe needs. */
static void put_long(size_t bytes)
{
    static char filler[4096];
    memset(filler, 'x', sizeof filler);
    for (size_t written = 0; written < bytes; written += sizeof filler) {
        ck_assert_int_eq(write(ends[1], filler, sizeof filler), sizeof filler);
        ck_assert_int_eq(next(), INPUT_WAIT);
    }
}

START_TEST(passes_over_a_line_that_is_too_long)
{
    put("before\n");
    expect("before");
    put_long(3 * INPUT_LINE_MAX);
    put("\nafter\n");
    ck_assert_int_eq(next(), INPUT_TOO_LONG);
    ck_assert_uint_eq(input.line, 2);
    expect("after");
    close(ends[1]);
}
END_TEST

START_TEST(a_last_line_that_is_too_long_is_told_too)
{
    put_long(INPUT_LINE_MAX + 8192);
    close(ends[1]);
    ck_assert_int_eq(next(), INPUT_TOO_LONG);
    ck_assert_int_eq(next(), INPUT_END);
}
END_TEST

START_TEST(the_longest_line_passes)
{
    put_long(INPUT_LINE_MAX);
    put("\n");
    const char *text = NULL;
    size_t length = 0;
    ck_assert_int_eq(input_next(&input, &text, &length), INPUT_LINE);
    ck_assert_uint_eq(length, INPUT_LINE_MAX);
    close(ends[1]);
}
END_TEST

CHECK_MAIN_WITH("producer/input", setup, teardown, hands_out_lines_as_they_come,
                ends_at_once_when_there_is_nothing, passes_over_a_line_that_is_too_long,
                a_last_line_that_is_too_long_is_told_too, the_longest_line_passes)

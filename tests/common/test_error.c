#include "tests/support/check_main.h"

#include <errno.h>

#include "common/error.h"

static struct error error;

static void reset(void)
{
    error = (struct error)ERROR_INIT;
}

START_TEST(an_error_is_set_with_code_1_and_returns_minus_1)
{
    ck_assert_int_eq(error_set(&error, "cannot open %s", "x"), -1);
    ck_assert_str_eq(error.text, "cannot open x");
    ck_assert_int_eq(error.exit_code, 1);
    ck_assert_int_eq(error_set_code(&error, 78, "%d", 5), -1);
    ck_assert_int_eq(error.exit_code, 78);
    ck_assert_str_eq(error.text, "5");
}
END_TEST

START_TEST(context_comes_in_front_and_keeps_the_code)
{
    error_set_code(&error, 2, "it is empty");
    ck_assert_int_eq(error_context(&error, "line %d", 3), -1);
    error_context(&error, "--file");
    ck_assert_str_eq(error.text, "--file: line 3: it is empty");
    ck_assert_int_eq(error.exit_code, 2);
}
END_TEST

START_TEST(nobody_has_to_care)
{
    ck_assert_int_eq(error_set(NULL, "x"), -1);
    ck_assert_int_eq(error_set_code(NULL, 2, "x"), -1);
    ck_assert_int_eq(error_context(NULL, "x"), -1);
}
END_TEST

START_TEST(errno_survives)
{
    errno = ENOENT;
    error_set(&error, "%s", "x");
    error_set_code(&error, 2, "%s", "x");
    error_context(&error, "%s", "x");
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(long_texts_are_cut_and_stay_texts)
{
    char long_text[2 * ERROR_TEXT_BYTES];
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    error_set(&error, "%s", long_text);
    ck_assert_uint_eq(strlen(error.text), ERROR_TEXT_BYTES - 1);
    error_context(&error, "front");
    ck_assert_uint_eq(strlen(error.text), ERROR_TEXT_BYTES - 1);
    ck_assert_int_eq(strncmp(error.text, "front: aaa", 10), 0);
    error_context(&error, "%s", long_text);
    ck_assert_uint_eq(strlen(error.text), ERROR_TEXT_BYTES - 1);
}
END_TEST

CHECK_MAIN_WITH("common/error", reset, NULL, an_error_is_set_with_code_1_and_returns_minus_1,
                context_comes_in_front_and_keeps_the_code, nobody_has_to_care, errno_survives,
                long_texts_are_cut_and_stay_texts)

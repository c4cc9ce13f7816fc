#include "tests/support/check_main.h"

#include <errno.h>
#include <stdbool.h>

#include "common/exit_codes.h"

START_TEST(every_documented_code_is_found_with_its_meaning)
{
#define X(name, number, what, text)                                                                          \
    ck_assert_int_eq(exit_code_find(name)->code, number);                                                    \
    ck_assert_int_eq(exit_code_find(name)->policy, EXIT_POLICY_##what);                                      \
    ck_assert_str_eq(exit_code_find(name)->meaning, text);
    EXIT_CODES(X)
#undef X
}
END_TEST

START_TEST(no_code_is_there_twice_and_none_looks_like_a_signal)
{
    static const int codes[] = {
#define X(name, number, what, text) number,
        EXIT_CODES(X)
#undef X
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        ck_assert_int_ge(codes[i], 0);
        ck_assert_int_lt(codes[i], 128); /* 128 + n is a shell's word for signal n */
        for (size_t j = 0; j < i; j++)
            ck_assert_int_ne(codes[i], codes[j]);
    }
}
END_TEST

START_TEST(a_cause_that_may_pass_is_no_configuration_error)
{
    static const int passing[] = {EAGAIN, ENOMEM, EMFILE, ENFILE, ENOSPC};
    static const int lasting[] = {ENOENT, EACCES, EISDIR, 0};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        ck_assert_int_eq(exit_code_of_errno(passing[i], EXIT_CODE_CONFIG), EXIT_CODE_RESOURCES);
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++)
        ck_assert_int_eq(exit_code_of_errno(lasting[i], EXIT_CODE_CONFIG), EXIT_CODE_CONFIG);
    ck_assert_int_eq(exit_code_find(EXIT_CODE_RESOURCES)->policy, EXIT_POLICY_RETRY);
}
END_TEST

START_TEST(an_undocumented_code_is_a_failure_that_is_restarted)
{
    static const int strange[] = {6, 63, 99, 128, 137, 255, -1, 256};
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        ck_assert_int_eq(exit_code_find(strange[i])->policy, EXIT_POLICY_RESTART);
        ck_assert_str_eq(exit_code_find(strange[i])->meaning, "failed");
    }
}
END_TEST

CHECK_MAIN("common/exit_codes", every_documented_code_is_found_with_its_meaning,
           no_code_is_there_twice_and_none_looks_like_a_signal,
           a_cause_that_may_pass_is_no_configuration_error,
           an_undocumented_code_is_a_failure_that_is_restarted)

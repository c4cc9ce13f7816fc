/* check_main.h: main() of a unit test, so that a test file holds nothing but tests.
 *
 *   START_TEST(refuses_a_bare_number)
 *   {
 *       …
 *   }
 *   END_TEST
 *
 *   CHECK_MAIN("common/options", refuses_a_bare_number, …)
 *
 * Each case runs in a process of its own and may take CHECK_TIMEOUT_SECONDS (define it before the include to
 * allow more). What Check reads from the environment works: CK_FORK=no for a debugger, CK_RUN_CASE,
 * CK_VERBOSITY, CK_TIMEOUT_MULTIPLIER for sanitizers and valgrind. A test that is not listed is an unused
 * variable, which the compiler reports.
 */
#ifndef KSUPERVISE_TESTS_SUPPORT_CHECK_MAIN_H
#define KSUPERVISE_TESTS_SUPPORT_CHECK_MAIN_H

#include <check.h>
#include <stddef.h>

#ifndef CHECK_TIMEOUT_SECONDS
#define CHECK_TIMEOUT_SECONDS 20
#endif

typedef void (*check_fixture)(void);

/* Runs the tests, each between `setup` and `teardown` (NULL for none). Returns what main returns: 0 when all
 * passed, else 1. */
static inline int check_main(const char *suite_name, check_fixture setup, check_fixture teardown,
                             const TTest *const tests[], size_t count)
{
    Suite *suite = suite_create(suite_name);
    for (size_t i = 0; i < count; i++) {
        TCase *tcase = tcase_create(tests[i]->name);
        tcase_set_timeout(tcase, CHECK_TIMEOUT_SECONDS);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, tests[i]);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

/* main() for these tests. */
#define CHECK_MAIN(suite_name, ...) CHECK_MAIN_WITH(suite_name, NULL, NULL, __VA_ARGS__)

/* The same with a fixture: setup and teardown run around every test, in the test's process. */
#define CHECK_MAIN_WITH(suite_name, setup, teardown, ...)                                                    \
    int main(void)                                                                                           \
    {                                                                                                        \
        const TTest *const tests[] = {__VA_ARGS__};                                                          \
        return check_main(suite_name, setup, teardown, tests, sizeof tests / sizeof tests[0]);               \
    }

#endif

#include "tests/consumer/pipeline/stages/stage_run.h"

START_TEST(what_fulfils_the_condition_fails_at_each_attempt)
{
    run_open_with(&stage_fail, "transactions", "account = 1001");
    ck_assert_int_eq(RUN_RECORD("account", "1000", "amount", "1", "type", "deposit"), VERDICT_PASS);
    for (int attempt = 0; attempt < 3; attempt++)
        ck_assert_int_eq(RUN_RECORD("account", "1001", "amount", "1", "type", "deposit"), VERDICT_RETRY);
    ck_assert_str_eq(run.why, "account = 1001");
    run_close();
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/fail", what_fulfils_the_condition_fails_at_each_attempt)

#include "tests/consumer/pipeline/stages/stage_run.h"

START_TEST(what_fulfils_the_condition_is_dead_and_the_condition_is_the_reason)
{
    run_open_with(&stage_reject, "transactions", "amount < -500 and type != 'transfer'");
    ck_assert_int_eq(RUN_RECORD("account", "1000", "amount", "-500.01", "type", "transfer"), VERDICT_PASS);
    ck_assert_int_eq(RUN_RECORD("account", "1000", "amount", "-500.01", "type", "payment"), VERDICT_DEAD);
    ck_assert_str_eq(run.why, "amount < -500 and type != 'transfer'");
    run_close();
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/reject",
           what_fulfils_the_condition_is_dead_and_the_condition_is_the_reason)

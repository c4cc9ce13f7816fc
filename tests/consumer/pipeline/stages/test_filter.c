#include "tests/consumer/pipeline/stages/stage_run.h"

START_TEST(what_fulfils_the_condition_goes_on_and_the_rest_is_done_with)
{
    run_open_with(&stage_filter, "transactions", "amount > 100 and type == 'deposit'");
    ck_assert_int_eq(RUN_RECORD("account", "1000", "amount", "100.01", "type", "deposit"), VERDICT_PASS);
    ck_assert_int_eq(RUN_RECORD("account", "1000", "amount", "100.00", "type", "deposit"), VERDICT_DROP);
    ck_assert_int_eq(RUN_RECORD("account", "1000", "amount", "100.01", "type", "transfer"), VERDICT_DROP);
    run_close();
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/filter", what_fulfils_the_condition_goes_on_and_the_rest_is_done_with)

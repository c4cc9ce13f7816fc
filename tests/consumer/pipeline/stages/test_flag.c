#include "tests/consumer/pipeline/stages/stage_run.h"

START_TEST(what_fulfils_the_condition_is_printed_and_all_goes_on)
{
    run_open_with(&stage_flag, "transactions", "amount > 100");
    capture_begin();
    ck_assert_int_eq(
        RUN_RECORD("account", "1234", "amount", "150.50", "transaction_id", "TXN-1", "type", "deposit"),
        VERDICT_PASS);
    ck_assert_int_eq(
        RUN_RECORD("account", "1234", "amount", "100", "transaction_id", "TXN-2", "type", "deposit"),
        VERDICT_PASS);
    ck_assert_str_eq(capture_end(), "🚩 [   1] Account 1234 |    $+150.50 | deposit      | TXN-1\n");
    run_close();
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/flag", what_fulfils_the_condition_is_printed_and_all_goes_on)

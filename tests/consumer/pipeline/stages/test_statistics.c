#include "tests/consumer/pipeline/stages/stage_run.h"

static void transaction(const char *account, const char *amount, const char *type)
{
    ck_assert_int_eq(RUN_RECORD("account", account, "amount", amount, "type", type), VERDICT_PASS);
}

/* What is told at the end. */
static const char *finish(void)
{
    capture_begin();
    stage_statistics.finish(run.state);
    return capture_end();
}

static void shows(const char *text, const char *line)
{
    ck_assert_msg(strstr(text, line) != NULL, "'%s' is missing in:\n%s", line, text);
}

START_TEST(totals_are_split_by_sign_and_exact)
{
    run_open(&stage_statistics, "transactions", 1000);
    transaction("1000", "150.50", "deposit");
    transaction("1001", "0.01", "transfer");
    transaction("1000", "-50.25", "withdrawal");
    const char *text = finish();
    shows(text, "──── statistics after 3 transactions ────\n");
    shows(text, "+150.51 USD in 2 deposits, -50.25 in 1 withdrawals, net +100.26\n");
    shows(text, "deposit 1, withdrawal 1, transfer 1, payment 0\n");
    shows(text, "active accounts 2\n");
    run_close();
}
END_TEST

START_TEST(amounts_that_are_never_negative_have_one_total)
{
    run_open(&stage_statistics, "payments", 1000);
    RUN_RECORD("user", "marek", "currency", "PLN", "amount", "249.99", "method", "credit_card");
    RUN_RECORD("user", "ola", "currency", "PLN", "amount", "0.01", "method", "credit_card");
    RUN_RECORD("user", "ola", "currency", "EUR", "amount", "7", "method", "credit_card");
    const char *text = finish();
    shows(text, " 250.00 PLN in 2\n");
    shows(text, " 7.00 EUR in 1\n");
    shows(text, "credit_card 3");
    shows(text, "active users 2\n");
    run_close();
}
END_TEST

START_TEST(a_currency_without_minor_units_is_told_in_whole_ones)
{
    run_open(&stage_statistics, "payments", 1000);
    RUN_RECORD("user", "a", "currency", "JPY", "amount", "500", "method", "credit_card");
    RUN_RECORD("user", "a", "currency", "PLN", "amount", "5.00", "method", "credit_card");
    const char *text = finish();
    shows(text, " 500 JPY in 1\n");
    shows(text, " 5.00 PLN in 1\n");
    run_close();
}
END_TEST

START_TEST(a_sum_beyond_64_bits_stops_at_the_end_and_does_not_wrap)
{
    run_open(&stage_statistics, "transactions", 1000);
    int money = schema_type_index(run.settings.schema, FIELD_MONEY);
    transaction("1000", "1.00", "deposit");
    for (int sign = 1; sign >= -1; sign -= 2)
        for (int i = 0; i < 3; i++) {
            run.record.values[money].integer = sign > 0 ? INT64_MAX : INT64_MIN;
            stage_statistics.record(run.state, &run.item, run.why);
        }
    const char *text = finish();
    shows(text, "+92233720368547758.07 USD in 4 deposits");
    shows(text, "-92233720368547758.08 in 3 withdrawals");
    run_close();
}
END_TEST

START_TEST(they_are_told_every_n_records_and_once)
{
    run_open(&stage_statistics, "transactions", 2);
    capture_begin();
    for (int i = 0; i < 4; i++)
        transaction("1000", "1.00", "deposit");
    const char *text = capture_end();
    shows(text, "statistics after 2 transactions");
    shows(text, "statistics after 4 transactions");
    ck_assert_ptr_null(strstr(text, "statistics after 3"));
    ck_assert_str_eq(finish(), ""); /* nothing new since */
    transaction("1000", "1.00", "deposit");
    shows(finish(), "statistics after 5 transactions");
    run_close();
}
END_TEST

START_TEST(nothing_is_told_of_no_records)
{
    run_open(&stage_statistics, "transactions", 10);
    ck_assert_str_eq(finish(), "");
    run_close();
}
END_TEST

START_TEST(every_different_key_is_counted_once)
{
    run_open(&stage_statistics, "transactions", 1000000);
    char account[8];
    for (int round = 0; round < 2; round++)
        for (int i = 1000; i <= 5000; i++) {
            snprintf(account, sizeof account, "%d", i);
            transaction(account, "1.00", "deposit");
        }
    shows(finish(), "active accounts 4001\n");
    run_close();
}
END_TEST

START_TEST(text_keys_that_share_their_beginning_are_told_apart)
{
    run_open(&stage_statistics, "payments", 1000000);
    char user[40];
    for (int i = 0; i < 3000; i++) {
        snprintf(user, sizeof user, "customer-of-the-shop-%d", i);
        RUN_RECORD("user", user, "currency", "PLN", "amount", "1", "method", "credit_card");
    }
    RUN_RECORD("user", "a", "currency", "PLN", "amount", "1", "method", "credit_card");
    RUN_RECORD("user", "aa", "currency", "PLN", "amount", "1", "method", "credit_card");
    shows(finish(), "active users 3002\n");
    run_close();
}
END_TEST

START_TEST(a_record_without_its_optional_key_is_counted_all_the_same)
{
    run_open(&stage_statistics, "messages", 1000);
    RUN_RECORD("content", "hello", "key", "alpha");
    RUN_RECORD("content", "nobody's");
    const char *text = finish();
    shows(text, "statistics after 2 messages");
    shows(text, "active keys 1\n");
    run_close();
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/statistics", totals_are_split_by_sign_and_exact,
           amounts_that_are_never_negative_have_one_total,
           a_currency_without_minor_units_is_told_in_whole_ones,
           a_sum_beyond_64_bits_stops_at_the_end_and_does_not_wrap, they_are_told_every_n_records_and_once,
           nothing_is_told_of_no_records, every_different_key_is_counted_once,
           text_keys_that_share_their_beginning_are_told_apart,
           a_record_without_its_optional_key_is_counted_all_the_same)

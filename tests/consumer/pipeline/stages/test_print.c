#include "tests/consumer/pipeline/stages/stage_run.h"

START_TEST(prints_the_line_of_each_record_with_its_number)
{
    run_open(&stage_print, "transactions", 0);
    capture_begin();
    run.item.number = 41;
    ck_assert_int_eq(RUN_RECORD("account", "1234", "amount", "-150.50", "transaction_id", "TXN-45678", "type",
                                "withdrawal"),
                     VERDICT_PASS);
    ck_assert_str_eq(capture_end(), "[  42] Account 1234 |    $-150.50 | withdrawal   | TXN-45678\n");
}
END_TEST

START_TEST(a_text_from_a_record_does_not_steer_the_terminal)
{
    run_open(&stage_print, "messages", 0);
    capture_begin();
    RUN_RECORD("content", "\033[2Jgone\r\nforged line", "key", "alpha");
    const char *printed = capture_end();
    for (const char *c = printed; *c != '\0'; c++)
        ck_assert_msg((unsigned char)*c >= 0x20 || (*c == '\n' && c[1] == '\0'), "byte %02x",
                      (unsigned char)*c);
    ck_assert_ptr_nonnull(strstr(printed, "forged line"));
}
END_TEST

START_TEST(a_long_record_is_one_line)
{
    static char content[3000];
    memset(content, 'a', sizeof content - 1);
    run_open(&stage_print, "messages", 0);
    capture_begin();
    RUN_RECORD("content", content);
    const char *printed = capture_end();
    ck_assert_ptr_eq(strchr(printed, '\n'), printed + strlen(printed) - 1);
    ck_assert_uint_lt(strlen(printed), 2100);
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/print", prints_the_line_of_each_record_with_its_number,
           a_text_from_a_record_does_not_steer_the_terminal, a_long_record_is_one_line)

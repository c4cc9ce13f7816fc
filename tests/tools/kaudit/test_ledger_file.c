/* Ledgers of producers: what was acknowledged, what failed, and lines that are none. */
#include <sys/stat.h>

#include "tests/tools/kaudit/audit_stage.h"

#define FIRST "ksupervise-ledger 1\nrun 1000 1 payments one\n"

START_TEST(what_was_acknowledged_and_is_there_is_clean)
{
    write_ledger(FIRST
                 "1 0 0 acknowledged\n3 0 2 acknowledged\n2 0 1 acknowledged\n4 1 0 acknowledged\n5 1 1 "
                 "acknowledged\n");
    runs();
    ck_assert_uint_eq(findings(), 0);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->acknowledged, 5);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->messages, 5);
    ck_assert_uint_eq(audit.tallies[0].unaccounted + audit.tallies[1].unaccounted, 0);
}
END_TEST

START_TEST(what_was_acknowledged_and_is_not_there_or_is_another_record_is_lost)
{
    write_ledger(FIRST "1 0 0 acknowledged\n7 0 1 acknowledged\n9 1 5 acknowledged\n3 2 0 acknowledged\n");
    runs();
    ck_assert_uint_eq(audit.tallies[0].lost.count, 1);
    ck_assert_int_eq(audit.tallies[0].lost.examples[0], 1);
    ck_assert_uint_eq(audit.tallies[1].lost.count, 1);
    ck_assert_int_eq(audit.tallies[1].lost.examples[0], 5);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->nowhere, 1);
    ck_assert_uint_eq(audit.tallies[0].unaccounted, 2);
    ck_assert_uint_eq(audit.tallies[1].unaccounted, 2);
}
END_TEST

START_TEST(what_failed_or_is_unknown_and_is_there_all_the_same_is_told)
{
    write_ledger(FIRST "1 0 0 acknowledged\n2 - - failed\n3 0 - unknown\n4 1 - unknown\n8 - - failed\n9 1 - "
                       "unknown\n");
    runs();
    const struct ledger_count *count = ledgers_count(audit.ledgers);
    ck_assert_uint_eq(count->failed, 2);
    ck_assert_uint_eq(count->failed_present, 1);
    ck_assert_int_eq(count->failed_examples[0], 2);
    ck_assert_uint_eq(count->unknown, 3);
    ck_assert_uint_eq(count->unknown_present, 2);
    ck_assert_uint_eq(audit.tallies[1].unaccounted, 1); /* 5 has no line */
    ck_assert_uint_eq(audit.tallies[0].unaccounted, 0);
}
END_TEST

START_TEST(a_run_of_another_topic_or_producer_or_a_later_one_says_nothing_of_a_record)
{
    write_ledger(
        "ksupervise-ledger 1\nrun 1000 1 orders one\n1 0 0 acknowledged\nrun 1000 1 payments two\n1 - "
        "- failed\nrun 1000000000 1 payments one\n2 - - failed\n");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->elsewhere, 1);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->messages, 2);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->failed_present, 0);
    ck_assert_uint_eq(audit.tallies[0].unaccounted + audit.tallies[1].unaccounted, 0);
    ck_assert_uint_eq(findings(), 0);
}
END_TEST

START_TEST(a_number_belongs_to_the_run_that_was_its_producer_s_last_at_that_time)
{
    write_ledger(
        "ksupervise-ledger 1\nrun 1011000 1 payments one\n5 - - failed\nrun 500000 1 payments one\n5 1 "
        "- unknown\n");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->failed_present, 1); /* 5 came at 1011 ms */
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unknown_present, 0);
}
END_TEST

START_TEST(lines_that_are_none_are_counted_and_a_torn_last_one_is_passed_over)
{
    write_ledger(FIRST
                 "1 0 0 lost\nx\n2 0 acknowledged\n2 - 1 acknowledged\n2 0 - acknowledged\n1 0 0 acknow");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 5);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->acknowledged, 0);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->messages, 0);
}
END_TEST

START_TEST(a_message_before_any_run_is_nobody_s)
{
    write_ledger("ksupervise-ledger 1\n1 0 0 acknowledged\n");
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 1);
}
END_TEST

START_TEST(an_end_that_no_process_can_have_torn_is_a_line_that_cannot_be_read)
{
    char text[2 * LEDGER_LINE_BYTES] = FIRST "1 0 0 acknowledged\n";
    memset(text + strlen(text), 'x', LEDGER_LINE_BYTES);
    write_ledger(text); /* longer than any line */
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 1);
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->acknowledged, 1);
    unlink(ledger);
    anew();
    write_ledger(FIRST "1 0 0 acknow");
    ck_assert_int_eq(truncate(ledger, (off_t)strlen(FIRST "1 0 0 acknow") + 4),
                     0); /* zeros: the disk's end */
    runs();
    ck_assert_uint_eq(ledgers_count(audit.ledgers)->unreadable, 1);
}
END_TEST

START_TEST(what_is_no_ledger_or_not_there_ends_the_audit)
{
    write_ledger("ksupervise-ledger 2\n");
    fails("this is not a ledger of version 1");
    anew();
    unlink(ledger);
    fails("No such file");
    anew();
    write_ledger("");
    fails("this is not a ledger of version 1");
    anew();
    unlink(ledger);
    ck_assert_int_eq(mkdir(ledger, 0700), 0);
    fails("Is a directory");
    rmdir(ledger);
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/ledger_file", set_up, tear_down, what_was_acknowledged_and_is_there_is_clean,
                what_was_acknowledged_and_is_not_there_or_is_another_record_is_lost,
                what_failed_or_is_unknown_and_is_there_all_the_same_is_told,
                a_run_of_another_topic_or_producer_or_a_later_one_says_nothing_of_a_record,
                a_number_belongs_to_the_run_that_was_its_producer_s_last_at_that_time,
                lines_that_are_none_are_counted_and_a_torn_last_one_is_passed_over,
                a_message_before_any_run_is_nobody_s,
                an_end_that_no_process_can_have_torn_is_a_line_that_cannot_be_read,
                what_is_no_ledger_or_not_there_ends_the_audit)

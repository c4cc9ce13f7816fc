/* A line on its way to the screen and to the log files. */
#include "supervisor/log/report.h"

#include "tests/supervisor/fleet_stage.h"

static void set_up(void)
{
    FLEET_OPEN("--clients", "bravo", "--bootstrap", "h:1");
    fleet_begin();
}

START_TEST(a_secret_is_masked_and_control_characters_are_told)
{
    struct worker *bravo = fleet_worker("bravo");
    report_line(&fleet, "sasl.password=hush\x1b[31m");
    report_worker_line(bravo, "a\tb\x1b", 4);
    ck_assert(!fleet_has_said("hush"));
    ck_assert_ptr_null(strchr(fleet_printed(), '\x1b'));
    ck_assert_uint_eq(bravo->tail.last > 0, 1); /* kctl logs has it */
}
END_TEST

START_TEST(a_trouble_with_the_logs_is_said_on_the_screen_alone)
{
    report_log_trouble(&fleet, "the disk is full");
    ck_assert(fleet_has_said("[ksupervise] the disk is full\n"));
}
END_TEST

START_TEST(dropped_lines_are_told_as_JSON_where_lines_are)
{
    char line[256];
    size_t length = report_json_notice(line, sizeof line, 7);
    ck_assert_uint_eq(length, strlen(line));
    ck_assert_ptr_nonnull(strstr(line, "7 lines were dropped: the reader was too slow"));
    ck_assert_int_eq(line[0], '{');
    ck_assert_uint_eq(report_json_notice(line, 10, 7), 9); /* cut, never beyond */
    ck_assert_uint_eq(strlen(line), 9);
}
END_TEST

CHECK_MAIN_WITH("supervisor/log/report", set_up, fleet_close,
                a_secret_is_masked_and_control_characters_are_told,
                a_trouble_with_the_logs_is_said_on_the_screen_alone,
                dropped_lines_are_told_as_JSON_where_lines_are)

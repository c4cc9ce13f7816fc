#include "tests/consumer/pipeline/stages/stage_run.h"

#include <signal.h>

#include "common/clock.h"

static enum verdict message(void)
{
    return RUN_RECORD("content", "hello");
}

static void takes_at_least(const char *argument, int64_t expected_us)
{
    run_open_with(&stage_delay, "messages", argument);
    int64_t began_us = clock_monotonic_us();
    ck_assert_int_eq(message(), VERDICT_PASS);
    ck_assert_int_ge(clock_monotonic_us() - began_us, expected_us);
    run_close();
}

START_TEST(each_record_takes_so_long)
{
    takes_at_least("120", 120000);
    takes_at_least("60ms", 60000);
    takes_at_least("500us", 500);
    takes_at_least("0", 0);
}
END_TEST

START_TEST(a_consumer_that_is_to_end_waits_no_longer)
{
    struct worker_control *control;
    struct error error = ERROR_INIT;
    ck_assert_msg(worker_control_start(&control, false, NULL, NULL, &error) == 0, "%s", error.text);
    run.pipeline.control = control;
    run_open_with(&stage_delay, "messages", "3600s");
    kill(getpid(), SIGTERM); /* the deadline is the test's: an hour would be beyond it */
    ck_assert_int_eq(message(), VERDICT_PASS);
    ck_assert_int_eq(message(), VERDICT_PASS);
    run_close();
    run.pipeline.control = NULL;
    worker_control_stop(control);
}
END_TEST

START_TEST(what_is_no_time_is_refused)
{
    struct error error;
    static const char *const bad[] = {"soon", "-1", "3601s", "3600001", "1.5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(run_try(&stage_delay, "messages", bad[i], &error) == -1, "%s", bad[i]);
}
END_TEST

CHECK_MAIN("consumer/pipeline/stages/delay", each_record_takes_so_long,
           a_consumer_that_is_to_end_waits_no_longer, what_is_no_time_is_refused)

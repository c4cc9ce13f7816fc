#undef _FORTIFY_SOURCE
#include "tests/consumer/sinks/sqlite_file.h"

#include "tests/support/capture.h"

/* --- locks --------------------------------------------------------------------------------------------- */

static void lock(void)
{
    ask("BEGIN IMMEDIATE");
    waits = unlock_after = 0;
}

/* What a call waits at most, and the same call a moment later. */
#define ONE_SECOND 110

START_TEST(a_file_that_is_locked_elsewhere_is_waited_for_and_each_wait_ticks)
{
    take(sink, 0);
    lock();
    unlock_after = 5;
    uint64_t before = ticks;
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_uint_eq(waits, 5);
    ck_assert_uint_ge(ticks, before + 5);
}
END_TEST

START_TEST(no_call_waits_longer_than_a_second_and_those_that_follow_do_not_wait)
{
    struct sink_position position;
    take(sink, 0);
    lock();
    int64_t began_us = clock_monotonic_us();
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, "locked"));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_int_le(clock_monotonic_us() - began_us, US_PER_SECOND);
    ck_assert_int_ge(clock_monotonic_us() - began_us, US_PER_SECOND / 2);
    ck_assert_uint_gt(waits, 10);
    began_us = clock_monotonic_us();
    for (int32_t partition = 1; partition < 200; partition++)
        ck_assert_int_eq(stage->sink->take(sink, &source, partition, &position, &error), -1);
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 5, false), SINK_AGAIN);
    const struct letter_origin sent = {0, 0, 1000};
    ck_assert_int_eq(stage->sink->forwarded(sink, &sent, 1, &error), -1);
    ck_assert_int_eq(clock_monotonic_us() - began_us, 0);
    ck_assert_int_eq(reread(sink, 0, &position), SINK_DONE); /* who reads waits for no writer */
    fake_clock_advance(2 * US_PER_SECOND);
    began_us = clock_monotonic_us();
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 5, false), SINK_AGAIN);
    ck_assert_int_gt(clock_monotonic_us() - began_us, 0);
    unlock();
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_str_eq(ask(ROWS), "0|0;");
}
END_TEST

START_TEST(a_file_that_was_closed_is_opened_again)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    ck_assert_int_eq(sqlite3_close(own), SQLITE_OK);
    own = NULL;
    stage->close(sink);
    char log[160];
    snprintf(log, sizeof log, "%s-wal", path);
    ck_assert_int_eq(access(log, F_OK), -1); /* the last one takes it away */
    sink = open_sink();
    open_own();
    ck_assert_int_eq(take(sink, 0), 1);
}
END_TEST

START_TEST(a_consumer_that_is_to_end_does_not_wait_long_for_a_lock)
{
    int control;
    take(sink, 0);
    lock();
    pipeline.control = (const struct worker_control *)&control;
    wanted = WORKER_DRAIN_LEAVE;
    int64_t began_us = clock_monotonic_us();
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_int_le(clock_monotonic_us() - began_us, 100 * US_PER_MS);
    ck_assert_uint_gt(waits, 0);
    unlock();
}
END_TEST

START_TEST(a_file_that_is_locked_at_the_start_is_waited_for)
{
    struct sink_position position;
    stage->close(sink);
    sink = NULL;
    sqlite3_close(own);
    own = NULL;
    remove_all();
    open_own();
    ask("PRAGMA journal_mode = WAL");
    lock();
    capture_begin();
    void *late = open_sink();
    ck_assert_msg(strstr(capture_end(), "database is locked; retrying") != NULL, "%s", capture.text);
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(stage->sink->take(late, &source, 0, &position, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    unlock();
    fake_clock_advance(2 * US_PER_SECOND);
    ck_assert_int_eq(take(late, 0), STATS_UNKNOWN);
    ck_assert_int_eq(commit_one(late, 0, STATS_UNKNOWN, 0), SINK_DONE);
    stage->close(late);
}
END_TEST

/* --- a file that is another one ------------------------------------------------------------------------ */

START_TEST(a_file_that_was_deleted_is_made_anew_and_its_partitions_are_taken_again)
{
    struct sink_position position;
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    remove_all();
    capture_begin();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_LOST);
    ck_assert_ptr_nonnull(strstr(capture_end(), "was deleted or replaced while it was in use"));
    ck_assert_int_eq(lost, 0);
    ck_assert_int_eq(reread(sink, 0, &position), SINK_LOST);
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 1), SINK_DONE);
    open_own();
    ck_assert_str_eq(ask(ROWS), "0|1;");
    ck_assert_str_eq(ask(PLACES), "0|1|2;");
}
END_TEST

START_TEST(every_call_notices_a_deleted_file)
{
    struct sink_position position;
    const struct letter_origin sent = {0, 0, 1000};
    take(sink, 0);
    remove_all();
    ck_assert_int_eq(reread(sink, 0, &position), SINK_LOST);
    remove_all();
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 5, false), SINK_LOST);
    remove_all();
    list_letters(sink, 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    remove_all();
    ck_assert_int_eq(stage->sink->forwarded(sink, &sent, 1, &error), 0);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* By SQL, so that what is in the log is in the copy. */
static void back_up(void)
{
    char sql[256];
    snprintf(sql, sizeof sql, "VACUUM INTO '%s.backup'", path);
    ask(sql);
}

static void restore(void)
{
    char backup[160];
    snprintf(backup, sizeof backup, "%s.backup", path);
    ck_assert_int_eq(rename(backup, path), 0);
}

START_TEST(a_file_that_was_replaced_goes_on_where_the_new_one_says)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    back_up();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    remove_all();
    restore();
    ck_assert_int_eq(commit_one(sink, 0, 2, 2), SINK_LOST);
    ck_assert_int_eq(take(sink, 0), 1);
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    open_own();
    ck_assert_str_eq(ask(ROWS), "0|0;0|1;");
    ck_assert_str_eq(ask(PLACES), "0|2|2;");
}
END_TEST

/* The epoch and the place that we know may well be those of the copy. */
START_TEST(what_was_known_of_the_former_file_says_nothing_of_the_new_one)
{
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    back_up();
    remove_all();
    restore();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_LOST);
}
END_TEST

START_TEST(a_file_that_is_deleted_in_the_midst_of_a_commit_makes_it_no_commit)
{
    take(sink, 0);
    looks = 0;
    delete_before = 2; /* the first is before the transaction, the second behind it */
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_LOST);
    ck_assert_int_eq(lost, 0);
    ck_assert_ptr_nonnull(strstr(error.text, "deleted or replaced"));
    delete_before = 0;
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
}
END_TEST

START_TEST(a_move_into_a_file_that_is_deleted_in_its_midst_is_none)
{
    take(sink, 0);
    looks = 0;
    delete_before = 2;
    ck_assert_int_eq(move(sink, 0, STATS_UNKNOWN, 7, false), SINK_LOST);
    delete_before = 0;
}
END_TEST

START_TEST(the_log_of_the_former_file_is_not_taken_for_the_new_ones)
{
    struct sink_position position;
    take(sink, 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_DONE);
    back_up();
    ck_assert_int_eq(commit_one(sink, 0, 1, 1), SINK_DONE);
    restore(); /* over the old one, whose log stays */
    ck_assert_int_eq(commit_one(sink, 0, 2, 2), SINK_AGAIN);
    ck_assert_msg(strstr(error.text, "records.db-wal") != NULL, "%s", error.text);
    ck_assert_int_eq(stage->sink->take(sink, &source, 0, &position, &error), -1);
    remove_file("-wal");
    remove_file("-shm");
    ck_assert_int_eq(take(sink, 0), 1);
    open_own();
    ck_assert_str_eq(ask(ROWS), "0|0;");
}
END_TEST

START_TEST(while_no_file_can_be_made_nothing_is_committed_and_the_cause_is_told)
{
    char other[80];
    take(sink, 0);
    remove_all();
    snprintf(other, sizeof other, "%s.away", folder);
    ck_assert_int_eq(rename(folder, other), 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_AGAIN);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_SINK);
    ck_assert_int_eq(rename(other, folder), 0);
    ck_assert_int_eq(commit_one(sink, 0, STATS_UNKNOWN, 0), SINK_LOST);
    ck_assert_int_eq(take(sink, 0), STATS_UNKNOWN);
}
END_TEST

CHECK_MAIN_WITH("consumer/sinks/sqlite_link", begin, end,
                a_file_that_is_locked_elsewhere_is_waited_for_and_each_wait_ticks,
                no_call_waits_longer_than_a_second_and_those_that_follow_do_not_wait,
                a_file_that_was_closed_is_opened_again,
                a_consumer_that_is_to_end_does_not_wait_long_for_a_lock,
                a_file_that_is_locked_at_the_start_is_waited_for,
                a_file_that_was_deleted_is_made_anew_and_its_partitions_are_taken_again,
                every_call_notices_a_deleted_file, a_file_that_was_replaced_goes_on_where_the_new_one_says,
                what_was_known_of_the_former_file_says_nothing_of_the_new_one,
                a_file_that_is_deleted_in_the_midst_of_a_commit_makes_it_no_commit,
                a_move_into_a_file_that_is_deleted_in_its_midst_is_none,
                the_log_of_the_former_file_is_not_taken_for_the_new_ones,
                while_no_file_can_be_made_nothing_is_committed_and_the_cause_is_told)

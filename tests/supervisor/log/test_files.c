#include "tests/supervisor/log_case.h"

START_TEST(every_file_gets_its_lines_in_their_order)
{
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    struct log_file *zulu = log_files_file(logs, "zulu");
    say(bravo, "one");
    say(zulu, "eins");
    say(bravo, "two");
    say(bravo, "");
    end();
    ck_assert_str_eq(read_file("bravo.log"), "one\ntwo\n\n");
    ck_assert_str_eq(read_file("zulu.log"), "eins\n");
}
END_TEST

START_TEST(a_file_goes_on_where_an_earlier_run_ended)
{
    for (int i = 0; i < 2; i++) {
        begin(SIZE_MAX_BYTES, 3);
        say(log_files_file(logs, "bravo"), "line");
        end();
    }
    ck_assert_str_eq(read_file("bravo.log"), "line\nline\n");
}
END_TEST

START_TEST(who_says_nothing_has_no_file)
{
    begin(SIZE_MAX_BYTES, 3);
    log_files_file(logs, "bravo");
    end();
    ck_assert_ptr_null(read_file("bravo.log"));
}
END_TEST

START_TEST(no_file_grows_beyond_its_size_and_no_more_are_kept_than_told)
{
    char line[128];
    int next = 0;
    begin(LOG_FILES_SIZE_MIN, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    for (int i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "line %06d, as long as a usual one is", i);
        say(bravo, line);
    }
    end();
    static const char *const names[] = {"bravo.log.2", "bravo.log.1", "bravo.log"};
    for (size_t i = 0; i < 3; i++) {
        const char *all = read_file(names[i]);
        ck_assert_msg(all != NULL, "no %s", names[i]);
        ck_assert_uint_le(strlen(all), LOG_FILES_SIZE_MIN);
        for (int number; sscanf(all, "line %d", &number) == 1; all = strchr(all, '\n') + 1) {
            ck_assert(next == 0 || number == next); /* from file to file without a gap */
            next = number + 1;
        }
    }
    ck_assert_int_eq(next, 1000);
    ck_assert_ptr_null(read_file("bravo.log.3"));
}
END_TEST

START_TEST(a_single_file_begins_anew)
{
    char line[1001];
    memset(line, 'x', 1000);
    line[1000] = '\0';
    begin(LOG_FILES_SIZE_MIN, 1);
    struct log_file *bravo = log_files_file(logs, "bravo");
    for (int i = 0; i < 10; i++)
        say(bravo, line);
    end();
    ck_assert_uint_le(strlen(read_file("bravo.log")), LOG_FILES_SIZE_MIN);
    ck_assert_ptr_null(read_file("bravo.log.1"));
}
END_TEST

START_TEST(a_line_larger_than_a_file_stands_alone)
{
    static char line[3 * LOG_FILES_SIZE_MIN];
    memset(line, 'x', sizeof line - 1);
    begin(LOG_FILES_SIZE_MIN, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    say(bravo, "before");
    say(bravo, line);
    say(bravo, "after");
    end();
    ck_assert_str_eq(read_file("bravo.log.2"), "before\n");
    ck_assert_uint_eq(strlen(read_file("bravo.log.1")), sizeof line);
    ck_assert_str_eq(read_file("bravo.log"), "after\n");
}
END_TEST

START_TEST(a_disk_that_stands_still_stops_nobody_and_what_is_dropped_is_said)
{
    char line[1001];
    memset(line, 'x', 1000);
    line[1000] = '\0';
    begin(INT64_C(1) << 30, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    atomic_store(&stands_still, true);
    int64_t began_us = clock_monotonic_us();
    for (int i = 0; i < 3000; i++)
        say(bravo, line);
    ck_assert_int_lt(clock_monotonic_us() - began_us, US_PER_SECOND);
    uint64_t dropped = log_files_dropped(logs);
    ck_assert_uint_gt(dropped, 1000);

    char expected[64];
    snprintf(expected, sizeof expected, " … %llu lines were dropped", (unsigned long long)dropped);
    atomic_store(&stands_still, false);
    end();
    ck_assert_ptr_nonnull(strstr(read_file("bravo.log"), expected));
}
END_TEST

START_TEST(a_disk_that_never_moves_again_does_not_keep_the_program)
{
    begin(SIZE_MAX_BYTES, 3);
    atomic_store(&stands_still, true);
    say(log_files_file(logs, "bravo"), "hello");
    int64_t began_us = clock_monotonic_us();
    log_files_close(logs, 50 * US_PER_MS);
    ck_assert_int_lt(clock_monotonic_us() - began_us, US_PER_SECOND);
}
END_TEST

START_TEST(a_full_disk_is_told_once_loses_whole_lines_and_says_how_many)
{
    signal(SIGXFSZ, SIG_IGN); /* EFBIG instead, as ENOSPC would come */
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    limit_files_to(8);
    say(bravo, "one");
    await_text("bravo.log", "one\n");
    say(bravo, "two and more than fits");
    await_complaint(1);
    say(bravo, "three, as lost as two");
    while (log_files_dropped(logs) < 2)
        usleep(1000);
    limit_files_to(RLIM_INFINITY);
    say(bravo, "four");
    end();
    char expected[256];
    snprintf(expected, sizeof expected,
             "cannot write %s/bravo.log: File too large; its lines are dropped and counted", folder);
    ck_assert_int_eq(atomic_load(&complaints), 1);
    ck_assert_str_eq(complaint, expected);
    const char *all = read_file("bravo.log");
    ck_assert_ptr_null(strstr(all, "two"));
    ck_assert_ptr_null(strstr(all, "three"));
    ck_assert_ptr_nonnull(strstr(all, "… 2 lines were dropped")); /* that two was lost was lost as well */
    ck_assert_str_eq(strrchr(all, 'f'), "four\n");
}
END_TEST

START_TEST(a_disk_that_takes_a_line_now_and_then_is_one_trouble)
{
    signal(SIGXFSZ, SIG_IGN);
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    for (uint64_t i = 1; i <= 5; i++) {
        limit_files_to(1);
        say(bravo, "lost");
        while (log_files_dropped(logs) < i)
            usleep(1000);
        limit_files_to(RLIM_INFINITY);
        ck_assert(truncate(path_of("bravo.log"), 0) == 0);
        say(bravo, "kept");
        while (read_file("bravo.log") == NULL || strstr(text, "kept\n") == NULL)
            usleep(1000);
    }
    end();
    ck_assert_int_eq(atomic_load(&complaints), 1);
}
END_TEST

START_TEST(a_folder_is_made_but_not_its_parents)
{
    remove_folder();
    begin(SIZE_MAX_BYTES, 3);
    say(log_files_file(logs, "bravo"), "hello");
    end();
    ck_assert_str_eq(read_file("bravo.log"), "hello\n");
    struct log_files_settings settings = {
        .folder = "/nowhere/logs", .size_bytes = SIZE_MAX_BYTES, .files = 1};
    ck_assert_int_eq(log_files_open(&logs, &settings, &error), -1);
    ck_assert_str_eq(error.text, "--log-dir /nowhere/logs: No such file or directory");
    settings.folder = "/dev/null";
    ck_assert_int_eq(log_files_open(&logs, &settings, &error), -1);
    ck_assert_str_eq(error.text, "--log-dir /dev/null: Not a directory");
}
END_TEST

START_TEST(two_do_not_write_into_one_folder)
{
    struct log_files *second;
    struct log_files_settings settings = {.folder = folder, .size_bytes = SIZE_MAX_BYTES, .files = 1};
    begin(SIZE_MAX_BYTES, 3);
    ck_assert_int_eq(log_files_open(&second, &settings, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "another ksupervise writes there"));
    end();
    begin(SIZE_MAX_BYTES, 3);
    end();
}
END_TEST

CHECK_MAIN_WITH("supervisor/log_files", make_folder, remove_folder, every_file_gets_its_lines_in_their_order,
                a_file_goes_on_where_an_earlier_run_ended, who_says_nothing_has_no_file,
                no_file_grows_beyond_its_size_and_no_more_are_kept_than_told, a_single_file_begins_anew,
                a_line_larger_than_a_file_stands_alone,
                a_disk_that_stands_still_stops_nobody_and_what_is_dropped_is_said,
                a_disk_that_never_moves_again_does_not_keep_the_program,
                a_full_disk_is_told_once_loses_whole_lines_and_says_how_many,
                a_disk_that_takes_a_line_now_and_then_is_one_trouble, a_folder_is_made_but_not_its_parents,
                two_do_not_write_into_one_folder)

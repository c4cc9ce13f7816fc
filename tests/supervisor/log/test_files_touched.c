/* What others do in the folder of the log files. */
#include "tests/supervisor/log_case.h"

/* What lies under the name keeps its lines out; when it is gone, they come again. */
static void refused(struct log_file *bravo, const char *cause)
{
    char expected[256];
    say(bravo, "lost");
    say(bravo, "lost, too");
    await_complaint(1);
    snprintf(expected, sizeof expected, "cannot write %s/bravo.log: %s; its lines are dropped and counted",
             folder, cause);
    ck_assert_str_eq(complaint, expected);
    while (log_files_dropped(logs) < 2)
        usleep(1000);
    ck_assert_int_eq(remove(path_of("bravo.log")), 0);
    say(bravo, "kept");
    end();
    ck_assert_int_eq(atomic_load(&complaints), 1);
    ck_assert_ptr_nonnull(strstr(read_file("bravo.log"), " … 2 lines were dropped"));
    ck_assert_ptr_nonnull(strstr(text, "\nkept\n"));
}

START_TEST(a_fifo_that_nobody_reads_is_no_log_file)
{
    ck_assert_int_eq(mkfifo(path_of("bravo.log"), 0600), 0);
    begin(SIZE_MAX_BYTES, 3);
    refused(log_files_file(logs, "bravo"), "no regular file has that name");
}
END_TEST

START_TEST(nor_is_one_that_is_read)
{
    ck_assert_int_eq(mkfifo(path_of("bravo.log"), 0600), 0);
    int reader = open(path_of("bravo.log"), O_RDONLY | O_NONBLOCK);
    begin(SIZE_MAX_BYTES, 3);
    refused(log_files_file(logs, "bravo"), "no regular file has that name");
    close(reader);
}
END_TEST

START_TEST(nor_is_a_folder)
{
    ck_assert_int_eq(mkdir(path_of("bravo.log"), 0700), 0);
    begin(SIZE_MAX_BYTES, 3);
    refused(log_files_file(logs, "bravo"), "a folder has its name, or that of the file it would become");
}
END_TEST

START_TEST(nor_is_a_symbolic_link)
{
    ck_assert_int_eq(symlink("/etc/passwd", path_of("bravo.log")), 0);
    begin(SIZE_MAX_BYTES, 3);
    refused(log_files_file(logs, "bravo"), "a symbolic link has that name");
}
END_TEST

START_TEST(what_takes_the_place_of_an_open_file_is_no_log_file_either)
{
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    say(bravo, "one");
    await_text("bravo.log", "one\n");
    unlink(path_of("bravo.log"));
    ck_assert_int_eq(mkfifo(path_of("bravo.log"), 0600), 0);
    refused(bravo, "no regular file has that name");
}
END_TEST

/* bravo.log, one line in it, open. */
static struct log_file *bravo_with(const char *line)
{
    char expected[4200];
    struct log_file *bravo = log_files_file(logs, "bravo");
    say(bravo, line);
    snprintf(expected, sizeof expected, "%s\n", line);
    await_text("bravo.log", expected);
    return bravo;
}

START_TEST(a_file_that_was_renamed_is_followed_by_a_new_one)
{
    char to[128];
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = bravo_with("one");
    snprintf(to, sizeof to, "%s", path_of("bravo.log-20260226"));
    ck_assert_int_eq(rename(path_of("bravo.log"), to), 0);
    say(bravo, "two");
    end();
    ck_assert_pstr_eq(read_file("bravo.log"), "two\n");
    ck_assert_pstr_eq(read_file("bravo.log-20260226"), "one\n");
}
END_TEST

START_TEST(so_is_one_that_was_removed)
{
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = bravo_with("one");
    unlink(path_of("bravo.log"));
    say(bravo, "two");
    end();
    ck_assert_pstr_eq(read_file("bravo.log"), "two\n");
}
END_TEST

START_TEST(a_file_that_was_put_in_its_place_goes_on)
{
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = bravo_with("one");
    unlink(path_of("bravo.log"));
    int fd = open(path_of("bravo.log"), O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(write(fd, "theirs\n", 7), 7);
    close(fd);
    say(bravo, "two");
    end();
    ck_assert_pstr_eq(read_file("bravo.log"), "theirs\ntwo\n");
}
END_TEST

START_TEST(a_folder_that_was_removed_is_made_again)
{
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = bravo_with("one");
    remove_folder();
    say(bravo, "two");
    end();
    ck_assert_pstr_eq(read_file("bravo.log"), "two\n");
    ck_assert_int_eq(atomic_load(&complaints), 0);
}
END_TEST

/* logrotate's copytruncate. The size that was written before is no longer the file's: neither is it moved on
 * too early, nor are half lines cut off behind its end. */
START_TEST(a_file_that_was_truncated_goes_on_at_its_new_end)
{
    char line[4001];
    memset(line, 'x', 4000);
    line[3000] = '\0';
    begin(LOG_FILES_SIZE_MIN, 3);
    struct log_file *bravo = bravo_with(line);
    ck_assert_int_eq(truncate(path_of("bravo.log"), 0), 0);
    line[3000] = 'x';
    line[2000] = '\0';
    say(bravo, line);
    end();
    ck_assert_uint_eq(strlen(read_file("bravo.log")), 2001);
    ck_assert_ptr_null(read_file("bravo.log.1"));
}
END_TEST

START_TEST(a_file_that_was_truncated_and_then_a_full_disk_leave_neither_half_lines_nor_zeros)
{
    char line[4001];
    memset(line, 'x', 4000);
    line[4000] = '\0';
    signal(SIGXFSZ, SIG_IGN);
    begin(SIZE_MAX_BYTES, 3);
    line[1000] = '\0';
    struct log_file *bravo = bravo_with(line);
    line[1000] = 'x';
    ck_assert_int_eq(truncate(path_of("bravo.log"), 0), 0);
    limit_files_to(2000);
    say(bravo, line);
    await_complaint(1);
    limit_files_to(RLIM_INFINITY);
    ck_assert_str_eq(read_file("bravo.log"), "");
    end();
}
END_TEST

/* A full file that cannot be moved on does not grow: what it may take is limited. */
START_TEST(a_full_file_that_cannot_be_moved_on_takes_no_lines_and_is_told)
{
    char line[3001];
    char expected[256];
    memset(line, 'x', 3000);
    line[3000] = '\0';
    ck_assert_int_eq(mkdir(path_of("bravo.log.1"), 0700), 0);
    begin(LOG_FILES_SIZE_MIN, 2);
    struct log_file *bravo = bravo_with(line);
    say(bravo, line);
    await_complaint(1);
    snprintf(expected, sizeof expected,
             "cannot write %s/bravo.log: a folder has its name, or that of the file it would become; its "
             "lines are dropped and counted",
             folder);
    ck_assert_str_eq(complaint, expected);
    ck_assert_uint_eq(strlen(read_file("bravo.log")), 3001);
    ck_assert_int_eq(rmdir(path_of("bravo.log.1")), 0);
    say(bravo, line);
    end();
    ck_assert_uint_ge(strlen(read_file("bravo.log.1")), 3001);
    ck_assert_ptr_nonnull(read_file("bravo.log"));
}
END_TEST

static void reopened(int result)
{
    uint64_t number = log_files_reopen(logs);
    for (int i = 0; i < 5000 && log_files_reopened(logs, number, &error) == 0; i++)
        usleep(1000);
    ck_assert_int_eq(log_files_reopened(logs, number, &error), result);
}

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

/* Nothing that is said would show a quiet worker's file to be gone: the space of a removed one stays taken.
 */
START_TEST(asked_to_open_its_files_anew_it_holds_none_of_the_former)
{
    begin(SIZE_MAX_BYTES, 3);
    int before = open_files();
    struct log_file *bravo = bravo_with("one");
    ck_assert_int_eq(open_files(), before + 1);
    unlink(path_of("bravo.log"));
    reopened(1);
    ck_assert_int_eq(open_files(), before);
    say(bravo, "two");
    end();
    ck_assert_pstr_eq(read_file("bravo.log"), "two\n");
}
END_TEST

START_TEST(asked_so_after_its_folder_was_renamed_it_makes_a_new_one)
{
    char former[80];
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = bravo_with("one");
    snprintf(former, sizeof former, "%s.former", folder);
    ck_assert_int_eq(rename(folder, former), 0);
    reopened(1);
    say(bravo, "two");
    end();
    ck_assert_pstr_eq(read_file("bravo.log"), "two\n");
    remove_folder();
    ck_assert_int_eq(rename(former, folder), 0);
    ck_assert_pstr_eq(read_file("bravo.log"), "one\n");
}
END_TEST

START_TEST(a_folder_that_cannot_be_had_again_is_told_and_the_former_is_used)
{
    char former[80];
    char expected[128];
    begin(SIZE_MAX_BYTES, 3);
    struct log_file *bravo = bravo_with("one");
    snprintf(former, sizeof former, "%s.former", folder);
    ck_assert_int_eq(rename(folder, former), 0);
    close(open(folder, O_WRONLY | O_CREAT, 0600));
    reopened(-1);
    snprintf(expected, sizeof expected, "--log-dir %s: Not a directory", folder);
    ck_assert_str_eq(error.text, expected);
    say(bravo, "two");
    end();
    unlink(folder);
    ck_assert_int_eq(rename(former, folder), 0);
    ck_assert_pstr_eq(read_file("bravo.log"), "one\ntwo\n");
}
END_TEST

CHECK_MAIN_WITH("supervisor/log_files: touched", make_folder, remove_folder,
                a_fifo_that_nobody_reads_is_no_log_file, nor_is_one_that_is_read, nor_is_a_folder,
                nor_is_a_symbolic_link, what_takes_the_place_of_an_open_file_is_no_log_file_either,
                a_file_that_was_renamed_is_followed_by_a_new_one, so_is_one_that_was_removed,
                a_file_that_was_put_in_its_place_goes_on, a_folder_that_was_removed_is_made_again,
                a_file_that_was_truncated_goes_on_at_its_new_end,
                a_file_that_was_truncated_and_then_a_full_disk_leave_neither_half_lines_nor_zeros,
                a_full_file_that_cannot_be_moved_on_takes_no_lines_and_is_told,
                asked_to_open_its_files_anew_it_holds_none_of_the_former,
                asked_so_after_its_folder_was_renamed_it_makes_a_new_one,
                a_folder_that_cannot_be_had_again_is_told_and_the_former_is_used)

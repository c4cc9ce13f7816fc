#include "supervisor/log_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "tests/support/check_main.h"

#define SIZE_MAX_BYTES (1024 * 1024)

static char folder[64];
static struct log_files *logs;
static struct error error = ERROR_INIT;
static atomic_int complaints;
static char complaint[512];
static char text[4 * 1024 * 1024];
static atomic_bool stands_still; /* the disk */

/* Instead of libc's. Only the log thread is kept. */
ssize_t write(int fd, const void *bytes, size_t length)
{
    while (atomic_load(&stands_still) && gettid() != getpid())
        usleep(1000);
    return syscall(SYS_write, fd, bytes, length);
}

static void note(void *context, const char *said)
{
    (void)context;
    snprintf(complaint, sizeof complaint, "%s", said);
    atomic_fetch_add(&complaints, 1);
}

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/check-logs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry = NULL; dir != NULL && (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(folder);
}

static void begin(int64_t size_bytes, int64_t files)
{
    struct log_files_settings settings = {
        .folder = folder, .size_bytes = size_bytes, .files = files, .complain = note};
    ck_assert_msg(log_files_open(&logs, &settings, &error) == 0, "%s", error.text);
}

static void end(void)
{
    log_files_close(logs, 5 * US_PER_SECOND);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* The file's text; NULL when there is none. */
static const char *read_file(const char *name)
{
    int fd = open(path_of(name), O_RDONLY);
    if (fd == -1)
        return NULL;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void say(struct log_file *file, const char *line)
{
    log_file_line(file, line, strlen(line));
}

/* Waits, with a deadline. */
static void await_complaint(int count)
{
    for (int i = 0; i < 5000 && atomic_load(&complaints) < count; i++)
        usleep(1000);
    ck_assert_int_eq(atomic_load(&complaints), count);
}

static void await_text(const char *name, const char *expected)
{
    const char *all = NULL;
    for (int i = 0; i < 5000 && (all == NULL || strcmp(all, expected) != 0); i++) {
        usleep(1000);
        all = read_file(name);
    }
    ck_assert_pstr_eq(all, expected);
}

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

static void limit_files_to(rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

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
    ck_assert_ptr_nonnull(strstr(all, " lines were dropped"));
    ck_assert_str_eq(strrchr(all, 'f'), "four\n");
}
END_TEST

/* --- what others do in the folder ---------------------------------------------------------------------- */

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
                a_fifo_that_nobody_reads_is_no_log_file, nor_is_one_that_is_read, nor_is_a_folder,
                nor_is_a_symbolic_link, what_takes_the_place_of_an_open_file_is_no_log_file_either,
                a_file_that_was_renamed_is_followed_by_a_new_one, so_is_one_that_was_removed,
                a_file_that_was_put_in_its_place_goes_on, a_folder_that_was_removed_is_made_again,
                a_file_that_was_truncated_goes_on_at_its_new_end,
                a_file_that_was_truncated_and_then_a_full_disk_leave_neither_half_lines_nor_zeros,
                a_full_file_that_cannot_be_moved_on_takes_no_lines_and_is_told,
                asked_to_open_its_files_anew_it_holds_none_of_the_former,
                asked_so_after_its_folder_was_renamed_it_makes_a_new_one,
                a_folder_that_cannot_be_had_again_is_told_and_the_former_is_used,
                a_disk_that_never_moves_again_does_not_keep_the_program,
                a_full_disk_is_told_once_loses_whole_lines_and_says_how_many,
                a_disk_that_takes_a_line_now_and_then_is_one_trouble, a_folder_is_made_but_not_its_parents,
                two_do_not_write_into_one_folder)

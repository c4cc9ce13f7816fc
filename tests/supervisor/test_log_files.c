#include "supervisor/log_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "tests/support/check_main.h"

#define SIZE_MAX_BYTES (1024 * 1024)

static char folder[64];
static struct log_files *logs;
static struct error error = ERROR_INIT;
static atomic_int complaints;
static char complaint[512];
static char text[4 * 1024 * 1024];

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

/* A FIFO that nobody reads is a disk that stands still: opening it blocks. */
START_TEST(a_disk_that_stands_still_stops_nobody_and_what_is_dropped_is_said)
{
    char line[1001];
    memset(line, 'x', 1000);
    line[1000] = '\0';
    ck_assert_int_eq(mkfifo(path_of("bravo.log"), 0600), 0);
    begin(INT64_C(1) << 30, 3);
    struct log_file *bravo = log_files_file(logs, "bravo");
    int64_t began_us = clock_monotonic_us();
    for (int i = 0; i < 3000; i++)
        say(bravo, line);
    ck_assert_int_lt(clock_monotonic_us() - began_us, US_PER_SECOND);
    uint64_t dropped = log_files_dropped(logs);
    ck_assert_uint_gt(dropped, 1000);

    int reader = open(path_of("bravo.log"), O_RDONLY); /* waits for the writer, who waits for a reader */
    ck_assert_int_ge(reader, 0);
    char expected[64];
    snprintf(expected, sizeof expected, " … %llu lines were dropped", (unsigned long long)dropped);
    size_t length = 0;
    for (const char *fresh = text; strstr(fresh, expected) == NULL;
         fresh = text + (length > 8192 ? length - 8192 : 0)) {
        ssize_t n = read(reader, text + length, 4096);
        ck_assert_int_gt(n, 0);
        length += (size_t)n;
        ck_assert_uint_lt(length, sizeof text - 4096);
        text[length] = '\0';
    }
    end();
    close(reader);
}
END_TEST

START_TEST(a_disk_that_never_moves_again_does_not_keep_the_program)
{
    ck_assert_int_eq(mkfifo(path_of("bravo.log"), 0600), 0);
    begin(SIZE_MAX_BYTES, 3);
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
                a_folder_is_made_but_not_its_parents, two_do_not_write_into_one_folder)

#include "producer/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

/* --- system calls that fail when they are told to ------------------------------------------------------ */

static int write_fails;        /* errno; 0: they work */
static _Atomic int sync_fails; /* the same, of the thread that syncs */
static size_t room = SIZE_MAX; /* bytes until the disk is full */

ssize_t write(int fd, const void *data, size_t bytes)
{
    if (write_fails != 0 || (room == 0 && bytes > 0)) {
        errno = write_fails != 0 ? write_fails : ENOSPC;
        return -1;
    }
    size_t fitting = bytes < room ? bytes : room;
    room -= room == SIZE_MAX ? 0 : fitting;
    return syscall(SYS_write, fd, data, fitting);
}

int fdatasync(int fd)
{
    (void)fd;
    errno = sync_fails;
    return sync_fails == 0 ? 0 : -1;
}

static int folders_synced, folder_fails;

int fsync(int fd)
{
    struct stat status;
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert(S_ISDIR(status.st_mode));
    folders_synced++;
    errno = folder_fails;
    return folder_fails == 0 ? 0 : -1;
}

/* --- helpers ------------------------------------------------------------------------------------------- */

static char path[64];
static struct error error;
static struct ledger *ledger;

static void setup(void)
{
    snprintf(path, sizeof path, "/tmp/test-ledger-%d", (int)getpid());
    error = (struct error)ERROR_INIT;
}

static void teardown(void)
{
    ledger_close(ledger);
    unlink(path);
}

static int open_it(uint64_t first_seq)
{
    struct ledger_run run = {
        .producer = "producer", .topic = "payments", .first_seq = first_seq, .begun_us = 1000};
    return ledger_open(&ledger, path, &run, &error);
}

static void close_it(void)
{
    ck_assert_int_eq(ledger_sync(ledger, &error), 0);
    ledger_close(ledger);
    ledger = NULL;
}

static void put_file(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_eq(syscall(SYS_write, fd, text, strlen(text)), (long)strlen(text));
    close(fd);
}

static const char *content(void)
{
    static char text[4096];
    int fd = open(path, O_RDONLY);
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    ck_assert_int_ge(got, 0);
    text[got] = '\0';
    return text;
}

#define FIRST "ksupervise-ledger 1\n"
#define RUN   "run 1000 1 payments producer\n"

/* --- tests --------------------------------------------------------------------------------------------- */

START_TEST(a_line_says_what_became_of_a_message)
{
    ck_assert_int_eq(open_it(1), 0);
    ledger_note(ledger, 1, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
    ledger_note(ledger, 2, 1, -1, LEDGER_OUTCOME_UNKNOWN);
    ledger_note(ledger, 3, -1, -1001, LEDGER_OUTCOME_FAILED);
    ledger_note(ledger, INT64_MAX, INT32_MAX, INT64_MAX, LEDGER_OUTCOME_ACKNOWLEDGED);
    close_it();
    ck_assert_str_eq(content(),
                     FIRST RUN "1 0 0 acknowledged\n2 1 - unknown\n3 - - failed\n"
                               "9223372036854775807 2147483647 9223372036854775807 acknowledged\n");
}
END_TEST

START_TEST(a_flush_puts_the_lines_into_the_file)
{
    ck_assert_int_eq(open_it(1), 0);
    ledger_note(ledger, 1, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
    ck_assert_str_eq(content(), FIRST RUN);
    ck_assert_int_eq(ledger_flush(ledger, &error), 0);
    ck_assert_str_eq(content(), FIRST RUN "1 0 0 acknowledged\n");
}
END_TEST

START_TEST(a_further_run_goes_on_in_the_file)
{
    ck_assert_int_eq(open_it(1), 0);
    ledger_note(ledger, 1, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
    close_it();
    ck_assert_int_eq(open_it(2), 0);
    ck_assert_str_eq(content(), FIRST RUN "1 0 0 acknowledged\nrun 1000 2 payments producer\n");
}
END_TEST

START_TEST(a_torn_last_line_is_cut_off)
{
    put_file(FIRST RUN "1 0 0 acknowledged\n2 1 1 acknowl");
    ck_assert_int_eq(open_it(7), 0);
    ck_assert_str_eq(content(), FIRST RUN "1 0 0 acknowledged\nrun 1000 7 payments producer\n");
    close_it();
    put_file("ksupervise-led");
    ck_assert_int_eq(open_it(1), 0);
    ck_assert_str_eq(content(), FIRST RUN);
}
END_TEST

START_TEST(another_file_is_refused_and_left_alone)
{
    put_file("the only copy of something\n");
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "is no ledger"));
    ck_assert_str_eq(content(), "the only copy of something\n");
}
END_TEST

START_TEST(two_producers_cannot_write_one_ledger)
{
    ck_assert_int_eq(open_it(1), 0);
    struct ledger *first = ledger;
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "another producer is writing it"));
    ledger = first;
}
END_TEST

START_TEST(the_folder_of_a_new_file_reaches_the_disk_too)
{
    ck_assert_int_eq(open_it(1), 0);
    ck_assert_int_eq(folders_synced, 1);
    close_it();
    ck_assert_int_eq(open_it(1), 0); /* it is there */
    ck_assert_int_eq(folders_synced, 1);
    close_it();
    unlink(path);
    folder_fails = EIO;
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_LEDGER);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot write /tmp: "));
    unlink(path);
    folder_fails = EINVAL;
    ck_assert_int_eq(open_it(1), 0);
}
END_TEST

START_TEST(a_full_disk_is_told_with_an_exit_code_of_its_own)
{
    ck_assert_int_eq(open_it(1), 0);
    room = 10;
    ledger_note(ledger, 1, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
    ck_assert_int_eq(ledger_flush(ledger, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_LEDGER);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_nonnull(strstr(error.text, "No space left"));
    room = SIZE_MAX;
    ledger_note(ledger, 2, 0, 1, LEDGER_OUTCOME_ACKNOWLEDGED);
    ck_assert_int_eq(ledger_flush(ledger, &error), -1);
    ck_assert_str_eq(content(), FIRST RUN "1 0 0 ackn"); /* nothing is written behind a hole */
}
END_TEST

START_TEST(a_full_disk_at_the_start_is_told)
{
    room = 0;
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_LEDGER);
}
END_TEST

START_TEST(what_does_not_reach_the_disk_is_told)
{
    ck_assert_int_eq(open_it(1), 0);
    sync_fails = EIO;
    ledger_note(ledger, 1, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
    ck_assert_int_eq(ledger_sync(ledger, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_LEDGER);
}
END_TEST

START_TEST(a_hundred_thousand_lines_are_all_there)
{
    ck_assert_int_eq(open_it(1), 0);
    for (int i = 1; i <= 100000; i++)
        ledger_note(ledger, (uint64_t)i, i % 3, i / 3, LEDGER_OUTCOME_ACKNOWLEDGED);
    close_it();
    FILE *file = fopen(path, "r");
    char line[LEDGER_LINE_BYTES], wanted[LEDGER_LINE_BYTES];
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    for (int i = 1; i <= 100000; i++) {
        ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
        snprintf(wanted, sizeof wanted, "%d %d %d acknowledged\n", i, i % 3, i / 3);
        ck_assert_str_eq(line, wanted);
    }
    ck_assert_ptr_null(fgets(line, sizeof line, file));
    fclose(file);
}
END_TEST

CHECK_MAIN_WITH("producer/ledger", setup, teardown, a_line_says_what_became_of_a_message,
                a_flush_puts_the_lines_into_the_file, a_further_run_goes_on_in_the_file,
                a_torn_last_line_is_cut_off, another_file_is_refused_and_left_alone,
                two_producers_cannot_write_one_ledger, a_full_disk_is_told_with_an_exit_code_of_its_own,
                a_full_disk_at_the_start_is_told, the_folder_of_a_new_file_reaches_the_disk_too,
                what_does_not_reach_the_disk_is_told, a_hundred_thousand_lines_are_all_there)

#include "producer/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

/* --- system calls that fail when they are told to ------------------------------------------------------ */

static int write_fails;        /* errno; 0: they work */
static _Atomic int sync_fails; /* the same, of the thread that syncs */
static size_t room = SIZE_MAX; /* bytes until the disk is full */
static int interrupted;        /* so many times a signal comes first */
static size_t at_once = SIZE_MAX;

ssize_t write(int fd, const void *data, size_t bytes)
{
    if (interrupted > 0) {
        interrupted--;
        errno = EINTR;
        return -1;
    }
    if (write_fails != 0 || (room == 0 && bytes > 0)) {
        errno = write_fails != 0 ? write_fails : ENOSPC;
        return -1;
    }
    size_t fitting = bytes < room ? bytes : room;
    room -= room == SIZE_MAX ? 0 : fitting;
    fitting = fitting < at_once ? fitting : at_once;
    return syscall(SYS_write, fd, data, fitting);
}

static pthread_t caller;
static int synced_by_caller;
static sem_t synced_by_thread;

int fdatasync(int fd)
{
    (void)fd;
    int fails = sync_fails;
    if (pthread_equal(pthread_self(), caller))
        synced_by_caller++;
    else
        sem_post(&synced_by_thread);
    errno = fails;
    return fails == 0 ? 0 : -1;
}

/* The thread rests between two syncs: for a part of a second, which passes at once. */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    (void)condition, (void)mutex;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ck_assert(until->tv_sec == now.tv_sec || until->tv_sec == now.tv_sec + 1);
    ck_assert(until->tv_nsec >= 0 && until->tv_nsec < 1000000000);
    return ETIMEDOUT;
}

static int truncate_fails;
int ftruncate(int fd, off_t size)
{
    errno = truncate_fails;
    return truncate_fails != 0 ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

static int folder_unreadable; /* errno */
int open(const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    int mode = (flags & O_CREAT) != 0 ? va_arg(arguments, int) : 0;
    va_end(arguments);
    errno = folder_unreadable;
    if ((flags & O_DIRECTORY) != 0 && folder_unreadable != 0)
        return -1;
    return (int)syscall(SYS_openat, AT_FDCWD, name, flags, mode);
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
    unlink(path); /* of a run that was killed */
    error = (struct error)ERROR_INIT;
    caller = pthread_self();
    sem_init(&synced_by_thread, 0, 0);
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

static int thread_syncs_within(int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return sem_timedwait(&synced_by_thread, &until);
}

static void await_thread(void)
{
    ck_assert_int_eq(thread_syncs_within(10000), 0);
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 64; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
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
    ck_assert_ptr_nonnull(strstr(error.text, "is not a ledger"));
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
    int before = open_descriptors();
    ck_assert_int_eq(open_it(1), 0);
    ck_assert_int_eq(folders_synced, 1);
    close_it();
    ck_assert_int_eq(open_descriptors(), before);
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

START_TEST(what_was_flushed_reaches_the_disk_without_the_caller)
{
    ck_assert_int_eq(open_it(1), 0);
    await_thread(); /* the line of the run */
    int before = synced_by_caller;
    for (uint64_t seq = 1; seq <= 2; seq++) {
        ledger_note(ledger, seq, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
        ck_assert_int_eq(ledger_flush(ledger, &error), 0);
        await_thread();
    }
    ck_assert_int_eq(synced_by_caller, before);
    ck_assert_int_eq(ledger_flush(ledger, &error), 0); /* nothing new, nothing to wait for */
    ck_assert_int_eq(thread_syncs_within(20), -1);
}
END_TEST

START_TEST(a_sync_returns_when_the_disk_has_it)
{
    ck_assert_int_eq(open_it(1), 0);
    ck_assert_int_eq(synced_by_caller, 1); /* the line of the run */
    await_thread();
    ledger_note(ledger, 1, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
    ck_assert_int_eq(ledger_sync(ledger, &error), 0);
    ck_assert_int_eq(synced_by_caller, 2);
    ck_assert_str_eq(content(), FIRST RUN "1 0 0 acknowledged\n");
    ck_assert_int_eq(ledger_sync(ledger, &error), 0); /* what was flushed may not be there yet */
    ck_assert_int_eq(synced_by_caller, 3);
    await_thread();
    sync_fails = EIO;
    ck_assert_int_eq(ledger_sync(ledger, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "Input/output error"));
}
END_TEST

START_TEST(what_the_thread_could_not_bring_to_the_disk_is_told_by_the_next_flush)
{
    ck_assert_int_eq(open_it(1), 0);
    await_thread();
    sync_fails = EIO;
    for (uint64_t seq = 1; seq <= 2; seq++) { /* the second begins when the first has been noted */
        ledger_note(ledger, seq, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
        ledger_flush(ledger, &error);
        await_thread();
    }
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(ledger_flush(ledger, &error), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_LEDGER);
    ck_assert_ptr_nonnull(strstr(error.text, "Input/output error"));
    ck_assert_ptr_null(strstr(error.text, "make room"));
}
END_TEST

START_TEST(a_signal_and_writes_that_come_short_lose_nothing)
{
    ck_assert_int_eq(open_it(1), 0);
    interrupted = 2;
    at_once = 7;
    ledger_note(ledger, 1, 0, 0, LEDGER_OUTCOME_ACKNOWLEDGED);
    ck_assert_int_eq(ledger_flush(ledger, &error), 0);
    ck_assert_str_eq(content(), FIRST RUN "1 0 0 acknowledged\n");
}
END_TEST

START_TEST(a_file_that_ends_in_more_than_a_line_is_no_ledger)
{
    char text[2 * LEDGER_LINE_BYTES] = FIRST;
    memset(text + strlen(FIRST), 'x', LEDGER_LINE_BYTES);
    put_file(text);
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_str_eq(content(), text);
    text[strlen(FIRST) + LEDGER_LINE_BYTES - 1] = '\0'; /* a line that is all but whole */
    put_file(text);
    ck_assert_int_eq(open_it(1), 0);
    ck_assert_str_eq(content(), FIRST RUN);
}
END_TEST

START_TEST(a_torn_line_that_stays_is_an_error_of_the_ledger)
{
    put_file(FIRST "torn");
    truncate_fails = EROFS;
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_LEDGER);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot cut off the torn end of"));
    ck_assert_str_eq(content(), FIRST "torn");
}
END_TEST

START_TEST(what_is_no_file_or_cannot_be_opened_is_a_mistake_of_the_user)
{
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "is not a regular file"));
    unlink(path);
    snprintf(path, sizeof path, "/tmp/test-ledger-%d/no-such-folder", (int)getpid());
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_CONFIG);
    ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
    ck_assert_ptr_null(ledger);
}
END_TEST

START_TEST(a_folder_that_may_be_written_and_not_read_will_do)
{
    folder_unreadable = EACCES;
    ck_assert_int_eq(open_it(1), 0);
    close_it();
    unlink(path);
    folder_unreadable = EMFILE;
    ck_assert_int_eq(open_it(1), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_LEDGER);
}
END_TEST

CHECK_MAIN_WITH("producer/ledger", setup, teardown, a_line_says_what_became_of_a_message,
                a_flush_puts_the_lines_into_the_file, a_further_run_goes_on_in_the_file,
                a_torn_last_line_is_cut_off, another_file_is_refused_and_left_alone,
                two_producers_cannot_write_one_ledger, a_full_disk_is_told_with_an_exit_code_of_its_own,
                a_full_disk_at_the_start_is_told, the_folder_of_a_new_file_reaches_the_disk_too,
                what_does_not_reach_the_disk_is_told, what_was_flushed_reaches_the_disk_without_the_caller,
                a_sync_returns_when_the_disk_has_it,
                what_the_thread_could_not_bring_to_the_disk_is_told_by_the_next_flush,
                a_signal_and_writes_that_come_short_lose_nothing,
                a_file_that_ends_in_more_than_a_line_is_no_ledger,
                a_torn_line_that_stays_is_an_error_of_the_ledger,
                what_is_no_file_or_cannot_be_opened_is_a_mistake_of_the_user,
                a_folder_that_may_be_written_and_not_read_will_do, a_hundred_thousand_lines_are_all_there)

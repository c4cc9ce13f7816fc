#include "tests/support/check_main.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "supervisor/log/printer.h"

enum { DEADLINE_MS = 10000, LINE_LENGTH = 999 };

static int ends[2];
static struct printer *printer;
static struct error error;
static char text[4 * PRINTER_RING_BYTES];

/* --- threads ------------------------------------------------------------------------------------------- */

static struct {
    int cannot_start;      /* an errno; 0: they start */
    atomic_bool stands;    /* those that are started now wait */
    atomic_bool let_go_of; /* a lock that its thread did not have */
    void *(*run)(void *argument);
} threads;

static _Thread_local int locks;

static void *run_later(void *argument)
{
    while (atomic_load(&threads.stands))
        usleep(1000);
    return threads.run(argument);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *argument),
                   void *argument)
{
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    threads.run = run;
    return threads.cannot_start != 0 ? threads.cannot_start : real(thread, attributes, run_later, argument);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    locks++;
    return real(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    int (*real)(pthread_mutex_t *);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    if (locks-- <= 0)
        atomic_store(&threads.let_go_of, true);
    return real(mutex);
}

static void open_pipe(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the supervisor does */
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    ck_assert_msg(printer_open(&printer, ends[1], &error) == 0, "%s", error.text);
}

static void print(const char *line)
{
    printer_line(printer, line, strlen(line));
}

/* A line of LINE_LENGTH bytes that begins with its number. */
static void print_number(int number)
{
    char line[LINE_LENGTH + 1];
    memset(line, '.', LINE_LENGTH);
    line[LINE_LENGTH] = '\0';
    int digits = snprintf(line, sizeof line, "%08d", number);
    line[digits] = '.';
    printer_line(printer, line, LINE_LENGTH);
}

static bool ends_with(size_t used, const char *end)
{
    size_t length = strlen(end);
    return used >= length && memcmp(text + used - length, end, length) == 0;
}

/* Appends what comes to text[used], until it ends so, and has so many bytes; returns the new length. */
static size_t read_until(size_t used, const char *end, size_t least)
{
    struct pollfd readable = {.fd = ends[0], .events = POLLIN};
    while (used < least || !ends_with(used, end)) {
        ck_assert_msg(poll(&readable, 1, DEADLINE_MS) == 1, "nothing came within %d ms", DEADLINE_MS);
        ssize_t n = read(ends[0], text + used, sizeof text - 1 - used);
        ck_assert_int_gt(n, 0);
        used += (size_t)n;
    }
    text[used] = '\0';
    return used;
}

START_TEST(lines_come_out_in_order_and_whole)
{
    open_pipe();
    print("first");
    print("");
    print("third, with a € in it");
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    read_until(0, "it\n", 0);
    ck_assert_str_eq(text, "first\n\nthird, with a € in it\n");
}
END_TEST

/* Lines until the ring is full and some are dropped; returns how many were printed. */
static int fill(void)
{
    int lines = 0;
    for (; printer_dropped(printer) < 100; lines++) {
        ck_assert_int_lt(lines, 100 * PRINTER_RING_BYTES / LINE_LENGTH);
        print_number(lines);
    }
    return lines;
}

START_TEST(a_reader_that_stands_still_costs_whole_lines_that_are_counted_and_told)
{
    open_pipe();
    int lines = fill();
    uint64_t dropped = printer_dropped(printer);

    /* It goes on. Half of the ring goes out, then the loss is told, then the rest. */
    size_t used = read_until(0, "too slow\n", 0);
    print("after");
    read_until(used, "after\n", 0);
    printer_close(printer, DEADLINE_MS * US_PER_MS);

    char expected[80];
    snprintf(expected, sizeof expected, "… %" PRIu64 " lines were dropped", dropped);
    ck_assert_msg(strstr(text, expected) != NULL, "not told: %s", expected);
    int whole = 0;
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n"))
        if (line[0] == '0') {
            ck_assert_uint_eq(strlen(line), LINE_LENGTH);
            ck_assert_int_eq(strtol(line, NULL, 10), whole); /* the first ones, without a gap */
            whole++;
        }
    ck_assert_int_eq(whole + (int)dropped, lines);
}
END_TEST

START_TEST(printing_never_waits_for_the_reader)
{
    open_pipe();
    fill();
    int64_t began_us = clock_monotonic_us();
    for (int i = 0; i < 1000; i++)
        print_number(i);
    ck_assert_int_lt(clock_monotonic_us() - began_us, US_PER_SECOND);
    printer_close(printer, 0);
}
END_TEST

START_TEST(closing_waits_for_a_slow_reader)
{
    open_pipe();
    for (int i = 0; i < 500; i++) /* more than a pipe holds */
        print_number(i);
    pid_t pid = fork();
    if (pid == 0) {
        usleep(100000);
        size_t used = 0;
        while (used < 500 * (LINE_LENGTH + 1)) {
            ssize_t n = read(ends[0], text, sizeof text);
            used += n > 0 ? (size_t)n : 0;
        }
        _exit(0);
    }
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(closing_gives_up_at_its_deadline)
{
    open_pipe();
    fill();
    int64_t began_us = clock_monotonic_us();
    printer_close(printer, 100 * US_PER_MS);
    int64_t took_us = clock_monotonic_us() - began_us;
    ck_assert_int_ge(took_us, 90 * US_PER_MS);
    ck_assert_int_lt(took_us, 5 * US_PER_SECOND);
}
END_TEST

START_TEST(a_terminal_that_is_gone_takes_everything)
{
    open_pipe();
    close(ends[0]);
    for (int i = 0; i < 5000; i++)
        print_number(i);
    int64_t began_us = clock_monotonic_us();
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    ck_assert_int_lt(clock_monotonic_us() - began_us, DEADLINE_MS * US_PER_MS);
}
END_TEST

START_TEST(an_output_that_does_not_block_loses_nothing)
{
    /* Whoever shares the terminal with us may have set it so: the flag belongs to the description. */
    open_pipe();
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 500; i++)
        print_number(i);
    ck_assert_uint_eq(read_until(0, "\n", 500 * (LINE_LENGTH + 1)), 500 * (LINE_LENGTH + 1));
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    ck_assert_uint_eq(strlen(text), 500 * (LINE_LENGTH + 1));
}
END_TEST

START_TEST(a_line_longer_than_the_ring_is_dropped_whole)
{
    open_pipe();
    memset(text, 'a', sizeof text);
    printer_line(printer, text, PRINTER_RING_BYTES);
    ck_assert_uint_eq(printer_dropped(printer), 1);
    print("short");
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    read_until(0, "too slow\n", 0);
    ck_assert_ptr_nonnull(strstr(text, "short\n"));
    ck_assert_ptr_null(strstr(text, "aa"));
}
END_TEST

enum { ROUNDS = 5 * PRINTER_RING_BYTES / LINE_LENGTH, AT_ONCE = 500 }; /* less than the ring at a time */

/* Reads all lines; says so behind each that was awaited. */
static _Noreturn void read_rounds(int said)
{
    for (int i = 0; i < ROUNDS; i++) {
        char line[LINE_LENGTH + 2];
        size_t used = 0;
        while (used < LINE_LENGTH + 1) {
            ssize_t n = read(ends[0], line + used, LINE_LENGTH + 1 - used);
            if (n <= 0)
                _exit(2);
            used += (size_t)n;
        }
        if (strtol(line, NULL, 10) != i || line[LINE_LENGTH] != '\n' || line[LINE_LENGTH - 1] != '.')
            _exit(3);
        if (i % AT_ONCE == AT_ONCE - 1 && write(said, "", 1) != 1)
            _exit(4);
    }
    _exit(0);
}

START_TEST(the_ring_goes_round_many_times_without_a_scratch)
{
    int said[2], status;
    char byte;
    open_pipe();
    ck_assert_int_eq(pipe2(said, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0)
        read_rounds(said[1]);
    close(said[1]);
    for (int i = 0; i < ROUNDS; i++) {
        print_number(i);
        if (i % AT_ONCE == AT_ONCE - 1)
            ck_assert_int_eq(read(said[0], &byte, 1), 1);
    }
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(what_was_printed_before_its_thread_ran_is_printed_under_the_lock)
{
    atomic_store(&threads.stands, true);
    open_pipe();
    print("early");
    atomic_store(&threads.stands, false);
    read_until(0, "early\n", 0);
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    ck_assert(!atomic_load(&threads.let_go_of));
}
END_TEST

START_TEST(without_a_thread_there_is_no_printer)
{
    threads.cannot_start = EAGAIN;
    ck_assert_int_eq(printer_open(&printer, STDOUT_FILENO, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot start the printer thread: "));
    ck_assert_ptr_null(printer);
}
END_TEST

CHECK_MAIN("supervisor/printer", lines_come_out_in_order_and_whole,
           a_reader_that_stands_still_costs_whole_lines_that_are_counted_and_told,
           printing_never_waits_for_the_reader, closing_waits_for_a_slow_reader,
           closing_gives_up_at_its_deadline, a_terminal_that_is_gone_takes_everything,
           an_output_that_does_not_block_loses_nothing, a_line_longer_than_the_ring_is_dropped_whole,
           the_ring_goes_round_many_times_without_a_scratch,
           what_was_printed_before_its_thread_ran_is_printed_under_the_lock,
           without_a_thread_there_is_no_printer)

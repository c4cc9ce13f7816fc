#include "tests/support/check_main.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "supervisor/printer.h"

enum { DEADLINE_MS = 10000, LINE_LENGTH = 999 };

static int ends[2];
static struct printer *printer;
static struct error error;
static char text[4 * PRINTER_RING_BYTES];

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

/* Appends what the pipe holds to text[used], until nothing comes for a while; returns the new length. */
static size_t read_more(size_t used, int quiet_ms)
{
    struct pollfd readable = {.fd = ends[0], .events = POLLIN};
    while (used < sizeof text - 1 && poll(&readable, 1, quiet_ms) == 1) {
        ssize_t n = read(ends[0], text + used, sizeof text - 1 - used);
        if (n <= 0)
            break;
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
    printer_close(printer, US_PER_SECOND);
    read_more(0, 0);
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
    size_t used = read_more(0, 200);
    print("after");
    used = read_more(used, 200);
    printer_close(printer, US_PER_SECOND);

    ck_assert_str_eq(text + used - 6, "after\n");
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
    read_more(0, 100);
    printer_close(printer, US_PER_SECOND);
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
    size_t used = read_more(0, 200);
    ck_assert_uint_eq(used, 500 * (LINE_LENGTH + 1));
    printer_close(printer, US_PER_SECOND);
}
END_TEST

START_TEST(a_line_longer_than_the_ring_is_dropped_whole)
{
    open_pipe();
    memset(text, 'a', sizeof text);
    printer_line(printer, text, PRINTER_RING_BYTES);
    ck_assert_uint_eq(printer_dropped(printer), 1);
    print("short");
    printer_close(printer, US_PER_SECOND);
    read_more(0, 0);
    ck_assert_ptr_nonnull(strstr(text, "short\n"));
    ck_assert_ptr_null(strstr(text, "aa"));
}
END_TEST

START_TEST(the_ring_goes_round_many_times_without_a_scratch)
{
    open_pipe();
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 5 * PRINTER_RING_BYTES / LINE_LENGTH; i++) {
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
        }
        _exit(0);
    }
    for (int i = 0; i < 5 * PRINTER_RING_BYTES / LINE_LENGTH; i++) {
        print_number(i);
        if (i % 500 == 499) /* less than the ring at a time */
            usleep(5000);
    }
    printer_close(printer, DEADLINE_MS * US_PER_MS);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

CHECK_MAIN("supervisor/printer", lines_come_out_in_order_and_whole,
           a_reader_that_stands_still_costs_whole_lines_that_are_counted_and_told,
           printing_never_waits_for_the_reader, closing_waits_for_a_slow_reader,
           closing_gives_up_at_its_deadline, a_terminal_that_is_gone_takes_everything,
           an_output_that_does_not_block_loses_nothing, a_line_longer_than_the_ring_is_dropped_whole,
           the_ring_goes_round_many_times_without_a_scratch)

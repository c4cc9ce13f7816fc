#include "tests/supervisor/support.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "supervisor/log/line.h"
#include "supervisor/log/output.h"

#define PREFIX "[client 🟣 BRAVO] "

static int pipe_end; /* the worker's */

static void open_stage(void)
{
    struct error error = ERROR_INIT;
    stage_open();
    pipe_end = output_open(&stage.worker, &error);
    ck_assert_msg(pipe_end != -1, "%s", error.text);
}

static void say_bytes(const char *bytes, size_t length)
{
    ck_assert_int_eq(write(pipe_end, bytes, length), (ssize_t)length);
    stage_round();
}

static void say(const char *text)
{
    say_bytes(text, strlen(text));
}

static void finish(void)
{
    output_close(&stage.worker);
    close(pipe_end);
}

START_TEST(lines_get_the_workers_prefix)
{
    say("one\ntwo\n\n");
    finish();
    ck_assert_str_eq(stage_read(), PREFIX "one\n" PREFIX "two\n" PREFIX "\n");
}
END_TEST

START_TEST(half_a_line_waits_for_its_other_half)
{
    say("first ha");
    say("lf\nsecond");
    say(" half\nthird\nfour");

    say("th\n");
    finish();
    ck_assert_str_eq(stage_read(),
                     PREFIX "first half\n" PREFIX "second half\n" PREFIX "third\n" PREFIX "fourth\n");
}
END_TEST

START_TEST(a_last_line_without_its_newline_comes_out_at_the_end)
{
    say("last words");
    finish();
    ck_assert_str_eq(stage_read(), PREFIX "last words\n");
    ck_assert_int_eq(stage.worker.output.watch.fd, -1);
    ck_assert_uint_eq(stage.worker.output.partial_length, 0);
}
END_TEST

START_TEST(what_is_still_in_the_pipe_is_read_at_the_end)
{
    ck_assert_int_eq(write(pipe_end, "unread\nalso", 11), 11);
    finish();
    ck_assert_str_eq(stage_read(), PREFIX "unread\n" PREFIX "also\n");
}
END_TEST

START_TEST(control_characters_do_not_reach_the_terminal)
{
    static const char bytes[] = "\033[2Jclear\r\a\0nul\x7f\x9b end\xff\n";
    say_bytes(bytes, sizeof bytes - 1);
    finish();
    stage_read();
    for (const char *c = stage.printed; *c != '\0'; c++)
        ck_assert_msg(*c == '\n' || (unsigned char)*c >= 0x20, "byte %02x came through", (unsigned char)*c);
    ck_assert_ptr_nonnull(strstr(stage.printed, "[2Jclear"));
    ck_assert_ptr_nonnull(strstr(stage.printed, "nul"));
    ck_assert_ptr_nonnull(strstr(stage.printed, "end"));
}
END_TEST

/* How many lines were printed, and the longest of them without its prefix. */
static size_t count_lines(size_t *longest)
{
    size_t lines = 0;
    char *rest = stage.printed;
    *longest = 0;
    for (char *line = strsep(&rest, "\n"); rest != NULL; line = strsep(&rest, "\n")) {
        ck_assert_int_eq(strncmp(line, PREFIX, strlen(PREFIX)), 0);
        size_t length = strlen(line) - strlen(PREFIX);
        *longest = length > *longest ? length : *longest;
        lines++;
    }
    return lines;
}

static void say_long_line(size_t length, size_t piece)
{
    static char bytes[64 * 1024];
    memset(bytes, 'a', length);
    bytes[length] = '\n';
    for (size_t at = 0; at <= length; at += piece)
        say_bytes(bytes + at, length + 1 - at < piece ? length + 1 - at : piece);
    say("next\n");
}

START_TEST(a_line_that_is_too_long_is_cut_the_same_way_in_one_piece_or_in_many)
{
    static const size_t pieces[] = {64 * 1024, 4096, 1000, OUTPUT_LINE_BYTES};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (i > 0)
            open_stage();
        size_t longest;
        say_long_line(20000, pieces[i]);
        finish();
        stage_read();
        ck_assert_uint_eq(count_lines(&longest), 4); /* 8192, 8192, 3616 and the next */
        ck_assert_uint_eq(longest, OUTPUT_LINE_BYTES);
        if (i + 1 < sizeof pieces / sizeof pieces[0])
            stage_close();
    }
}
END_TEST

START_TEST(a_line_of_exactly_the_longest_length_is_one_line)
{
    static const size_t pieces[] = {64 * 1024, 4096, 1000, OUTPUT_LINE_BYTES};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        if (i > 0)
            open_stage();
        size_t longest;
        say_long_line(OUTPUT_LINE_BYTES, pieces[i]);
        finish();
        stage_read();
        ck_assert_uint_eq(count_lines(&longest), 2);
        ck_assert_uint_eq(longest, OUTPUT_LINE_BYTES);
        if (i + 1 < sizeof pieces / sizeof pieces[0])
            stage_close();
    }
}
END_TEST

START_TEST(the_end_of_the_pipe_ends_the_watch)
{
    say("x\n");
    close(pipe_end);
    stage_round();
    ck_assert_int_eq(stage.worker.output.watch.fd, -1);
    output_close(&stage.worker); /* fine twice */
}
END_TEST

/* A process that writes without end, as long as the pipe is open. */
static pid_t flood(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        char bytes[4096];
        memset(bytes, 'y', sizeof bytes);
        for (size_t i = 99; i < sizeof bytes; i += 100)
            bytes[i] = '\n';
        while (write(pipe_end, bytes, sizeof bytes) > 0)
            continue;
        _exit(0);
    }
    return pid;
}

START_TEST(a_worker_that_writes_without_end_stops_nobody)
{
    pid_t pid = flood();
    int64_t began_us = clock_monotonic_us();
    for (int i = 0; i < 50; i++)
        stage_round();
    output_close(&stage.worker);
    ck_assert_int_lt(clock_monotonic_us() - began_us, 5 * US_PER_SECOND);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(pipe_end);
}
END_TEST

START_TEST(a_pipe_that_never_runs_dry_is_left_in_the_end)
{
    int endless = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(endless, 0);
    dup2(endless, stage.worker.output.watch.fd); /* faster than any writer */
    close(endless);
    output_close(&stage.worker);
    ck_assert_int_eq(stage.worker.output.watch.fd, -1);
    close(pipe_end);
}
END_TEST

START_TEST(a_grandchild_that_holds_the_pipe_delays_nothing)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    say("before");
    close(pipe_end);
    int64_t began_us = clock_monotonic_us();
    output_close(&stage.worker);
    ck_assert_int_lt(clock_monotonic_us() - began_us, US_PER_SECOND);
    ck_assert_str_eq(stage_read(), PREFIX "before\n");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
END_TEST

START_TEST(the_workers_end_is_an_ordinary_pipe)
{
    ck_assert_int_eq(fcntl(pipe_end, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_eq(fcntl(pipe_end, F_GETFD), FD_CLOEXEC);
    finish();
}
END_TEST

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

START_TEST(a_pipe_that_cannot_be_had_or_watched_is_an_error_and_leaves_nothing_open)
{
    struct error error = ERROR_INIT;
    struct worker other = {.supervisor = &stage.supervisor};
    struct rlimit before, none;
    int open_before = open_descriptors();
    int epoll_fd = stage.supervisor.reactor.epoll_fd;
    stage.supervisor.reactor.epoll_fd = -1;
    ck_assert_int_eq(output_open(&other, &error), -1);
    stage.supervisor.reactor.epoll_fd = epoll_fd;
    ck_assert_ptr_nonnull(strstr(error.text, "cannot watch a descriptor: "));
    ck_assert_int_eq(other.output.watch.fd, -1);
    getrlimit(RLIMIT_NOFILE, &before);
    none = (struct rlimit){3, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    error = (struct error)ERROR_INIT;
    int result = output_open(&other, &error);
    setrlimit(RLIMIT_NOFILE, &before);
    ck_assert_int_eq(result, -1);
    ck_assert_ptr_nonnull(strstr(error.text, "cannot create a pipe: Too many open files"));
    ck_assert_int_eq(open_descriptors(), open_before);
    finish();
}
END_TEST

CHECK_MAIN_WITH("supervisor/output", open_stage, stage_close, lines_get_the_workers_prefix,
                half_a_line_waits_for_its_other_half, a_last_line_without_its_newline_comes_out_at_the_end,
                what_is_still_in_the_pipe_is_read_at_the_end, control_characters_do_not_reach_the_terminal,
                a_line_that_is_too_long_is_cut_the_same_way_in_one_piece_or_in_many,
                a_line_of_exactly_the_longest_length_is_one_line, the_end_of_the_pipe_ends_the_watch,
                a_worker_that_writes_without_end_stops_nobody, a_pipe_that_never_runs_dry_is_left_in_the_end,
                a_grandchild_that_holds_the_pipe_delays_nothing, the_workers_end_is_an_ordinary_pipe,
                a_pipe_that_cannot_be_had_or_watched_is_an_error_and_leaves_nothing_open)

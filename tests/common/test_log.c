#include "tests/support/check_main.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "common/log.h"

/* What `body` writes, run in a process of its own with both streams on one pipe. */
static char printed[16384];
static int status;

static void run(void (*body)(void))
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        log_init();
        body();
        fflush(stdout);
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t n;
    while (used < sizeof printed - 1 && (n = read(ends[0], printed + used, sizeof printed - 1 - used)) > 0)
        used += (size_t)n;
    printed[used] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

static void both_streams(void)
{
    log_line("first %d", 1);
    log_warning("second %s", "two");
    log_line("third");
    log_error("fourth");
}

START_TEST(lines_of_both_streams_stay_in_order)
{
    run(both_streams);
    ck_assert_str_eq(printed, "first 1\nwarning: second two\nthird\nerror: fourth\n");
}
END_TEST

static void line_then_death(void)
{
    log_line("kept back");
    raise(SIGKILL); /* and not _exit, which flushes under ThreadSanitizer */
}

static void line_flush_then_death(void)
{
    log_line("out");
    _exit(log_flush() == 0 ? 0 : 1);
}

START_TEST(lines_wait_for_the_flush)
{
    run(line_then_death);
    ck_assert_str_eq(printed, "");
    run(line_flush_then_death);
    ck_assert_str_eq(printed, "out\n");
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

static void quiet_then_verbose(void)
{
    log_verbose("unheard");
    log_set_verbose(true);
    log_verbose("heard");
    log_set_verbose(false);
    log_verbose("unheard");
}

START_TEST(verbose_lines_come_only_when_wanted)
{
    run(quiet_then_verbose);
    ck_assert_str_eq(printed, "heard\n");
}
END_TEST

static void lines_with_a_secret(void)
{
    log_warning("bad: sasl.password=hunter2");
    log_error("bad: postgres://u:hunter2@h");
}

START_TEST(a_warning_and_an_error_tell_no_secret)
{
    run(lines_with_a_secret);
    ck_assert_str_eq(printed, "warning: bad: sasl.password=***\nerror: bad: postgres://u:***@h\n");
}
END_TEST

static void hear(void *context, const char *line)
{
    char *heard = context;
    size_t used = strlen(heard);
    snprintf(heard + used, 1024 - used, "%s; ", line);
}

static void heard_lines(void)
{
    static char heard[1024];
    char text[LOG_LISTENER_BYTES + 1];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_set_listener(hear, heard);
    log_line("first %d, password=hunter2", 1);
    log_warning("second");
    log_error("third: password=hunter2");
    log_verbose("unheard");
    log_set_listener(NULL, NULL);
    log_error("nobody hears it");
    bool all = strcmp(heard, "first 1, password=***; warning: second; error: third: password=***; ") == 0;
    heard[0] = '\0';
    log_set_listener(hear, heard);
    log_error("%s", text);
    _exit(all && strlen(heard) == LOG_LISTENER_BYTES - 1 + strlen("; ") ? 7 : 1);
}

START_TEST(a_listener_hears_each_line_with_its_level_and_without_secrets)
{
    run(heard_lines);
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

static void a_long_line(void)
{
    char text[5000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_error("%s", text);
    log_error("next");
}

START_TEST(a_long_line_is_cut_and_ends)
{
    run(a_long_line);
    const char *end = strchr(printed, '\n');
    ck_assert_ptr_nonnull(end);
    ck_assert_int_lt(end - printed, 2048);
    ck_assert_int_gt(end - printed, 2000);
    ck_assert_str_eq(end + 1, "error: next\n");
}
END_TEST

static void full_disk(void)
{
    int full = open("/dev/full", O_WRONLY);
    dup2(full, STDOUT_FILENO);
    log_line("lost");
    int first = log_flush();
    log_line("lost as well");
    int second = log_flush();
    _exit(first == -1 && second == -1 ? 7 : 1);
}

START_TEST(an_output_that_cannot_be_written_is_told_once)
{
    run(full_disk);
    ck_assert_int_eq(WEXITSTATUS(status), 7);
    ck_assert_str_eq(printed, "error: cannot write to standard output: No space left on device\n");
}
END_TEST

static void nobody_reads(void)
{
    int ends[2];
    if (pipe(ends) == -1)
        _exit(1);
    close(ends[0]);
    dup2(ends[1], STDOUT_FILENO);
    log_line("to nobody");
    _exit(log_flush() == -1 ? 7 : 1);
}

START_TEST(a_reader_that_went_away_is_an_error_not_a_death)
{
    run(nobody_reads);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

START_TEST(colours_are_for_terminals_only)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    FILE *stream = fdopen(ends[1], "w");
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    ck_assert(!log_colours(stream));
    fclose(stream);
    close(ends[0]);
}
END_TEST

START_TEST(no_color_and_a_dumb_terminal_are_respected)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal == -1)
        return; /* a sandbox without pseudo-terminals */
    FILE *stream = fdopen(terminal, "r+");
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
    ck_assert(log_colours(stream));
    setenv("NO_COLOR", "", 1); /* no-color.org: only when it is not empty */
    ck_assert(log_colours(stream));
    setenv("NO_COLOR", "1", 1);
    ck_assert(!log_colours(stream));
    unsetenv("NO_COLOR");
    setenv("TERM", "dumb", 1);
    ck_assert(!log_colours(stream));
    unsetenv("TERM");
    ck_assert(!log_colours(stream));
    fclose(stream);
}
END_TEST

CHECK_MAIN("common/log", lines_of_both_streams_stay_in_order, lines_wait_for_the_flush,
           verbose_lines_come_only_when_wanted, a_warning_and_an_error_tell_no_secret,
           a_listener_hears_each_line_with_its_level_and_without_secrets, a_long_line_is_cut_and_ends,
           an_output_that_cannot_be_written_is_told_once, a_reader_that_went_away_is_an_error_not_a_death,
           colours_are_for_terminals_only, no_color_and_a_dumb_terminal_are_respected)

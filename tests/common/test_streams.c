#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/exit_codes.h"
#include "common/streams.h"

/* Exit status of `body` in a process of its own. */
static int status_of(void (*body)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        body();
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "killed by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void close_all_and_open(void)
{
    for (int fd = 0; fd <= 2; fd++)
        close(fd);
    streams_init();
    char byte;
    int file = open("/dev/null", O_RDONLY);
    bool reads_fail = read(0, &byte, 1) == -1 && errno == EBADF;
    bool writes_fail = write(1, "x", 1) == -1 && errno == EBADF && write(2, "x", 1) == -1 && errno == EBADF;
    _exit(file > 2 && reads_fail && writes_fail ? 7 : 1);
}

START_TEST(a_file_never_takes_a_closed_standard_descriptor)
{
    ck_assert_int_eq(status_of(close_all_and_open), 7);
}
END_TEST

static void close_one_and_look(void)
{
    int pair[2];
    ck_assert_int_eq(pipe(pair), 0);
    dup2(pair[1], 2);
    dup2(pair[0], 0);
    close(1);
    streams_init();
    _exit(write(2, "x", 1) == 1 && write(1, "x", 1) == -1 ? 7 : 1);
}

START_TEST(an_open_one_is_left_alone)
{
    ck_assert_int_eq(status_of(close_one_and_look), 7);
}
END_TEST

static void write_too_much(void)
{
    const struct rlimit limit = {1, 1};
    FILE *file = tmpfile();
    streams_init();
    setrlimit(RLIMIT_FSIZE, &limit);
    bool first = write(fileno(file), "x", 1) == 1;
    _exit(first && write(fileno(file), "x", 1) == -1 && errno == EFBIG ? 7 : 1);
}

START_TEST(a_limit_of_size_is_an_error_and_no_death)
{
    ck_assert_int_eq(status_of(write_too_much), 7);
}
END_TEST

static void lose_output(void)
{
    dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    printf("lost\n");
    _exit(streams_end("test", EXIT_CODE_OK));
}

static void lose_output_of_a_failure(void)
{
    dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
    printf("lost\n");
    _exit(streams_end("test", EXIT_CODE_CONFIG));
}

START_TEST(lost_output_is_a_failure)
{
    ck_assert_int_eq(status_of(lose_output), EXIT_CODE_FAILED);
    ck_assert_int_eq(status_of(lose_output_of_a_failure), EXIT_CODE_CONFIG);
    ck_assert_int_eq(streams_end("test", EXIT_CODE_OK), EXIT_CODE_OK);
}
END_TEST

static int told; /* a pipe */

static void lose_output_and_say_so(void)
{
    dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
    dup2(told, STDERR_FILENO);
    printf("lost\n");
    _exit(streams_end("kprogram", EXIT_CODE_OK));
}

START_TEST(lost_output_is_told_with_the_programs_name)
{
    int ends[2];
    char text[128] = "";
    ck_assert_int_eq(pipe(ends), 0);
    told = ends[1];
    status_of(lose_output_and_say_so);
    close(ends[1]);
    ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
    ck_assert_str_eq(text, "kprogram: cannot write to standard output: No space left on device\n");
    close(ends[0]);
}
END_TEST

CHECK_MAIN("common/streams", a_file_never_takes_a_closed_standard_descriptor, an_open_one_is_left_alone,
           a_limit_of_size_is_an_error_and_no_death, lost_output_is_a_failure,
           lost_output_is_told_with_the_programs_name)

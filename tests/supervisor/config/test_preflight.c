/* The workers' programs are scripts here, in a folder of the test's own. */
#include "tests/support/check_main.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "supervisor/config/preflight.h"
#include "tests/support/fake_clock.h"

static char folder[64];
static struct config *config;
static struct supervisor supervisor;
static struct error error;

/* --- a folder of programs ------------------------------------------------------------------------------ */

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Each notes how it was called, then does what the script says. */
static void program(const char *name, const char *script)
{
    char text[1024];
    snprintf(text, sizeof text, "#!/bin/sh\necho \"${0##*/} $*\" >>%s/calls\n%s\n", folder, script);
    write_file(name, text, 0700);
}

static const char *read_file(const char *name)
{
    static char text[4096];
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd == -1 ? 0 : read(fd, text, sizeof text - 1);
    if (fd != -1)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void load(const char *ini)
{
    static char path[128];
    char *words[] = {(char *)"ksupervise", (char *)"--config", path, (char *)"-b", (char *)"h:1", NULL};
    write_file("fleet.ini", ini, 0600);
    snprintf(path, sizeof path, "%s/fleet.ini", folder);
    ck_assert_msg(config_load(&config, 5, words, &error) == 0, "%s", error.text);
}

static void set_up(void)
{
    unsetenv("KAFKA_BOOTSTRAP");
    unsetenv("KSUPERVISE_INSTANCE");
    snprintf(folder, sizeof folder, "/tmp/preflight-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(supervisor.folder, sizeof supervisor.folder, "%s", folder);
    sigemptyset(&supervisor.original_mask);
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(reactor_init(&supervisor.reactor, &error), 0);
    program("kconsume", "");
    program("kproduce", "");
}

static void tear_down(void)
{
    DIR *files = opendir(folder);
    const struct dirent *file;
    while ((file = readdir(files)) != NULL)
        unlinkat(dirfd(files), file->d_name, 0);
    closedir(files);
    rmdir(folder);
    reactor_release(&supervisor.reactor);
    config_free(config);
}

static void is_right(void)
{
    ck_assert_msg(preflight(&supervisor, config, &error) == 0, "%s", error.text);
}

/* `expected` has %s where the folder is named. */
static void is_wrong(int exit_code, const char *expected)
{
    ck_assert_int_eq(preflight(&supervisor, config, &error), -1);
    const char *said = error.text;
    if (strncmp(said, folder, strlen(folder)) == 0)
        said += strlen(folder) + 1;
    ck_assert_str_eq(said, expected);
    ck_assert_int_eq(error.exit_code, exit_code);
}

/* --- who is asked -------------------------------------------------------------------------------------- */

START_TEST(each_section_that_says_something_else_is_asked_once_and_then_the_producer)
{
    load("[ksupervise]\nclients = alpha,bravo,yank,zulu\n[client bravo]\nbatch-size = 7\n[client yank]\n"
         "batch-size = 8\n[client zulu]\nbatch-size = 7\n");
    is_right();
    ck_assert_str_eq(read_file("calls"), "kconsume --client alpha --supervised --check\n"
                                         "kconsume --client bravo --supervised --check\n"
                                         "kconsume --client yank --supervised --check\n"
                                         "kproduce --supervised --check\n");
}
END_TEST

START_TEST(without_a_producer_none_is_asked)
{
    load("[ksupervise]\nno-producer = yes\n[client bravo]\n");
    is_right();
    ck_assert_str_eq(read_file("calls"), "kconsume --client bravo --supervised --check\n");
}
END_TEST

START_TEST(it_is_told_what_a_real_one_would_be_told)
{
    char text[256];
    snprintf(text, sizeof text, "tr -c '[:print:]' ' ' <&3 >%s/told", folder);
    program("kconsume", text);
    load("[client bravo]\nbatch-size = 7\npipeline = validate, stats\nlibrdkafka.fetch.min.bytes = 2\n");
    is_right();
    const char *told = read_file("told");
    const char *const parts[] = {"batch-size 7", "pipeline validate, stats", "fetch.min.bytes=2",
                                 "test_group_bravo", "bootstrap h:1"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        ck_assert_msg(strstr(told, parts[i]) != NULL, "'%s' is not in '%s'", parts[i], told);
}
END_TEST

/* --- what they say ------------------------------------------------------------------------------------- */

START_TEST(a_mistake_of_a_section_comes_with_its_line)
{
    program("kconsume", "printf 'kconsume: --pipeline: filter: column 3: what?\\n  a ?\\n    ^\\n"
                        "Try '\\''kconsume --help'\\''.\\n' >&2; exit 2");
    load("[client bravo]\n\npipeline = filter:a ?\n[client zulu]\n");
    is_wrong(2, "fleet.ini:3: pipeline: filter: column 3: what?\n  a ?\n    ^");
    ck_assert_str_eq(read_file("calls"), "kconsume --client bravo --supervised --check\n");
}
END_TEST

START_TEST(a_mistake_of_all_comes_with_the_line_of_all)
{
    program("kproduce", "echo 'kproduce: -X acks: no'; exit 78");
    load("[ksupervise]\nlibrdkafka.acks = none\n[client bravo]\n");
    is_wrong(78, "fleet.ini:2: librdkafka.acks: no");
}
END_TEST

START_TEST(what_no_line_said_comes_with_the_worker_s_name)
{
    program("kconsume", "echo 'kconsume: librdkafka refuses the configuration'; exit 78");
    load("[client bravo]\n");
    is_wrong(78, "bravo: librdkafka refuses the configuration");
    program("kconsume", "echo 'kconsume: --no-such-thing: what?'; exit 2");
    is_wrong(2, "bravo: --no-such-thing: what?");
    program("kconsume", "echo 'kconsume: --pipeline: what?'; exit 2");
    is_wrong(2, "--pipeline: what?");
}
END_TEST

START_TEST(one_that_ends_without_a_word_is_told_by_its_end)
{
    program("kconsume", "exit 5");
    load("[client bravo]\n");
    is_wrong(1, "bravo: kconsume --check ended with exit code 5");
    program("kconsume", "echo half a word; kill -SEGV $$");
    is_wrong(1, "bravo: kconsume --check was killed by SIGSEGV");
}
END_TEST

START_TEST(one_that_is_not_there_is_told_by_its_path)
{
    char expected[128];
    load("[client bravo]\n");
    snprintf(expected, sizeof expected, "%s/kconsume", folder);
    unlink(expected);
    snprintf(expected, sizeof expected, "cannot start %s/kconsume: No such file or directory", folder);
    is_wrong(1, expected);
}
END_TEST

/* --- one that does not end ----------------------------------------------------------------------------- */

static struct preflight *begin(const char *script)
{
    program("kconsume", script);
    load("[client bravo]\n");
    struct preflight *preflight = preflight_new(&supervisor, config, &error);
    ck_assert_ptr_nonnull(preflight);
    ck_assert_int_eq(preflight_check(preflight, &error), PREFLIGHT_GOES_ON);
    ck_assert_int_gt(preflight_pid(preflight), 0);
    return preflight;
}

static void is_gone(pid_t pid)
{
    ck_assert_int_eq(kill(pid, 0), -1);
}

START_TEST(one_that_says_too_much_and_does_not_end_is_killed_when_its_time_is_up)
{
    struct preflight *preflight = begin("exec yes");
    pid_t pid = preflight_pid(preflight);
    fake_clock_advance(PREFLIGHT_US - 1);
    ck_assert_int_eq(preflight_check(preflight, &error), PREFLIGHT_GOES_ON);
    fake_clock_advance(1);
    ck_assert_int_ge(clock_monotonic_us(), preflight_deadline_us(preflight));
    ck_assert_int_eq(preflight_check(preflight, &error), PREFLIGHT_WRONG);
    ck_assert_str_eq(error.text, "bravo: kconsume --check has not ended within 10 s");
    is_gone(pid);
    preflight_free(preflight);
}
END_TEST

START_TEST(one_that_is_not_wanted_any_more_is_killed)
{
    struct preflight *preflight = begin("exec sleep 100");
    pid_t pid = preflight_pid(preflight);
    preflight_free(preflight);
    is_gone(pid);
}
END_TEST

CHECK_MAIN_WITH("supervisor/preflight", set_up, tear_down,
                each_section_that_says_something_else_is_asked_once_and_then_the_producer,
                without_a_producer_none_is_asked, it_is_told_what_a_real_one_would_be_told,
                a_mistake_of_a_section_comes_with_its_line, a_mistake_of_all_comes_with_the_line_of_all,
                what_no_line_said_comes_with_the_worker_s_name,
                one_that_ends_without_a_word_is_told_by_its_end, one_that_is_not_there_is_told_by_its_path,
                one_that_says_too_much_and_does_not_end_is_killed_when_its_time_is_up,
                one_that_is_not_wanted_any_more_is_killed)

#include "tests/support/check_main.h"

#include <sys/wait.h>

#include "tests/common/sample_program.h"

static char help[8192];

static void print_help(const struct program *program)
{
    FILE *stream = fmemopen(help, sizeof help, "w");
    ck_assert_ptr_nonnull(stream);
    options_help(program, stream);
    fclose(stream);
}

static void shows(const char *text)
{
    ck_assert_msg(strstr(help, text) != NULL, "'%s' is missing in:\n%s", text, help);
}

START_TEST(shows_usage_headings_options_and_epilogue)
{
    print_help(&sample_program);
    shows("Usage: sample [OPTION]… [TOPIC]\nShows every type of option.\n");
    shows("\nWhat to read:\n");
    shows("  -v, --verbose             say more\n");
    shows("      --publish             publish\n");
    shows("  -h, --help                show this and exit\n");
    shows("      --version             show the version and exit\n");
    shows("\nExit codes: 0 done.\n");
}
END_TEST

START_TEST(shows_defaults_choices_and_variables)
{
    print_help(&sample_program);
    shows("  -g, --group NAME          consumer group (default: everybody) [$" SAMPLE_VARIABLE "]\n");
    shows("  -c, --clients A,B,…       consumers (default: alpha,beta)\n");
    shows("      --from WHERE          where to begin: earliest | latest (default: earliest)\n");
}
END_TEST

START_TEST(does_not_show_what_is_hidden)
{
    print_help(&sample_program);
    ck_assert_ptr_null(strstr(help, "supervised"));
}
END_TEST

START_TEST(no_line_is_wider_than_a_hundred_columns)
{
    print_help(&sample_program);
    shows("or so long after its first record, which is a text that is long enough\n"
          "                            to be wrapped once at least (default: 100ms)\n");
    char *rest = help;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        size_t columns = 0;
        for (const char *c = line; *c != '\0'; c++)
            columns += (*c & 0xc0) != 0x80; /* UTF-8: bytes that begin a character */
        ck_assert_msg(columns <= 100, "%zu columns: %s", columns, line);
    }
}
END_TEST

START_TEST(a_long_option_gets_a_line_of_its_own)
{
    static const struct option_def options[] = {{.type = OPTION_STRING,
                                                 .name = "a-name-that-is-rather-long",
                                                 .argument = "VALUE",
                                                 .help = "its help"}};
    struct program program = {
        .name = "p", .synopsis = "", .about = "", .options = options, .option_count = 1};
    print_help(&program);
    shows("\n\n      --a-name-that-is-rather-long VALUE\n                            its help\n");
}
END_TEST

/* What a run of options_parse with this one word prints, and its exit status. */
static int run_with(const char *word)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        char *argv[] = {(char *)"sample", (char *)word, NULL};
        struct sample sample = {0};
        options_parse(&sample_program, &sample, 2, argv, NULL, NULL);
        _exit(99);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t n;
    while ((n = read(ends[0], help + used, sizeof help - 1 - used)) > 0)
        used += (size_t)n;
    help[used] = '\0';
    close(ends[0]);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(help_and_version_print_and_exit_with_0)
{
    ck_assert_int_eq(run_with("--help"), 0);
    shows("Usage: sample");
    ck_assert_int_eq(run_with("-h"), 0);
    shows("Usage: sample");
    ck_assert_int_eq(run_with("--version"), 0);
    ck_assert_str_eq(help, "sample (ksupervise) " KSUPERVISE_VERSION "\n");
}
END_TEST

CHECK_MAIN("common/options_help", shows_usage_headings_options_and_epilogue,
           shows_defaults_choices_and_variables, does_not_show_what_is_hidden,
           no_line_is_wider_than_a_hundred_columns, a_long_option_gets_a_line_of_its_own,
           help_and_version_print_and_exit_with_0)

#include "tools/kstat/settings.h"

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static struct settings settings;
static struct error error;

static int parse(const char *const *words)
{
    static char *argv[16];
    int argc = 0;
    argv[argc++] = (char *)(uintptr_t) "kstat";
    for (; *words != NULL; words++)
        argv[argc++] = (char *)(uintptr_t)*words;
    argv[argc] = NULL;
    options_release(&kstat_program, &settings); /* of the parse before */
    memset(&settings, 0, sizeof settings);
    error = (struct error)ERROR_INIT;
    return settings_parse(&settings, argc, argv, &error);
}

static void quiet(void)
{
    unsetenv("KSUPERVISE_INSTANCE");
}

static void release(void)
{
    options_release(&kstat_program, &settings);
}

static void expect_usage(const char *what)
{
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, what) != NULL, "'%s' is not in: %s", what, error.text);
}

START_TEST(without_words_it_is_everything_once)
{
    ck_assert_int_eq(parse((const char *const[]){NULL}), 0);
    ck_assert(settings.worker == NULL && settings.interval_us == 0 && settings.instance == NULL);
}
END_TEST

START_TEST(a_number_is_seconds_and_a_second_one_a_count)
{
    ck_assert_int_eq(parse((const char *const[]){"1", "10", NULL}), 0);
    ck_assert_int_eq(settings.interval_us, 1000000);
    ck_assert_int_eq(settings.count, 10);
    ck_assert_int_eq(parse((const char *const[]){"bravo.2", "500ms", NULL}), 0);
    ck_assert_str_eq(settings.worker, "bravo.2");
    ck_assert_int_eq(settings.interval_us, 500000);
    ck_assert_int_eq(settings.count, 0);
}
END_TEST

START_TEST(wrong_words_are_usage_errors_that_say_what_was_expected)
{
    static const struct {
        const char *words[4];
        const char *what;
    } cases[] = {
        {{"bravo", "zulu"}, "'zulu' is no interval"},
        {{"1", "often"}, "'often' is no count"},
        {{"1", "0"}, "'0' is no count"},
        {{"0"}, "from 10ms to 24h"},
        {{"5ms"}, "from 10ms to 24h"},
        {{"48h"}, "from 10ms to 24h"},
        {{"-i", "no/name"}, "instance"},
        {{"--generation", "2"}, "of which worker"},
        {{"--postmortem"}, "of which worker"},
        {{"--postmortem", "--generation=2", "bravo"}, "exclude each other"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(parse(cases[i].words), -1);
        expect_usage(cases[i].what);
    }
}
END_TEST

START_TEST(the_instance_comes_from_the_environment_unless_a_flag_names_it)
{
    setenv("KSUPERVISE_INSTANCE", "blue", 1);
    ck_assert_int_eq(parse((const char *const[]){NULL}), 0);
    ck_assert_str_eq(settings.instance, "blue");
    ck_assert_int_eq(parse((const char *const[]){"-i", "green", NULL}), 0);
    ck_assert_str_eq(settings.instance, "green");
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/settings", quiet, release, without_words_it_is_everything_once,
                a_number_is_seconds_and_a_second_one_a_count,
                wrong_words_are_usage_errors_that_say_what_was_expected,
                the_instance_comes_from_the_environment_unless_a_flag_names_it)

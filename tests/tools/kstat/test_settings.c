#include "tools/kstat/settings.h"

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

static struct settings settings;
static struct error error;

static int parse(const char *const *words)
{
    static char *argv[64];
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
        const char *words[6];
        const char *what;
    } cases[] = {
        {{"bravo", "zulu"}, "'zulu' is not a valid interval"},
        {{"1", "often"}, "'often' is not a valid count"},
        {{"1", "0"}, "'0' is not a valid count"},
        {{"0"}, "is out of range: 10ms to 24h"},
        {{"5ms"}, "is out of range: 10ms to 24h"},
        {{"48h"}, "is out of range: 10ms to 24h"},
        {{"-i", "no/name"}, "instance"},
        {{"--generation", "2"}, "of which worker"},
        {{"--postmortem"}, "of which worker"},
        {{"--postmortem", "--generation=2", "bravo"}, "exclude each other"},
        {{"--pid"}, "--pid needs a worker"},
        {{"-f", "x.cap", "-i", "blue"},
         "--file and --instance exclude each other: a capture has its instance"},
        {{"-f", "x.cap", "--until", "a == 1"}, "nothing changes in a capture"},
        {{"-f", "x.cap", "--pid", "bravo"}, "may be gone"},
        {{"-f", "x.cap", "--dump", "y.cap"}, "copy the file"},
        {{"--dump", "x.cap", "--until", "a == 1"}, "use two of them"},
        {{"--dump", "x.cap", "--json"}, "kstat --file FILE --json shows it"},
        {{"--diff", "x.cap", "-f", "y.cap"}, "kstat --diff A B"},
        {{"--diff", "x.cap", "--dump", "y.cap"}, "first the one"},
        {{"--diff", "x.cap", "--json"}, "take both as --json"},
        {{"--why", "--json"}, "a sentence for people"},
        {{"--why", "--until", "a == 1"}, "says itself why"},
        {{"--events", "--dump", "x.cap"}, "kstat --file FILE --events"},
        {{"--diff"}, "of which captures?"},
        {{"--diff", "a", "b", "c"}, "of which captures?"},
        {{"--at", "3"}, "--at: of which capture?"},
        {{"--timeout", "5s"}, "--timeout: of what?"},
        {{"--until", "bravo.lag"}, "--until 'bravo.lag': a name, a comparison and a value"},
        {{"--json=3"}, "json"},
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

START_TEST(words_with_dots_slashes_and_globs_are_patterns_wherever_they_stand)
{
    ck_assert_int_eq(parse((const char *const[]){"bravo.2", "*.lag", "1", "bravo/payments/0/lag", "3", NULL}),
                     0);
    ck_assert_str_eq(settings.worker, "bravo.2");
    ck_assert_uint_eq(settings.pattern_count, 2);
    ck_assert_str_eq(settings.patterns[0], "*.lag");
    ck_assert_str_eq(settings.patterns[1], "bravo/payments/0/lag");
    ck_assert_int_eq(settings.interval_us, 1000000);
    ck_assert_int_eq(settings.count, 3);
}
END_TEST

START_TEST(there_is_a_limit_for_patterns_and_it_is_said)
{
    struct operands operands = {.count = 0};
    static char *words[SETTINGS_PATTERNS_MAX + 1];
    for (size_t i = 0; i <= SETTINGS_PATTERNS_MAX; i++)
        words[i] = (char *)(uintptr_t) "*.lag";
    operands.items = words;
    operands.count = SETTINGS_PATTERNS_MAX;
    ck_assert_int_eq(settings_operands(&settings, &operands, &error), 0);
    ck_assert_uint_eq(settings.pattern_count, SETTINGS_PATTERNS_MAX);
    memset(&settings, 0, sizeof settings);
    operands.count++;
    ck_assert_int_eq(settings_operands(&settings, &operands, &error), -1);
    expect_usage("at most 64 patterns");
}
END_TEST

START_TEST(json_has_versions_and_the_newest_when_none_is_named)
{
    static const struct {
        const char *word;
        enum json_form form;
    } cases[] = {{"--json=1", JSON_VERSION_1}, {"--json=2", JSON_VERSION_2}, {"--json", JSON_NEWEST}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(parse((const char *const[]){cases[i].word, NULL}), 0);
        ck_assert_int_eq(settings.json, (int)cases[i].form);
    }
    ck_assert_int_eq(parse((const char *const[]){NULL}), 0);
    ck_assert_int_eq(settings.json, JSON_NONE);
}
END_TEST

START_TEST(conditions_are_parsed_in_their_order_and_there_is_a_limit)
{
    ck_assert_int_eq(parse((const char *const[]){"--until", "bravo.lag == 0", "--until", "*.state == ready",
                                                 "--timeout", "60s", NULL}),
                     0);
    ck_assert_uint_eq(settings.until.count, 2);
    ck_assert_str_eq(settings.conditions[0].pattern, "bravo.lag");
    ck_assert_str_eq(settings.conditions[1].pattern, "*.state");
    ck_assert_int_eq(settings.timeout_us, 60000000);
    static const char *words[2 * UNTIL_MAX + 3];
    for (size_t i = 0; i <= UNTIL_MAX; i++) {
        words[2 * i] = "--until";
        words[2 * i + 1] = "a == 1";
    }
    ck_assert_int_eq(parse(words), -1);
    expect_usage("at most 16 conditions");
    words[2 * UNTIL_MAX] = NULL;
    ck_assert_int_eq(parse(words), 0);
    ck_assert_uint_eq(settings.until.count, UNTIL_MAX);
}
END_TEST

START_TEST(a_comparison_takes_one_or_two_captures)
{
    ck_assert_int_eq(parse((const char *const[]){"--diff", "1", NULL}), 0); /* a file, no interval */
    ck_assert_str_eq(settings.before, "1");
    ck_assert_ptr_null(settings.after);
    ck_assert_int_eq(parse((const char *const[]){"--diff", "a.cap", "b.cap", NULL}), 0);
    ck_assert_str_eq(settings.before, "a.cap");
    ck_assert_str_eq(settings.after, "b.cap");
    ck_assert_uint_eq(settings.pattern_count, 0);
}
END_TEST

/* What the environment says is no request that could contradict a flag. */
START_TEST(an_instance_of_the_environment_does_not_keep_a_capture_from_being_shown)
{
    setenv("KSUPERVISE_INSTANCE", "blue", 1);
    ck_assert_int_eq(parse((const char *const[]){"-f", "x.cap", "--at", "3", NULL}), 0);
    ck_assert_str_eq(settings.file, "x.cap");
    ck_assert_str_eq(settings.at, "3");
}
END_TEST

CHECK_MAIN_WITH("tools/kstat/settings", quiet, release, without_words_it_is_everything_once,
                a_number_is_seconds_and_a_second_one_a_count,
                wrong_words_are_usage_errors_that_say_what_was_expected,
                the_instance_comes_from_the_environment_unless_a_flag_names_it,
                words_with_dots_slashes_and_globs_are_patterns_wherever_they_stand,
                there_is_a_limit_for_patterns_and_it_is_said,
                json_has_versions_and_the_newest_when_none_is_named,
                conditions_are_parsed_in_their_order_and_there_is_a_limit,
                a_comparison_takes_one_or_two_captures,
                an_instance_of_the_environment_does_not_keep_a_capture_from_being_shown)

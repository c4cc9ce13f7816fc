#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "tests/common/sample_program.h"

static struct sample sample;
static struct operands operands;
static struct error error;

#define WORDS_MAX 16

/* Parses a command line given as words, ended by NULL. The words stay, because operands point at them. */
static int parse(const char *const *words)
{
    static char *argv[WORDS_MAX + 2];
    int argc = 0;
    argv[argc++] = (char *)"sample";
    for (size_t i = 0; words[i] != NULL; i++)
        argv[argc++] = (char *)words[i];
    argv[argc] = NULL;
    options_release(&sample_program, &sample);
    sample = (struct sample){0};
    error = (struct error)ERROR_INIT;
    return options_parse(&sample_program, &sample, argc, argv, &operands, &error);
}

static const char *const nothing[] = {NULL};

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void accepts(int result)
{
    ck_assert_msg(result == 0, "refused: %s", error.text);
}

static void refuses(int result, const char *text)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
}

static void clean_environment(void)
{
    unsetenv(SAMPLE_VARIABLE);
}

static void release(void)
{
    options_release(&sample_program, &sample);
}

START_TEST(without_flags_every_default_of_the_table_holds)
{
    accepts(parse(nothing));

    ck_assert(!sample.verbose);
    ck_assert(sample.publish);
    ck_assert_str_eq(sample.group, "everybody");
    ck_assert_int_eq(sample.rate, 0);
    ck_assert_int_eq(sample.wait_us, 100000);
    ck_assert_int_eq(sample.from, 0);
    ck_assert_uint_eq(sample.properties.count, 0);
    ck_assert_uint_eq(sample.clients.count, 2);
    ck_assert_str_eq(sample.clients.items[1], "beta");
    ck_assert(!options_given(&sample_program, &sample, "group"));
}
END_TEST

START_TEST(flags_of_every_type_fill_their_members)
{
    const char *words[] = {"-v",      "--publish=no", "--group=mine", "-r",     "250", "--batch-wait", "2s",
                           "--limit", "4KiB",         "--from",       "latest", "-X",  "a=1",          NULL};
    accepts(parse(words));

    ck_assert(sample.verbose);
    ck_assert(!sample.publish);
    ck_assert_str_eq(sample.group, "mine");
    ck_assert_int_eq(sample.rate, 250);
    ck_assert_int_eq(sample.wait_us, 2000000);
    ck_assert_int_eq(sample.limit_bytes, 4096);
    ck_assert_int_eq(sample.from, 1);
    ck_assert_str_eq(sample.properties.items[0], "a=1");
    ck_assert(options_given(&sample_program, &sample, "from"));
    ck_assert(!options_given(&sample_program, &sample, "clients"));
    ck_assert(!options_given(&sample_program, &sample, "nonsense"));
}
END_TEST

START_TEST(a_flag_beats_configuration_beats_environment_beats_default)
{
    accepts(parse(nothing));
    ck_assert_str_eq(sample.group, "everybody");

    setenv(SAMPLE_VARIABLE, "from-environment", 1);
    accepts(parse(nothing));
    ck_assert_str_eq(sample.group, "from-environment");
    ck_assert(!options_given(&sample_program, &sample, "group"));

    ck_assert_int_eq(options_set(&sample_program, &sample, "group", "from-file", "sample.ini:3", &error), 0);
    ck_assert_str_eq(sample.group, "from-file");
    ck_assert(options_given(&sample_program, &sample, "group"));

    accepts(PARSE("--group", "from-flag"));
    ck_assert_str_eq(sample.group, "from-flag");
}
END_TEST

START_TEST(flags_can_be_laid_over_what_is_there_already)
{
    char *argv[] = {(char *)"sample", (char *)"--rate=7", NULL};
    accepts(parse(nothing));
    accepts(options_set(&sample_program, &sample, "rate", "5", "x.ini:1", &error));
    accepts(options_set(&sample_program, &sample, "group", "ours", "x.ini:2", &error));
    accepts(options_flags(&sample_program, &sample, 2, argv, NULL, &error));
    ck_assert_int_eq(sample.rate, 7);
    ck_assert_str_eq(sample.group, "ours");
}
END_TEST

START_TEST(what_is_forgotten_was_never_said)
{
    accepts(PARSE("--rate", "5", "--group", "mine", "--batch-wait", "3s", "--property", "a=b"));
    static const char *const names[] = {"rate", "group", "batch-wait", "property"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        accepts(options_forget(&sample_program, &sample, names[i], &error));
        ck_assert(!options_given(&sample_program, &sample, names[i]));
    }
    ck_assert_int_eq(sample.rate, 0);
    ck_assert_str_eq(sample.group, "everybody");
    ck_assert_int_eq(sample.wait_us, 100000);
    ck_assert_uint_eq(sample.properties.count, 0);
}
END_TEST

START_TEST(an_empty_variable_is_as_good_as_none)
{
    setenv(SAMPLE_VARIABLE, "", 1);
    accepts(parse(nothing));
    ck_assert_str_eq(sample.group, "everybody");
}
END_TEST

START_TEST(the_last_of_two_flags_wins)
{
    accepts(PARSE("--group", "first", "-g", "second", "--verbose", "--verbose=off"));
    ck_assert_str_eq(sample.group, "second");
    ck_assert(!sample.verbose);
}
END_TEST

START_TEST(lists_grow_and_the_users_replace_the_default)
{
    accepts(PARSE("-X", "a=1", "--property=b=2", "-Xc=3", "--clients", "bravo,zulu", "-c", "yankee"));

    ck_assert_uint_eq(sample.properties.count, 3);
    ck_assert_str_eq(sample.properties.items[1], "b=2");
    ck_assert_str_eq(sample.properties.items[2], "c=3");
    ck_assert_uint_eq(sample.clients.count, 3);
    ck_assert_str_eq(sample.clients.items[0], "bravo");
    ck_assert_str_eq(sample.clients.items[2], "yankee");
}
END_TEST

START_TEST(names_are_told_apart_without_case)
{
    refuses(PARSE("--clients", "bravo,Bravo"), "--clients: 'Bravo' is given twice ('bravo')");
    refuses(PARSE("--clients", "bravo", "--clients", "BRAVO"), "twice");
    refuses(PARSE("--clients", "bravo,"), "empty");
    refuses(PARSE("--clients", "bra vo"), "only letters, digits");
}
END_TEST

START_TEST(an_unknown_flag_comes_with_the_nearest_known_one)
{
    refuses(PARSE("--batch-wiat", "2s"), "unknown option '--batch-wiat'; did you mean '--batch-wait'?");
    refuses(PARSE("--groop=x"), "did you mean '--group'?");
    refuses(PARSE("-Z"), "unknown option '-Z'");
    refuses(PARSE("-vZ"), "unknown option '-Z'");
    refuses(PARSE("--utterly-different"), "unknown option '--utterly-different'");
    ck_assert_ptr_null(strstr(error.text, "did you mean"));
}
END_TEST

START_TEST(an_unknown_flag_is_named_also_after_other_words)
{
    refuses(PARSE("topic", "--groop", "x"), "unknown option '--groop'; did you mean '--group'?");
    refuses(PARSE("-v", "topic", "-Z"), "unknown option '-Z'");
    refuses(PARSE("topic", "--help=me"), "--help takes no value");
}
END_TEST

START_TEST(a_hidden_option_works_but_is_never_suggested)
{
    accepts(PARSE("--supervised"));
    ck_assert(sample.supervised);
    refuses(PARSE("--supervisde"), "unknown option '--supervisde'");
    ck_assert_ptr_null(strstr(error.text, "did you mean"));
}
END_TEST

START_TEST(a_flag_without_its_value_is_named)
{
    refuses(PARSE("--rate"), "--rate needs a value");
    refuses(PARSE("-v", "-r"), "-r needs a value");
}
END_TEST

START_TEST(a_bad_value_is_named_with_its_flag)
{
    refuses(PARSE("--rate", "many"), "--rate: 'many' is not a whole number");
    refuses(PARSE("-r", "1001"), "--rate: 1001 is out of range: -5 to 1000");
    refuses(PARSE("--batch-wait", "2"), "--batch-wait: '2' is not a duration");
    refuses(PARSE("--from", "middle"), "--from: 'middle' is not one of: earliest, latest");
    refuses(PARSE("--verbose=perhaps"), "--verbose: 'perhaps' is neither yes nor no");
}
END_TEST

START_TEST(a_bad_value_of_the_configuration_is_named_with_its_place)
{
    ck_assert_int_eq(options_set(&sample_program, &sample, "rate", "x", "sample.ini:12", &error), -1);
    refuses(-1, "sample.ini:12: 'x' is not a whole number");
    ck_assert_int_eq(options_set(&sample_program, &sample, "rat", "1", "sample.ini:13", &error), -1);
    refuses(-1, "sample.ini:13: unknown option 'rat'; did you mean 'rate'?");
}
END_TEST

START_TEST(words_that_are_no_flags_are_counted)
{
    accepts(PARSE("orders", "-v"));
    ck_assert_int_eq(operands.count, 1);
    ck_assert_str_eq(operands.items[0], "orders");
    accepts(PARSE("--", "-v"));
    ck_assert_str_eq(operands.items[0], "-v");
    ck_assert(!sample.verbose);
    refuses(PARSE("orders", "payments"), "unexpected word 'payments'");
}
END_TEST

START_TEST(missing_words_are_told_with_the_usage)
{
    struct program demanding = sample_program;
    demanding.operands_min = 1;
    char *argv[] = {(char *)"sample", NULL};
    refuses(options_parse(&demanding, &sample, 1, argv, NULL, &error), "usage: sample [OPTION]… [TOPIC]");
}
END_TEST

START_TEST(a_rendered_value_is_taken_back_as_the_same_value)
{
    accepts(PARSE("-v", "--publish=no", "-g", "mine", "-r", "-3", "--batch-wait", "1500us", "--limit", "5MiB",
                  "--from", "latest"));
    struct sample again = {0};
    char text[64];
    for (size_t i = 0; i < sample_program.option_count; i++) {
        const struct option_def *def = &sample_options[i];
        if (option_render(def, &sample, text, sizeof text))
            ck_assert_msg(options_set(&sample_program, &again, def->name, text, "copy", &error) == 0, "%s",
                          error.text);
    }
    ck_assert(again.verbose);
    ck_assert(!again.publish);
    ck_assert_str_eq(again.group, "mine");
    ck_assert_int_eq(again.rate, -3);
    ck_assert_int_eq(again.wait_us, 1500);
    ck_assert_int_eq(again.limit_bytes, 5 << 20);
    ck_assert_int_eq(again.from, 1);
    options_release(&sample_program, &again);
}
END_TEST

START_TEST(nothing_is_rendered_that_is_not_there_or_does_not_fit)
{
    accepts(PARSE("-g", "four"));
    char text[4];
    ck_assert(!option_render(options_find(&sample_program, "group"), &sample, text, sizeof text));
    options_release(&sample_program, &sample);
    ck_assert(!option_render(options_find(&sample_program, "group"), &sample, text, sizeof text));
    ck_assert(!option_render(options_find(&sample_program, "property"), &sample, text, sizeof text));
}
END_TEST

START_TEST(release_leaves_nothing_behind)
{
    accepts(PARSE("-X", "a=1", "-g", "mine"));
    options_release(&sample_program, &sample);
    ck_assert_ptr_null(sample.group);
    ck_assert_uint_eq(sample.properties.count, 0);
    ck_assert_ptr_null(sample.clients.items);
}
END_TEST

START_TEST(a_bad_variable_is_named)
{
    static const struct option_def options[] = {{.type = OPTION_INTEGER,
                                                 .name = "rate",
                                                 .environment = SAMPLE_VARIABLE,
                                                 .offset = SAMPLE_AT(rate),
                                                 .help = ""}};
    struct program program = {.name = "sample", .options = options, .option_count = 1};
    setenv(SAMPLE_VARIABLE, "fast", 1);
    refuses(options_defaults(&program, &sample, &error), SAMPLE_VARIABLE ": 'fast' is not a whole number");
}
END_TEST

CHECK_MAIN_WITH("common/options", clean_environment, release, without_flags_every_default_of_the_table_holds,
                flags_of_every_type_fill_their_members,
                a_flag_beats_configuration_beats_environment_beats_default,
                flags_can_be_laid_over_what_is_there_already, what_is_forgotten_was_never_said,
                an_empty_variable_is_as_good_as_none, the_last_of_two_flags_wins,
                lists_grow_and_the_users_replace_the_default, names_are_told_apart_without_case,
                an_unknown_flag_comes_with_the_nearest_known_one,
                an_unknown_flag_is_named_also_after_other_words, a_hidden_option_works_but_is_never_suggested,
                a_flag_without_its_value_is_named, a_bad_value_is_named_with_its_flag,
                a_bad_value_of_the_configuration_is_named_with_its_place, words_that_are_no_flags_are_counted,
                missing_words_are_told_with_the_usage, a_rendered_value_is_taken_back_as_the_same_value,
                nothing_is_rendered_that_is_not_there_or_does_not_fit, release_leaves_nothing_behind,
                a_bad_variable_is_named)

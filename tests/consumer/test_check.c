/* Each case runs in an empty folder, which is to stay empty. */
#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "consumer/check.h"
#include "consumer/pipeline/stage_list.h"
#include "consumer/pipeline/stages/stages.h"

static struct settings settings;
static struct error error;
static char folder[64];

static void enter_an_empty_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/check-check-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
}

static void leave(void)
{
    settings_release(&settings);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0); /* nothing was made there */
}

static int check_words(const char *const *words)
{
    static char *argv[16] = {(char *)"kconsume", (char *)"--check", (char *)"--bootstrap=127.0.0.1:1"};
    int argc = 3;
    for (size_t i = 0; words[i] != NULL; i++)
        argv[argc++] = (char *)words[i];
    argv[argc] = NULL;
    settings_release(&settings);
    settings = (struct settings){0};
    error = (struct error)ERROR_INIT;
    return settings_load(&settings, argc, argv, &error) == -1 ? -1 : check_settings(&settings, &error);
}

#define CHECK_WORDS(...) check_words((const char *const[]){__VA_ARGS__, NULL})

static void refuses(int result, int exit_code, const char *text)
{
    ck_assert_int_eq(result, -1);
    ck_assert_msg(strstr(error.text, text) != NULL, "'%s' does not say '%s'", error.text, text);
    ck_assert_int_eq(error.exit_code, exit_code);
}

START_TEST(every_stage_is_looked_at_and_opens_nothing)
{
    static const struct {
        const char *argument, *value;
    } values[] = {{"EXPR", "offset == 1"},
                  {"N", "5"},
                  {"MS", "5"},
                  {"FILE", "file"},
                  {"CONNINFO", "host=127.0.0.1 port=1"},
                  {"TOPIC", "payments.clean"},
                  {"COMMAND", "touch file"}};
    static const struct stage_class *const classes[] = {
#define X(id) &stage_##id,
        STAGES(X)
#undef X
    };
    for (size_t c = 0; c < sizeof classes / sizeof classes[0]; c++) {
        char stage[128];
        size_t v = 0;
        while (classes[c]->argument != NULL && strcmp(values[v].argument, classes[c]->argument) != 0)
            ck_assert_uint_lt(++v, sizeof values / sizeof values[0]);
        snprintf(stage, sizeof stage, "%s%s%s", classes[c]->name, classes[c]->argument != NULL ? ":" : "",
                 classes[c]->argument != NULL ? values[v].value : "");
        ck_assert_msg(CHECK_WORDS("--pipeline", stage) == 0, "%s: %s", stage, error.text);
        ck_assert_msg(access("file", F_OK) == -1, "%s makes its file", stage);
    }
}
END_TEST

START_TEST(a_mistake_in_the_pipeline_is_a_usage_error)
{
    refuses(CHECK_WORDS("--pipeline", "validate, fliter:offset > 1"), EXIT_CODE_USAGE,
            "column 11: there is no stage 'fliter'");
    refuses(CHECK_WORDS("--pipeline", "filter:amout > 1"), EXIT_CODE_USAGE,
            "column 1: there is no field 'amout'");
    refuses(CHECK_WORDS("--pipeline", "filter:account > 1"), EXIT_CODE_USAGE, "'account' in payments");
    ck_assert_int_eq(CHECK_WORDS("--pipeline", "filter:account > 1", "--workload", "transactions"), 0);
    refuses(CHECK_WORDS("--pipeline", "delay:soon"), EXIT_CODE_USAGE, "'soon'");
    refuses(CHECK_WORDS("--pipeline", "stats:0"), EXIT_CODE_USAGE, "stats: 0 is out of range");
    refuses(CHECK_WORDS("--pipeline", "postgres:hots=127.0.0.1"), EXIT_CODE_USAGE, "hots");
    refuses(CHECK_WORDS("--pipeline", "sqlite:file, print"), EXIT_CODE_USAGE, "nothing can follow sqlite");
}
END_TEST

START_TEST(commit_has_to_agree_with_where_the_pipeline_ends)
{
    refuses(CHECK_WORDS("--commit", "sink"), EXIT_CODE_USAGE, "--commit: sink");
    refuses(CHECK_WORDS("--commit", "batch", "--pipeline", "sqlite:file"), EXIT_CODE_USAGE,
            "--commit: sqlite");
    ck_assert_int_eq(CHECK_WORDS("--commit", "sink", "--pipeline", "sqlite:file"), 0);
}
END_TEST

START_TEST(librdkafka_looks_at_the_properties_each_and_together)
{
    refuses(CHECK_WORDS("-X", "no.such=1"), EXIT_CODE_USAGE, "-X no.such: ");
    refuses(CHECK_WORDS("-X", "max.poll.interval.ms=10000", "--session-timeout", "20s"), EXIT_CODE_CONFIG,
            "session.timeout.ms");
    refuses(CHECK_WORDS("-X", "sasl.password=@file"), EXIT_CODE_CONFIG, "-X sasl.password: cannot read file");
    ck_assert_int_eq(CHECK_WORDS("-X", "max.poll.interval.ms=20000", "--session-timeout", "20s"), 0);
}
END_TEST

START_TEST(records_and_places_are_read)
{
    refuses(CHECK_WORDS("--quarantine", "all"), EXIT_CODE_USAGE, "--quarantine");
    refuses(CHECK_WORDS("--reset", "somewhere"), EXIT_CODE_USAGE, "somewhere");
    ck_assert_int_eq(CHECK_WORDS("--quarantine", "0:7", "--reset", "offset:5"), 0);
}
END_TEST

CHECK_MAIN_WITH("consumer/check", enter_an_empty_folder, leave, every_stage_is_looked_at_and_opens_nothing,
                a_mistake_in_the_pipeline_is_a_usage_error, commit_has_to_agree_with_where_the_pipeline_ends,
                librdkafka_looks_at_the_properties_each_and_together, records_and_places_are_read)

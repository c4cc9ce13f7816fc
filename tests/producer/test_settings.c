#include "producer/settings.h"

#include "common/exit_codes.h"
#include "tests/support/check_main.h"

#define BROKER "--bootstrap=127.0.0.1:9092"

static struct settings settings;
static struct error error;

static int load(int count, const char *const *words)
{
    char *argv[16] = {NULL};
    for (int i = 0; i < count; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    settings_release(&settings);
    memset(&settings, 0, sizeof settings);
    error = (struct error)ERROR_INIT;
    return settings_load(&settings, count, argv, &error);
}

#define LOAD(...)                                                                                            \
    load((int)(sizeof((const char *[]){"kproduce", BROKER, __VA_ARGS__}) / sizeof(char *)),                  \
         (const char *[]){"kproduce", BROKER, __VA_ARGS__})

static void refuses(int result, const char *why)
{
    ck_assert_int_eq(result, -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_msg(strstr(error.text, why) != NULL, "'%s' does not say '%s'", error.text, why);
}

START_TEST(generates_a_payment_every_two_seconds_by_default)
{
    ck_assert_int_eq(LOAD("--publish"), 0);
    ck_assert_int_eq(settings.mode, MODE_GENERATE);
    ck_assert(settings.paced && !settings.by_rate);
    ck_assert_int_eq(settings.interval_us, 2000000);
    ck_assert_str_eq(settings.topic, "payments");
}
END_TEST

START_TEST(a_rate_takes_the_place_of_the_interval)
{
    ck_assert_int_eq(LOAD("--rate", "1000"), 0);
    ck_assert(settings.paced && settings.by_rate);
    ck_assert_int_eq(LOAD("--rate", "0"), 0);
    ck_assert(!settings.paced);
    ck_assert_int_eq(LOAD("--interval", "0"), 0);
    ck_assert(!settings.paced);
    refuses(LOAD("--rate", "1", "--interval", "1s"), "--rate and --interval");
}
END_TEST

START_TEST(lines_are_sent_as_they_come_unless_a_pace_is_given)
{
    ck_assert_int_eq(LOAD("--stdin"), 0);
    ck_assert_int_eq(settings.mode, MODE_STDIN);
    ck_assert(!settings.paced);
    ck_assert_int_eq(LOAD("--stdin", "--rate", "5"), 0);
    ck_assert(settings.paced);
    refuses(LOAD("--stdin", "--seed", "5"), "--seed");
}
END_TEST

START_TEST(every_field_of_every_schema_has_a_flag)
{
    for (size_t s = 0; schema_at(s) != NULL; s++)
        for (size_t f = 0; f < schema_at(s)->field_count; f++) {
            char flag[64];
            snprintf(flag, sizeof flag, "--%s", schema_at(s)->fields[f].label);
            for (char *c = flag; *c != '\0'; c++)
                if (*c == '_')
                    *c = '-';
            ck_assert_int_eq(LOAD("--workload", schema_at(s)->workload, flag, "x"), 0);
            ck_assert_int_eq(settings.mode, MODE_ONE);
        }
}
END_TEST

START_TEST(a_field_that_several_workloads_have_is_one_flag_whose_help_names_them)
{
    int flags = 0;
    ck_assert_int_eq(LOAD("--publish"), 0);
    for (size_t i = 0; i < settings.program.option_count; i++) {
        const struct option_def *option = &settings.program.options[i];
        if (option->name == NULL || strcmp(option->name, "currency") != 0)
            continue;
        flags++;
        ck_assert_str_eq(option->help, "of payments, orders, transactions");
    }
    ck_assert_int_eq(flags, 1);
}
END_TEST

START_TEST(a_field_of_another_workload_is_refused)
{
    refuses(LOAD("--item", "lamp"), "--item: payments have no such field (it is one of orders)");
    refuses(LOAD("--user", "marek", "--count", "3"), "--count");
    refuses(LOAD("--workload", "invoices"), "payments, orders, transactions or messages");
    refuses(LOAD("--name", "a b"), "--name");
}
END_TEST

START_TEST(another_pace_takes_the_place_of_the_first)
{
    ck_assert_int_eq(LOAD("--interval=1s"), 0);
    settings_set_pace(&settings, 500, 0);
    ck_assert(settings.paced && settings.by_rate);
    settings_set_pace(&settings, 0, 0);
    ck_assert(!settings.paced);
    settings_set_pace(&settings, 0, 2000000);
    ck_assert(settings.paced && !settings.by_rate);
    ck_assert_int_eq(settings.interval_us, 2000000);
}
END_TEST

START_TEST(only_who_has_a_supervisor_can_be_asked)
{
    refuses(LOAD("--on-request"), "--on-request: only a supervisor can send it requests");
    refuses(LOAD("--on-request", "--user", "marek"),
            "--on-request: not together with the fields of one record");
}
END_TEST

CHECK_MAIN("producer/settings", only_who_has_a_supervisor_can_be_asked,
           generates_a_payment_every_two_seconds_by_default, a_rate_takes_the_place_of_the_interval,
           lines_are_sent_as_they_come_unless_a_pace_is_given, every_field_of_every_schema_has_a_flag,
           a_field_that_several_workloads_have_is_one_flag_whose_help_names_them,
           a_field_of_another_workload_is_refused, another_pace_takes_the_place_of_the_first)

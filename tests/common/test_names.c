#include "tests/support/check_main.h"

#include "common/exit_codes.h"
#include "common/names.h"

static struct error error;

START_TEST(accepts_letters_digits_underscore_and_hyphen_up_to_32)
{
    static const char *const good[] = {"a", "bravo", "Bravo_2", "-", "0", "abcdefghijklmnopqrstuvwxyzABCDEF"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(name_check(good[i], "client", &error) == 0, "%s", error.text);
}
END_TEST

START_TEST(refuses_anything_else_and_names_it)
{
    static const char *const bad[] = {"",  "a b", "a.2", "a/b", "a\n",
                                      "é", "a,b", "a$",  "a:b", "abcdefghijklmnopqrstuvwxyzABCDEFG"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(name_check(bad[i], "instance", &error) == -1, "accepted '%s'", bad[i]);
        ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "instance"));
        ck_assert_ptr_nonnull(strstr(error.text, bad[i]));
    }
}
END_TEST

START_TEST(the_first_worker_has_the_clients_name_the_others_a_number)
{
    char worker[WORKER_NAME_BYTES];
    name_worker(worker, "bravo", 1);
    ck_assert_str_eq(worker, "bravo");
    name_worker(worker, "bravo", 2);
    ck_assert_str_eq(worker, "bravo.2");
    name_worker(worker, "abcdefghijklmnopqrstuvwxyzABCDEF", 4294967295U);
    ck_assert_str_eq(worker, "abcdefghijklmnopqrstuvwxyzABCDEF.4294967295");
}
END_TEST

START_TEST(capitals_are_cut_to_fit)
{
    char upper[6];
    name_upper(upper, sizeof upper, "zulu-2");
    ck_assert_str_eq(upper, "ZULU-");
    name_upper(upper, sizeof upper, "a_9");
    ck_assert_str_eq(upper, "A_9");
}
END_TEST

static const char *suggest(const char *name)
{
    static const char *const candidates[] = {"batch-size", "batch-wait", "group", "rate", "from"};
    return name_suggest(name, candidates, sizeof candidates / sizeof candidates[0]);
}

START_TEST(suggests_the_nearest_candidate)
{
    ck_assert_str_eq(suggest("batch-szie"), "batch-size");
    ck_assert_str_eq(suggest("batch-waits"), "batch-wait");
    ck_assert_str_eq(suggest("grup"), "group");
    ck_assert_str_eq(suggest("form"), "from");
    ck_assert_str_eq(suggest("group"), "group");
}
END_TEST

START_TEST(suggests_nothing_when_more_than_a_third_differs)
{
    ck_assert_ptr_null(suggest("quarantine"));
    ck_assert_ptr_null(suggest("batch"));
    char long_name[100];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_ptr_null(suggest(long_name));
    ck_assert_ptr_null(name_suggest("rate", NULL, 0));
}
END_TEST

START_TEST(a_topic_is_what_kafka_takes_and_nothing_is_cut)
{
    char name[300];
    memset(name, 'x', sizeof name);
    name[TOPIC_LENGTH_MAX] = '\0';
    ck_assert_int_eq(topic_name_check(name, &error), 0);
    ck_assert_int_eq(group_name_check(name, &error), 0);
    name[TOPIC_LENGTH_MAX] = 'x';
    name[GROUP_LENGTH_MAX] = '\0';
    ck_assert_int_eq(topic_name_check(name, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "has 255 characters; Kafka allows at most 249"));
    ck_assert_int_eq(instance_id_check(name, &error), -1);
    ck_assert_int_eq(group_name_check(name, &error), 0);
    name[GROUP_LENGTH_MAX] = 'x';
    name[GROUP_LENGTH_MAX + 1] = '\0';
    ck_assert_int_eq(group_name_check(name, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "has 256 characters; shared memory holds at most 255"));
    ck_assert_int_eq(topic_name_check("a.b_c-1", &error), 0);
    ck_assert_int_eq(group_name_check("eine Gruppe: größer", &error), 0);
    static const char *const bad[] = {"", ".", "..", "a b", "a/b"};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++)
        ck_assert_int_eq(topic_name_check(bad[k], &error), -1);
    ck_assert_int_eq(group_name_check("", &error), -1);
    ck_assert_int_eq(group_name_check("a\nb", &error), -1);
}
END_TEST

CHECK_MAIN("common/names", a_topic_is_what_kafka_takes_and_nothing_is_cut,
           accepts_letters_digits_underscore_and_hyphen_up_to_32, refuses_anything_else_and_names_it,
           the_first_worker_has_the_clients_name_the_others_a_number, capitals_are_cut_to_fit,
           suggests_the_nearest_candidate, suggests_nothing_when_more_than_a_third_differs)

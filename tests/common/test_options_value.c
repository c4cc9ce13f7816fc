#include "tests/support/check_main.h"

#include <inttypes.h>

#include "common/options_value.h"

static struct error error;

/* --- numbers ------------------------------------------------------------------------------------------- */

struct sample_text {
    const char *text;
    int64_t value;
};

START_TEST(reads_whole_numbers_within_their_bounds)
{
    static const struct sample_text good[] = {{"0", 0},
                                              {"-1", -1},
                                              {"007", 7},
                                              {"9223372036854775807", INT64_MAX},
                                              {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value;
        ck_assert_msg(option_parse_integer(good[i].text, INT64_MIN, INT64_MAX, &value, &error) == 0, "%s",
                      error.text);
        ck_assert_int_eq(value, good[i].value);
    }
}
END_TEST

START_TEST(refuses_what_is_no_whole_number)
{
    static const char *const bad[] = {"",   " 1",  "1 ",  "\t1",  "\n1",
                                      "+1", "1.5", "1e3", "0x10", "9223372036854775808",
                                      "-",  "--1", "1,0", "one",  "-9223372036854775809"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 42;
        ck_assert_msg(option_parse_integer(bad[i], INT64_MIN, INT64_MAX, &value, &error) == -1,
                      "accepted '%s'", bad[i]);
        ck_assert_int_eq(value, 42);
        ck_assert_ptr_nonnull(strstr(error.text, bad[i]));
    }
}
END_TEST

START_TEST(tells_the_bounds_of_a_number_that_is_out_of_them)
{
    int64_t value;
    ck_assert_int_eq(option_parse_integer("11", 1, 10, &value, &error), -1);
    ck_assert_str_eq(error.text, "11 is out of range: 1 to 10");
    ck_assert_int_eq(option_parse_integer("0", 1, 10, &value, &error), -1);
    ck_assert_int_eq(option_parse_integer("10", 1, 10, &value, &error), 0);
    ck_assert_int_eq(option_parse_integer("1", 1, 10, &value, &error), 0);
}
END_TEST

START_TEST(reads_durations_in_every_unit)
{
    static const struct sample_text good[] = {{"0", 0},
                                              {"0s", 0},
                                              {"500us", 500},
                                              {"20ms", 20000},
                                              {"2s", 2000000},
                                              {"1m", 60000000},
                                              {"3h", 10800000000},
                                              {"1d", 86400000000},
                                              {"-5ms", -5000},
                                              {"106751991d", INT64_C(9223372022400000000)}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t us;
        ck_assert_msg(option_parse_duration(good[i].text, &us, &error) == 0, "%s", error.text);
        ck_assert_int_eq(us, good[i].value);
    }
}
END_TEST

START_TEST(refuses_durations_without_unit_with_another_or_too_long)
{
    static const char *const bad[] = {"",    "5",    "5 s",   "s",    "1.5s",
                                      "5S",  "5sec", "1m30s", "5min", "106751992d",
                                      " 5s", "+5s",  "5s ",   "0.0",  "9223372036854775807ms"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t us;
        ck_assert_msg(option_parse_duration(bad[i], &us, &error) == -1, "accepted '%s'", bad[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "such as 500ms"));
    }
}
END_TEST

START_TEST(reads_sizes_in_every_unit)
{
    static const struct sample_text good[] = {{"4096", 4096},    {"1B", 1},           {"64KiB", 65536},
                                              {"5MiB", 5242880}, {"1GiB", 1 << 30},   {"2kB", 2000},
                                              {"3MB", 3000000},  {"4GB", 4000000000}, {"0", 0}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t bytes;
        ck_assert_msg(option_parse_size(good[i].text, &bytes, &error) == 0, "%s", error.text);
        ck_assert_int_eq(bytes, good[i].value);
    }
}
END_TEST

START_TEST(refuses_sizes_that_are_misspelt_or_too_large)
{
    static const char *const bad[] = {"", "1K", "1kib", "1 MiB", "1.5GiB", "MiB", "8589934592GiB"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t bytes;
        ck_assert_msg(option_parse_size(bad[i], &bytes, &error) == -1, "accepted '%s'", bad[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "is not a size"));
    }
}
END_TEST

/* --- assigners ----------------------------------------------------------------------------------------- */

START_TEST(bounds_of_zero_and_zero_mean_not_negative)
{
    static const enum option_type types[] = {OPTION_INTEGER, OPTION_DURATION, OPTION_SIZE};
    static const char *const negative[] = {"-1", "-1s", "-1"};
    static const char *const large[] = {"9223372036854775807", "9223372036854775807us",
                                        "9223372036854775807"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct option_def def = {.type = types[i], .name = "n"};
        int64_t value = 42;
        ck_assert_int_eq(option_value_assign(&def, &value, negative[i], &error), -1);
        ck_assert_int_eq(value, 42);
        ck_assert_int_eq(option_value_assign(&def, &value, large[i], &error), 0);
        ck_assert_int_eq(value, INT64_MAX);
    }
}
END_TEST

START_TEST(durations_and_sizes_keep_to_their_bounds)
{
    struct option_def duration = {.type = OPTION_DURATION, .name = "d", .minimum = 1000, .maximum = 2000};
    struct option_def size = {.type = OPTION_SIZE, .name = "s", .minimum = 1, .maximum = 1024};
    int64_t value;
    ck_assert_int_eq(option_value_assign(&duration, &value, "1ms", &error), 0);
    ck_assert_int_eq(option_value_assign(&duration, &value, "2ms", &error), 0);
    ck_assert_int_eq(option_value_assign(&duration, &value, "999us", &error), -1);
    ck_assert_int_eq(option_value_assign(&duration, &value, "3ms", &error), -1);
    ck_assert_int_eq(option_value_assign(&size, &value, "1KiB", &error), 0);
    ck_assert_int_eq(option_value_assign(&size, &value, "1025", &error), -1);
    ck_assert_int_eq(option_value_assign(&size, &value, "0", &error), -1);
}
END_TEST

START_TEST(flags_understand_the_usual_words_in_any_case)
{
    struct option_def def = {.type = OPTION_FLAG, .name = "f"};
    static const char *const yes[] = {"yes", "true", "1", "on", "YES", "True"};
    static const char *const no[] = {"no", "false", "0", "off", "OFF"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        bool flag = false;
        ck_assert_int_eq(option_value_assign(&def, &flag, yes[i], &error), 0);
        ck_assert_msg(flag, "'%s' is not yes", yes[i]);
    }
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        bool flag = true;
        ck_assert_int_eq(option_value_assign(&def, &flag, no[i], &error), 0);
        ck_assert_msg(!flag, "'%s' is not no", no[i]);
    }
    bool flag;
    ck_assert_int_eq(option_value_assign(&def, &flag, "", &error), -1);
}
END_TEST

START_TEST(a_string_replaces_the_former_one)
{
    struct option_def def = {.type = OPTION_STRING, .name = "s"};
    const char *text = NULL;
    ck_assert_int_eq(option_value_assign(&def, &text, "one", &error), 0);
    ck_assert_int_eq(option_value_assign(&def, &text, "", &error), 0);
    ck_assert_str_eq(text, "");
    option_value_release(&def, &text);
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(a_choice_is_exact_and_the_error_lists_them_all)
{
    static const char *const choices[] = {"stop", "earliest", "latest", NULL};
    struct option_def def = {.type = OPTION_CHOICE, .name = "c", .choices = choices};
    int choice = -1;
    ck_assert_int_eq(option_value_assign(&def, &choice, "latest", &error), 0);
    ck_assert_int_eq(choice, 2);
    ck_assert_int_eq(option_value_assign(&def, &choice, "Stop", &error), -1);
    ck_assert_str_eq(error.text, "'Stop' is not one of: stop, earliest, latest");
    ck_assert_int_eq(choice, 2);
}
END_TEST

START_TEST(a_name_of_any_length_is_checked_whole)
{
    struct option_def def = {.type = OPTION_NAMES, .name = "n"};
    struct option_list list = {NULL, 0};
    char long_name[400];
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_int_eq(option_value_assign(&def, &list, long_name, &error), -1);
    ck_assert_int_eq(option_value_assign(&def, &list, "", &error), -1);
    ck_assert_int_eq(option_value_assign(&def, &list, "a,,b", &error), -1);
    option_value_release(&def, &list);
    ck_assert_uint_eq(list.count, 0);
}
END_TEST

CHECK_MAIN("common/options_value", reads_whole_numbers_within_their_bounds, refuses_what_is_no_whole_number,
           tells_the_bounds_of_a_number_that_is_out_of_them, reads_durations_in_every_unit,
           refuses_durations_without_unit_with_another_or_too_long, reads_sizes_in_every_unit,
           refuses_sizes_that_are_misspelt_or_too_large, bounds_of_zero_and_zero_mean_not_negative,
           durations_and_sizes_keep_to_their_bounds, flags_understand_the_usual_words_in_any_case,
           a_string_replaces_the_former_one, a_choice_is_exact_and_the_error_lists_them_all,
           a_name_of_any_length_is_checked_whole)

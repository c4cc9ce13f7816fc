/* A query's parameters. */
#include "tools/kweb/parameters.h"

#include "tests/tools/kweb/exchange_case.h"

static struct error error;

static void is_not_taken(const char *name, const char *value, const char *reason)
{
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(parameter_take(&exchange, name, value, &error), -1);
    ck_assert_msg(strstr(error.text, reason) != NULL, "%s", error.text);
}

static void are_refused(const char *reason)
{
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(parameters_check(&exchange, &error), -1);
    ck_assert_msg(strstr(error.text, reason) != NULL, "%s", error.text);
}

START_TEST(they_are_found_by_name)
{
    int64_t number;
    ask("POST", "/consumers/A/acknowledge");
    query("message_offset", "41");
    ck_assert_int_eq(parameters_check(&exchange, &error), 0);
    ck_assert_str_eq(exchange_value(&exchange, "name"), "A");
    ck_assert(exchange_number(&exchange, "message_offset", &number));
    ck_assert_int_eq(number, 41);
    ck_assert(!exchange_number(&exchange, "partition", &number));
    ck_assert_ptr_null(exchange_value(&exchange, "partition"));
    ck_assert_ptr_null(exchange_value(&exchange, "nonsense"));
}
END_TEST

START_TEST(those_that_are_not_given_are_what_the_table_says)
{
    int64_t number;
    ask("POST", "/consumers/A/reset");
    ck_assert_int_eq(parameters_check(&exchange, &error), 0);
    ck_assert_str_eq(exchange_value(&exchange, "to"), "earliest");
    ck_assert(exchange_number(&exchange, "dry_run", &number));
    ck_assert_int_eq(number, 0);
}
END_TEST

START_TEST(one_that_there_is_not_is_refused)
{
    ask("POST", "/consumers/A/reset");
    is_not_taken("too", "earliest", "no parameter 'too'");
    is_not_taken("name", "B", "no parameter 'name'"); /* the path has it */
    is_not_taken("token", "x", "no parameter 'token'");
    ask("GET", "/");
    query("token", "x");
}
END_TEST

START_TEST(one_is_given_once)
{
    ask("POST", "/consumers/A/reset");
    query("to", NULL);
    is_not_taken("to", "latest", "twice");
}
END_TEST

START_TEST(what_is_required_must_be_there)
{
    ask("POST", "/consumers/A/acknowledge");
    are_refused("message_offset is missing");
    query("message_offset", NULL);
    are_refused("message_offset");
}
END_TEST

START_TEST(no_value_has_control_characters_or_broken_text)
{
    static const char *const wrong[] = {"a\nb", "\x01", "\x7f", "\xff", "\xc3", "\xed\xa0\x80", "a\xc3"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/consumers/%s/reset", wrong[i]);
        ask("POST", path);
        are_refused("name has control characters, or is not UTF-8");
        ask("POST", "/consumers/A/reset");
        query("to", wrong[i]);
        are_refused("to has control characters");
    }
}
END_TEST

CHECK_MAIN_WITH("tools/kweb/parameters", NULL, clean_up_exchange, they_are_found_by_name,
                those_that_are_not_given_are_what_the_table_says, one_that_there_is_not_is_refused,
                one_is_given_once, what_is_required_must_be_there,
                no_value_has_control_characters_or_broken_text)

#include "common/expression/lexer.h"

#include "common/exit_codes.h"
#include "tests/common/expression/support.h"

static enum token_kind kinds[32];

/* The kinds of all tokens; how many. */
static size_t tokens_of(const char *text)
{
    struct error error = ERROR_INIT;
    struct token token;
    const char *at = text;
    size_t count = 0;
    do {
        ck_assert_msg(lexer_next(text, &at, &token, &error) == 0, "%s", error.text);
        ck_assert_uint_lt(count, sizeof kinds / sizeof kinds[0]);
        kinds[count++] = token.kind;
    } while (token.kind != TOKEN_END);
    return count - 1;
}

START_TEST(signs_need_no_blanks_around_them)
{
    static const enum token_kind expected[] = {
        TOKEN_OPEN, TOKEN_NAME,     TOKEN_COMPARE, TOKEN_NUMBER, TOKEN_AND,   TOKEN_NOT,
        TOKEN_NAME, TOKEN_COMPARE,  TOKEN_NUMBER,  TOKEN_OR,     TOKEN_NAME,  TOKEN_IN,
        TOKEN_OPEN, TOKEN_TEXT,     TOKEN_COMMA,   TOKEN_TEXT,   TOKEN_CLOSE, TOKEN_OR,
        TOKEN_NAME, TOKEN_CONTAINS, TOKEN_TEXT,    TOKEN_CLOSE};
    ck_assert_uint_eq(tokens_of("(a>=-1.5&&!b<+2||c in('x',\"y\")or d~'z')"),
                      sizeof expected / sizeof expected[0]);
    ck_assert_mem_eq(kinds, expected, sizeof expected);
}
END_TEST

START_TEST(words_are_read_without_case_and_only_whole)
{
    ck_assert_uint_eq(tokens_of("AND Or nOT IN android inn notes or1 _in"), 9);
    static const enum token_kind expected[] = {TOKEN_AND,  TOKEN_OR,   TOKEN_NOT,  TOKEN_IN,  TOKEN_NAME,
                                               TOKEN_NAME, TOKEN_NAME, TOKEN_NAME, TOKEN_NAME};
    ck_assert_mem_eq(kinds, expected, sizeof expected);
}
END_TEST

START_TEST(the_column_counts_characters_and_not_bytes)
{
    ASSERT_REFUSED("payments", "user == 'żółć' and ;",
                   "column 20: ';' has no meaning here; texts stand in quotes\n"
                   "  user == 'żółć' and ;\n"
                   "                     ^");
    ASSERT_REFUSED("payments", "'żó' ;",
                   "column 6: ';' has no meaning here; texts stand in quotes\n  'żó' ;\n       ^");
}
END_TEST

START_TEST(a_long_expression_is_shown_around_the_place)
{
    char text[800];
    size_t used = 0;
    for (int i = 0; i < 40; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "amount > 1000 or ");
    snprintf(text + used, sizeof text - used, "amout > 1");
    const char *caret = strrchr(refusal("payments", text), '\n');
    const char *why = refusal("payments", text);
    ck_assert_msg(strncmp(why, "column 681: ", 12) == 0, "%s", why);
    const char *shown = strchr(why, '\n') + 1;
    caret = strrchr(why, '\n') + 1;
    ck_assert_uint_lt((size_t)(caret - shown), 80);
    ck_assert_int_eq(strncmp(shown + (strchr(caret, '^') - caret), "amout", 5), 0);
}
END_TEST

START_TEST(control_characters_never_reach_the_terminal)
{
    ASSERT_REFUSED(
        "payments", "a \x1b[31m",
        "column 1: there is no field 'a' in payments; there are payment_id, user, amount, currency, "
        "exponent, method, timestamp, partition, offset, kafka_timestamp, key\n  a ?[31m\n  ^");
    ASSERT_REFUSED("payments", "amount > 1 \x1b",
                   "column 12: a control character has no meaning here\n  amount > 1 ?\n             ^");
    ASSERT_REFUSED("payments", "amount > 1 \x7f",
                   "column 12: a control character has no meaning here\n  amount > 1 ?\n             ^");
}
END_TEST

START_TEST(a_number_is_shown_whole_when_it_is_none)
{
    static const char *const bad[] = {"1e3",        "0x10",     "1.2.3", "5.", "1_000",
                                      "2026-02-26", "09:52:20", "3a",    "1-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64];
        char expected[64];
        snprintf(text, sizeof text, "amount > %s)", bad[i]);
        snprintf(expected, sizeof expected, "column 10: '%s' is not a plain decimal such as", bad[i]);
        const char *why = refusal("payments", text);
        ck_assert_msg(strncmp(why, expected, strlen(expected)) == 0, "%s", why);
    }
}
END_TEST

START_TEST(an_open_quote_is_shown_where_it_opens)
{
    ASSERT_REFUSED("payments", "user == 'marek",
                   "column 9: the quote that begins here is not closed\n  user == 'marek\n          ^");
    ASSERT_REFUSED("payments", "user == 'it''s",
                   "column 9: the quote that begins here is not closed\n  user == 'it''s\n          ^");
}
END_TEST

START_TEST(a_secret_is_masked_and_the_place_is_shown_behind_it)
{
    ASSERT_REFUSED(
        "payments", "apikey = 'hunter2' amount",
        "column 1: there is no field 'apikey' in payments; did you mean key?\n  apikey = '***' amount\n  ^");
    ASSERT_REFUSED("payments", "user == 'a' and ? apikey = 'hunter2",
                   "column 17: '?' has no meaning here; texts stand in quotes\n  user == 'a' and ? apikey = "
                   "'***\n                  ^");
    ASSERT_REFUSED("payments", "user ~ 'apikey = hunter2' ?",
                   "column 27: '?' has no meaning here; texts stand in quotes\n  user ~ 'apikey = ***' ?\n   "
                   "                     ^");
}
END_TEST

START_TEST(a_refusal_is_a_usage_error)
{
    struct error error = ERROR_INIT;
    ck_assert_ptr_null(expression_parse(schema_by_workload("payments"), "", &error));
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
}
END_TEST

CHECK_MAIN("common/expression/lexer", signs_need_no_blanks_around_them,
           words_are_read_without_case_and_only_whole, the_column_counts_characters_and_not_bytes,
           a_long_expression_is_shown_around_the_place, control_characters_never_reach_the_terminal,
           a_number_is_shown_whole_when_it_is_none, an_open_quote_is_shown_where_it_opens,
           a_secret_is_masked_and_the_place_is_shown_behind_it, a_refusal_is_a_usage_error)

#include "tests/common/expression/support.h"

#define UUID_TEXT "6d2c9a76-0a8f-4a3e-8e5b-0a4b3f5c9a11"

static struct record payment(void)
{
    return record_of("payments", FIELDS("payment_id", UUID_TEXT, "user", "marek", "currency", "PLN", "amount",
                                        "249.99", "method", "blik"));
}

/* --- names --------------------------------------------------------------------------------------------- */

START_TEST(money_goes_by_its_label_and_by_its_name_on_the_wire)
{
    struct record record = payment();
    ck_assert(matches(&record, "amount == 249.99 and amount_minor == 24999"));
    ck_assert(matches(&record, "amount != 24999 and amount_minor != 249.99"));
    ck_assert(matches(&record, "exponent = 2"));
}
END_TEST

START_TEST(a_field_goes_before_a_coordinate_of_that_name)
{
    struct expression_coordinates at = {.partition = 1, .offset = 5, .timestamp_us = 7, .key = {"anna", 4}};
    struct record record = payment();
    ck_assert(matches_at(&record, "timestamp > '2026-01-01' and kafka_timestamp < '1970-01-02'", &at));
    ck_assert(matches_at(&record, "key == 'anna' and kafka_key == 'anna'", &at));
    struct record message = record_of("messages", FIELDS("content", "hello", "key", "alpha"));
    ck_assert(
        matches_at(&message, "key == 'alpha' and kafka_key == 'anna' and timestamp < '1970-01-02'", &at));
}
END_TEST

START_TEST(an_unknown_name_has_a_suggestion_or_the_list)
{
    ASSERT_REFUSED("payments", "amout > 5",
                   "column 1: there is no field 'amout' in payments; did you mean amount?\n  amout > 5\n  ^");
    ASSERT_REFUSED(
        "payments", "5 < ofset",
        "column 5: there is no field 'ofset' in payments; did you mean offset?\n  5 < ofset\n      ^");
    const char *why = refusal("transactions", "zzz > 5");
    ck_assert_ptr_nonnull(
        strstr(why, "there are transaction_id, account, amount, currency, exponent, type, timestamp, "
                    "partition, offset"));
}
END_TEST

/* --- types --------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *why;
} ill_typed[] = {
    {"amount > '5'", "column 10: amount is an amount: compare it with a number such as 249.99"},
    {"exponent > 'x'", "column 12: exponent is a number: compare it with a number such as 3"},
    {"user == 5", "column 9: user is a text: compare it with a text in quotes"},
    {"method == 5", "column 11: method is one of a list: compare it with a word in quotes"},
    {"currency == 5", "column 13: currency is a currency: compare it with three capitals such as 'PLN'"},
    {"payment_id == 5", "column 15: payment_id is a UUID: compare it with a UUID in quotes"},
    {"timestamp > 5",
     "column 13: timestamp is a time: compare it with a time such as '2026-02-26T09:52:20Z'"},
    {"method < 'blik'", "column 8: method is one of a list, which has no order: use ==, != or in"},
    {"'blik' < method", "column 8: method is one of a list, which has no order: use ==, != or in"},
    {"currency >= 'PLN'", "column 10: currency is a currency, which has no order: use ==, != or in"},
    {"payment_id < '" UUID_TEXT "'", "column 12: payment_id is a UUID, which has no order: use ==, != or in"},
    {"amount ~ 5", "column 8: amount is an amount: only a text can contain another (~)"},
    {"method ~ 'bli'", "column 8: method is one of a list: only a text can contain another (~)"},
    {"offset in (1, 'x')", "column 15: offset is a number: compare it with a number such as 3"},
    {"method == 'blick'", "column 11: method is never 'blick'; did you mean blik?"},
    {"method in ('blik', 'cash_on_the_table')",
     "column 20: method is never 'cash_on_the_table'; it is one of credit_card, debit_card, paypal, "
     "bank_transfer, blik"},
    {"currency == 'pln'", "column 13: 'pln' is not a currency: three capitals such as 'PLN'"},
    {"currency == 'PLNX'", "column 13: 'PLNX' is not a currency: three capitals such as 'PLN'"},
    {"payment_id == '6d2c9a76'", "column 15: '6d2c9a76' is not a UUID (8-4-4-4-12 hexadecimal digits)"},
    {"timestamp > '2026-02-30'",
     "column 13: '2026-02-30' is not a time such as '2026-02-26T09:52:20Z' or '2026-02-26'"},
    {"timestamp > 'noon'", "column 13: 'noon' is not a time such as '2026-02-26T09:52:20Z' or '2026-02-26'"},
};

START_TEST(types_are_checked_when_it_is_parsed)
{
    for (size_t i = 0; i < sizeof ill_typed / sizeof ill_typed[0]; i++) {
        const char *why = refusal("payments", ill_typed[i].text);
        size_t length = strlen(ill_typed[i].why);
        ck_assert_msg(strncmp(why, ill_typed[i].why, length) == 0 && why[length] == '\n', "%s: %s",
                      ill_typed[i].text, why);
    }
}
END_TEST

START_TEST(texts_currencies_lists_uuids_and_times_compare_with_their_literals)
{
    struct record record = payment();
    ck_assert(
        matches(&record, "user == 'marek' and user == \"marek\" and user != 'mare' and user != 'marekk'"));
    ck_assert(matches(&record, "currency == 'PLN' and currency != 'EUR' and method in ('paypal', 'blik')"));
    ck_assert(matches(&record, "payment_id == '" UUID_TEXT "'"));
    ck_assert(matches(&record, "payment_id == '6D2C9A76-0A8F-4A3E-8E5B-0A4B3F5C9A11'"));
    ck_assert(matches(&record, "payment_id != '6d2c9a76-0a8f-4a3e-8e5b-0a4b3f5c9a12'"));
    ck_assert(matches(&record, "payment_id in ('6d2c9a76-0a8f-4a3e-8e5b-0a4b3f5c9a12', '" UUID_TEXT "')"));
    ck_assert(matches(&record, "timestamp == '2026-02-26T09:52:20.102594Z'"));
    ck_assert(matches(&record, "timestamp == '2026-02-26T10:52:20.102594+01:00'"));
    ck_assert(matches(&record, "timestamp > '2026-02-26T09:52:20.102593Z' and timestamp >= '2026-02-26'"));
    ck_assert(matches(&record, "timestamp < '2026-02-27' and not timestamp < '2026-02-26'"));
}
END_TEST

START_TEST(a_doubled_quote_stands_for_itself)
{
    struct record record = record_of("messages", FIELDS("content", "it's \"fine\""));
    ck_assert(matches(&record, "content == 'it''s \"fine\"'"));
    ck_assert(matches(&record, "content == \"it's \"\"fine\"\"\""));
    ck_assert(matches(&record, "content ~ '''s' and content ~ '' and not content ~ ''''''"));
}
END_TEST

/* --- numbers, exactly ---------------------------------------------------------------------------------- */

__extension__ typedef __int128 wide;

static wide power_of_ten(int exponent)
{
    wide power = 1;
    while (exponent-- > 0)
        power *= 10;
    return power;
}

static void set_money(struct record *record, int64_t minor, int exponent)
{
    record->values[schema_field_index(record->schema, "amount_minor", 12)].integer = minor;
    record->values[schema_field_index(record->schema, "exponent", 8)].integer = exponent;
}

/* The comparisons of `name` with the literal, against minor / 10^exponent in 128 bits. */
static void compare(const struct record *record, const char *name, int64_t minor, int exponent,
                    const char *literal, wide digits, int scale)
{
    wide left = (wide)minor * power_of_ten(scale);
    wide right = digits * power_of_ten(exponent);
    const struct {
        const char *sign;
        bool expected;
    } cases[] = {{"<", left < right},   {"<=", left <= right}, {">", left > right},
                 {">=", left >= right}, {"==", left == right}, {"!=", left != right}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        snprintf(text, sizeof text, "%s %s %s", name, cases[i].sign, literal);
        ck_assert_msg(matches(record, text) == cases[i].expected, "%s with %lld and exponent %d", text,
                      (long long)minor, exponent);
    }
}

static const int64_t edges[] = {
    INT64_MIN, INT64_MIN + 1, -INT64_C(922337203685477581), -100001,       -100000,  -1, 0, 1, 9, 10,
    24999,     25000,         INT64_C(922337203685477580),  INT64_MAX - 1, INT64_MAX};
#define EDGES (sizeof edges / sizeof edges[0])

/* Writes digits × 10^-scale as a plain decimal. */
static void write_literal(char *text, size_t bytes, wide digits, int scale)
{
    char reversed[64];
    size_t count = 0;
    wide rest = digits < 0 ? -digits : digits;
    while (rest > 0 || count <= (size_t)scale) {
        reversed[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    size_t used = 0;
    ck_assert_uint_lt(count + 3, bytes);
    if (digits < 0)
        text[used++] = '-';
    while (count > 0) {
        if (count == (size_t)scale)
            text[used++] = '.';
        text[used++] = reversed[--count];
    }
    text[used] = '\0';
}

START_TEST(money_at_the_edges_of_int64_compares_as_128_bits_say)
{
    struct record record = payment();
    for (size_t i = 0; i < EDGES; i++)
        for (int exponent = 0; exponent <= 4; exponent++) {
            set_money(&record, edges[i], exponent);
            for (size_t j = 0; j < EDGES; j++)
                for (int scale = 0; scale <= 6; scale += 2)
                    for (int step = -1; step <= 1; step++) {
                        char literal[64];
                        wide digits = (wide)edges[j] + step;
                        write_literal(literal, sizeof literal, digits, scale);
                        compare(&record, "amount", edges[i], exponent, literal, digits, scale);
                    }
        }
}
END_TEST

START_TEST(an_integer_compares_with_any_decimal)
{
    struct record record = payment();
    for (size_t i = 0; i < EDGES; i++)
        for (size_t j = 0; j < EDGES; j++)
            for (int scale = 0; scale <= 3; scale++) {
                char literal[64];
                set_money(&record, edges[i], 2);
                write_literal(literal, sizeof literal, edges[j], scale);
                compare(&record, "amount_minor", edges[i], 0, literal, edges[j], scale);
            }
}
END_TEST

START_TEST(a_literal_may_have_any_number_of_digits)
{
    struct record record = payment();
    set_money(&record, INT64_MAX, 0);
    ck_assert(matches(&record, "amount < 99999999999999999999999999999999999999999999999999999999999999"));
    ck_assert(matches(&record, "amount == 9223372036854775807.000000000000000000000000000000000000000"));
    ck_assert(matches(&record, "amount < 9223372036854775807.000000000000000000000000000000000000001"));
    ck_assert(matches(&record, "amount > 000000000000000000000000000000000000000000000000000000000000001"));
    set_money(&record, INT64_MIN, 4);
    ck_assert(matches(&record, "amount > -99999999999999999999999999999999999999999999999999999999999999"));
    ck_assert(matches(&record, "amount == -922337203685477.58080000000000000000000000000000"));
    ck_assert(matches(&record, "amount > -922337203685477.58080000000000000000000000000001"));
    set_money(&record, 0, 2);
    ck_assert(
        matches(&record, "amount == -0.000 and amount == +0 and amount > -0.0000001 and amount < 0.0000001"));
}
END_TEST

CHECK_MAIN("common/expression/operand", money_goes_by_its_label_and_by_its_name_on_the_wire,
           a_field_goes_before_a_coordinate_of_that_name, an_unknown_name_has_a_suggestion_or_the_list,
           types_are_checked_when_it_is_parsed,
           texts_currencies_lists_uuids_and_times_compare_with_their_literals,
           a_doubled_quote_stands_for_itself, money_at_the_edges_of_int64_compares_as_128_bits_say,
           an_integer_compares_with_any_decimal, a_literal_may_have_any_number_of_digits)

#include "common/record/text.h"
#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"

static struct record_storage storage;
static char line[512];

static const char *line_of(const char *workload, const char *json, uint64_t number)
{
    struct record record;
    struct error error = ERROR_INIT;
    int result =
        record_from_json(schema_by_workload(workload), json, strlen(json), &storage, &record, &error);
    ck_assert_msg(result == 0, "%s", error.text);
    record_line(&record, number, line, sizeof line);
    return line;
}

START_TEST(tells_a_payment)
{
    ck_assert_str_eq(
        line_of("payments",
                "{\"user\":\"marek\",\"amount\":249.99,\"currency\":\"PLN\",\"method\":\"credit_card\","
                "\"timestamp\":\"2026-02-26T09:52:20.102594+00:00\"}",
                1),
        "💳 Payment: 249.99 PLN via credit_card from marek at 2026-02-26T09:52:20.102594+00:00");
}
END_TEST

START_TEST(tells_an_order)
{
    ck_assert_str_eq(
        line_of("orders",
                "{\"user_id\":\"anna\",\"item\":\"keyboard\",\"quantity\":2,\"amount\":499.98,\"currency\":"
                "\"PLN\","
                "\"timestamp\":\"2026-02-26T09:52:20.102594+00:00\"}",
                1),
        "🛒 Order: 2 × keyboard for 499.98 PLN by anna, created at 2026-02-26T09:52:20.102594+00:00");
}
END_TEST

START_TEST(tells_a_transaction_in_columns)
{
    ck_assert_str_eq(
        line_of("transactions",
                "{\"transaction_id\":\"TXN-45678\",\"account\":1234,\"amount\":150.50,\"type\":\"deposit\"}",
                1),
        "[   1] Account 1234 |    $+150.50 | deposit      | TXN-45678");
    ck_assert_str_eq(
        line_of("transactions",
                "{\"transaction_id\":\"TXN-1\",\"account\":5000,\"amount\":-1000,\"type\":\"withdrawal\"}",
                12345),
        "[12345] Account 5000 |   $-1000.00 | withdrawal   | TXN-1");
}
END_TEST

START_TEST(names_another_currency_than_the_dollar)
{
    ck_assert_str_eq(line_of("transactions",
                             "{\"transaction_id\":\"TXN-1\",\"account\":1000,\"amount\":1,\"currency\":"
                             "\"EUR\",\"type\":\"payment\"}",
                             2),
                     "[   2] Account 1000 |   EUR +1.00 | payment      | TXN-1");
}
END_TEST

START_TEST(tells_a_message_with_and_without_key)
{
    ck_assert_str_eq(line_of("messages", "{\"content\":\"hello\",\"key\":\"alpha\"}", 1),
                     "💬 Message: hello (key alpha)");
    ck_assert_str_eq(line_of("messages", "{\"content\":\"hello\"}", 1), "💬 Message: hello");
}
END_TEST

START_TEST(lets_no_terminal_sequence_through)
{
    struct record record = {.schema = schema_by_workload("messages"), .present = 1};
    static const char content[] = "\x1b]0;title\x07\r\n\xc2\x9b"
                                  "31m\xe2\x80\xae\xff ok";
    record.values[0].text = (struct mp_view){content, sizeof content - 1};
    record_line(&record, 1, line, sizeof line);
    ck_assert_str_eq(line, "💬 Message: \\x1b]0;title\\x07\\x0d\\x0a\\xc2\\x9b31m\\xe2\\x80\\xae\\xff ok");
}
END_TEST

START_TEST(cuts_between_characters)
{
    struct record record = {.schema = schema_by_workload("messages"), .present = 1};
    record.values[0].text = (struct mp_view){"żżżż", 8};
    for (size_t bytes = 0; bytes < 40; bytes++) {
        char *exact = malloc(bytes + 1);
        ck_assert_ptr_nonnull(exact);
        record_line(&record, 1, exact, bytes);
        if (bytes > 0) {
            size_t length = strlen(exact);
            ck_assert_uint_lt(length, bytes);
            ck_assert(length == 0 || length == 14 || (length > 14 && length % 2 == 0));
        }
        free(exact);
    }
}
END_TEST

START_TEST(escapes_into_what_room_there_is)
{
    char buffer[8] = "ab";
    size_t used = 2;
    text_escape(buffer, sizeof buffer, &used,
                "c\x1b"
                "d",
                3);
    ck_assert_str_eq(buffer, "abc\\x1b");
    ck_assert_uint_eq(used, 7);
    text_escape(buffer, sizeof buffer, &used, "e", 1);
    ck_assert_str_eq(buffer, "abc\\x1b");
}
END_TEST

CHECK_MAIN("common/record/line", tells_a_payment, tells_an_order, tells_a_transaction_in_columns,
           names_another_currency_than_the_dollar, tells_a_message_with_and_without_key,
           lets_no_terminal_sequence_through, cuts_between_characters, escapes_into_what_room_there_is)

#include "common/record/text.h"
#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

static struct record_storage storage;
static struct record record;
static struct error error;

static int read_json(const char *workload, const char *json)
{
    error = (struct error)ERROR_INIT;
    return record_from_json(schema_by_workload(workload), json, strlen(json), &storage, &record, &error);
}

static void accepts(const char *workload, const char *json)
{
    int result = read_json(workload, json);
    ck_assert_msg(result == 0, "%s: %s", json, error.text);
}

static void refuses(const char *workload, const char *json, const char *why)
{
    ck_assert_msg(read_json(workload, json) == -1, "accepted: %s", json);
    ck_assert_msg(strstr(error.text, why) != NULL, "%s\n  said: %s\n  not:  %s", json, error.text, why);
}

#define PAYMENT(amount, more)                                                                                \
    "{\"user\":\"marek\",\"amount\":" amount ",\"currency\":\"PLN\",\"method\":\"blik\"" more "}"

static int64_t integer(const char *field)
{
    int index = schema_field_index(record.schema, field, strlen(field));
    ck_assert(record_has(&record, index));
    return record.values[index].integer;
}

START_TEST(reads_an_amount_exactly_as_number_or_string)
{
    accepts("payments", PAYMENT("249.99", ""));
    ck_assert_int_eq(integer("amount_minor"), 24999);
    accepts("payments", PAYMENT("\"249.99\"", ""));
    ck_assert_int_eq(integer("amount_minor"), 24999);
    accepts("payments", PAYMENT("250", ""));
    ck_assert_int_eq(integer("amount_minor"), 25000);
    accepts("payments", PAYMENT("9999999999.99", "")); /* a float of 32 bits would be off by hundreds */
    ck_assert_int_eq(integer("amount_minor"), INT64_C(999999999999));
}
END_TEST

START_TEST(refuses_an_amount_that_a_double_would_have_rounded)
{
    refuses("payments", PAYMENT("0.1000000000000000001", ""), "field amount");
    refuses("payments", PAYMENT("249.990", ""), "at most 2 digits");
    refuses("payments", PAYMENT("2.4999e2", ""), "field amount");
    refuses("payments", PAYMENT("true", ""), "expected a number or a string, found a boolean");
}
END_TEST

START_TEST(the_currency_may_come_after_the_amount)
{
    accepts("payments", "{\"amount\":1250,\"user\":\"ola\",\"method\":\"blik\",\"currency\":\"JPY\"}");
    ck_assert_int_eq(integer("amount_minor"), 1250);
    ck_assert_int_eq(integer("exponent"), 0);
    refuses("payments", "{\"amount\":12.5,\"user\":\"ola\",\"method\":\"blik\",\"currency\":\"JPY\"}",
            "without a point");
}
END_TEST

START_TEST(makes_identifier_time_and_exponent)
{
    accepts("payments", PAYMENT("1.00", ""));
    ck_assert_int_eq(integer("timestamp"), clock_wall_us());
    ck_assert_int_eq(integer("exponent"), 2);
    ck_assert_uint_eq(record.values[0].uuid[6] >> 4, 4);
    accepts("transactions", "{\"account\":1234,\"amount\":-3.5,\"type\":\"payment\"}");
    ck_assert_int_eq(integer("amount_minor"), -350);
    ck_assert_mem_eq(record.values[0].text.data, "TXN-", 4);
    ck_assert_mem_eq(record.values[3].text.data, "USD", 3);
}
END_TEST

START_TEST(reads_its_own_output)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct generator generator;
        generator_init(&generator, 9);
        for (int i = 0; i < 300; i++) {
            struct record made;
            char json[1024];
            uint8_t before[1024];
            uint8_t after[1024];
            generator_next(&generator, schema, SAMPLE_WALL_US + i, &made);
            ck_assert_int_eq(record_json(&made, json, sizeof json), 0);
            accepts(schema->workload, json);
            size_t length = record_encode(&made, before, sizeof before);
            ck_assert_uint_eq(record_encode(&record, after, sizeof after), length);
            ck_assert_mem_eq(before, after, length);
        }
    }
}
END_TEST

START_TEST(names_what_is_wrong)
{
    refuses("payments", "", "not JSON");
    refuses("payments", "{\"user\":", "not JSON");
    refuses("payments", "[1]", "expected a JSON object, found an array");
    refuses("payments", "{}", "fields missing: user, amount, currency, method");
    refuses("payments", PAYMENT("1", ",\"colour\":1"), "field 'colour'");
    refuses("payments", "{\"usr\":\"x\"}", "did you mean user?");
    refuses("payments", PAYMENT("1", ",\"user\":\"ewa\""), "not JSON: duplicate");
    refuses("payments", PAYMENT("1", ",\"timestamp\":17"),
            "field timestamp: expected a string, found a number");
    refuses("payments", PAYMENT("1", ",\"timestamp\":\"noon\""), "field timestamp: 'noon' is not a time");
    refuses("payments", PAYMENT("1", ",\"payment_id\":\"7\""), "field payment_id: '7' is not a UUID");
    refuses("payments", PAYMENT("0", ""), "field amount: expected 0.01 to 10000000000.00");
    refuses("payments", "{\"user\":\"x\",\"amount\":1,\"currency\":\"PLN\",\"method\":\"cash\"}",
            "field method: expected one of credit_card,");
    refuses("payments", "{\"user\":\"x\\u0000y\"}", "not JSON");
    refuses("transactions", "{\"account\":\"1234\",\"amount\":1,\"type\":\"deposit\"}",
            "field account: expected a whole number, found a string");
    refuses("transactions", "{\"account\":999,\"amount\":1,\"type\":\"deposit\"}", "field account");
    refuses("transactions", "{\"account\":1e3,\"amount\":1,\"type\":\"deposit\"}",
            "field account: expected a whole number");
    refuses("messages", "{\"content\":null}", "field content: expected a string, found null");
    refuses("payments", "{\"am\\u006funt\":1,\"user\":\"x\",\"currency\":\"PLN\",\"method\":\"blik\"}",
            "without escapes");
    refuses("payments", "{\"\\u001b[2J\":1}", "\\x1b[2J");
}
END_TEST

START_TEST(null_is_as_good_as_absent_for_an_optional_field)
{
    accepts("messages", "{\"content\":\"hi\",\"key\":null}");
    ck_assert_uint_eq(record.present, 1);
}
END_TEST

START_TEST(refuses_texts_beyond_the_storage)
{
    static char json[80000];
    memset(json, 'x', sizeof json);
    memcpy(json, "{\"content\":\"", 12);
    memcpy(json + sizeof json - 3, "\"}", 3);
    refuses("messages", json, "field content");
}
END_TEST

CHECK_MAIN("common/record/from_json", reads_an_amount_exactly_as_number_or_string,
           refuses_an_amount_that_a_double_would_have_rounded, the_currency_may_come_after_the_amount,
           makes_identifier_time_and_exponent, reads_its_own_output, names_what_is_wrong,
           null_is_as_good_as_absent_for_an_optional_field, refuses_texts_beyond_the_storage)

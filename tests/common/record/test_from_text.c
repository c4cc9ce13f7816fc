#include "common/record/text.h"
#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"

static struct record_storage storage;
static struct record record;
static struct error error;

static void begin(const char *workload)
{
    storage.used = 0;
    error = (struct error)ERROR_INIT;
    record = (struct record){.schema = schema_by_workload(workload)};
}

static int set(const char *label, const char *text)
{
    return record_set_text(&record, label, text, &storage, &error);
}

START_TEST(makes_a_payment_of_flags)
{
    begin("payments");
    ck_assert_int_eq(set("currency", "PLN") | set("user", "marek") | set("amount", "249.99") |
                         set("method", "credit_card"),
                     0);
    ck_assert_int_eq(record_complete(&record, &storage, SAMPLE_WALL_US, &error), 0);
    ck_assert_uint_eq(record.present, 0x7f);
    ck_assert_int_eq(record.values[2].integer, 24999);
    ck_assert_int_eq(record.values[6].integer, SAMPLE_WALL_US);
    struct record_problem problem;
    ck_assert_int_eq(record_validate(&record, &problem), 0);
}
END_TEST

START_TEST(money_needs_its_currency_first)
{
    begin("payments");
    ck_assert_int_eq(set("amount", "249.99"), -1);
    ck_assert_str_eq(error.text,
                     "field amount: give the currency first: it says how many digits follow the point");
    ck_assert_int_eq(set("currency", "PLN") | set("amount", "249.99"), 0);
    ck_assert_int_eq(set("currency", "JPY"), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "before the amount"));
}
END_TEST

START_TEST(says_everything_that_is_missing_at_once)
{
    begin("orders");
    ck_assert_int_eq(set("item", "lamp"), 0);
    ck_assert_int_eq(record_complete(&record, &storage, 0, &error), -1);
    ck_assert_str_eq(error.text, "fields missing: user_id, quantity, amount, currency");
}
END_TEST

START_TEST(two_made_identifiers_differ)
{
    uint8_t first[16];
    for (int i = 0; i < 2; i++) {
        begin("payments");
        ck_assert_int_eq(
            set("currency", "EUR") | set("user", "ewa") | set("amount", "1") | set("method", "blik"), 0);
        ck_assert_int_eq(record_complete(&record, &storage, 0, &error), 0);
        if (i == 0)
            memcpy(first, record.values[0].uuid, sizeof first);
    }
    ck_assert_mem_ne(first, record.values[0].uuid, sizeof first);
}
END_TEST

START_TEST(a_failed_field_is_not_set)
{
    begin("transactions");
    ck_assert_int_eq(set("account", "12x"), -1);
    ck_assert_int_eq(set("account", "99999999999999999999"), -1);
    ck_assert_int_eq(set("timestamp", "2026-02-30T00:00:00Z"), -1);
    ck_assert_uint_eq(record.present, 0);
}
END_TEST

static int read_words(const char *workload, const char *text)
{
    error = (struct error)ERROR_INIT;
    return record_from_words(schema_by_workload(workload), text, &storage, &record, &error);
}

START_TEST(makes_a_record_of_words_in_any_order)
{
    ck_assert_int_eq(read_words("payments", "amount=249.99\nmethod=blik\n\nuser=a = b\ncurrency=PLN\n"), 0);
    ck_assert_uint_eq(record.present, 0x7f);
    ck_assert_int_eq(record.values[2].integer, 24999);
    ck_assert_uint_eq(record.values[1].text.length, 5); /* "a = b" */
    ck_assert_mem_eq(record.values[1].text.data, "a = b", 5);
}
END_TEST

START_TEST(words_that_are_no_record_are_refused_by_name)
{
    static const char *const wrong[][2] = {
        {"user", "'user' is not field=value"},
        {"user=marek\ncolour=red", "field 'colour': payments have no such field"},
        {"user=marek\nuser=ola", "field user: given twice"},
        {"currency=PLN\ncurrency=EUR", "field currency: given twice"},
        {"user=marek\ncurrency=PLN\namount=x", "field amount: "},
        {"user=marek\ncurrency=PLN\namount=1", "fields missing: method"},
        {"", "fields missing: user, amount, currency, method"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_eq(read_words("payments", wrong[i][0]), -1);
        ck_assert_msg(strstr(error.text, wrong[i][1]) != NULL, "%s", error.text);
    }
}
END_TEST

CHECK_MAIN("common/record/from_text", makes_a_record_of_words_in_any_order,
           words_that_are_no_record_are_refused_by_name, makes_a_payment_of_flags,
           money_needs_its_currency_first, says_everything_that_is_missing_at_once,
           two_made_identifiers_differ, a_failed_field_is_not_set)

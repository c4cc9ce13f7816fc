#include "tests/common/record/samples.h"

#include "tests/support/check_main.h"

static struct generator generator;

static struct record valid(const char *workload)
{
    struct record record;
    generator_init(&generator, 1);
    generator_next(&generator, schema_by_workload(workload), SAMPLE_WALL_US, &record);
    return record;
}

static int index_of(const struct record *record, const char *field)
{
    int index = schema_field_index(record->schema, field, strlen(field));
    ck_assert_int_ge(index, 0);
    return index;
}

/* The fault that validation finds, which must be at that field. */
static enum record_fault fault_of(const struct record *record, int index)
{
    struct record_problem problem = {.fault = RECORD_OK};
    if (record_validate(record, &problem) == 0)
        return RECORD_OK;
    ck_assert_ptr_eq(problem.field, &record->schema->fields[index]);
    ck_assert_uint_eq(problem.offset, 0);
    return problem.fault;
}

static enum record_fault with_text(const char *workload, const char *field, const char *text, size_t length)
{
    struct record record = valid(workload);
    int index = index_of(&record, field);
    record.values[index].text = (struct mp_view){text, (uint32_t)length};
    return fault_of(&record, index);
}

static enum record_fault with_integer(const char *workload, const char *field, int64_t value)
{
    struct record record = valid(workload);
    int index = index_of(&record, field);
    record.values[index].integer = value;
    return fault_of(&record, index);
}

START_TEST(accepts_every_generated_record)
{
    FOR_EACH_SCHEMA(schema)
    {
        struct record record = valid(schema->workload);
        ck_assert_int_eq(fault_of(&record, 0), RECORD_OK);
    }
}
END_TEST

START_TEST(refuses_integers_out_of_their_bounds)
{
    ck_assert_int_eq(with_integer("transactions", "account", 999), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_integer("transactions", "account", 1000), RECORD_OK);
    ck_assert_int_eq(with_integer("transactions", "account", 5000), RECORD_OK);
    ck_assert_int_eq(with_integer("transactions", "account", 5001), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_integer("transactions", "amount_minor", -100001), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_integer("transactions", "amount_minor", -100000), RECORD_OK);
    ck_assert_int_eq(with_integer("payments", "amount_minor", 0), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_integer("payments", "exponent", 5), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_integer("payments", "timestamp", -1), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_integer("payments", "timestamp", INT64_MAX), RECORD_OUT_OF_RANGE);
}
END_TEST

START_TEST(refuses_texts_out_of_their_lengths)
{
    static char filler[60001];
    memset(filler, 'x', sizeof filler);
    ck_assert_int_eq(with_text("payments", "user", "", 0), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_text("payments", "user", filler, 64), RECORD_OK);
    ck_assert_int_eq(with_text("payments", "user", filler, 65), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_text("messages", "content", "", 0), RECORD_OK);
    ck_assert_int_eq(with_text("messages", "content", filler, 60000), RECORD_OK);
    ck_assert_int_eq(with_text("messages", "content", filler, 60001), RECORD_OUT_OF_RANGE);
}
END_TEST

START_TEST(refuses_bad_utf8)
{
    ck_assert_int_eq(with_text("payments", "user", "mar\xffk", 5), RECORD_BAD_UTF8);
    ck_assert_int_eq(with_text("messages", "content", "12345678\xc0\xaf", 10), RECORD_BAD_UTF8);
    ck_assert_int_eq(with_text("messages", "content", "zażółć gęślą jaźń 💳", strlen("zażółć gęślą jaźń 💳")),
                     RECORD_OK);
}
END_TEST

START_TEST(refuses_words_that_are_not_in_the_list)
{
    ck_assert_int_eq(with_text("payments", "method", "blik", 4), RECORD_OK);
    ck_assert_int_eq(with_text("payments", "method", "bli", 3), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_text("payments", "method", "blik\0", 5), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_text("payments", "method", "bliK", 4), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_text("payments", "method", "", 0), RECORD_OUT_OF_RANGE);
}
END_TEST

START_TEST(refuses_what_is_no_currency_code)
{
    ck_assert_int_eq(with_text("payments", "currency", "XAU", 3), RECORD_OK);
    ck_assert_int_eq(with_text("payments", "currency", "pln", 3), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_text("payments", "currency", "PL", 2), RECORD_OUT_OF_RANGE);
    ck_assert_int_eq(with_text("payments", "currency", "PLNN", 4), RECORD_OUT_OF_RANGE);
}
END_TEST

START_TEST(refuses_a_record_that_lacks_a_field)
{
    FOR_EACH_SCHEMA(schema)
    {
        for (size_t i = 0; i < schema->field_count; i++) {
            struct record record = valid(schema->workload);
            record.present &= ~(UINT32_C(1) << i);
            ck_assert_int_eq(fault_of(&record, (int)i),
                             schema->fields[i].optional ? RECORD_OK : RECORD_MISSING_FIELD);
        }
    }
}
END_TEST

CHECK_MAIN("common/record/validate", accepts_every_generated_record, refuses_integers_out_of_their_bounds,
           refuses_texts_out_of_their_lengths, refuses_bad_utf8, refuses_words_that_are_not_in_the_list,
           refuses_what_is_no_currency_code, refuses_a_record_that_lacks_a_field)

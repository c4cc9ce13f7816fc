#include "common/record/record.h"
#include "tests/support/check_main.h"

static const char *text_of(struct record_problem problem)
{
    static char text[256];
    record_problem_text(&problem, text, sizeof text);
    return text;
}

static const struct field *field(const char *workload, const char *name)
{
    const struct schema *schema = schema_by_workload(workload);
    return &schema->fields[schema_field_index(schema, name, strlen(name))];
}

START_TEST(says_byte_field_and_expectation)
{
    ck_assert_str_eq(text_of((struct record_problem){RECORD_WRONG_TYPE, 17, field("payments", "amount_minor"),
                                                     MP_STR, NULL}),
                     "byte 17: field amount_minor: expected an integer, found a string");
    ck_assert_str_eq(text_of((struct record_problem){RECORD_NOT_A_MAP, 0, NULL, MP_ARRAY, NULL}),
                     "byte 0: expected a map, found an array");
    ck_assert_str_eq(text_of((struct record_problem){RECORD_TRAILING_BYTES, 118, NULL, MP_NIL, NULL}),
                     "byte 118: bytes after the end of the record");
    ck_assert_str_eq(text_of((struct record_problem){RECORD_OUT_OF_RANGE, 0, field("transactions", "account"),
                                                     MP_END, NULL}),
                     "field account: expected 1000 to 5000");
    ck_assert_str_eq(
        text_of((struct record_problem){RECORD_OUT_OF_RANGE, 0, field("transactions", "type"), MP_END, NULL}),
        "field type: expected one of deposit, withdrawal, transfer, payment");
    ck_assert_str_eq(
        text_of((struct record_problem){RECORD_MISSING_FIELD, 90, field("payments", "user"), MP_END, NULL}),
        "byte 90: field user: missing");
}
END_TEST

START_TEST(has_a_sentence_for_every_fault_of_every_field)
{
    for (size_t s = 0; schema_at(s) != NULL; s++)
        for (size_t f = 0; f < schema_at(s)->field_count; f++)
            for (int fault = RECORD_TRUNCATED; fault < RECORD_FAULTS; fault++) {
                const char *text = text_of((struct record_problem){(enum record_fault)fault, 1,
                                                                   &schema_at(s)->fields[f], MP_NIL, NULL});
                ck_assert_uint_gt(strlen(text), strlen("byte 1: field x: "));
                ck_assert_ptr_null(strstr(text, "(null)"));
            }
}
END_TEST

START_TEST(keeps_to_its_buffer)
{
    char text[9];
    memset(text, 'x', sizeof text);
    record_problem_text(&(struct record_problem){RECORD_NOT_A_MAP, 0, NULL, MP_NIL, NULL}, text, 8);
    ck_assert_int_eq(text[8], 'x');
    ck_assert_ptr_nonnull(memchr(text, '\0', 8));
}
END_TEST

CHECK_MAIN("common/record/problem", says_byte_field_and_expectation,
           has_a_sentence_for_every_fault_of_every_field, keeps_to_its_buffer)

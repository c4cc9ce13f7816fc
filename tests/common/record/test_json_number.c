#include "common/record/json_number.h"
#include "tests/support/check_main.h"

static const char *find(const char *json, const char *name)
{
    static char text[64];
    struct mp_view number;
    if (!json_number_text(json, strlen(json), name, &number))
        return "none";
    snprintf(text, sizeof text, "%.*s", (int)number.length, number.data);
    return text;
}

START_TEST(finds_the_text_of_a_number)
{
    ck_assert_str_eq(find("{\"amount\":249.99}", "amount"), "249.99");
    ck_assert_str_eq(find(" { \"a\" : 1 , \"amount\" : -0.5e3 } ", "amount"), "-0.5e3");
    ck_assert_str_eq(find("{\"amount\":1\n,\"b\":2}", "b"), "2");
}
END_TEST

START_TEST(is_not_misled_by_strings_and_nesting)
{
    ck_assert_str_eq(find("{\"x\":{\"amount\":1},\"y\":[{\"amount\":2},\"]\\\"}\"],\"amount\":3}", "amount"),
                     "3");
    ck_assert_str_eq(find("{\"x\":\"\\\",\\\"amount\\\":1,\\\\\",\"amount\":4}", "amount"), "4");
    ck_assert_str_eq(find("{\"x\":{\"y\":\"}\",\"amount\":1},\"amount\":6}", "amount"), "6");
    ck_assert_str_eq(find("{\"x\":\"amount\",\"amount\":5}", "amount"), "5");
}
END_TEST

START_TEST(finds_only_numbers_of_that_name)
{
    ck_assert_str_eq(find("{\"amount\":\"1\"}", "amount"), "none");
    ck_assert_str_eq(find("{\"amount\":true}", "amount"), "none");
    ck_assert_str_eq(find("{\"amounts\":1}", "amount"), "none");
    ck_assert_str_eq(find("{\"am\\u006funt\":1}", "amount"), "none");
    ck_assert_str_eq(find("{}", "amount"), "none");
}
END_TEST

START_TEST(reads_no_byte_outside_of_any_text)
{
    static const char json[] = "{\"x\":{\"a\":[1,\"\\\\\"]},\"amount\":12.5}";
    for (size_t length = 0; length < sizeof json; length++) {
        char *exact = malloc(length + 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact + 1, json,
               length); /* up to the last byte of the allocation: a sanitizer sees one more */
        struct mp_view number;
        (void)json_number_text(exact + 1, length, "amount", &number);
        free(exact);
    }
}
END_TEST

CHECK_MAIN("common/record/json_number", finds_the_text_of_a_number, is_not_misled_by_strings_and_nesting,
           finds_only_numbers_of_that_name, reads_no_byte_outside_of_any_text)

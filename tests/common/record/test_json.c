#include <jansson.h>

#include "common/record/text.h"
#include "tests/common/record/samples.h"
#include "tests/support/check_main.h"

static const char *json_of(const struct record *record)
{
    static char text[RECORD_JSON_MAX];
    ck_assert_int_eq(record_json(record, text, sizeof text), 0);
    return text;
}

static struct record message(const char *content, size_t length)
{
    struct record record = {.schema = schema_by_workload("messages"), .present = 1};
    record.values[0].text = (struct mp_view){content, (uint32_t)length};
    return record;
}

START_TEST(shows_a_payment_as_people_write_it)
{
    struct record record = {.schema = schema_by_workload("payments"), .present = 0x7f};
    static const uint8_t uuid[16] = {0,    0x11, 0x22, 0x33, 0x44, 0x55, 0x46, 0x77,
                                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    memcpy(record.values[0].uuid, uuid, sizeof uuid);
    record.values[1].text = (struct mp_view){"marek", 5};
    record.values[2].integer = 24999;
    record.values[3].text = (struct mp_view){"PLN", 3};
    record.values[4].integer = 2;
    record.values[5].text = (struct mp_view){"credit_card", 11};
    record.values[6].integer = SAMPLE_WALL_US;
    ck_assert_str_eq(
        json_of(&record),
        "{\"payment_id\":\"00112233-4455-4677-8899-aabbccddeeff\",\"user\":\"marek\",\"amount\":249.99,"
        "\"currency\":\"PLN\",\"method\":\"credit_card\",\"timestamp\":\"2026-02-26T09:52:20.102594+00:"
        "00\"}");
}
END_TEST

START_TEST(escapes_what_json_and_terminals_mind)
{
    static const char content[] = "a\"b\\c\n\t\x1b[2J\x7f\xc2\x9b"
                                  "3\xe2\x80\xae!\xff ż";
    struct record record = message(content, sizeof content - 1);
    ck_assert_str_eq(json_of(&record),
                     "{\"content\":\"a\\\"b\\\\c\\n\\t\\u001b[2J\\u007f\\u009b3\\u202e!\\ufffd ż\"}");
}
END_TEST

START_TEST(jansson_reads_every_text_back)
{
    for (unsigned first = 1; first < 256; first++) {
        char content[2] = {(char)first, 'x'};
        struct record record = message(content, 2);
        json_error_t error;
        json_t *object = json_loads(json_of(&record), JSON_REJECT_DUPLICATES, &error);
        ck_assert_msg(object != NULL, "byte %u: %s", first, error.text);
        if (first < 0x80)
            ck_assert_mem_eq(json_string_value(json_object_get(object, "content")), content, 2);
        json_decref(object);
    }
}
END_TEST

START_TEST(leaves_out_what_is_absent)
{
    struct record record = {.schema = schema_by_workload("messages")};
    ck_assert_str_eq(json_of(&record), "{}");
}
END_TEST

START_TEST(says_when_the_buffer_does_not_suffice)
{
    struct record record = message("hello", 5);
    size_t needed = strlen("{\"content\":\"hello\"}") + 1;
    for (size_t bytes = 0; bytes <= needed; bytes++) {
        char *exact = malloc(bytes + 1);
        ck_assert_ptr_nonnull(exact);
        ck_assert_int_eq(record_json(&record, exact, bytes), bytes < needed ? -1 : 0);
        ck_assert(bytes == 0 || memchr(exact, '\0', bytes) != NULL);
        free(exact);
    }
}
END_TEST

START_TEST(the_worst_valid_record_fits_the_stated_size)
{
    static char content[60000];
    memset(content, 1, sizeof content);
    struct record record = message(content, sizeof content);
    ck_assert_uint_gt(strlen(json_of(&record)), 6 * sizeof content);
}
END_TEST

START_TEST(a_string_is_appended_whole_or_not_at_all)
{
    char buffer[16] = "ab";
    size_t used = 2;
    text_json(buffer, sizeof buffer, &used, "say \"\x1b", 6);
    ck_assert_str_eq(buffer, "ab"); /* 2 + 14 and a NUL do not fit */
    ck_assert_uint_eq(used, 2);
    text_json(buffer, sizeof buffer, &used, "a\"\xff", 3);
    ck_assert_str_eq(buffer, "ab\"a\\\"\\ufffd\"");
    ck_assert_uint_eq(used, strlen(buffer));
}
END_TEST

CHECK_MAIN("common/record/json", a_string_is_appended_whole_or_not_at_all, shows_a_payment_as_people_write_it,
           escapes_what_json_and_terminals_mind, jansson_reads_every_text_back, leaves_out_what_is_absent,
           says_when_the_buffer_does_not_suffice, the_worst_valid_record_fits_the_stated_size)

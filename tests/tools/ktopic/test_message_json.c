/* A message whole, as JSON, whatever its bytes are. */
#include "tools/ktopic/message_json.h"

#include <jansson.h>
#include <stdlib.h>

#include "common/record/generate.h"
#include "tests/support/check_main.h"

static char *text;

static void tear_down(void)
{
    free(text);
}

static const char *shown(const struct whole_message *whole, const struct schema *fallback)
{
    size_t length;
    free(text);
    FILE *stream = open_memstream(&text, &length);
    ck_assert_int_eq(message_json(stream, whole, fallback), 0);
    fclose(stream);
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
    ck_assert_msg(json != NULL, "no JSON: %s", text);
    json_decref(json);
    return text;
}

/* The value's member, and what follows it. */
static const char *value(const void *bytes, size_t length)
{
    const struct whole_message whole = {.message = {.value = bytes, .length = length}, .timestamp_us = -1};
    return strstr(shown(&whole, NULL), "\"value\":") + 8;
}

#define VALUE(bytes) value(bytes, sizeof(bytes) - 1)
#define BECAUSE                                                                                              \
    ",\"undecodable\":\"it has no schema header, and no workload has this topic: name one "                  \
    "with --workload\"}"

START_TEST(place_time_key_and_headers_stand_in_front)
{
    const struct message_header headers[] = {{"a", "1", 1}, {"a", NULL, 0}, {"b", "\x1b\xff", 2}};
    const struct whole_message whole = {.message = {.partition = 3, .offset = 41},
                                        .timestamp_us = 1772099522102594,
                                        .key = "k\n",
                                        .key_length = 2,
                                        .headers = headers,
                                        .header_count = 3};
    ck_assert_str_eq(
        shown(&whole, NULL),
        "{\"partition\":3,\"offset\":41,\"timestamp\":\"2026-02-26T09:52:02.102594+00:00\",\"key\":"
        "\"k\\n\",\"headers\":[[\"a\",\"1\"],[\"a\",null],[\"b\",\"\\u001b\\ufffd\"]],\"value\":null}");
    ck_assert_str_eq(value(NULL, 0), "null}");
}
END_TEST

START_TEST(a_record_is_shown_by_its_schema)
{
    static char bytes[RECORD_ENCODED_MAX];
    struct generator generator;
    struct record record;
    generator_init(&generator, 1);
    generator_next(&generator, schema_by_workload("payments"), 1, &record);
    const struct whole_message whole = {.message = {.value = bytes,
                                                    .length = record_encode(&record, bytes, sizeof bytes),
                                                    .schema = "payment/1",
                                                    .schema_length = 9},
                                        .timestamp_us = -1};
    ck_assert_ptr_nonnull(strstr(
        shown(&whole, NULL), "\"timestamp\":null,\"key\":null,\"headers\":[],\"value\":{\"payment_id\":"));
    ck_assert_ptr_null(strstr(text, "undecodable"));
}
END_TEST

START_TEST(message_pack_of_no_schema_is_shown_as_what_it_is)
{
    ck_assert_str_eq(VALUE("\x90"), "[]" BECAUSE);
    ck_assert_str_eq(VALUE("\x96\xc0\xc2\xc3\x01\xff\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
                     "[null,false,true,1,-1,18446744073709551615]" BECAUSE);
    ck_assert_str_eq(
        VALUE("\x93\xca\x3f\xc0\x00\x00\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xca\x7f\xc0\x00\x00"),
        "[1.5,1.5,null]" BECAUSE);
    ck_assert_str_eq(VALUE("\x93\xc4\x02\x00\xff\xa2\x1b\x41\xd4\x05\x07"),
                     "[\"00ff\",\"\\u001bA\",\"d40507\"]" BECAUSE);
    ck_assert_str_eq(VALUE("\x83\xa1\x61\x80\x01\x02\x91\x03\x04"), "{\"a\":{},\"1\":2,\"[3]\":4}" BECAUSE);
}
END_TEST

START_TEST(what_is_neither_is_shown_as_text_cut_and_with_its_length)
{
    static char much[MESSAGE_RAW_BYTES + 10];
    memset(much, 'A', sizeof much);
    ck_assert_str_eq(VALUE("hi \xff"), "\"hi \\ufffd\",\"bytes\":4" BECAUSE);
    ck_assert_str_eq(value("", 0), "\"\",\"bytes\":0" BECAUSE);
    ck_assert_str_eq(VALUE("\x91"), "\"\\ufffd\",\"bytes\":1" BECAUSE);            /* truncated */
    ck_assert_str_eq(VALUE("\x90\x90"), "\"\\ufffd\\ufffd\",\"bytes\":2" BECAUSE); /* something behind it */
    ck_assert_ptr_nonnull(strstr(value(much, sizeof much), "A\",\"bytes\":4106,"));
    ck_assert_uint_lt(strlen(text), MESSAGE_RAW_BYTES + 300);
}
END_TEST

START_TEST(no_nesting_is_deep_enough_to_matter)
{
    static char deep[100000];
    memset(deep, '\x91', sizeof deep - 1);
    deep[sizeof deep - 1] = '\xc0';
    ck_assert_ptr_nonnull(strstr(value(deep, sizeof deep), "\"bytes\":100000"));
    ck_assert_str_eq(value(deep + sizeof deep - 1 - MP_DEPTH_MAX, MP_DEPTH_MAX + 1),
                     "[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]" BECAUSE);
}
END_TEST

CHECK_MAIN_WITH("tools/ktopic/message_json", NULL, tear_down, place_time_key_and_headers_stand_in_front,
                a_record_is_shown_by_its_schema, message_pack_of_no_schema_is_shown_as_what_it_is,
                what_is_neither_is_shown_as_text_cut_and_with_its_length, no_nesting_is_deep_enough_to_matter)

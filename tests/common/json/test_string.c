#include "tests/common/json/support.h"

static char room[256];

static struct js_scratch scratch_of(size_t size)
{
    return (struct js_scratch){room, size, 0};
}

START_TEST(a_string_without_escapes_is_a_view_into_the_text)
{
    static const char *const strings[] = {"",     "a",        "1234567",    "12345678", "123456789",
                                          "Łódź", "1234567Ł", "💳 and more", "a\x7f"};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        char json[64];
        struct mp_view value;
        snprintf(json, sizeof json, "\"%s\"", strings[i]);
        struct text text = text_of(json);
        ck_assert_msg(js_read_str(&text.reader, NULL, &value), "%s", json);
        ck_assert(view_is(&value, strings[i]));
        ck_assert_ptr_eq(value.data, text.bytes + 1);
        ck_assert(js_end(&text.reader));
        text_free(&text);
    }
}
END_TEST

START_TEST(escapes_are_written_into_the_scratch_buffer)
{
    static const struct {
        const char *json;
        const char *value;
    } cases[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20ac\\uD83D\\uDCb3\"", "Aé€💳"},
        {"\"\\uffff\\uFDD0\"", "\xef\xbf\xbf\xef\xb7\x90"},
        {"\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"\"before Ł\\nbehind ó\"", "before Ł\nbehind ó"},
        {"\"\\n\"", "\n"},
        {"\"\\\\u0041\"", "\\u0041"},
        {"\"\\u0041\\u0042 and a longer run of plain text\"", "AB and a longer run of plain text"},
    };
    struct js_scratch scratch = scratch_of(sizeof room);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mp_view value;
        struct text text = text_of(cases[i].json);
        size_t before = scratch.used;
        ck_assert_msg(js_read_str(&text.reader, &scratch, &value), "%s", cases[i].json);
        ck_assert_msg(view_is(&value, cases[i].value), "%s: %.*s", cases[i].json, (int)value.length,
                      value.data);
        ck_assert_ptr_eq(value.data, room + before);
        ck_assert_uint_eq(scratch.used, before + value.length);
        ck_assert(js_end(&text.reader));
        text_free(&text);
    }
}
END_TEST

START_TEST(an_escaped_nul_is_a_byte_like_others)
{
    struct js_scratch scratch = scratch_of(sizeof room);
    struct mp_view value;
    struct text text = text_of("\"a\\u0000b\"");
    ck_assert(js_read_str(&text.reader, &scratch, &value));
    ck_assert(value.length == 3 && memcmp(value.data, "a\0b", 3) == 0);
    text_free(&text);
}
END_TEST

START_TEST(names_may_have_escapes_too)
{
    struct js_scratch scratch = scratch_of(sizeof room);
    struct mp_view name;
    struct text text = text_of("\"n\\u0061me\" : 1");
    ck_assert(js_read_key(&text.reader, &scratch, &name) && view_is(&name, "name"));
    text_free(&text);
}
END_TEST

START_TEST(what_does_not_fit_the_scratch_buffer_is_refused_and_leaves_it)
{
    static const struct refused wanted = {" \"1234\\n678\"", JS_NO_ROOM, 1};
    for (size_t size = 0; size <= 9; size++) {
        struct js_scratch scratch = scratch_of(size);
        scratch.used = size > 0;
        struct mp_view value;
        struct text text = text_of(wanted.json);
        bool fits = size - scratch.used >= 8;
        ck_assert(js_read_str(&text.reader, &scratch, &value) == fits);
        if (!fits) {
            assert_fault(&text, &wanted);
            ck_assert_uint_eq(scratch.used, size > 0);
        }
        text_free(&text);
    }
    struct mp_view value;
    struct text text = text_of(wanted.json);
    ck_assert(!js_read_str(&text.reader, NULL, &value));
    assert_fault(&text, &wanted);
    text_free(&text);
}
END_TEST

START_TEST(refuses_what_no_string_may_hold)
{
    static const struct refused bad[] = {
        {"\"", JS_TRUNCATED, 1},
        {"\"abc", JS_TRUNCATED, 4},
        {"\"\\", JS_TRUNCATED, 2},
        {"\"\\\"", JS_TRUNCATED, 3},
        {"\"\\u", JS_TRUNCATED, 3},
        {"\"\\u00e", JS_TRUNCATED, 6},
        {"\"\\ud83d", JS_TRUNCATED, 7},
        {"\"\\ud83d\\", JS_TRUNCATED, 8},
        {"\"\\ud83d\\ud", JS_TRUNCATED, 10},
        {"\"\x01\"", JS_CONTROL_CHARACTER, 1},
        {"\"\t\"", JS_CONTROL_CHARACTER, 1},
        {"\"1234567\n\"", JS_CONTROL_CHARACTER, 8},
        {"\"12345678\x1f\"", JS_CONTROL_CHARACTER, 9},
        {"\"\\n\x1f\"", JS_CONTROL_CHARACTER, 3},
        {"\"\\x41\"", JS_BAD_ESCAPE, 1},
        {"\"\\'\"", JS_BAD_ESCAPE, 1},
        {"\"\\U0041\"", JS_BAD_ESCAPE, 1},
        {"\"\\a\"", JS_BAD_ESCAPE, 1},
        {"\"\\\xc5\x81\"", JS_BAD_ESCAPE, 1},
        {"\"\\u00g0\"", JS_BAD_ESCAPE, 5},
        {"\"\\u 041\"", JS_BAD_ESCAPE, 3},
        {"\"\\u\"", JS_BAD_ESCAPE, 3},
        {"\"\\u:041\"", JS_BAD_ESCAPE, 3},
        {"\"\\u@041\"", JS_BAD_ESCAPE, 3},
        {"\"\\ud83d\"", JS_LONE_SURROGATE, 1},
        {"\"\\ud83dx\"", JS_LONE_SURROGATE, 1},
        {"\"\\ud83d\\n\"", JS_LONE_SURROGATE, 1},
        {"\"\\ud83d\\u0041\"", JS_LONE_SURROGATE, 1},
        {"\"\\ud83d\\ud83d\"", JS_LONE_SURROGATE, 1},
        {"\"x\\udc00\"", JS_LONE_SURROGATE, 2},
        {"\"\\ud83d\\uzzzz\"", JS_BAD_ESCAPE, 9},
        {"\"\x80\"", JS_BAD_UTF8, 1},
        {"\"abc\xff\"", JS_BAD_UTF8, 4},
        {"\"\xc0\xaf\"", JS_BAD_UTF8, 1},
        {"\"\xed\xa0\x80\"", JS_BAD_UTF8, 1},
        {"\"\xf4\x90\x80\x80\"", JS_BAD_UTF8, 1},
        {"\"\xc5\"", JS_BAD_UTF8, 1},
        {"\"\xc5\x81 and then \xe2\x82\"", JS_BAD_UTF8, 13},
        {"\"\\n\xc5\"", JS_BAD_UTF8, 3},
        {"\"\xff\n\"", JS_BAD_UTF8, 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct js_scratch scratch = scratch_of(sizeof room);
        struct mp_view value;
        struct text text = text_of(bad[i].json);
        ck_assert_msg(!js_read_str(&text.reader, &scratch, &value), "%s", bad[i].json);
        assert_fault(&text, &bad[i]);
        ck_assert_uint_eq(scratch.used, 0);
        text_free(&text);
    }
}
END_TEST

/* A run of plain characters is looked at eight bytes at a time: what ends it stands at each place of eight
 * once. */
START_TEST(each_byte_is_seen_at_each_place)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 24; at++) {
            char json[32];
            memset(json, 'a', sizeof json);
            json[0] = json[25] = '"';
            json[at + 1] = (char)byte;
            struct mp_view value;
            struct text text = text_of_bytes(json, 26);
            bool done = js_read_str(&text.reader, NULL, &value);
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '\\';
            ck_assert_msg(done == plain, "byte %02x at %zu", byte, at);
            ck_assert(!done || value.length == (byte == '"' ? at : 24));
            ck_assert(done || js_offset(&text.reader) == (byte == '\\' ? 0 : at + 1));
            text_free(&text);
        }
    }
}
END_TEST

CHECK_MAIN("common/json/string", a_string_without_escapes_is_a_view_into_the_text,
           escapes_are_written_into_the_scratch_buffer, an_escaped_nul_is_a_byte_like_others,
           names_may_have_escapes_too, what_does_not_fit_the_scratch_buffer_is_refused_and_leaves_it,
           refuses_what_no_string_may_hold, each_byte_is_seen_at_each_place)

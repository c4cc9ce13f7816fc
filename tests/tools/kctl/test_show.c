/* An answer for people and for programs, whatever its bytes are. */
#include <jansson.h>
#include <stdlib.h>

#include "tests/support/check_main.h"
#include "tools/kctl/show.h"

static char *text;
static size_t length;
static FILE *stream;

static void set_up(void)
{
    stream = open_memstream(&text, &length);
}

static void tear_down(void)
{
    fclose(stream);
    free(text);
}

static struct mp_reader reader(const char *bytes, size_t count)
{
    struct mp_reader made;
    mp_init(&made, bytes, count);
    return made;
}

#define OF(bytes) reader(bytes, sizeof(bytes) - 1)

static void shown(const char *wanted)
{
    fflush(stream);
    ck_assert_str_eq(text, wanted);
}

START_TEST(lines_are_found_wherever_they_stand_and_are_escaped)
{
    ck_assert(show_lines(OF("\x82\xa4last\x92\x01\x02\xa5lines\x92\xa3one\xa4"
                            "a\x1b[m"),
                         stream));
    shown("one\na\\x1b[m\n");
}
END_TEST

START_TEST(a_result_without_whole_lines_is_none)
{
    ck_assert(!show_lines(OF("\xc0"), stream));
    ck_assert(!show_lines(OF("\x80"), stream));
    ck_assert(!show_lines(OF("\x81\xa4last\x01"), stream));
    ck_assert(!show_lines(OF("\x81\xa5lines\x01"), stream));
    ck_assert(!show_lines(OF("\x81\xa5lines\x91\x01"), stream));
    ck_assert(!show_lines(OF("\x81\x01\x01"), stream));
    ck_assert(!show_lines(OF("\x81\xa5linez\x90"), stream));
    ck_assert(!show_lines(OF("\x81\xa6linesx\x90"), stream));
    shown("");
}
END_TEST

START_TEST(a_number_is_found_by_its_name)
{
    int64_t number = -1;
    ck_assert(show_number(OF("\x82\xa5lines\x91\xa1x\xa4last\x07"), "last", &number));
    ck_assert_int_eq(number, 7);
    ck_assert(!show_number(OF("\x81\xa4last\xa1x"), "last", &number));
    ck_assert(!show_number(OF("\x81\xa4last\x07"), "lines", &number));
}
END_TEST

START_TEST(the_whole_result_is_one_JSON_object)
{
    ck_assert(show_json(OF("\x89\xa1"
                           "a\xc0\xa1"
                           "b\xc3\xa1"
                           "c\xc2\xa1"
                           "d\x07\xa1"
                           "e\xf9\xa1"
                           "f\xa2\xc3\xa9\xa1"
                           "g\x92\x01\x81\xa1x\x02\xa1"
                           "h\x80\xa1"
                           "i\xca\x3f\x80\x00\x00"),
                        stream));
    fflush(stream);
    ck_assert_int_eq(text[length - 1], '\n');
    json_t *json = json_loads(text, 0, NULL);
    json_t *wanted =
        json_loads("{\"a\":null,\"b\":true,\"c\":false,\"d\":7,\"e\":-7,\"f\":\"\xc3\xa9\",\"g\":[1,"
                   "{\"x\":2}],\"h\":{},\"i\":null}",
                   0, NULL);
    ck_assert_ptr_nonnull(wanted);
    ck_assert_msg(json_equal(json, wanted), "%s", text);
    json_decref(json);
    json_decref(wanted);
}
END_TEST

START_TEST(a_result_that_is_no_object_is_not_shown)
{
    ck_assert(!show_json(OF("\x91\x01"), stream));
    ck_assert(!show_json(OF("\xc0"), stream));
    shown("");
}
END_TEST

START_TEST(a_text_that_is_no_UTF_8_is_null)
{
    ck_assert(show_json(OF("\x81\xa1"
                           "a\xa1\xff"),
                        stream));
    shown("{\n  \"a\": null\n}\n");
}
END_TEST

START_TEST(an_object_ends_at_a_key_that_is_no_text)
{
    ck_assert(show_json(OF("\x82\xa1"
                           "a\x01\x02\x03"),
                        stream));
    shown("{\n  \"a\": 1\n}\n");
}
END_TEST

START_TEST(a_key_that_is_too_long_is_cut)
{
    char bytes[300] = "\x81\xda\x01\x00";
    memset(bytes + 4, 'k', 256);
    bytes[260] = '\x07';
    ck_assert(show_json(reader(bytes, 261), stream));
    fflush(stream);
    ck_assert_uint_eq(length, strlen("{\n  \"") + 255 + strlen("\": 7\n}\n"));
}
END_TEST

/* A record of peek. */
START_TEST(a_long_line_is_shown_whole)
{
    static char bytes[70000] = "\x81\xa5lines\x91\xda\xff\xff";
    memset(bytes + 11, 'x', 65535);
    ck_assert(show_lines(reader(bytes, 11 + 65535), stream));
    fflush(stream);
    ck_assert_uint_eq(length, 65536); /* and a newline */
}
END_TEST

CHECK_MAIN_WITH("tools/kctl/show", set_up, tear_down, a_long_line_is_shown_whole,
                lines_are_found_wherever_they_stand_and_are_escaped, a_result_without_whole_lines_is_none,
                a_number_is_found_by_its_name, the_whole_result_is_one_JSON_object,
                a_result_that_is_no_object_is_not_shown, a_text_that_is_no_UTF_8_is_null,
                an_object_ends_at_a_key_that_is_no_text, a_key_that_is_too_long_is_cut)

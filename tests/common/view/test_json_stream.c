#include "common/view/json_stream.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "tests/support/check_main.h"

static struct json_stream json;
static char *made;
static size_t bytes;

static void prepare(void)
{
    json = (struct json_stream){.file = open_memstream(&made, &bytes)};
}

static void release(void)
{
    if (json.file != NULL)
        fclose(json.file);
    free(made);
}

static const char *finish(void)
{
    fclose(json.file);
    json.file = NULL;
    return made;
}

START_TEST(objects_and_lists_have_commas_between_and_nowhere_else)
{
    json_stream_open(&json, NULL, '{');
    json_stream_open(&json, "empty", '{');
    json_stream_close(&json, '}');
    json_stream_number(&json, "one", 1);
    json_stream_open(&json, "list", '[');
    json_stream_number(&json, NULL, 2);
    json_stream_open(&json, NULL, '[');
    json_stream_close(&json, ']');
    json_stream_null(&json, NULL);
    json_stream_close(&json, ']');
    json_stream_text(&json, "last", "x");
    json_stream_close(&json, '}');
    ck_assert_str_eq(finish(), "{\"empty\":{},\"one\":1,\"list\":[2,[],null],\"last\":\"x\"}");
}
END_TEST

START_TEST(every_type_has_its_form)
{
    json_stream_open(&json, NULL, '[');
    json_stream_number(&json, NULL, INT64_MAX);
    json_stream_number(&json, NULL, INT64_MIN);
    json_stream_number(&json, NULL, 0);
    json_stream_boolean(&json, NULL, true);
    json_stream_boolean(&json, NULL, false);
    json_stream_real(&json, NULL, 12.5);
    json_stream_real(&json, NULL, -0.0625);
    json_stream_null(&json, NULL);
    json_stream_text(&json, NULL, "");
    json_stream_text(&json, NULL, NULL);
    json_stream_close(&json, ']');
    ck_assert_str_eq(finish(),
                     "[9223372036854775807,-9223372036854775808,0,true,false,12.500,-0.062,null,\"\",null]");
}
END_TEST

START_TEST(what_is_not_finite_is_null_under_its_name)
{
    json_stream_open(&json, NULL, '{');
    json_stream_real(&json, "a", NAN);
    json_stream_real(&json, "b", INFINITY);
    json_stream_real(&json, "c", -INFINITY);
    json_stream_real(&json, "d", 1e300);
    json_stream_close(&json, '}');
    ck_assert_ptr_nonnull(strstr(finish(), "{\"a\":null,\"b\":null,\"c\":null,\"d\":1000"));
    ck_assert_ptr_nonnull(strstr(made, ".000}"));
}
END_TEST

START_TEST(text_is_escaped_and_names_are)
{
    json_stream_open(&json, NULL, '{');
    json_stream_text(&json, "a\"b", "quote \" backslash \\ tab \t bell \a escape \033 delete \177");
    json_stream_text(&json, "plain ~!", " ~");
    json_stream_close(&json, '}');
    json_t *root = json_loads(finish(), 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(json_string_value(json_object_get(root, "a\"b")),
                     "quote \" backslash \\ tab \t bell \a escape \033 delete \177");
    ck_assert_str_eq(json_string_value(json_object_get(root, "plain ~!")), " ~");
    ck_assert_ptr_null(strpbrk(made, "\t\a\033\177"));
    json_decref(root);
}
END_TEST

/* Each of the bytes alone: the fast way for plain text must not take one that is not. */
START_TEST(every_single_byte_comes_out_as_valid_json)
{
    json_stream_open(&json, NULL, '[');
    for (int byte = 1; byte < 256; byte++)
        json_stream_text(&json, NULL, (const char[]){'x', (char)byte, '\0'});
    json_stream_close(&json, ']');
    json_t *root = json_loads(finish(), 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_uint_eq(json_array_size(root), 255);
    for (int byte = 1; byte < 256; byte++) {
        const char *text = json_string_value(json_array_get(root, (size_t)byte - 1));
        ck_assert_str_eq(text, byte < 128 ? ((const char[]){'x', (char)byte, '\0'}) : "x\xef\xbf\xbd");
    }
    json_decref(root);
}
END_TEST

START_TEST(valid_utf8_stays_and_what_is_none_is_replaced)
{
    json_stream_open(&json, NULL, '[');
    json_stream_text(&json, NULL, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x9d");
    json_stream_text(&json, NULL, "cut \xc3");
    json_stream_text(&json, NULL, "overlong \xc0\x80");
    json_stream_close(&json, ']');
    json_t *root = json_loads(finish(), 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(json_string_value(json_array_get(root, 0)), "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\x9d");
    ck_assert_str_eq(json_string_value(json_array_get(root, 1)), "cut \xef\xbf\xbd");
    ck_assert_ptr_nonnull(strstr(json_string_value(json_array_get(root, 2)), "overlong \xef\xbf\xbd"));
    json_decref(root);
}
END_TEST

START_TEST(a_text_is_cut_where_it_is_too_long_even_when_each_byte_takes_six)
{
    static char plain[JSON_TEXT_MAX + 100], escaped[JSON_TEXT_MAX + 100];
    memset(plain, 'x', sizeof plain - 1);
    memset(escaped, '\033', sizeof escaped - 1);
    json_stream_open(&json, NULL, '[');
    json_stream_text(&json, NULL, plain);
    json_stream_text(&json, NULL, escaped);
    json_stream_close(&json, ']');
    json_t *root = json_loads(finish(), 0, NULL);
    ck_assert_ptr_nonnull(root);
    ck_assert_uint_eq(json_string_length(json_array_get(root, 0)), JSON_TEXT_MAX);
    ck_assert_uint_eq(json_string_length(json_array_get(root, 1)), JSON_TEXT_MAX);
    json_decref(root);
}
END_TEST

START_TEST(values_of_every_type_are_written)
{
    json_stream_open(&json, NULL, '{');
    values_json(&json, "unknown", (struct stat_value){VALUE_UNKNOWN, {.number = 7}});
    values_json(&json, "number", (struct stat_value){VALUE_NUMBER, {.number = -7}});
    values_json(&json, "real", (struct stat_value){VALUE_REAL, {.real = 0.5}});
    values_json(&json, "boolean", (struct stat_value){VALUE_BOOLEAN, {.boolean = true}});
    values_json(&json, "text", (struct stat_value){VALUE_TEXT, {.text = "t"}});
    json_stream_close(&json, '}');
    ck_assert_str_eq(finish(),
                     "{\"unknown\":null,\"number\":-7,\"real\":0.500,\"boolean\":true,\"text\":\"t\"}");
}
END_TEST

CHECK_MAIN_WITH("common/view/json_stream", prepare, release,
                objects_and_lists_have_commas_between_and_nowhere_else, every_type_has_its_form,
                what_is_not_finite_is_null_under_its_name, text_is_escaped_and_names_are,
                every_single_byte_comes_out_as_valid_json, valid_utf8_stays_and_what_is_none_is_replaced,
                a_text_is_cut_where_it_is_too_long_even_when_each_byte_takes_six,
                values_of_every_type_are_written)

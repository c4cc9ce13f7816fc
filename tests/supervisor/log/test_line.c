#include "supervisor/log/line.h"

#include <jansson.h>

#include "tests/support/check_main.h"

static char line[LINE_BYTES];
static struct worker worker;

static void name(void)
{
    worker = (struct worker){.kind = KIND_CONSUMER, .name = "bravo.2", .generation = 3};
}

static size_t screen(const struct worker *who, bool colours, const char *text)
{
    return line_screen(line, who, colours, text, strlen(text));
}

START_TEST(everybody_has_a_name_in_front)
{
    ck_assert_uint_eq(screen(&worker, false, "hello"), strlen("[client 🟣 BRAVO.2] hello"));
    ck_assert_str_eq(line, "[client 🟣 BRAVO.2] hello");
    worker.colour = 9; /* the second, once around */
    screen(&worker, false, "");
    ck_assert_str_eq(line, "[client 🔵 BRAVO.2] ");
    screen(NULL, false, "ready");
    ck_assert_str_eq(line, "[ksupervise] ready");
    worker = (struct worker){.kind = KIND_PRODUCER, .name = "producer"};
    screen(&worker, false, "sent");
    ck_assert_str_eq(line, "[producer] sent");
}
END_TEST

START_TEST(colours_begin_and_end_with_the_name)
{
    screen(&worker, true, "hello");
    ck_assert_str_eq(line, "\033[35m[client 🟣 BRAVO.2]\033[0m hello");
    screen(NULL, true, "hello");
    ck_assert_str_eq(line, "\033[1m[ksupervise]\033[0m hello");
}
END_TEST

START_TEST(a_line_of_a_file_has_its_time_in_utc)
{
    line_file(line, INT64_C(1772099540102594), "hello", 5);
    ck_assert_str_eq(line, "2026-02-26T09:52:20.102594+00:00 hello");
}
END_TEST

START_TEST(json_says_who_and_when)
{
    line_json(line, &worker, INT64_C(1772099540102594), "say \"hi\"", 8);
    ck_assert_str_eq(line, "{\"time\":\"2026-02-26T09:52:20.102594+00:00\",\"source\":\"worker\","
                           "\"worker\":\"bravo.2\",\"generation\":3,\"text\":\"say \\\"hi\\\"\"}");
    line_json(line, NULL, 0, "", 0);
    ck_assert_str_eq(
        line, "{\"time\":\"1970-01-01T00:00:00.000000+00:00\",\"source\":\"ksupervise\",\"text\":\"\"}");
}
END_TEST

START_TEST(any_bytes_of_any_length_make_json_that_jansson_reads)
{
    static char text[OUTPUT_LINE_BYTES];
    for (int byte = 0; byte < 256; byte++) {
        memset(text, byte, sizeof text);
        size_t length = line_json(line, &worker, 0, text, sizeof text);
        ck_assert_uint_eq(strlen(line), length);
        json_error_t error;
        json_t *json = json_loadb(line, length, JSON_ALLOW_NUL, &error);
        ck_assert_msg(json != NULL, "byte %d: %s", byte, error.text);
        size_t expected = byte < 0x80 ? 1 : strlen("\xef\xbf\xbd"); /* U+FFFD for what is no UTF-8 */
        ck_assert_uint_eq(json_string_length(json_object_get(json, "text")), expected * sizeof text);
        json_decref(json);
    }
}
END_TEST

START_TEST(the_longest_line_fits_escaped)
{
    static char text[OUTPUT_LINE_BYTES];
    memset(text, 1, sizeof text);
    ck_assert_uint_eq(line_escape(line, text, sizeof text), 4 * sizeof text);
}
END_TEST

CHECK_MAIN_WITH("supervisor/line", name, NULL, everybody_has_a_name_in_front,
                colours_begin_and_end_with_the_name, a_line_of_a_file_has_its_time_in_utc,
                json_says_who_and_when, any_bytes_of_any_length_make_json_that_jansson_reads,
                the_longest_line_fits_escaped)

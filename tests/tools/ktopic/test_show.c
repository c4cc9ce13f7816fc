#include "tests/support/check_main.h"

#include <jansson.h>

#include "common/record/generate.h"
#include "tools/ktopic/show.h"

static struct show show;
static char value[RECORD_ENCODED_MAX];
static struct message message;

/* Given: a payment as a producer writes it, with its header, at partition 2, offset 41. */
static void setup(void)
{
    struct generator generator;
    struct record record;
    const struct schema *payments = schema_by_workload("payments");
    generator_init(&generator, 1);
    generator_next(&generator, payments, INT64_C(1772099522102594), &record);
    size_t length = record_encode(&record, value, sizeof value);
    message = (struct message){.value = value,
                               .length = length,
                               .schema = "payment/1",
                               .schema_length = 9,
                               .partition = 2,
                               .offset = 41};
    show_init(&show, payments);
}

static void teardown(void)
{
    show_release(&show);
}

START_TEST(shows_a_record_as_its_line)
{
    const char *line = show_message(&show, &message);
    ck_assert_ptr_nonnull(strstr(line, "Payment: "));
    ck_assert_ptr_nonnull(strstr(line, "at 2026-02-26T09:52:02.102594+00:00"));
    ck_assert_uint_eq(show.number, 1);
    ck_assert_uint_eq(show.undecodable, 0);
}
END_TEST

START_TEST(shows_a_record_as_one_json_object)
{
    show.json = true;
    json_t *json = json_loads(show_message(&show, &message), 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_str_eq(json_string_value(json_object_get(json, "timestamp")),
                     "2026-02-26T09:52:02.102594+00:00");
    json_decref(json);
}
END_TEST

START_TEST(json_has_partition_and_offset_when_asked)
{
    show.json = show.offsets = true;
    const char *line = show_message(&show, &message);
    ck_assert_int_eq(strncmp(line, "{\"partition\":2,\"offset\":41,\"payment_id\":", 40), 0);
    json_t *json = json_loads(line, 0, NULL);
    ck_assert_ptr_nonnull(json);
    ck_assert_uint_eq(json_object_size(json), 2 + 6);
    json_decref(json);
}
END_TEST

START_TEST(puts_partition_and_offset_in_front_when_asked)
{
    show.offsets = true;
    ck_assert_int_eq(strncmp(show_message(&show, &message), "2:41 ", 5), 0);
}
END_TEST

START_TEST(decodes_without_a_header_by_the_topics_workload)
{
    message.schema = NULL;
    ck_assert_ptr_nonnull(strstr(show_message(&show, &message), "Payment: "));
}
END_TEST

START_TEST(the_header_wins_over_the_topics_workload)
{
    show.fallback = schema_by_workload("orders");
    ck_assert_ptr_nonnull(strstr(show_message(&show, &message), "Payment: "));
}
END_TEST

struct broken {
    const char *header;
    const char *value;
    bool fallback;
    const char *expected;
};

static const struct broken broken[] = {
    {NULL, "\x80", false, "it has no schema header, and no workload has this topic"},
    {"payment/1", NULL, true, "it has no value"},
    {"payment/9", "\x80", true, "a major version that is not known here: payment/9"},
    {"cheque/1", "\x80", true, "names an unknown schema: cheque/1"},
    {"payment", "\x80", true, "is not of the form name/1: payment"},
    {"\x1b[2J", "\x80", true, "is not of the form name/1: \\x1b[2J"},
    {"payment/1", "hello \x1b[31m", true, "byte 0: expected a map, found an integer: hello \\x1b[31m"},
};

START_TEST(an_undecodable_record_is_shown_with_offset_and_reason)
{
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const struct broken *b = &broken[i];
        show.fallback = b->fallback ? schema_by_workload("payments") : NULL;
        message.schema = b->header;
        message.schema_length = b->header == NULL ? 0 : strlen(b->header);
        message.value = b->value;
        message.length = b->value == NULL ? 0 : strlen(b->value);

        const char *line = show_message(&show, &message);

        ck_assert_msg(strstr(line, b->expected) != NULL, "'%s' is not in '%s'", b->expected, line);
        ck_assert_int_eq(strncmp(line, "partition 2 offset 41 cannot be decoded: ", 41), 0);
        ck_assert_ptr_null(strchr(line, '\x1b'));
        ck_assert_uint_eq(show.undecodable, i + 1);
    }
}
END_TEST

START_TEST(an_undecodable_record_stays_json_when_json_is_asked_for)
{
    show.json = true;
    message.value = "\"\n\x1b\xff";
    message.length = 4;
    json_t *json = json_loads(show_message(&show, &message), 0, NULL);
    const json_t *undecodable = json_object_get(json, "undecodable");
    ck_assert_int_eq(json_integer_value(json_object_get(undecodable, "offset")), 41);
    ck_assert_int_eq(json_integer_value(json_object_get(undecodable, "partition")), 2);
    json_decref(json);
}
END_TEST

START_TEST(a_long_undecodable_value_is_cut)
{
    memset(value, 0xff, sizeof value);
    message.length = sizeof value;
    const char *line = show_message(&show, &message);
    ck_assert_uint_lt(strlen(line), 2000);
    ck_assert_ptr_nonnull(strstr(line, "(65536 bytes)"));
    show.json = true;
    ck_assert_ptr_nonnull(show_message(&show, &message));
}
END_TEST

CHECK_MAIN_WITH("tools/ktopic/show", setup, teardown, shows_a_record_as_its_line,
                shows_a_record_as_one_json_object, json_has_partition_and_offset_when_asked,
                puts_partition_and_offset_in_front_when_asked,
                decodes_without_a_header_by_the_topics_workload, the_header_wins_over_the_topics_workload,
                an_undecodable_record_is_shown_with_offset_and_reason,
                an_undecodable_record_stays_json_when_json_is_asked_for, a_long_undecodable_value_is_cut)

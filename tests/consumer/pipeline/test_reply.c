#include "consumer/pipeline/reply.h"

#include "tests/support/check_main.h"

typedef enum reply_state reader_of(const char *bytes, size_t length, struct reply *reply);

/* The bytes stand at the end of an allocation of their own, so that a sanitizer sees a look beyond them. */
static enum reply_state hear(reader_of *read, const char *bytes, size_t length, struct reply *reply)
{
    static char *copy;
    free(copy);
    copy = malloc(length + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy + 1, bytes, length);
    memset(reply, 0xa5, sizeof *reply);
    return read(copy + 1, length, reply);
}

struct good {
    const char *bytes;
    enum verdict verdict;
    const char *reason; /* NULL: none */
};

/* Whole with whatever stands behind it, and a part of it is no reply yet. */
static void is_good(reader_of *read, const struct good *good)
{
    char bytes[128];
    struct reply reply;
    size_t length = strlen(good->bytes);
    snprintf(bytes, sizeof bytes, "%s%s", good->bytes, good->bytes);
    for (size_t part = 0; part < length; part++)
        ck_assert_msg(hear(read, bytes, part, &reply) == REPLY_PART, "%zu bytes of %s", part, good->bytes);
    for (size_t more = 0; more <= length; more++) {
        ck_assert_msg(hear(read, bytes, length + more, &reply) == REPLY_WHOLE, "%s", good->bytes);
        ck_assert_uint_eq(reply.bytes, length);
        ck_assert_int_eq(reply.verdict, good->verdict);
        ck_assert_int_eq(reply.unexplained == NULL, good->verdict == VERDICT_PASS);
        ck_assert_int_eq(reply.reason.data == NULL, good->reason == NULL);
        if (good->reason != NULL) {
            ck_assert_uint_eq(reply.reason.length, strlen(good->reason));
            ck_assert_mem_eq(reply.reason.data, good->reason, reply.reason.length);
        }
    }
}

static void is_bad(reader_of *read, void (*show)(const char *, size_t, char *), const char *bytes,
                   size_t length, const char *shown)
{
    char text[REPLY_SHOWN_BYTES];
    struct reply reply;
    ck_assert_msg(hear(read, bytes, length, &reply) == REPLY_BAD, "%s", shown);
    show(bytes, reply.bytes, text);
    ck_assert_str_eq(text, shown);
}

START_TEST(a_line_is_a_word_and_perhaps_a_reason)
{
    static const struct good lines[] = {
        {"ok\n", VERDICT_PASS, NULL},
        {"ok\r\n", VERDICT_PASS, NULL},
        {"ok \n", VERDICT_PASS, NULL},
        {"ok fine\n", VERDICT_PASS, "fine"},
        {"retry\n", VERDICT_RETRY, NULL},
        {"retry the database is away\r\n", VERDICT_RETRY, "the database is away"},
        {"dead\n", VERDICT_DEAD, NULL},
        {"dead  two blanks\n", VERDICT_DEAD, " two blanks"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        is_good(reply_from_line, &lines[i]);
}
END_TEST

START_TEST(other_lines_are_shown)
{
    static const struct {
        const char *line, *shown;
    } lines[] = {
        {"\n", "''"},
        {"okay\nok\n", "'okay'"},
        {"OK\r\n", "'OK'"},
        {" ok\n", "' ok'"},
        {"\x1b[2J\n", "'\\x1b[2J'"},
        {"0123456789012345678901234567890123456789x\n", "'0123456789012345678901234567890123456789…'"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        is_bad(reply_from_line, reply_show_line, lines[i].line, strlen(lines[i].line), lines[i].shown);
}
END_TEST

START_TEST(a_value_is_a_string_or_an_array_of_strings)
{
    static const struct good values[] = {
        {"\xa2ok", VERDICT_PASS, NULL},
        {"\xd9\x02ok", VERDICT_PASS, NULL},
        {"\xa5retry", VERDICT_RETRY, NULL},
        {"\xa4"
         "dead",
         VERDICT_DEAD, NULL},
        {"\xad"
         "dead for good",
         VERDICT_DEAD, "for good"},
        {"\x91\xa4"
         "dead",
         VERDICT_DEAD, NULL},
        {"\x92\xa4"
         "dead\xa7"
         "no user",
         VERDICT_DEAD, "no user"},
        {"\x92\xa4"
         "dead\xd9\x07"
         "no user",
         VERDICT_DEAD, "no user"},
        {"\x92\xa5retry\xa0", VERDICT_RETRY, NULL},
        {"\x92\xa2ok\xc0", VERDICT_PASS, NULL},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        is_good(reply_from_msgpack, &values[i]);
}
END_TEST

START_TEST(other_values_are_shown)
{
#define BYTES(text) text, sizeof text - 1
    static const struct {
        const char *bytes;
        size_t length;
        const char *shown;
    } values[] = {
        {BYTES("\xa3yes"), "'yes'"},
        {BYTES("\xa4okay"), "'okay'"},
        {BYTES("\xa4\x1b[2J"), "'\\x1b[2J'"},
        {BYTES("\x00"), "an integer"},
        {BYTES("\xc0"), "nil"},
        {BYTES("\xc3"), "a boolean"},
        {BYTES("\xc4\x02ok"), "binary"},
        {BYTES("\x81\xa2ok\xc0"), "a map"},
        {BYTES("\x90"), "an array"},
        {BYTES("\x92\xa3yes\xa1x"), "an array"},
        {BYTES("\x92\xa6"
               "dead x\xa1x"),
         "an array"},
        {BYTES("\x92\xa4"
               "dead\x07"),
         "an array"},
        {BYTES("\x93\xa4"
               "dead\xa1x\xa1x"),
         "an array"},
        {BYTES("\x92\xa4"
               "dead\x91\xa1x"),
         "an array"},
        {BYTES("\xc1"), "byte 0xc1"},
        {BYTES("ok\n"), "an integer"}, /* a line: 'o' is 111 */
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        is_bad(reply_from_msgpack, reply_show_msgpack, values[i].bytes, values[i].length, values[i].shown);
}
END_TEST

START_TEST(what_announces_more_than_is_there_waits_for_it)
{
    static const char *const heads[] = {"\xdb\xff\xff\xff\xff",
                                        "\xdd\xff\xff\xff\xff",
                                        "\xdf\xff\xff\xff\xff",
                                        "\xc6\xff\xff\xff\xff",
                                        "\xdd\xff",
                                        "\xda"};
    struct reply reply;
    char shown[REPLY_SHOWN_BYTES];
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        ck_assert_int_eq(hear(reply_from_msgpack, heads[i], strlen(heads[i]), &reply), REPLY_PART);
    reply_show_msgpack(heads[0], 5, shown);
    ck_assert_str_eq(shown, "a string");
}
END_TEST

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

START_TEST(no_bytes_do_harm_and_a_reply_stands_within_them)
{
    static const char parts[] = "ok retry dead \n\r\x91\x92\xa2\xa4\xa5\xc0\xd9\xdb\xc1";
    uint64_t state = 7;
    for (int round = 0; round < 200000; round++) {
        char bytes[24];
        size_t length = random_next(&state) % sizeof bytes;
        for (size_t i = 0; i < length; i++)
            bytes[i] =
                round % 2 == 0 ? (char)random_next(&state) : parts[random_next(&state) % (sizeof parts - 1)];
        struct reply reply;
        char shown[REPLY_SHOWN_BYTES];
        reader_of *read = random_next(&state) % 2 == 0 ? reply_from_line : reply_from_msgpack;
        enum reply_state result = hear(read, bytes, length, &reply);
        reply_show_line(bytes, length, shown);
        reply_show_msgpack(bytes, length, shown);
        if (result != REPLY_PART)
            ck_assert(reply.bytes > 0 && reply.bytes <= length);
        if (result == REPLY_WHOLE)
            ck_assert_uint_le(reply.reason.length, reply.bytes);
    }
}
END_TEST

CHECK_MAIN("consumer/reply", a_line_is_a_word_and_perhaps_a_reason, other_lines_are_shown,
           a_value_is_a_string_or_an_array_of_strings, other_values_are_shown,
           what_announces_more_than_is_there_waits_for_it, no_bytes_do_harm_and_a_reply_stands_within_them)

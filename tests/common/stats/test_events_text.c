/* Events as text: what a line says, and what JSON; nothing foreign reaches the terminal as it is. */
#include "common/stats/events_text.h"

#include "tests/support/check_main.h"

static struct event event;
static char text[EVENT_LINE_BYTES];

static const char *phrase(void)
{
    struct event_about about = event_about(event.kind);
    event_phrase(text, &event, &about);
    return text;
}

static const char *line(void)
{
    struct event_about about = event_about(event.kind);
    event_line(text, &event, &about);
    return text;
}

static const char *json(void)
{
    struct event_about about = event_about(event.kind);
    event_json(text, &event, &about);
    return text;
}

static void begin(enum event_kind kind, const char *cause)
{
    event_init(&event, kind);
    event.sequence = 17;
    event.time_us = INT64_C(1772099540102594);
    snprintf(event.worker, sizeof event.worker, "bravo");
    snprintf(event.text, sizeof event.text, "%s", cause);
}

START_TEST(a_phrase_is_the_cause_and_the_numbers_as_the_kind_says_them)
{
    begin(EVENT_KIND_RESUMED, "20 ms after the death");
    ck_assert_str_eq(phrase(), "20 ms after the death");
    event.from = 1042;
    event.to = 1042;
    event.count = 7;
    ck_assert_str_eq(phrase(),
                     "20 ms after the death; committed 1042, resumed at 1042, redelivering at most 7");
    event.text[0] = '\0';
    event.from = STATS_UNKNOWN;
    ck_assert_str_eq(phrase(), "resumed at 1042, redelivering at most 7");
}
END_TEST

START_TEST(a_number_that_the_kind_does_not_use_is_not_said)
{
    begin(EVENT_KIND_PAUSED, "");
    event.from = event.to = event.count = 5;
    ck_assert_str_eq(phrase(), "");
    event.kind = 4711; /* of a newer build that did not say what it is */
    ck_assert_str_eq(phrase(), "");
}
END_TEST

START_TEST(the_partition_stands_in_front_and_the_process_behind)
{
    begin(EVENT_KIND_RESET, "an operator's reset");
    event.partition = 3;
    event.from = 10;
    event.to = 0;
    ck_assert_str_eq(phrase(), "[3] an operator's reset; from 10, to 0");
    begin(EVENT_KIND_STARTED, "");
    event.pid = 4711;
    event.generation = 2;
    ck_assert_str_eq(phrase(), "(pid 4711, generation 2)");
}
END_TEST

START_TEST(a_line_has_time_number_worker_and_kind_in_front)
{
    begin(EVENT_KIND_HELD, "2 deaths within 60 s");
    ck_assert_str_eq(
        line(),
        "2026-02-26T09:52:20.102594+00:00     17  bravo        held                2 deaths within 60 s");
    begin(EVENT_KIND_SUPERVISOR_STOPPED, "");
    event.worker[0] = '\0';
    event.count = 0;
    ck_assert_str_eq(line(),
                     "2026-02-26T09:52:20.102594+00:00     17  -            supervisor-stopped  exit code 0");
    begin(EVENT_KIND_PAUSED, "");
    ck_assert_str_eq(line(), "2026-02-26T09:52:20.102594+00:00     17  bravo        paused");
}
END_TEST

START_TEST(json_has_every_member_and_null_for_what_is_not_known)
{
    begin(EVENT_KIND_DIED, "was \"killed\"");
    event.generation = 2;
    event.from = INT64_MAX;
    ck_assert_str_eq(json(),
                     "{\"sequence\":17,\"time_us\":1772099540102594,\"kind\":\"died\",\"worker\":"
                     "\"bravo\",\"generation\":2,\"pid\":null,\"partition\":null,\"from\":"
                     "9223372036854775807,\"to\":null,\"count\":null,\"text\":\"was \\\"killed\\\"\"}");
    event.worker[0] = '\0';
    ck_assert_ptr_nonnull(strstr(json(), "\"worker\":null,"));
}
END_TEST

/* As long as they can be, and of bytes that are no text. */
START_TEST(foreign_bytes_are_escaped_and_everything_fits)
{
    char foreign[sizeof event.text];
    memset(foreign, 0xff, sizeof foreign);
    foreign[sizeof foreign - 1] = '\0';
    begin(EVENT_KIND_DIED, foreign);
    memset(event.worker, 0x9b, sizeof event.worker - 1);
    event.sequence = UINT64_MAX;
    event.time_us = event.generation = event.pid = event.partition = event.from = event.to = event.count =
        INT64_MIN + 1;
    ck_assert_ptr_nonnull(strstr(line(), "\\xff; committed -"));
    const char *worker = strstr(text, "\\x9b");
    ck_assert_uint_eq(strspn(worker, "\\x9b"), 4 * (sizeof event.worker - 1)); /* all of it */
    ck_assert_uint_eq(strspn(text, "\\-+:.abcdefghijklmnopqrstuvwxyzT?0123456789()[],; "), strlen(text));
    ck_assert(json()[strlen(text) - 1] == '}');
}
END_TEST

CHECK_MAIN("common/stats/events_text", a_phrase_is_the_cause_and_the_numbers_as_the_kind_says_them,
           a_number_that_the_kind_does_not_use_is_not_said,
           the_partition_stands_in_front_and_the_process_behind,
           a_line_has_time_number_worker_and_kind_in_front,
           json_has_every_member_and_null_for_what_is_not_known,
           foreign_bytes_are_escaped_and_everything_fits)

/* What the producer tells of its deliveries. */
#include "producer/lines.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/record/text.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"

static struct lines lines;
static struct settings settings;
static rd_kafka_message_t message;
static struct record_storage storage;
static uint8_t payload[RECORD_ENCODED_MAX];
static rd_kafka_msg_status_t status;

rd_kafka_msg_status_t rd_kafka_message_status(const rd_kafka_message_t *of)
{
    ck_assert_ptr_eq(of, &message);
    return status;
}

static void begin(void)
{
    log_init();
    settings = (struct settings){.schema = schema_by_workload("messages"), .mode = MODE_GENERATE};
    status = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    message = (rd_kafka_message_t){
        .partition = 2, .offset = 40, .err = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, .payload = payload};
}

static int style_of(bool by_rate, int64_t pace)
{
    settings_set_pace(&settings, by_rate ? pace : 0, by_rate ? 0 : pace);
    lines_choose_style(&lines, &settings);
    return (int)lines.style;
}

/* Begins it at time 0. */
static void begin_with(int style)
{
    lines_init(&lines, &settings, 0);
    lines.style = (__typeof__(lines.style))style;
}

static const char *tick(int64_t now_us, bool end)
{
    capture_begin();
    lines_tick(&lines, now_us, 3, end);
    return capture_end();
}

static const char *deliver(void)
{
    capture_begin();
    lines_delivered(&lines, "demo-topic", &message);
    return capture_end();
}

static const char *fails(int times)
{
    capture_begin();
    for (int i = 0; i < times; i++)
        lines_failed(&lines, &message);
    return capture_end();
}

START_TEST(each_record_is_told_at_a_pace_that_a_person_can_follow)
{
    ck_assert_int_eq(style_of(true, 20), LINES_SENT);
    ck_assert_int_eq(style_of(true, 21), LINES_SUMMARY);
    ck_assert_int_eq(style_of(false, 50 * US_PER_MS), LINES_SENT);
    ck_assert_int_eq(style_of(false, 50 * US_PER_MS - 1), LINES_SUMMARY);
    ck_assert_int_eq(style_of(true, 0), LINES_SUMMARY); /* as fast as possible */
}
END_TEST

START_TEST(somebody_elses_records_are_told_with_their_place_and_quiet_tells_none)
{
    settings.mode = MODE_STDIN;
    ck_assert_int_eq(style_of(true, 5), LINES_DELIVERED);
    settings.mode = MODE_ONE;
    ck_assert_int_eq(style_of(true, 0), LINES_DELIVERED);
    settings.quiet = true;
    ck_assert_int_eq(style_of(true, 0), LINES_NONE);
    settings.mode = MODE_GENERATE;
    ck_assert_int_eq(style_of(true, 5), LINES_NONE);
}
END_TEST

START_TEST(a_record_is_told_by_its_first_field)
{
    struct error error = ERROR_INIT;
    struct record record = {.schema = settings.schema};
    ck_assert_int_eq(record_set_text(&record, "content", "hello", &storage, &error), 0);
    message.len = record_encode(&record, payload, sizeof payload);
    begin_with(LINES_SENT);
    ck_assert_str_eq(deliver(), "✅ Sent message: hello\n");
    message.len--;
    ck_assert_str_eq(deliver(), "✅ Sent message: ?\n");
}
END_TEST

START_TEST(or_by_its_place_or_not_at_all)
{
    begin_with(LINES_DELIVERED);
    ck_assert_str_eq(deliver(), "Delivered to demo-topic : partition 2 : at offset 40\n");
    begin_with(LINES_NONE);
    ck_assert_str_eq(deliver(), "");
    begin_with(LINES_SUMMARY);
    ck_assert_str_eq(deliver(), "");
}
END_TEST

START_TEST(a_summary_comes_once_a_second_and_begins_anew)
{
    begin_with(LINES_SUMMARY);
    for (int i = 0; i < 30; i++)
        deliver();
    ck_assert_str_eq(tick(US_PER_SECOND - 1, false), "");
    ck_assert_str_eq(tick(2 * US_PER_SECOND, false), "✅ Sent 30 messages (15/s, 3 waiting)\n");
    deliver();
    ck_assert_str_eq(tick(3 * US_PER_SECOND - 1, false), "");
    ck_assert_str_eq(tick(3 * US_PER_SECOND, false), "✅ Sent 1 messages (1/s, 3 waiting)\n");
    ck_assert_str_eq(tick(4 * US_PER_SECOND, false), ""); /* none was sent */
}
END_TEST

START_TEST(at_the_end_it_comes_at_once_unless_no_time_has_passed)
{
    begin_with(LINES_SUMMARY);
    deliver();
    ck_assert_str_eq(tick(500 * US_PER_MS, true), "✅ Sent 1 messages (2/s, 3 waiting)\n");
    deliver();
    ck_assert_str_eq(tick(500 * US_PER_MS, true), "");
    begin_with(LINES_SENT);
    deliver();
    ck_assert_str_eq(tick(2 * US_PER_SECOND, true), "");
}
END_TEST

START_TEST(a_failure_is_told_with_the_reason_and_whether_it_may_be_stored)
{
    begin_with(LINES_SUMMARY);
    ck_assert_str_eq(fails(1), "error: a message was not delivered: Local: Message timed out\n");
    status = RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
    ck_assert_str_eq(fails(1),
                     "error: a message was not delivered: Local: Message timed out (it may be stored)\n");
}
END_TEST

START_TEST(five_failures_a_second_are_told_and_the_others_counted)
{
    int told = 0;
    begin_with(LINES_NONE);
    for (const char *at = fails(12); (at = strstr(at, "was not delivered")) != NULL; at++)
        told++;
    ck_assert_int_eq(told, 5);
    ck_assert_str_eq(tick(US_PER_SECOND, false), "error: 7 more were not delivered\n");
    ck_assert_str_eq(tick(2 * US_PER_SECOND, false), "");
    ck_assert_str_ne(fails(1), "");
    ck_assert_str_eq(tick(3 * US_PER_SECOND, false), "");
}
END_TEST

CHECK_MAIN_WITH("producer/lines", begin, NULL, each_record_is_told_at_a_pace_that_a_person_can_follow,
                somebody_elses_records_are_told_with_their_place_and_quiet_tells_none,
                a_record_is_told_by_its_first_field, or_by_its_place_or_not_at_all,
                a_summary_comes_once_a_second_and_begins_anew,
                at_the_end_it_comes_at_once_unless_no_time_has_passed,
                a_failure_is_told_with_the_reason_and_whether_it_may_be_stored,
                five_failures_a_second_are_told_and_the_others_counted)

/* The producer's loop: its source is real, what it sends with and who tells it what to do are fakes. Time
 * passes only while it waits. */
#include "producer/loop.h"

#include <fcntl.h>

#include "common/clock.h"
#include "common/exit_codes.h"
#include "common/log.h"
#include "producer/reports.h"
#include "tests/support/capture.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

enum { END_US = 60 * 1000000 }; /* then the supervisor has enough */

static struct settings settings;
static struct producer producer;
static struct error error;
static int64_t began_us;

/* --- the supervisor ------------------------------------------------------------------------------------ */

static struct {
    int64_t stop_us, pause_us, resume_us; /* after the beginning */
    int64_t rate_us;
    struct worker_rate rate;
    char told[32];
    int64_t told_number;
} boss;

static int64_t passed_us(void)
{
    return clock_monotonic_us() - began_us;
}

enum worker_stop worker_control_wanted(const struct worker_control *control)
{
    (void)control;
    return passed_us() < boss.stop_us ? WORKER_RUN : WORKER_DRAIN_LEAVE;
}

bool worker_control_paused(const struct worker_control *control)
{
    (void)control;
    return passed_us() >= boss.pause_us && passed_us() < boss.resume_us;
}

bool worker_control_rate(struct worker_control *control, struct worker_rate *rate)
{
    (void)control;
    if (boss.rate.number == rate->number || passed_us() < boss.rate_us)
        return false;
    *rate = boss.rate;
    return true;
}

void worker_notify_count(struct worker_control *control, const char *method, int64_t count)
{
    (void)control;
    snprintf(boss.told, sizeof boss.told, "%s", method);
    boss.told_number = count;
}

/* What is asked beside the work: request.c has a test of its own. */
static struct {
    int served, refused, answered;
    int64_t full_until_us; /* its record waits for room */
    int sent_before;       /* when it was served last: records of the source */
} asked;

void reports_say_ready(struct delivery *of)
{
    (void)of;
    worker_notify_count(NULL, "ready", 1);
}

/* --- the delivery -------------------------------------------------------------------------------------- */

static struct {
    int64_t sent_at_us[2000]; /* after the beginning */
    int sent, served, waits, flushes, drains;
    int full;        /* so many answers say that there is no room */
    int outstanding; /* flushes until nothing is */
    int64_t longest_wait_us;
    int64_t drain_timeout_us;
    int wait_fd;
    int fails_at; /* the record that ends it with an exit code; 0: none */
} delivery;

enum delivery_answer delivery_send(struct delivery *of, const struct record *record)
{
    ck_assert_ptr_eq(of, &producer.delivery);
    ck_assert_ptr_eq(record, &producer.source.record);
    if (delivery.full > 0) {
        delivery.full--;
        return DELIVERY_FULL;
    }
    if (delivery.sent < 2000)
        delivery.sent_at_us[delivery.sent] = passed_us();
    delivery.sent++;
    of->produced++;
    if (delivery.sent == delivery.fails_at)
        of->exit_code = EXIT_CODE_CONFIG;
    return DELIVERY_QUEUED;
}

void delivery_serve(struct delivery *of)
{
    (void)of;
    delivery.served++;
}

void delivery_wait(struct delivery *of, int64_t wait_us, int fd)
{
    (void)of;
    ck_assert_int_gt(wait_us, 0);
    ck_assert(fd == -1 || !worker_control_paused(NULL)); /* what comes meanwhile is not what it waits for */
    delivery.waits++;
    delivery.wait_fd = fd;
    delivery.longest_wait_us = wait_us > delivery.longest_wait_us ? wait_us : delivery.longest_wait_us;
    fake_clock_advance(wait_us);
}

bool delivery_flush(struct delivery *of)
{
    (void)of;
    delivery.flushes++;
    ck_assert_int_lt(delivery.flushes, 1000);
    fake_clock_advance(50 * US_PER_MS);
    return delivery.outstanding > 0 && --delivery.outstanding > 0;
}

void delivery_drain(struct delivery *of, int64_t timeout_us)
{
    (void)of;
    delivery.drains++;
    delivery.drain_timeout_us = timeout_us;
}

bool request_serve(struct request *request, struct delivery *of)
{
    ck_assert_ptr_eq(request, &producer.request);
    (void)of;
    asked.served++;
    asked.sent_before = delivery.sent;
    return passed_us() < asked.full_until_us;
}

void request_refuse(struct request *request, struct delivery *of)
{
    (void)request;
    (void)of;
    ck_assert_int_eq(delivery.drains, 0);
    asked.refused++;
}

void request_answer(struct request *request, struct delivery *of)
{
    (void)request;
    (void)of;
    ck_assert_int_eq(delivery.drains, 1);
    asked.answered++;
}

/* --- helpers ------------------------------------------------------------------------------------------- */

static void begin(void)
{
    log_init();
    began_us = clock_monotonic_us();
    boss.stop_us = END_US;
    boss.pause_us = boss.resume_us = INT64_MAX;
}

static void end(void)
{
    source_close(&producer.source);
    settings_release(&settings);
}

static int run_with(int count, const char *const *words)
{
    ck_assert_msg(settings_load(&settings, count, (char **)(uintptr_t)words, &error) == 0, "%s", error.text);
    producer.settings = &settings;
    ck_assert_int_eq(source_open(&producer.source, &settings, &error), 0);
    capture_begin();
    int exit_code = loop_run(&producer);
    capture_end();
    return exit_code;
}

#define WORDS(...)                                                                                           \
    (const char *[])                                                                                         \
    {                                                                                                        \
        "kproduce", "--bootstrap=127.0.0.1:9", __VA_ARGS__, NULL                                             \
    }
#define RUN(...) run_with((int)(sizeof(WORDS(__VA_ARGS__)) / sizeof(char *)) - 1, WORDS(__VA_ARGS__))

/* Standard input becomes this text, and ends. */
static void give_stdin(const char *text)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

/* --- the pace ------------------------------------------------------------------------------------------ */

START_TEST(a_record_goes_every_interval_until_the_count)
{
    ck_assert_int_eq(RUN("--interval=5s", "--count=3"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(delivery.sent_at_us[i], i * 5 * US_PER_SECOND);
    ck_assert_int_eq(passed_us() / US_PER_SECOND,
                     10); /* it ends with the last one, and not an interval later */
    ck_assert_int_eq(delivery.longest_wait_us, US_PER_SECOND); /* the heartbeat goes meanwhile */
    ck_assert_int_eq(delivery.drains, 1);
    ck_assert_int_eq(delivery.drain_timeout_us, settings.drain_timeout_us);
}
END_TEST

START_TEST(a_rate_is_kept)
{
    ck_assert_int_eq(RUN("--rate=100", "--count=101"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent_at_us[100], US_PER_SECOND);
    ck_assert_int_eq(delivery.sent_at_us[1], 10 * US_PER_MS);
}
END_TEST

START_TEST(a_rate_of_0_waits_for_nothing_and_serves_callbacks_now_and_then)
{
    ck_assert_int_eq(RUN("--rate=0", "--count=1280"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent, 1280);
    ck_assert_int_eq(delivery.waits, 0);
    ck_assert_int_ge(delivery.served, 10);
    ck_assert_int_le(delivery.served, 40);
}
END_TEST

/* Finer sleeps cost more than they even out. */
START_TEST(a_high_rate_sleeps_200_us_at_least_and_sends_what_is_due_then)
{
    ck_assert_int_eq(RUN("--rate=100000", "--count=1001"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent_at_us[1000], 10 * US_PER_MS);
    ck_assert_int_eq(delivery.longest_wait_us, 200);
    ck_assert_int_eq(delivery.waits, 50);
}
END_TEST

START_TEST(another_rate_holds_from_when_it_is_wanted_and_is_answered)
{
    boss.rate_us = 4 * US_PER_SECOND;
    boss.rate = (struct worker_rate){.number = 7, .records = 10};
    boss.stop_us = 5 * US_PER_SECOND;
    ck_assert_int_eq(RUN("--interval=10s"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent_at_us[1], 4 * US_PER_SECOND);
    ck_assert_int_eq(delivery.sent_at_us[2], 4 * US_PER_SECOND + 100 * US_PER_MS);
    ck_assert_int_eq(delivery.sent, 1 + 10);
    ck_assert_str_eq(boss.told, "rate");
    ck_assert_int_eq(boss.told_number, 7);
    ck_assert_int_eq(producer.delivery.lines.style, LINES_SENT);
}
END_TEST

START_TEST(paused_nothing_is_sent_and_nothing_is_caught_up_with)
{
    boss.pause_us = 2 * US_PER_SECOND + 500 * US_PER_MS;
    boss.resume_us = 10 * US_PER_SECOND;
    boss.stop_us = 12 * US_PER_SECOND;
    ck_assert_int_eq(RUN("--rate=2"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent, 5 + 3);
    ck_assert_int_eq(delivery.sent_at_us[4], 2 * US_PER_SECOND);
    ck_assert_int_ge(delivery.sent_at_us[5], 10 * US_PER_SECOND);
    ck_assert_int_eq(delivery.sent_at_us[6], delivery.sent_at_us[5] + 500 * US_PER_MS);
    ck_assert_str_eq(capture.text, "paused\nresumed\n");
}
END_TEST

START_TEST(paused_it_does_not_wait_for_standard_input)
{
    give_stdin("{\"content\":\"one\"}\n");
    boss.pause_us = 0;
    boss.stop_us = 5 * US_PER_SECOND;
    ck_assert_int_eq(RUN("--stdin", "--workload=messages"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent, 0);
    ck_assert_int_eq(delivery.waits, 5);
}
END_TEST

/* --- asked beside --------------------------------------------------------------------------------------- */

START_TEST(what_is_asked_is_served_in_every_turn_also_when_paused_and_answered_after_the_end)
{
    boss.pause_us = 0;
    boss.stop_us = 5 * US_PER_SECOND;
    ck_assert_int_eq(RUN("--rate=1"), EXIT_CODE_OK);
    ck_assert_int_eq(asked.served, 5);
    ck_assert_int_eq(asked.refused, 1);
    ck_assert_int_eq(asked.answered, 1);
}
END_TEST

START_TEST(while_an_asked_record_waits_for_room_the_source_is_not_asked)
{
    asked.full_until_us = US_PER_SECOND;
    boss.stop_us = 2 * US_PER_SECOND + 1;
    ck_assert_int_eq(RUN("--rate=1"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent_at_us[0], US_PER_SECOND);
}
END_TEST

START_TEST(one_that_only_sends_what_it_is_asked_for_is_ready_at_once_and_makes_nothing)
{
    settings.mode = MODE_REQUESTS;
    producer.settings = &settings;
    settings.schema = schema_by_workload("payments");
    boss.stop_us = 10 * US_PER_SECOND;
    ck_assert_int_eq(source_open(&producer.source, &settings, &error), 0);
    ck_assert_int_eq(loop_run(&producer), EXIT_CODE_OK);
    ck_assert_str_eq(boss.told, "ready");
    ck_assert_int_eq(delivery.sent, 0);
    ck_assert_int_eq(delivery.waits, 10); /* it beats, and sleeps */
    ck_assert_int_eq(delivery.wait_fd, -1);
}
END_TEST

/* --- no room ------------------------------------------------------------------------------------------- */

START_TEST(a_record_for_which_there_is_no_room_is_tried_until_there_is)
{
    delivery.full = 3;
    ck_assert_int_eq(RUN("--rate=0", "--count=2"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent, 2);
    ck_assert_int_eq(delivery.waits, 3);
    ck_assert_int_eq(delivery.sent_at_us[0], 300 * US_PER_MS);
}
END_TEST

START_TEST(a_made_record_that_a_stop_finds_waiting_never_existed)
{
    delivery.full = 1000000;
    ck_assert_int_eq(RUN("--rate=0"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent, 0);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(a_line_that_a_stop_finds_waiting_is_told)
{
    delivery.full = 1000000;
    give_stdin("{\"content\":\"one\"}\n");
    ck_assert_int_eq(RUN("--stdin", "--workload=messages"), EXIT_CODE_FAILED);
    ck_assert_str_eq(capture.text, "error: standard input, line 1: not sent, because it was time to stop\n"
                                   "error: 1 lines were refused\n");
    ck_assert_int_eq(delivery.sent, 0);
}
END_TEST

/* --- the end ------------------------------------------------------------------------------------------- */

START_TEST(a_stop_ends_it_though_records_are_left)
{
    boss.stop_us = 3 * US_PER_SECOND;
    ck_assert_int_eq(RUN("--rate=1"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.sent, 3);
    ck_assert_int_eq(delivery.flushes, 0);
    ck_assert_int_eq(delivery.drains, 1);
}
END_TEST

START_TEST(at_the_end_of_the_records_it_waits_for_their_deliveries)
{
    delivery.outstanding = 5;
    ck_assert_int_eq(RUN("--rate=0", "--count=1"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.flushes, 5);
    ck_assert_int_eq(delivery.drains, 1);
}
END_TEST

START_TEST(but_not_when_it_is_asked_to_stop)
{
    delivery.outstanding = 999;
    boss.stop_us = US_PER_SECOND;
    ck_assert_int_eq(RUN("--rate=0", "--count=1"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.flushes, 20);
    ck_assert_int_eq(delivery.drains, 1);
}
END_TEST

START_TEST(what_no_record_can_be_delivered_with_ends_it)
{
    delivery.fails_at = 3;
    ck_assert_int_eq(RUN("--rate=0"), EXIT_CODE_CONFIG);
    ck_assert_int_eq(delivery.sent, 3);
    ck_assert_int_eq(delivery.flushes, 0);
    ck_assert_int_eq(delivery.drains, 1);
}
END_TEST

START_TEST(lines_that_were_refused_make_it_fail_when_nothing_worse_did)
{
    give_stdin("nothing\n");
    ck_assert_int_eq(RUN("--stdin"), EXIT_CODE_FAILED);
    ck_assert_ptr_nonnull(strstr(capture.text, "1 lines were refused"));
    ck_assert_int_eq(delivery.sent, 0);
}
END_TEST

START_TEST(a_standard_input_that_cannot_be_read_ends_it)
{
    int folder = open("/", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(dup2(folder, STDIN_FILENO), STDIN_FILENO);
    close(folder);
    ck_assert_int_eq(RUN("--stdin"), EXIT_CODE_FAILED);
    ck_assert_ptr_nonnull(strstr(capture.text, "cannot read standard input"));
    ck_assert_int_eq(delivery.drains, 1);
}
END_TEST

START_TEST(while_no_line_comes_it_waits_for_standard_input)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    boss.stop_us = 3 * US_PER_SECOND;
    ck_assert_int_eq(RUN("--stdin"), EXIT_CODE_OK);
    ck_assert_int_eq(delivery.waits, 3);
    ck_assert_int_eq(delivery.wait_fd, STDIN_FILENO);
    close(ends[1]);
}
END_TEST

CHECK_MAIN_WITH("producer/loop", begin, end,
                what_is_asked_is_served_in_every_turn_also_when_paused_and_answered_after_the_end,
                while_an_asked_record_waits_for_room_the_source_is_not_asked,
                one_that_only_sends_what_it_is_asked_for_is_ready_at_once_and_makes_nothing,
                a_record_goes_every_interval_until_the_count, a_rate_is_kept,
                a_rate_of_0_waits_for_nothing_and_serves_callbacks_now_and_then,
                a_high_rate_sleeps_200_us_at_least_and_sends_what_is_due_then,
                another_rate_holds_from_when_it_is_wanted_and_is_answered,
                paused_nothing_is_sent_and_nothing_is_caught_up_with,
                paused_it_does_not_wait_for_standard_input,
                a_record_for_which_there_is_no_room_is_tried_until_there_is,
                a_made_record_that_a_stop_finds_waiting_never_existed,
                a_line_that_a_stop_finds_waiting_is_told, a_stop_ends_it_though_records_are_left,
                at_the_end_of_the_records_it_waits_for_their_deliveries, but_not_when_it_is_asked_to_stop,
                what_no_record_can_be_delivered_with_ends_it,
                lines_that_were_refused_make_it_fail_when_nothing_worse_did,
                a_standard_input_that_cannot_be_read_ends_it, while_no_line_comes_it_waits_for_standard_input)

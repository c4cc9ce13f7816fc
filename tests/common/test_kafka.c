/* An outage: what librdkafka says, what a broker answers. rd_kafka_metadata is stood in for: a program's own
 * function comes before a library's. */
#include "tests/support/check_main.h"
#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

#include "common/kafka.h"

static struct kafka_outage outage;
static bool answers;
static int questions;

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all_topics, rd_kafka_topic_t *only,
                                      const struct rd_kafka_metadata **metadata, int timeout_ms)
{
    static const struct rd_kafka_metadata none;
    (void)rk, (void)all_topics, (void)only;
    ck_assert_int_le(timeout_ms, 100);
    questions++;
    *metadata = answers ? &none : NULL;
    return answers ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__TRANSPORT;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata)
{
    ck_assert_ptr_nonnull(metadata);
}

static char heard[64]; /* by the supervisor */

void worker_notify_count(struct worker_control *control, const char *method, int64_t count)
{
    size_t used = strlen(heard);
    ck_assert_ptr_eq(control, outage.control);
    snprintf(heard + used, sizeof heard - used, "%s %d; ", method, (int)count);
}

static void forget(void)
{
    outage = (struct kafka_outage){.brokers = {.bootstrap = "h:1", .source = "--bootstrap"}};
    answers = false;
    questions = 0;
}

/* A turn of a loop, a second and a bit after the last. */
static bool away_after_a_turn(void)
{
    fake_clock_advance(1100 * US_PER_MS);
    kafka_outage_check(&outage, NULL);
    return outage.since_us != 0;
}

START_TEST(that_all_brokers_are_down_is_not_believed_while_one_answers)
{
    answers = true;
    capture_begin();
    for (int i = 0; i < 6; i++) {
        ck_assert(kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN));
        ck_assert(!away_after_a_turn());
    }
    ck_assert_str_eq(capture_end(), "");
    ck_assert_int_eq(questions, 6);
}
END_TEST

START_TEST(that_all_are_down_is_believed_when_nobody_answers_and_told_once)
{
    capture_begin();
    ck_assert(kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN));
    ck_assert(!kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)); /* no news */
    ck_assert_int_eq(outage.since_us, 0);
    kafka_outage_check(&outage, NULL); /* at once */
    ck_assert_int_eq(outage.since_us, fake_monotonic_us);
    for (int i = 0; i < 5; i++) {
        ck_assert(!kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN));
        ck_assert(away_after_a_turn());
    }
    const char *told = capture_end();
    const char *line = strstr(told, "h:1");
    ck_assert_ptr_nonnull(line);
    ck_assert_ptr_null(strstr(strchr(line, '\n'), "no broker"));
    ck_assert_int_eq(questions, 6);
}
END_TEST

START_TEST(the_loss_of_one_broker_needs_three_questions_without_an_answer)
{
    static const rd_kafka_resp_err_t losses[] = {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE,
                                                 RD_KAFKA_RESP_ERR__TIMED_OUT};
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        forget();
        ck_assert(!kafka_outage_error(&outage, losses[i]));
        ck_assert(!away_after_a_turn());
        ck_assert(!away_after_a_turn());
        ck_assert(away_after_a_turn());
    }
}
END_TEST

START_TEST(another_error_raises_no_suspicion)
{
    ck_assert(!kafka_outage_error(&outage, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE));
    ck_assert(!away_after_a_turn());
    ck_assert_int_eq(questions, 0);
}
END_TEST

START_TEST(after_an_answer_nothing_is_a_candidate)
{
    kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__TRANSPORT);
    away_after_a_turn();
    answers = true;
    ck_assert(!away_after_a_turn());
    answers = false;
    for (int i = 0; i < 5; i++)
        ck_assert(!away_after_a_turn());
    ck_assert_int_eq(questions, 2);
}
END_TEST

START_TEST(a_record_is_an_answer_too)
{
    kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    kafka_outage_over(&outage);
    ck_assert(!away_after_a_turn());
    ck_assert_int_eq(questions, 0);
}
END_TEST

START_TEST(nobody_is_asked_twice_within_a_second_however_often_it_is_said)
{
    answers = true;
    for (int i = 0; i < 100; i++) {
        kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
        kafka_outage_check(&outage, NULL);
        fake_clock_advance(10 * US_PER_MS);
    }
    ck_assert_int_eq(questions, 1);
    kafka_outage_check(&outage, NULL); /* the second is over */
    ck_assert_int_eq(questions, 2);
}
END_TEST

START_TEST(after_the_loss_of_one_that_of_all_is_asked_about_at_once)
{
    kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__TRANSPORT);
    kafka_outage_check(&outage, NULL);
    ck_assert_int_eq(outage.since_us, 0);
    fake_clock_advance(50 * US_PER_MS);
    kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    kafka_outage_check(&outage, NULL);
    ck_assert_int_ne(outage.since_us, 0);
}
END_TEST

START_TEST(its_end_is_told_with_its_length_and_it_is_recent_for_ten_seconds)
{
    ck_assert(!kafka_outage_recent(&outage));
    kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    kafka_outage_check(&outage, NULL);
    fake_clock_advance(60 * US_PER_SECOND);
    ck_assert(kafka_outage_recent(&outage)); /* it lasts */
    answers = true;
    capture_begin();
    ck_assert(!away_after_a_turn());
    ck_assert_ptr_nonnull(strstr(capture_end(), "a broker answers again, after 61.1 s"));
    fake_clock_advance(10 * US_PER_SECOND - 1);
    ck_assert(kafka_outage_recent(&outage));
    fake_clock_advance(1);
    ck_assert(!kafka_outage_recent(&outage));
}
END_TEST

START_TEST(the_supervisor_is_told_when_it_begins_and_when_it_is_over)
{
    outage.control = (struct worker_control *)(void *)&questions;
    capture_begin();
    kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    kafka_outage_check(&outage, NULL);
    ck_assert_str_eq(heard, "outage 1; ");
    ck_assert(away_after_a_turn());
    ck_assert_str_eq(heard, "outage 1; "); /* once */
    kafka_outage_over(&outage);
    kafka_outage_over(&outage);
    capture_end();
    ck_assert_str_eq(heard, "outage 1; outage 0; ");
}
END_TEST

START_TEST(one_that_was_over_before_anybody_asked_is_recent_too)
{
    kafka_outage_error(&outage, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN);
    kafka_outage_over(&outage);
    ck_assert(kafka_outage_recent(&outage));
    fake_clock_advance(10 * US_PER_SECOND);
    ck_assert(!kafka_outage_recent(&outage));
}
END_TEST

CHECK_MAIN_WITH("common/kafka", forget, NULL, that_all_brokers_are_down_is_not_believed_while_one_answers,
                that_all_are_down_is_believed_when_nobody_answers_and_told_once,
                the_loss_of_one_broker_needs_three_questions_without_an_answer,
                another_error_raises_no_suspicion, after_an_answer_nothing_is_a_candidate,
                a_record_is_an_answer_too, nobody_is_asked_twice_within_a_second_however_often_it_is_said,
                after_the_loss_of_one_that_of_all_is_asked_about_at_once,
                its_end_is_told_with_its_length_and_it_is_recent_for_ten_seconds,
                the_supervisor_is_told_when_it_begins_and_when_it_is_over,
                one_that_was_over_before_anybody_asked_is_recent_too)

#include "tests/consumer/fake_control.h"
#include "tests/consumer/segment.h"
#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

#include "consumer/trouble.h"

enum { OVER_US = 30000000 };

static struct trouble trouble;

static void open_trouble(void)
{
    kafka_begin();
    trouble = (struct trouble){.control = &control, .stats = segment_open()};
}

static void meet(int code, const char *text)
{
    capture_begin();
    trouble_met(&trouble, code, text);
    capture_end();
}

START_TEST(an_error_that_is_new_is_one_line_and_told_to_the_supervisor)
{
    meet(7, "too large");
    ck_assert_str_eq(capture.text, "warning: Kafka: too large\n");
    SAID("notify trouble 'too large'");
    error_ring_says(7, "too large");
    meet(7, "too large");
    ck_assert_str_eq(capture.text, "");
    SAID("");
    struct stats_ring_entry last;
    ck_assert_uint_eq(published_ring(STATS_RING_ERRORS, &last), 2); /* the ring has each */
}
END_TEST

START_TEST(the_supervisor_knows_the_last_one)
{
    meet(7, "too large");
    meet(8, "not allowed");
    SAID("notify trouble 'too large'; notify trouble 'not allowed'");
    meet(7, "still too large");
    ck_assert_str_eq(capture.text, "");
    SAID("notify trouble 'still too large'");
}
END_TEST

START_TEST(one_that_is_met_again_takes_no_second_place)
{
    meet(7, "too large");
    fake_clock_advance(1);
    meet(7, "still too large");
    ck_assert_int_eq(trouble.kinds[0].code, 7);
    ck_assert_int_eq(trouble.kinds[0].last_us, clock_monotonic_us());
    ck_assert_str_eq(trouble.kinds[0].text, "still too large");
    ck_assert_int_eq(trouble.kinds[1].code, 0);
    meet(8, "not allowed");
    meet(8, "still not allowed");
    ck_assert_str_eq(trouble.kinds[0].text, "still too large");
    ck_assert_str_eq(trouble.kinds[1].text, "still not allowed");
    ck_assert_int_eq(trouble.kinds[2].code, 0);
}
END_TEST

START_TEST(what_has_a_line_of_its_own_is_told_to_the_supervisor_and_is_over_as_any)
{
    capture_begin();
    trouble_goes_on(&trouble, TROUBLE_BATCH, "the batch is retried");
    ck_assert_str_eq(capture_end(), "");
    SAID("notify trouble 'the batch is retried'");
    struct stats_ring_entry last;
    ck_assert_uint_eq(published_ring(STATS_RING_ERRORS, &last), 0);
    fake_clock_advance(OVER_US + 1);
    trouble_check(&trouble);
    SAID("notify trouble ''");
}
END_TEST

START_TEST(it_is_over_when_it_was_not_met_for_half_a_minute)
{
    meet(1, "too large");
    kafka_said();
    fake_clock_advance(OVER_US);
    trouble_check(&trouble);
    SAID("");
    fake_clock_advance(1);
    trouble_check(&trouble);
    SAID("notify trouble ''");
    trouble_check(&trouble);
    SAID("");
    meet(1, "too large");
    ck_assert_str_eq(capture.text, "warning: Kafka: too large\n"); /* new again */
    SAID("notify trouble 'too large'");
}
END_TEST

START_TEST(several_can_be_over_at_once)
{
    meet(7, "too large");
    fake_clock_advance(OVER_US / 2);
    meet(8, "not allowed");
    fake_clock_advance(OVER_US / 2 + 1);
    kafka_said();
    meet(9, "at last");
    fake_clock_advance(OVER_US / 2);
    trouble_check(&trouble); /* 7 and 8 are over */
    SAID("notify trouble 'at last'");
    ck_assert_int_eq(trouble.kinds[0].code, 0);
    ck_assert_int_eq(trouble.kinds[1].code, 0);
    ck_assert_int_eq(trouble.kinds[2].code, 9);
    fake_clock_advance(OVER_US);
    trouble_check(&trouble);
    SAID("notify trouble ''");
}
END_TEST

START_TEST(the_one_that_is_left_is_told_again)
{
    meet(7, "too large");
    fake_clock_advance(1);
    meet(8, "not allowed");
    fake_clock_advance(OVER_US - 1);
    meet(7, "too large");
    kafka_said();
    fake_clock_advance(2);
    meet(8, "not allowed");
    fake_clock_advance(OVER_US - 1);
    trouble_check(&trouble);
    SAID("notify trouble 'not allowed'");
}
END_TEST

START_TEST(more_kinds_than_are_kept_push_the_oldest_out)
{
    for (int code = 1; code <= TROUBLE_KINDS; code++) {
        meet(code, "some");
        fake_clock_advance(1);
    }
    meet(1, "some"); /* now 2 is the oldest */
    fake_clock_advance(1);
    meet(100, "one more");
    ck_assert_int_eq(trouble.kinds[1].code, 100);
    meet(1, "some");
    ck_assert_str_eq(capture.text, "");
    meet(2, "some");
    ck_assert_str_eq(capture.text, "warning: Kafka: some\n");
}
END_TEST

START_TEST(where_nobody_listens_it_is_said_all_the_same)
{
    trouble.control = NULL;
    meet(7, "too large");
    ck_assert_str_eq(capture.text, "warning: Kafka: too large\n");
    SAID("");
}
END_TEST

START_TEST(a_long_text_is_cut_and_told_once)
{
    char text[400];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    meet(7, text);
    ck_assert_uint_eq(strlen(trouble.told), sizeof trouble.told - 1);
    kafka_said();
    meet(7, text);
    SAID("");
}
END_TEST

CHECK_MAIN_WITH("consumer/trouble", open_trouble, segment_close,
                an_error_that_is_new_is_one_line_and_told_to_the_supervisor,
                the_supervisor_knows_the_last_one, one_that_is_met_again_takes_no_second_place,
                what_has_a_line_of_its_own_is_told_to_the_supervisor_and_is_over_as_any,
                it_is_over_when_it_was_not_met_for_half_a_minute, several_can_be_over_at_once,
                the_one_that_is_left_is_told_again, more_kinds_than_are_kept_push_the_oldest_out,
                where_nobody_listens_it_is_said_all_the_same, a_long_text_is_cut_and_told_once)

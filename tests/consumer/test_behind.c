#include "consumer/behind.h"

#include "common/stats/definitions.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

static struct behind behind;
static int64_t began_us;

static void begin(void)
{
    behind_init(&behind);
    began_us = fake_wall_us;
}

/* The watermark is looked at `ms` after the beginning. */
static void look(int64_t ms, int64_t high)
{
    behind_look(&behind, high, began_us + ms * US_PER_MS);
}

static void is_behind_since(int64_t committed, int64_t ms, bool at_least)
{
    struct behind_since since = behind_since(&behind, committed);
    ck_assert_int_eq(since.us, began_us + ms * US_PER_MS);
    ck_assert_int_eq(since.at_least, at_least);
}

static void is_not_behind(int64_t committed)
{
    ck_assert_int_eq(behind_since(&behind, committed).us, STATS_UNKNOWN);
}

START_TEST(before_the_first_look_nothing_is_known)
{
    ck_assert_int_eq(behind_high(&behind), STATS_UNKNOWN);
    is_not_behind(0);
    look(0, 10);
    is_not_behind(STATS_UNKNOWN);
}
END_TEST

START_TEST(it_is_behind_since_the_look_that_first_saw_the_watermark_beyond_the_committed_offset)
{
    look(0, 10);
    is_not_behind(10);
    look(1000, 11);
    look(2000, 15);
    look(3000, 15);
    look(4000, 20);
    ck_assert_int_eq(behind_high(&behind), 20);
    is_behind_since(10, 1000, false);
    is_behind_since(11, 2000, false);
    is_behind_since(14, 2000, false);
    is_behind_since(15, 4000, false);
    is_not_behind(20);
    is_not_behind(25);
}
END_TEST

START_TEST(where_the_first_look_found_it_behind_it_is_so_at_least_since_then)
{
    look(0, 100);
    is_behind_since(99, 0, true);
    look(5000, 200);
    is_behind_since(40, 0, true);
    is_behind_since(100, 5000, false);
}
END_TEST

START_TEST(a_committed_offset_that_was_set_back_is_behind_at_least_since_what_is_remembered)
{
    look(0, 10);
    for (int64_t i = 1; i <= 10; i++)
        look(i * 1000, 10 + i);
    is_behind_since(15, 6000, false);
    is_behind_since(12, 5000, true);
    is_behind_since(15, 6000, false);
}
END_TEST

START_TEST(what_came_in_a_silence_came_then_or_earlier)
{
    look(0, 10);
    look(9000, 11);
    look(9000 + 10001, 20);
    look(20000, 30);
    is_behind_since(10, 9000, false);
    is_behind_since(15, 19001, true);
    is_behind_since(20, 20000, false);
}
END_TEST

START_TEST(a_look_that_sees_no_change_ends_a_silence)
{
    look(0, 10);
    look(9000, 10);
    look(18000, 11);
    is_behind_since(10, 18000, false);
}
END_TEST

START_TEST(after_a_silence_the_former_watermark_can_be_forgotten)
{
    look(0, 10);
    behind_forget_stale(&behind, began_us + BEHIND_SILENCE_US);
    ck_assert_int_eq(behind_high(&behind), 10);
    behind_forget_stale(&behind, began_us + BEHIND_SILENCE_US + 1);
    ck_assert_int_eq(behind_high(&behind), STATS_UNKNOWN);
    look(11000, 12);
    is_behind_since(10, 11000, true);
}
END_TEST

START_TEST(a_lower_watermark_is_believed_after_a_silence_only)
{
    look(0, 100);
    look(5000, 90);
    ck_assert_int_eq(behind_high(&behind), 100);
    look(10000, 90);
    ck_assert_int_eq(behind_high(&behind), 100);
    look(10001, 90);
    ck_assert_int_eq(behind_high(&behind), 90);
    is_behind_since(50, 10001, true);
}
END_TEST

START_TEST(what_was_read_was_there_and_is_no_look_at_the_watermark)
{
    behind_reach(&behind, 15, began_us);
    ck_assert_int_eq(behind_high(&behind), 15);
    ck_assert_int_eq(behind.looked_us, STATS_UNKNOWN);
    behind_reach(&behind, 12, began_us);
    ck_assert_int_eq(behind_high(&behind), 15);
    look(1000, 30);
    is_behind_since(14, 0, true);
    is_behind_since(15, 1000, true); /* nobody had looked before */
}
END_TEST

START_TEST(since_when_it_is_behind_does_not_move_while_nothing_is_committed)
{
    look(0, 10);
    for (int64_t i = 1; i <= 5000; i++) {
        look(i * 20, 10 + i);
        is_behind_since(10, 20, false);
    }
    struct behind_since later = behind_since(&behind, 3000);
    for (int64_t i = 1; i <= 5000; i++) {
        look(100000 + i * 20, 5010 + i);
        ck_assert_int_eq(behind_since(&behind, 3000).us, later.us);
    }
}
END_TEST

START_TEST(looks_close_together_leave_the_first_and_the_newest)
{
    look(0, 10);
    for (int64_t i = 1; i <= 1000; i++) /* 10 a second */
        look(1000 + i * 100, 10 + i);
    is_behind_since(10, 1100, false);
    for (int64_t i = 1; i <= 1000; i++) {
        struct behind_since since = behind_since(&behind, 9 + i);
        int64_t late_ms = (since.us - began_us) / US_PER_MS - (1000 + i * 100);
        ck_assert_int_ge(late_ms, 0);
        ck_assert_int_le(late_ms, 100000 / 15);
    }
}
END_TEST

START_TEST(a_lag_of_days_is_never_too_long_and_at_most_a_fifteenth_too_short)
{
    enum { DAYS_S = 3 * 24 * 3600 };
    look(0, 0);
    for (int64_t s = 1; s <= DAYS_S; s++)
        look(s * 1000, s);
    ck_assert_uint_le(behind.count, BEHIND_LOOKS);
    is_behind_since(0, 1000, false);
    for (int64_t s = 1; s < DAYS_S; s += 997) {
        int64_t late_us = behind_since(&behind, s).us - (began_us + (s + 1) * US_PER_SECOND);
        ck_assert_int_ge(late_us, 0);
        ck_assert_int_le(late_us, DAYS_S * US_PER_SECOND / 15);
    }
}
END_TEST

START_TEST(once_the_lag_is_short_looks_are_kept_as_close_as_at_first)
{
    look(0, 0);
    for (int64_t s = 1; s <= 3600; s++)
        look(s * 1000, s);
    ck_assert_int_gt(behind.spacing_us, US_PER_SECOND);
    is_not_behind(3600);
    for (int64_t i = 1; i <= 20; i++)
        look((3600 + i) * 1000, 3600 + i);
    is_behind_since(3610, 3611000, false);
}
END_TEST

START_TEST(a_doubt_is_not_forgotten_with_the_look_that_it_was_about)
{
    look(0, 10);
    look(20000, 20); /* after a silence */
    look(20100, 30); /* at once */
    look(20200, 40); /* and again: the one before is dropped */
    is_behind_since(10, 20000, true);
    for (int64_t i = 1; i <= 200; i++)
        look(20000 + i * 1000, 40 + i);
    ck_assert(behind_since(&behind, 15).at_least);
}
END_TEST

START_TEST(a_doubt_goes_over_to_the_look_that_replaces_a_close_one)
{
    look(0, 10);
    look(1000, 11);
    behind_reach(&behind, 20, began_us + 20000 * US_PER_MS); /* nobody has looked for long */
    behind_reach(&behind, 30, began_us + 20100 * US_PER_MS);
    look(20150, 30);
    look(20200, 40); /* that of 30 is dropped */
    is_behind_since(25, 20200, true);
    look(21000, 50);
    is_behind_since(40, 21000, false);
}
END_TEST

START_TEST(a_doubt_goes_over_to_the_next_when_a_full_ring_keeps_every_other_look)
{
    look(0, 10);
    look(1000, 11);
    look(20000, 20); /* after a silence; the third is the first that is not kept */
    for (int64_t i = 1; behind.spacing_us == BEHIND_SPACING_US; i++)
        look(20000 + i * 1000, 20 + i);
    is_behind_since(15, 21000, true);
    is_behind_since(21, 23000, false);
}
END_TEST

START_TEST(what_an_earlier_process_left_goes_on)
{
    const struct behind_since since = {.us = began_us - 60 * US_PER_SECOND};
    behind_resume(&behind, 10, &since, 20, began_us - US_PER_SECOND, began_us);
    ck_assert_int_eq(behind_high(&behind), 20);
    look(0, 25);
    is_behind_since(10, -60000, false);
    is_behind_since(11, -1000, true); /* not when it was passed is known, but that it was by then */
    is_behind_since(20, 0, false);
}
END_TEST

START_TEST(what_was_read_after_the_last_look_was_there_by_now)
{
    const struct behind_since since = {.us = began_us - 60 * US_PER_SECOND};
    behind_resume(&behind, 10, &since, 20, began_us - 61 * US_PER_SECOND, began_us);
    is_behind_since(10, -60000, false);
    is_behind_since(11, 0, true);
    ck_assert_int_eq(behind.looked_us, began_us - 61 * US_PER_SECOND);
}
END_TEST

START_TEST(a_lower_bound_that_was_left_stays_one)
{
    const struct behind_since since = {.us = began_us - 60 * US_PER_SECOND, .at_least = true};
    behind_resume(&behind, 10, &since, 11, began_us - 20 * US_PER_SECOND, began_us);
    look(0, 25);
    is_behind_since(10, -60000, true);
    is_behind_since(11, 0, true); /* nobody looked for twenty seconds */
}
END_TEST

START_TEST(what_was_left_does_not_count_where_it_says_nothing_or_more_is_known)
{
    const struct behind_since since = {.us = began_us}, unknown = {.us = STATS_UNKNOWN};
    behind_resume(&behind, 10, &unknown, 20, began_us, began_us);
    behind_resume(&behind, 10, &since, 10, began_us, began_us);
    behind_resume(&behind, 10, &since, STATS_UNKNOWN, began_us, began_us);
    ck_assert_int_eq(behind_high(&behind), STATS_UNKNOWN);
    look(5, 12);
    behind_resume(&behind, 10, &since, 20, began_us, began_us);
    is_behind_since(10, 5, true);
}
END_TEST

START_TEST(a_clock_that_was_set_back_is_no_silence)
{
    look(60000, 10);
    look(0, 11);
    is_behind_since(10, 0, false);
}
END_TEST

CHECK_MAIN_WITH("consumer/behind", begin, NULL, before_the_first_look_nothing_is_known,
                it_is_behind_since_the_look_that_first_saw_the_watermark_beyond_the_committed_offset,
                where_the_first_look_found_it_behind_it_is_so_at_least_since_then,
                a_committed_offset_that_was_set_back_is_behind_at_least_since_what_is_remembered,
                what_came_in_a_silence_came_then_or_earlier, a_look_that_sees_no_change_ends_a_silence,
                after_a_silence_the_former_watermark_can_be_forgotten,
                a_lower_watermark_is_believed_after_a_silence_only,
                what_was_read_was_there_and_is_no_look_at_the_watermark,
                since_when_it_is_behind_does_not_move_while_nothing_is_committed,
                looks_close_together_leave_the_first_and_the_newest,
                a_lag_of_days_is_never_too_long_and_at_most_a_fifteenth_too_short,
                once_the_lag_is_short_looks_are_kept_as_close_as_at_first,
                a_doubt_is_not_forgotten_with_the_look_that_it_was_about,
                a_doubt_goes_over_to_the_look_that_replaces_a_close_one,
                a_doubt_goes_over_to_the_next_when_a_full_ring_keeps_every_other_look,
                what_an_earlier_process_left_goes_on, what_was_read_after_the_last_look_was_there_by_now,
                a_lower_bound_that_was_left_stays_one,
                what_was_left_does_not_count_where_it_says_nothing_or_more_is_known,
                a_clock_that_was_set_back_is_no_silence)

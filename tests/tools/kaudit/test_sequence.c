#include "tools/kaudit/sequence.h"

#include "tests/support/check_main.h"

static struct sequence sequence;

static void teardown(void)
{
    sequence_release(&sequence);
}

static enum sequence_answer take(int64_t seq, int64_t timestamp)
{
    return sequence_take(&sequence, seq, timestamp, false);
}

START_TEST(a_whole_sequence_has_no_gap)
{
    for (int64_t i = 1; i <= 1000; i++)
        ck_assert_int_eq(take(i, 5000 + i / 10), SEQUENCE_NEW);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.records, 1000);
    ck_assert_uint_eq(sequence.missing, 0);
    ck_assert_uint_eq(sequence.doubled, 0);
    ck_assert_uint_eq(sequence.runs, 1);
}
END_TEST

START_TEST(numbers_that_do_not_come_are_gaps)
{
    static const int64_t seqs[] = {1, 2, 5, 6, 8};
    for (size_t i = 0; i < 5; i++)
        take(seqs[i], 100);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.missing, 3);
    ck_assert_uint_eq(sequence.gap_count, 2);
    ck_assert_int_eq(sequence.gaps[0].first, 3);
    ck_assert_int_eq(sequence.gaps[0].last, 4);
    ck_assert_int_eq(sequence.gaps[1].first, 7);
}
END_TEST

START_TEST(a_number_that_comes_late_is_no_gap_and_no_double)
{
    static const int64_t seqs[] = {10, 11, 20, 15, 12, 19, 13, 14, 18, 16, 17, 9, 5, 7, 6, 8};
    for (size_t i = 0; i < 16; i++)
        ck_assert_int_eq(take(seqs[i], 100), SEQUENCE_NEW);
    sequence_finish(&sequence);
    ck_assert_int_eq(sequence.first, 5);
    ck_assert_uint_eq(sequence.missing, 0);
    ck_assert_uint_eq(sequence.gap_count, 0);
    ck_assert_uint_eq(sequence.doubled, 0);
    ck_assert_uint_eq(sequence.runs, 1);
}
END_TEST

START_TEST(a_record_that_was_stored_twice_is_doubled)
{
    take(1, 100);
    take(2, 101);
    take(3, 102);
    ck_assert_int_eq(take(2, 101), SEQUENCE_DOUBLED);
    ck_assert_int_eq(take(3, 102), SEQUENCE_DOUBLED);
    ck_assert_int_eq(take(4, 103), SEQUENCE_NEW);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.doubled, 2);
    ck_assert_uint_eq(sequence.missing, 0);
    ck_assert_uint_eq(sequence.runs, 1);
}
END_TEST

START_TEST(a_producer_that_is_started_anew_begins_a_run)
{
    take(1, 100);
    take(2, 101);
    take(4, 102);
    ck_assert_int_eq(take(1, 200), SEQUENCE_NEW);
    ck_assert_int_eq(take(2, 201), SEQUENCE_NEW);
    ck_assert_int_eq(take(3, 202), SEQUENCE_NEW); /* does not fill the gap of the run before */
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.runs, 2);
    ck_assert_uint_eq(sequence.doubled, 0);
    ck_assert_uint_eq(sequence.missing, 1);
}
END_TEST

START_TEST(a_record_that_is_sent_again_later_under_its_old_number_is_doubled)
{
    for (int64_t i = 1; i <= 10; i++)
        take(i, 100 + i);
    ck_assert_int_eq(take(5, 200), SEQUENCE_DOUBLED);
    ck_assert_int_eq(take(11, 201), SEQUENCE_NEW);
    ck_assert_int_eq(take(3, 300), SEQUENCE_DOUBLED);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.doubled, 2);
    ck_assert_uint_eq(sequence.runs, 1);
    ck_assert_uint_eq(sequence.missing, 0);
}
END_TEST

START_TEST(several_that_are_sent_again_are_doubled_when_the_run_goes_on)
{
    for (int64_t i = 1; i <= 10; i++)
        take(i, 100 + i);
    for (int64_t i = 2; i <= 6; i++)
        ck_assert_int_eq(take(i, 200 + i), SEQUENCE_DOUBLED);
    take(11, 300);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.doubled, 5);
    ck_assert_uint_eq(sequence.runs, 1);
}
END_TEST

START_TEST(a_run_whose_first_records_were_never_stored_is_no_repeat)
{
    for (int64_t i = 1; i <= 10; i++)
        take(i, 100 + i);
    for (int64_t i = 3; i <= 20; i++)
        take(i, 200 + i);
    for (int64_t i = 2; i <= 5; i++) /* and a third that ended early */
        take(i, 300 + i);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.doubled, 0);
    ck_assert_uint_eq(sequence.runs, 3);
}
END_TEST

START_TEST(where_the_broker_stamps_only_a_one_begins_a_run)
{
    sequence_take(&sequence, 1, 100, true);
    sequence_take(&sequence, 2, 101, true);
    ck_assert_int_eq(sequence_take(&sequence, 2, 150, true), SEQUENCE_DOUBLED);
    ck_assert_int_eq(sequence_take(&sequence, 1, 200, true), SEQUENCE_NEW);
    ck_assert_uint_eq(sequence.runs, 2);
}
END_TEST

START_TEST(a_topic_that_begins_in_the_middle_has_no_gap_in_front)
{
    take(500, 100);
    take(501, 100);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.missing, 0);
    ck_assert_int_eq(sequence.first, 500);
}
END_TEST

START_TEST(more_gaps_than_are_kept_open_are_all_counted)
{
    enum { GAPS = 3 * SEQUENCE_GAPS_MAX };
    for (int64_t i = 0; i <= GAPS; i++)
        ck_assert_int_eq(take(1 + 2 * i, 100), SEQUENCE_NEW);
    ck_assert_uint_le(sequence.open_count, SEQUENCE_GAPS_MAX);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.missing, GAPS);
    ck_assert_uint_eq(sequence.gap_count, GAPS);
}
END_TEST

START_TEST(any_order_of_numbers_gives_the_same_counts)
{
    enum { COUNT = 2000 };
    bool absent[COUNT + 1] = {false};
    int64_t seqs[COUNT];
    size_t count = 0;
    srandom(7);
    for (int64_t i = 1; i <= COUNT; i++) {
        absent[i] = i > 1 && i < COUNT && random() % 10 == 0;
        if (!absent[i])
            seqs[count++] = i;
    }
    for (size_t i = count - 1; i > 0; i--) {
        size_t other = (size_t)random() % (i + 1);
        int64_t swapped = seqs[i];
        seqs[i] = seqs[other];
        seqs[other] = swapped;
    }
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(take(seqs[i], 100), SEQUENCE_NEW);
    sequence_finish(&sequence);
    ck_assert_uint_eq(sequence.missing, COUNT - count);
    ck_assert_uint_eq(sequence.doubled, 0);
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/sequence", NULL, teardown, a_whole_sequence_has_no_gap,
                numbers_that_do_not_come_are_gaps, a_number_that_comes_late_is_no_gap_and_no_double,
                a_record_that_was_stored_twice_is_doubled, a_producer_that_is_started_anew_begins_a_run,
                a_record_that_is_sent_again_later_under_its_old_number_is_doubled,
                several_that_are_sent_again_are_doubled_when_the_run_goes_on,
                a_run_whose_first_records_were_never_stored_is_no_repeat,
                where_the_broker_stamps_only_a_one_begins_a_run,
                a_topic_that_begins_in_the_middle_has_no_gap_in_front,
                more_gaps_than_are_kept_open_are_all_counted, any_order_of_numbers_gives_the_same_counts)

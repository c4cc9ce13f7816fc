/* Where partitions begin that a database knows, and how one is moved. */
#include "tests/consumer/fake_sink.h"
#include "tests/consumer/starts_case.h"

static void open_consumer(void)
{
    begin_starts();
    sink_begin();
}

static void with_sink(void)
{
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
}

/* --- the sink ------------------------------------------------------------------------------------------ */

START_TEST(the_database_says_where_to_go_on_before_the_group_does)
{
    with_sink();
    commit_is(0, 12, NULL);
    sink.positions[0] = (struct sink_position){30, {29, 1, 2}, STATS_UNKNOWN};
    sink.positions[1] = (struct sink_position){0, WITNESS_NONE, STATS_UNKNOWN};
    give(2);
    serve();
    SAID("committed 0 1; take 0; forget 0; outbox 0; take 1; forget 1; outbox 1");
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert_int_eq(row(0)->position, 30);
    ck_assert_int_eq(row(0)->last.read.hash, 2);
    ck_assert_int_eq(row(0)->commit.committed, 12);
    ck_assert(row(0)->last.doubted); /* it is committed when it is seen that the topic is the same */
    begins_at(1, 0, STATS_UNKNOWN);
    ck_assert(row(0)->owned && row(1)->owned);
}
END_TEST

START_TEST(without_a_place_of_its_own_it_begins_at_the_groups_and_is_told)
{
    with_sink();
    settings.from = FROM_LATEST;
    commit_is(0, 12, NULL);
    give(1);
    serve();
    SAID("committed 0; take 0; forget 0; outbox 0; move 0 →12");
    begins_at(0, 12, 12);
}
END_TEST

START_TEST(where_nobody_has_a_place_from_says_and_the_database_is_told)
{
    with_sink();
    give(1);
    serve();
    SAID("committed 0; take 0; forget 0; outbox 0; edge 0@-2; move 0 →5");
    begins_at(0, 5, STATS_UNKNOWN);
}
END_TEST

START_TEST(the_databases_place_is_the_groups_beginning_and_no_first_commit_is_needed)
{
    with_sink();
    settings.from = FROM_LATEST;
    give(1);
    serve();
    SAID("committed 0; take 0; forget 0; outbox 0; partitions?; committed 0 1 2; edge 0@-1; move 0 →50");
    begins_at(0, 50, STATS_UNKNOWN);
}
END_TEST

START_TEST(where_the_database_has_a_place_the_groups_error_does_not_matter)
{
    with_sink();
    kafka.group[0].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    sink.positions[0] = (struct sink_position){30, WITNESS_NONE, STATS_UNKNOWN};
    give(1);
    serve();
    begins_at(0, 30, STATS_UNKNOWN);
}
END_TEST

START_TEST(a_database_that_does_not_answer_is_asked_once_for_all)
{
    with_sink();
    sink.takes_fail = 1;
    commit_is(0, 12, NULL);
    give(3);
    serve();
    SAID("committed 0 1 2; take 0");
    for (int32_t i = 0; i < 3; i++)
        waits(i, 1);
    ck_assert_ptr_nonnull(strstr(
        capture.text, "payments [2]: where to continue is not known: the database is away; retrying in "));
}
END_TEST

START_TEST(what_the_database_was_not_told_is_not_read)
{
    with_sink();
    sink.move = SINK_AGAIN;
    give(1);
    serve();
    waits(0, 1);
    sink.move = SINK_DONE;
    fake_clock_advance(2 * US_PER_SECOND);
    kafka_said();
    serve();
    SAID("committed 0; reread 0; edge 0@-2; move 0 →5"); /* it is ours already */
    begins_at(0, 5, STATS_UNKNOWN);
}
END_TEST

START_TEST(a_partition_that_the_database_says_is_anothers_waits_for_the_group)
{
    with_sink();
    sink.move = SINK_LOST;
    give(1);
    serve();
    ck_assert_int_eq(row(0)->state, STATE_DISPOSSESSED);
    ck_assert_ptr_null(strstr(capture.text, "where to continue is not known"));
}
END_TEST

/* --- the group had an offset when the place was written ------------------------------------------------ */

/* The database has a place without a last record; the group had an offset so long ago. */
static void with_place(int64_t hours_ago)
{
    int64_t had_us = clock_wall_us() - hours_ago * 60 * 60 * US_PER_SECOND;
    with_sink();
    sink.positions[0] = (struct sink_position){30, WITNESS_NONE, had_us / US_PER_MS};
    give(1);
    serve();
}

START_TEST(a_group_that_had_an_offset_and_has_none_tells_another_topic)
{
    with_place(1);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert_int_eq(row(0)->position, 30);
    ck_assert(row(0)->last.deleted && !row(0)->last.expired);
}
END_TEST

START_TEST(after_long_its_offset_may_have_expired)
{
    with_place(13);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert(row(0)->last.expired);
}
END_TEST

START_TEST(a_group_that_has_its_offset_tells_nothing)
{
    commit_is(0, 12, NULL);
    with_place(1);
    begins_at(0, 30, 12);
}
END_TEST

START_TEST(one_that_does_not_answer_is_asked_again)
{
    kafka.group[0].err = RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
    with_place(1);
    waits(0, 1);
    kafka.group[0].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    fake_clock_advance(2 * US_PER_SECOND);
    serve();
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
}
END_TEST

START_TEST(a_last_record_says_more_than_the_group)
{
    with_sink();
    sink.positions[0] = (struct sink_position){30, {29, 1, 2}, clock_wall_us() / US_PER_MS};
    give(1);
    serve();
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert(!row(0)->last.deleted);
}
END_TEST

START_TEST(behind_another_topic_the_group_is_not_known_to_have_an_offset)
{
    with_place(1);
    ck_assert_int_eq(starts_move(&consumer, 0, 5, MOVE_ANOTHER_TOPIC, &error), 0);
    ck_assert_int_eq(sink.group_had_ms[0], STATS_UNKNOWN);
}
END_TEST

START_TEST(a_reset_writes_down_that_the_group_has_one)
{
    commit_is(0, 12, NULL);
    with_place(1);
    ck_assert_int_eq(starts_move(&consumer, 0, 5, MOVE_ASKED, &error), 0);
    ck_assert_int_eq(sink.group_had_ms[0], clock_wall_us() / US_PER_MS);
}
END_TEST

/* --- moving -------------------------------------------------------------------------------------------- */

static int move(int64_t offset, enum move_cause cause)
{
    capture_begin();
    int result = starts_move(&consumer, 0, offset, cause, &error);
    capture_end();
    return result;
}

START_TEST(somebody_moves_a_partition_and_its_letters_are_forgotten)
{
    begin(0, 10);
    partition_lower_barrier(&consumer.partitions, 0, 8);
    table_process(&consumer.partitions, 0, 20);
    ck_assert_int_eq(move(15, MOVE_ASKED), 0);
    SAID("forget 0");
    begins_at(0, 15, 10);
    ck_assert_int_eq(row(0)->received, 15); /* they count again */
    ck_assert(partitions_dirty(&consumer.partitions));
}
END_TEST

START_TEST(a_move_is_acknowledged_up_to_there_and_no_further)
{
    consumer.partitions.manual = true;
    begin(0, 10);
    ck_assert_int_eq(move(10, MOVE_ASKED), 0);
    ck_assert(row(0)->acks->changed);
    ck_assert(partitions_dirty(&consumer.partitions));
}
END_TEST

START_TEST(the_database_moves_first)
{
    with_sink();
    begin(0, 10);
    table_process(&consumer.partitions, 0, 20);
    ck_assert_int_eq(move(15, MOVE_ASKED_ANEW), 0);
    SAID("move 0 20→15 without rows; forget 0");
    begins_at(0, 15, 10);
}
END_TEST

START_TEST(when_the_database_does_not_say_that_it_moved_the_place_is_asked_for_again)
{
    static const enum sink_result results[] = {SINK_AGAIN, SINK_UNKNOWN};
    with_sink();
    for (size_t i = 0; i < 2; i++) {
        begin(0, 10);
        sink.move = results[i];
        ck_assert_int_eq(move(15, MOVE_ASKED), -1);
        ck_assert_str_eq(error.text, "the database is away");
        ck_assert_int_eq(row(0)->state, STATE_PLACING);
        ck_assert_int_eq(row(0)->until_us, clock_monotonic_us() + backoff_us(&settings, 1));
    }
    begin(0, 10);
    sink.move = SINK_LOST;
    ck_assert_int_eq(move(15, MOVE_ASKED), -1);
    ck_assert_int_eq(row(0)->state, STATE_DISPOSSESSED);
}
END_TEST

CHECK_MAIN_WITH("consumer/starts: sinks", open_consumer, consumer_end,
                the_database_says_where_to_go_on_before_the_group_does,
                without_a_place_of_its_own_it_begins_at_the_groups_and_is_told,
                where_nobody_has_a_place_from_says_and_the_database_is_told,
                the_databases_place_is_the_groups_beginning_and_no_first_commit_is_needed,
                where_the_database_has_a_place_the_groups_error_does_not_matter,
                a_database_that_does_not_answer_is_asked_once_for_all,
                what_the_database_was_not_told_is_not_read,
                a_partition_that_the_database_says_is_anothers_waits_for_the_group,
                a_group_that_had_an_offset_and_has_none_tells_another_topic,
                after_long_its_offset_may_have_expired, a_group_that_has_its_offset_tells_nothing,
                one_that_does_not_answer_is_asked_again, a_last_record_says_more_than_the_group,
                behind_another_topic_the_group_is_not_known_to_have_an_offset,
                a_reset_writes_down_that_the_group_has_one,
                somebody_moves_a_partition_and_its_letters_are_forgotten,
                a_move_is_acknowledged_up_to_there_and_no_further, the_database_moves_first,
                when_the_database_does_not_say_that_it_moved_the_place_is_asked_for_again)

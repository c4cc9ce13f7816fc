/* What librdkafka is told of each partition, by a librdkafka that only listens. */
#include "tests/consumer/fake_kafka.h"
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/capture.h"
#include "tests/support/fake_clock.h"

#include "consumer/fetching.h"

static struct partitions table;
static struct fetching fetching;

static void open_table(void)
{
    kafka_begin();
    partitions_init(&table, "payments", segment_open());
    fetching = (struct fetching){.rk = FAKE_RK, .partitions = &table};
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
}

static const struct partition *row(int32_t number)
{
    return row_of(&table, number);
}

/* Given, and its place known: `last` is whether a last record is, too. */
static void begin(int32_t number, int64_t offset, bool last)
{
    struct place place = {.offset = offset, .committed = offset, .witness = WITNESS_NONE};
    if (last)
        place.witness = (struct witness){offset - 2, 1, 2};
    partition_on_assigned(&table, number);
    partition_placed(&table, number, &place);
}

/* The group's list, of partitions up to -1. */
static rd_kafka_topic_partition_list_t *list_of(const int32_t *numbers)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (; *numbers != -1; numbers++)
        rd_kafka_topic_partition_list_add(list, "payments", *numbers);
    return list;
}

static void assign(const int32_t *numbers, bool array_holds)
{
    rd_kafka_topic_partition_list_t *list = list_of(numbers);
    fetching_assign(&fetching, list, array_holds);
    rd_kafka_topic_partition_list_destroy(list);
}

#define ASSIGN(array_holds, ...) assign((const int32_t[]){__VA_ARGS__, -1}, array_holds)

static void fetches(int32_t number, bool on, bool seek)
{
    ck_assert_msg(row(number)->fetch.paused == !on && row(number)->fetch.seek == seek,
                  "[%d]: paused %d, seek %d", (int)number, row(number)->fetch.paused,
                  row(number)->fetch.seek);
}

static void settle(void)
{
    for (size_t i = 0; i < table.row_count; i++)
        table_answer(&table, (int32_t)i);
    fetching_settle(&fetching);
    ck_assert(!table.unsettled);
}

/* --- assignments --------------------------------------------------------------------------------------- */

START_TEST(each_partition_begins_where_its_row_says)
{
    begin(0, 10, false);
    begin(2, 30, true); /* its last record is looked at first */
    ASSIGN(false, 0, 2);
    SAID("assign 0@10 2@28"); /* to resume what is not paused does harm */
    fetches(0, true, false);
    fetches(2, true, false);
    settle();
    SAID("");
}
END_TEST

START_TEST(one_whose_start_is_not_known_is_paused_and_later_resumed_and_sought)
{
    begin(0, 10, false);
    partition_on_assigned(&table, 1);
    ASSIGN(false, 0, 1);
    SAID("assign 0@10 1@-2; pause 1");
    fetches(0, true, false);
    fetches(1, false, true);
    begin(1, 20, false);
    settle();
    SAID("resume 1; seek 1@20");
    fetches(1, true, false);
}
END_TEST

START_TEST(a_paused_consumer_is_given_all_of_it_paused)
{
    begin(0, 10, false);
    fetching.paused = true;
    ASSIGN(false, 0);
    SAID("assign 0@10; pause 0");
    fetches(0, false, true);
}
END_TEST

START_TEST(a_pause_that_librdkafka_remembers_over_an_assignment_is_undone)
{
    begin(0, 10, false);
    ASSIGN(false, 0);
    partition_event(&table, 0, EVENT_FAILED);
    settle();
    partition_on_revoked(&table, 0);
    begin(0, 15, false);
    kafka_said();
    ASSIGN(false, 0);
    SAID("assign 0@15; resume 0");
    fetches(0, true, true);
    settle();
    SAID("seek 0@15");
    fetches(0, true, false);
}
END_TEST

START_TEST(one_that_is_to_stay_paused_is_not_paused_twice)
{
    begin(0, 10, false);
    fetching.paused = true;
    ASSIGN(false, 0);
    partition_on_revoked(&table, 0);
    begin(0, 10, false);
    kafka_said();
    ASSIGN(false, 0);
    SAID("assign 0@10");
    fetches(0, false, false);
}
END_TEST

START_TEST(what_the_array_holds_from_before_is_not_taken_for_what_comes_next)
{
    begin(0, 10, false);
    ASSIGN(true, 0);
    SAID("assign 0@10");
    fetches(0, true, true);
    ck_assert(table.unsettled);
    settle();
    SAID("seek 0@10"); /* once the array is empty */
    fetches(0, true, false);
}
END_TEST

START_TEST(a_cooperative_assignor_gives_and_takes_one_by_one)
{
    kafka.cooperative = true;
    fetching_look_at_protocol(&fetching);
    ck_assert(fetching_is_cooperative(&fetching));
    begin(0, 10, false);
    begin(1, 20, false);
    ASSIGN(false, 1);
    SAID("incremental assign 1@20");
    rd_kafka_topic_partition_list_t *list = list_of((const int32_t[]){1, -1});
    fetching_unassign(&fetching, list);
    rd_kafka_topic_partition_list_destroy(list);
    SAID("incremental unassign 1");
}
END_TEST

START_TEST(an_eager_assignor_takes_all)
{
    ck_assert(!fetching_is_cooperative(&fetching));
    rd_kafka_topic_partition_list_t *list = list_of((const int32_t[]){0, 1, -1});
    fetching_unassign(&fetching, list);
    rd_kafka_topic_partition_list_destroy(list);
    SAID("assign nothing");
}
END_TEST

START_TEST(what_librdkafka_refuses_is_told)
{
    begin(0, 10, false);
    kafka.assign = RD_KAFKA_RESP_ERR__STATE;
    capture_begin();
    ASSIGN(false, 0);
    ck_assert_str_eq(capture_end(), "warning: assign: Local: Erroneous state\n");
    kafka.cooperative = true;
    fetching_look_at_protocol(&fetching);
    kafka.step = RD_KAFKA_RESP_ERR__STATE;
    capture_begin();
    ASSIGN(false, 0);
    ck_assert_str_eq(capture_end(), "warning: incremental assign: it rains\n");
    error_ring_says(RD_KAFKA_RESP_ERR__STATE, "incremental assign: it rains");
}
END_TEST

START_TEST(a_partition_that_has_no_row_is_left_out)
{
    begin(0, 10, false); /* memory was out for 7 */
    ASSIGN(false, 0, 7);
    SAID("assign 0@10 7@-2");
}
END_TEST

/* --- settling ------------------------------------------------------------------------------------------ */

/* Three that are read. */
static void read_three(void)
{
    for (int32_t i = 0; i < 3; i++)
        begin(i, 10 * (i + 1), false);
    ASSIGN(false, 0, 1, 2);
    settle();
    kafka_said();
}

START_TEST(nothing_is_told_while_nothing_changes)
{
    read_three();
    table.unsettled = true;
    settle();
    SAID("");
    partition_event(&table, 1, EVENT_FAILED);
    table.unsettled = false;
    settle();
    SAID(""); /* an event marks the table; without the mark nobody looks */
}
END_TEST

START_TEST(without_a_handle_nothing_is_told)
{
    read_three();
    partition_event(&table, 1, EVENT_FAILED);
    fetching.rk = NULL;
    fetching_settle(&fetching);
    SAID("");
    ck_assert(table.unsettled); /* still to be done */
}
END_TEST

START_TEST(what_waits_is_paused_and_what_goes_on_is_sought_and_resumed)
{
    read_three();
    partition_event(&table, 1, EVENT_FAILED);
    settle();
    SAID("pause 1");
    fetches(1, false, true);
    partition_event(&table, 1, EVENT_DUE);
    partition_event(&table, 2, EVENT_GONE);
    settle();
    SAID("pause 2; resume 1; seek 1@20");
    fetches(1, true, false);
    fetches(2, false, true);
}
END_TEST

START_TEST(what_is_to_be_read_anew_is_sought_though_it_is_fetched)
{
    read_three();
    partition_event(&table, 0, EVENT_AGAIN);
    settle();
    SAID("seek 0@10");
    fetches(0, true, false);
    settle();
    SAID("");
}
END_TEST

START_TEST(it_is_sought_to_the_last_record_where_that_is_looked_at)
{
    begin(0, 10, true);
    ASSIGN(false, 0);
    partition_event(&table, 0, EVENT_SEEN);
    partition_event(&table, 0, EVENT_DOUBTED);
    kafka_said();
    settle();
    SAID("seek 0@8");
}
END_TEST

START_TEST(what_is_not_ours_any_more_is_told_nothing)
{
    read_three();
    partition_on_revoked(&table, 1);
    settle();
    SAID("");
}
END_TEST

/* --- seeks that fail ----------------------------------------------------------------------------------- */

START_TEST(a_seek_that_was_not_answered_in_time_is_made_again_in_the_next_turn)
{
    static const rd_kafka_resp_err_t unanswered[] = {
        RD_KAFKA_RESP_ERR__IN_PROGRESS, RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, RD_KAFKA_RESP_ERR__TIMED_OUT};
    for (size_t i = 0; i < sizeof unanswered / sizeof unanswered[0]; i++) {
        read_three();
        partition_event(&table, 0, EVENT_AGAIN);
        partition_event(&table, 1, EVENT_AGAIN);
        kafka.seek_one[0] = unanswered[i];
        kafka.seek = RD_KAFKA_RESP_ERR__TIMED_OUT;
        capture_begin();
        fetching_settle(&fetching);
        ck_assert_str_eq(capture_end(), "warning: seek: it rains\n");
        SAID("seek 0@10 1@20");
        fetches(0, true, true);
        fetches(1, true, false);
        ck_assert(table.unsettled);
        kafka.seek_one[0] = kafka.seek = RD_KAFKA_RESP_ERR_NO_ERROR;
        settle();
        SAID("seek 0@10");
    }
}
END_TEST

START_TEST(a_partition_whose_fetching_has_ended_is_assigned_again_with_the_others)
{
    static const rd_kafka_resp_err_t ended[] = {RD_KAFKA_RESP_ERR__STATE,
                                                RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION};
    for (size_t i = 0; i < sizeof ended / sizeof ended[0]; i++) {
        read_three();
        partition_event(&table, 2, EVENT_FAILED);
        settle();
        partition_event(&table, 1, EVENT_AGAIN);
        kafka.seek_one[1] = ended[i];
        kafka_said();
        fetching_settle(&fetching);
        SAID("seek 1@20; assign 0@10 1@20 2@-2");
        fetches(0, true, false);
        fetches(1, true, false);
        fetches(2, false, false);
        kafka.seek_one[1] = RD_KAFKA_RESP_ERR_NO_ERROR;
        settle();
        SAID("");
    }
}
END_TEST

START_TEST(then_the_last_records_of_all_are_looked_at_before_more_is_committed)
{
    begin(0, 10, true);
    begin(1, 20, true);
    ASSIGN(false, 0, 1);
    partition_event(&table, 0, EVENT_SEEN);
    partition_event(&table, 1, EVENT_SEEN);
    partition_event(&table, 1, EVENT_AGAIN);
    kafka.seek_one[1] = RD_KAFKA_RESP_ERR__STATE;
    kafka_said();
    fetching_settle(&fetching);
    SAID("seek 1@18; assign 0@8 1@18");
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    ck_assert(row(0)->last.doubted && row(1)->last.doubted);
}
END_TEST

START_TEST(without_one_the_group_is_asked_first_unless_it_just_was)
{
    read_three();
    fake_clock_advance(US_PER_SECOND);
    partition_event(&table, 1, EVENT_AGAIN);
    kafka.seek_one[1] = RD_KAFKA_RESP_ERR__STATE;
    kafka_said();
    fetching_settle(&fetching);
    SAID("seek 1@20; assign 0@-2 1@-2 2@-2; pause 0 1 2");
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
    ck_assert_int_eq(row(1)->state, STATE_PLACING);
}
END_TEST

START_TEST(or_alone_with_a_cooperative_assignor_and_those_that_stay_are_read_anew)
{
    kafka.cooperative = true;
    fetching_look_at_protocol(&fetching);
    read_three();
    partition_event(&table, 1, EVENT_AGAIN);
    kafka.seek_one[1] = RD_KAFKA_RESP_ERR__STATE;
    fetching_settle(&fetching);
    SAID("seek 1@20; incremental unassign 1; incremental assign 1@20");
    fetches(0, true, true); /* librdkafka before 2.1 lets them jump ahead */
    fetches(1, true, false);
    kafka.seek_one[1] = RD_KAFKA_RESP_ERR_NO_ERROR;
    settle();
    SAID("seek 0@10 2@30");
}
END_TEST

START_TEST(assigning_again_leaves_out_what_is_not_ours)
{
    read_three();
    partition_on_revoked(&table, 0);
    partition_event(&table, 1, EVENT_AGAIN);
    kafka.seek_one[1] = RD_KAFKA_RESP_ERR__STATE;
    fetching_settle(&fetching);
    SAID("seek 1@20; assign 1@20 2@30");
}
END_TEST

/* --- the consumer's pause ------------------------------------------------------------------------------ */

START_TEST(a_pause_stops_all_and_its_end_looks_at_the_last_records)
{
    begin(0, 10, true);
    begin(1, 20, false);
    ASSIGN(false, 0, 1);
    partition_event(&table, 0, EVENT_SEEN);
    kafka_said();
    fetching_pause(&fetching, true);
    ck_assert(fetching.paused);
    ck_assert_int_eq(row(0)->state, STATE_READING); /* it changes no state, its end does */
    settle();
    SAID("pause 0 1");
    fetching_pause(&fetching, false);
    ck_assert(!fetching.paused);
    ck_assert_int_eq(row(0)->state, STATE_VERIFYING);
    settle();
    SAID("resume 0 1; seek 0@8 1@20");
}
END_TEST

START_TEST(what_waits_by_itself_is_not_resumed_with_the_consumer)
{
    read_three();
    partition_event(&table, 1, EVENT_FAILED);
    fetching_pause(&fetching, true);
    settle();
    SAID("pause 0 1 2");
    partition_event(&table, 1, EVENT_DUE); /* while all are paused */
    settle();
    SAID("");
    partition_event(&table, 2, EVENT_FAILED);
    fetching_pause(&fetching, false);
    settle();
    SAID("resume 0 1; seek 0@10 1@20");
}
END_TEST

START_TEST(a_pause_survives_an_assignment_and_its_end_is_told)
{
    read_three();
    fetching_pause(&fetching, true);
    settle();
    for (int32_t i = 0; i < 3; i++)
        partition_on_revoked(&table, i);
    read_three();
    fetching_pause(&fetching, false);
    settle();
    SAID("resume 0 1 2; seek 0@10 1@20 2@30");
}
END_TEST

CHECK_MAIN_WITH("consumer/fetching", open_table, close_table, each_partition_begins_where_its_row_says,
                one_whose_start_is_not_known_is_paused_and_later_resumed_and_sought,
                a_paused_consumer_is_given_all_of_it_paused,
                a_pause_that_librdkafka_remembers_over_an_assignment_is_undone,
                one_that_is_to_stay_paused_is_not_paused_twice,
                what_the_array_holds_from_before_is_not_taken_for_what_comes_next,
                a_cooperative_assignor_gives_and_takes_one_by_one, an_eager_assignor_takes_all,
                what_librdkafka_refuses_is_told, a_partition_that_has_no_row_is_left_out,
                nothing_is_told_while_nothing_changes, without_a_handle_nothing_is_told,
                what_waits_is_paused_and_what_goes_on_is_sought_and_resumed,
                what_is_to_be_read_anew_is_sought_though_it_is_fetched,
                it_is_sought_to_the_last_record_where_that_is_looked_at,
                what_is_not_ours_any_more_is_told_nothing,
                a_seek_that_was_not_answered_in_time_is_made_again_in_the_next_turn,
                a_partition_whose_fetching_has_ended_is_assigned_again_with_the_others,
                then_the_last_records_of_all_are_looked_at_before_more_is_committed,
                without_one_the_group_is_asked_first_unless_it_just_was,
                or_alone_with_a_cooperative_assignor_and_those_that_stay_are_read_anew,
                assigning_again_leaves_out_what_is_not_ours,
                a_pause_stops_all_and_its_end_looks_at_the_last_records,
                what_waits_by_itself_is_not_resumed_with_the_consumer,
                a_pause_survives_an_assignment_and_its_end_is_told)

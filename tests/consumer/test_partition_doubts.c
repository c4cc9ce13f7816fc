/* Doubts about the topic that no last record can settle: the group is asked. */
#include "tests/consumer/table.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

static struct partitions table;

static void open_table(void)
{
    partitions_init(&table, "payments", NULL);
    table_begin(&table, 0, 100, 100);
}

static void close_table(void)
{
    partitions_release(&table);
}

/* The group has this offset of it; below zero: none. */
static void told(int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = offset;
    partitions_told(&table, list);
    rd_kafka_topic_partition_list_destroy(list);
}

static bool is_asked(void)
{
    rd_kafka_topic_partition_list_t *list = partitions_to_ask(&table, false);
    if (list != NULL)
        rd_kafka_topic_partition_list_destroy(list);
    return list != NULL;
}

START_TEST(without_a_last_record_nothing_is_read_before_the_group_has_heard_of_it)
{
    partitions_doubt(&table);
    ck_assert_int_eq(row_of(&table, 0)->state, STATE_PLACING);
    ck_assert_int_eq(partition_due(&table, STATE_PLACING, 0), -1);
    fake_clock_advance(1000000);
    ck_assert_int_eq(partition_due(&table, STATE_PLACING, 0), 0);
    partition_deleted(&table, 0);
    ck_assert_int_eq(row_of(&table, 0)->state, STATE_LOSING);
    ck_assert(row_of(&table, 0)->last.deleted && row_of(&table, 0)->last.doubted);
}
END_TEST

START_TEST(what_is_in_flight_stands_first)
{
    table_fly(&table, 0, 103);
    partitions_doubt(&table);
    ck_assert_int_eq(row_of(&table, 0)->flight.end, 103);
    ck_assert_int_eq(table_take(&table, 0, 103, "record"), NOT_TAKEN);
    partitions_move(&table, 1);
    ck_assert_int_eq(row_of(&table, 0)->position, 103);
    ck_assert_int_ne(row_of(&table, 0)->state, STATE_READING);
    ck_assert(!partitions_dirty(&table));
}
END_TEST

START_TEST(the_group_is_asked_before_what_is_not_read_is_committed)
{
    table_process(&table, 0, 110);
    ck_assert(partitions_dirty(&table) && !is_asked()); /* it is read: librdkafka looks at the topic */
    partition_event(&table, 0, EVENT_FAILED);
    ck_assert(is_asked());
    told(100);
    ck_assert(partitions_dirty(&table));
    told(RD_KAFKA_OFFSET_INVALID);
    ck_assert_int_eq(row_of(&table, 0)->state, STATE_LOSING);
    ck_assert(!partitions_dirty(&table) && !is_asked());
}
END_TEST

START_TEST(a_doubt_that_nobody_can_read_away_is_settled_by_the_group_a_second_later)
{
    table.manual = true;
    table_begin(&table, 0, 100, 100);
    table_process(&table, 0, 110);
    partition_event(&table, 0, EVENT_FAILED);
    partition_fetches(&table, 0, (struct fetch){.paused = true, .seek = true});
    partitions_doubt(&table);
    ck_assert(!is_asked());
    fake_clock_advance(1000000);
    ck_assert(is_asked());
    told(100);
    ck_assert(!row_of(&table, 0)->last.doubted);
    ck_assert_int_eq(row_of(&table, 0)->state, STATE_RETRYING);
}
END_TEST

START_TEST(a_pause_ends_with_a_question_where_no_record_can_answer)
{
    partitions_resumed(&table);
    ck_assert_int_eq(row_of(&table, 0)->state, STATE_PLACING);
    ck_assert_int_eq(partition_due(&table, STATE_PLACING, 0), 0);
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_doubts", open_table, close_table,
                without_a_last_record_nothing_is_read_before_the_group_has_heard_of_it,
                what_is_in_flight_stands_first, the_group_is_asked_before_what_is_not_read_is_committed,
                a_doubt_that_nobody_can_read_away_is_settled_by_the_group_a_second_later,
                a_pause_ends_with_a_question_where_no_record_can_answer)

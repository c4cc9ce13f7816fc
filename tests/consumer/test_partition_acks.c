/* What is acknowledged of a partition; the set itself: test_acks.c. */
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

static struct partitions table;
static struct error error;

static void open_table(void)
{
    partitions_init(&table, "payments", segment_open());
    table.manual = true;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
}

START_TEST(what_was_delivered_and_not_acknowledged_is_counted)
{
    ck_assert_int_eq(partition_unacknowledged(row_of(&table, 0)), 10);
    ck_assert_int_eq(partition_acknowledge(&table, 0, 10, 12, &error), 0);
    ck_assert_int_eq(partition_acknowledge(&table, 0, 15, 18, &error), 0);
    ck_assert_int_eq(acks_ahead(row_of(&table, 0)->acks), 3);
    ck_assert_int_eq(partition_unacknowledged(row_of(&table, 0)), 5);
    ck_assert_int_eq(partition_acknowledge(&table, 0, 10, 19, &error), 0);
    ck_assert_int_eq(partition_unacknowledged(row_of(&table, 0)), 1);
    ck_assert_int_eq(partition_acknowledge(&table, 0, 10, 20, &error), 0);
    ck_assert_int_eq(partition_unacknowledged(row_of(&table, 0)), 0);
}
END_TEST

START_TEST(what_is_acknowledged_beyond_the_position_is_not_counted_as_less_than_none)
{
    partition_acknowledge(&table, 0, 10, 20, &error);
    partition_acknowledge(&table, 0, 21, 30, &error); /* before a restart, say */
    ck_assert_int_eq(partition_unacknowledged(row_of(&table, 0)), 0);
}
END_TEST

START_TEST(how_many_and_which_are_published)
{
    partition_acknowledge(&table, 0, 12, 15, &error);
    partition_publish_acks(&table, row_of(&table, 0));
    ck_assert_int_eq(published(0, "unacknowledged"), 7);
    ck_assert_int_eq(published(0, "acknowledged_ahead"), 3);
    ck_assert_int_eq(published(0, "acknowledged_next"), 10);
    ck_assert_int_eq(published(0, "acknowledged_map"), 7 << 2);
}
END_TEST

START_TEST(without_commit_manual_nothing_is_acknowledged)
{
    table.manual = false;
    table_begin(&table, 1, 10, 10);
    table_process(&table, 1, 15);
    ck_assert_int_eq(partition_acknowledge(&table, 1, 10, 12, &error), 0);
    ck_assert_int_eq(partition_unacknowledged(row_of(&table, 1)), 0);
    partition_publish_acks(&table, row_of(&table, 1));
    ck_assert_int_eq(published(1, "unacknowledged"), STATS_UNKNOWN);
    ck_assert_int_eq(partition_acknowledge(&table, 7, 10, 12, &error), 0); /* nor of what is not ours */
}
END_TEST

START_TEST(where_it_begins_is_not_known_nothing_is_unacknowledged)
{
    partition_on_assigned(&table, 0);
    ck_assert_int_eq(partition_unacknowledged(row_of(&table, 0)), 0);
}
END_TEST

START_TEST(what_the_metadata_cannot_hold_is_refused)
{
    int64_t offset = 20;
    while (partition_acknowledge(&table, 0, offset, offset + 1, &error) == 0)
        ck_assert_int_lt(offset += 2, 10000);
    ck_assert_ptr_nonnull(strstr(error.text, "too many separate acknowledgements beyond 10"));
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_acks", open_table, close_table,
                what_was_delivered_and_not_acknowledged_is_counted,
                what_is_acknowledged_beyond_the_position_is_not_counted_as_less_than_none,
                how_many_and_which_are_published, without_commit_manual_nothing_is_acknowledged,
                where_it_begins_is_not_known_nothing_is_unacknowledged,
                what_the_metadata_cannot_hold_is_refused)

/* What the segment shows of a partition, read back. */
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

static struct partitions table;
static rd_kafka_t *rk = (rd_kafka_t *)&table; /* never looked into */

enum { WALL_US = 1000000 };

/* What librdkafka knows of each partition. */
static struct {
    rd_kafka_resp_err_t err;
    int64_t low, high;
} known[SEGMENT_CAPACITY + 1];
static int asked;

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *handle, const char *topic, int32_t partition,
                                                   int64_t *low, int64_t *high)
{
    ck_assert_ptr_eq(handle, rk);
    ck_assert_str_eq(topic, "payments");
    asked++;
    *low = known[partition].low;
    *high = known[partition].high;
    return known[partition].err;
}

static void open_table(void)
{
    partitions_init(&table, "payments", segment_open());
    asked = 0;
    memset(known, 0, sizeof known);
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
}

START_TEST(a_place_is_shown_with_nothing_in_flight)
{
    table_begin(&table, 0, 10, 8);
    table_fly(&table, 0, 15);
    partitions_publish_flight(&table);
    const struct place place = {.offset = 30, .committed = 25, .witness = WITNESS_NONE};
    partition_placed(&table, 0, &place);
    ck_assert_int_eq(published(0, "resumed"), 30);
    ck_assert_int_eq(published(0, "resumed_committed"), 25);
    ck_assert_int_eq(published(0, "position"), 30);
    ck_assert_int_eq(published(0, "committed"), 25);
    ck_assert_int_eq(published(0, "inflight_first"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "inflight_end"), STATS_UNKNOWN);
    ck_assert_int_eq(published(0, "oldest_unprocessed_us"), STATS_UNKNOWN);
}
END_TEST

START_TEST(high_watermarks_are_those_that_librdkafka_knows)
{
    for (int32_t i = 0; i < 4; i++)
        table_begin(&table, i, 10, 10);
    partition_taken(&table, 3);
    known[0].high = 40;
    known[1].high = RD_KAFKA_OFFSET_INVALID; /* nothing was fetched yet */
    known[2].high = 60;
    known[2].err = RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(published(0, "high"), 40);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US);
    ck_assert_int_eq(published(1, "high"), STATS_UNKNOWN);
    ck_assert_int_eq(published(2, "high"), STATS_UNKNOWN);
    ck_assert_int_eq(published(1, "watermarks_us"), STATS_UNKNOWN);
    ck_assert_int_eq(asked, 3); /* not of what is not ours */
    known[0].high = 0;
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(published(0, "high"), 0); /* an empty partition */
}
END_TEST

START_TEST(of_a_partition_without_a_place_in_the_segment_none_is_asked_for)
{
    for (int32_t i = 0; i <= SEGMENT_CAPACITY; i++)
        table_begin(&table, i, 10, 10);
    partitions_publish_high(&table, rk, WALL_US);
    ck_assert_int_eq(asked, SEGMENT_CAPACITY);
}
END_TEST

START_TEST(low_watermarks_are_taken_where_the_query_brought_one)
{
    for (int32_t i = 0; i < 5; i++)
        table_begin(&table, i, 10, 10);
    partition_taken(&table, 2);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);
    rd_kafka_topic_partition_list_add(list, "payments", 0)->offset = 5;
    rd_kafka_topic_partition_list_add(list, "payments", 1)->err = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    list->elems[1].offset = 6;
    rd_kafka_topic_partition_list_add(list, "payments", 2)->offset = 7; /* not ours any more */
    rd_kafka_topic_partition_list_add(list, "payments", 3)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_topic_partition_list_add(list, "payments", 4)->offset = 0;
    partitions_publish_low(&table, list, WALL_US);
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(published(0, "low"), 5);
    ck_assert_int_eq(published(0, "watermarks_us"), WALL_US);
    ck_assert_int_eq(published(1, "low"), STATS_UNKNOWN);
    ck_assert_int_eq(published(2, "low"), STATS_UNKNOWN);
    ck_assert_int_eq(published(3, "low"), STATS_UNKNOWN);
    ck_assert_int_eq(published(4, "low"), 0);
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_publish", open_table, close_table,
                a_place_is_shown_with_nothing_in_flight, high_watermarks_are_those_that_librdkafka_knows,
                of_a_partition_without_a_place_in_the_segment_none_is_asked_for,
                low_watermarks_are_taken_where_the_query_brought_one)

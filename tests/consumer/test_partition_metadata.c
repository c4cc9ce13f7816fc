/* What a commit says in its metadata: the first one's mark, and what is acknowledged beyond the offset. */
#include "tests/consumer/segment.h"
#include "tests/consumer/table.h"
#include "tests/support/fake_clock.h"

static struct partitions table;

enum { WALL_US = 1000000 };

static void open_table(void)
{
    partitions_init(&table, "payments", segment_open());
}

static void close_table(void)
{
    partitions_release(&table);
    segment_close();
}

/* The broker's answer to a commit: the offsets as they were asked for, all with this error. */
static void answer(rd_kafka_topic_partition_list_t *list, rd_kafka_resp_err_t err)
{
    ck_assert_ptr_nonnull(list);
    partitions_commit_answered(&table, err, list, WALL_US);
    rd_kafka_topic_partition_list_destroy(list);
}

static void metadata_is(rd_kafka_topic_partition_list_t *list, int64_t offset, const char *metadata)
{
    ck_assert_ptr_nonnull(list);
    ck_assert_int_eq(list->elems[0].offset, offset);
    ck_assert_uint_eq(list->elems[0].metadata_size, metadata != NULL ? strlen(metadata) : 0);
    if (metadata != NULL)
        ck_assert_str_eq(list->elems[0].metadata, metadata);
    else
        ck_assert_ptr_null(list->elems[0].metadata);
}

/* And confirmed. */
static void commits(int64_t offset, const char *metadata)
{
    rd_kafka_topic_partition_list_t *list = partitions_to_commit(&table);
    metadata_is(list, offset, metadata);
    answer(list, RD_KAFKA_RESP_ERR_NO_ERROR);
}

START_TEST(a_first_commit_says_how_many_partitions_there_were)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *one = commit_add_first(list, "payments", 2, 10, 3);
    ck_assert_ptr_eq(one, &list->elems[0]);
    ck_assert_int_eq(one->partition, 2);
    ck_assert_str_eq(one->topic, "payments");
    metadata_is(list, 10, "first of 3");
    ck_assert_int_eq(commit_first_of(one->metadata, one->metadata_size), 3);
    rd_kafka_topic_partition_list_destroy(list);
}
END_TEST

START_TEST(the_ones_after_it_do_not)
{
    table_begin(&table, 0, 10, STATS_UNKNOWN);
    commits(10, NULL);
    table_process(&table, 0, 12);
    commits(12, NULL);
}
END_TEST

START_TEST(acknowledgements_beyond_the_offset_ride_in_the_metadata)
{
    struct error error = ERROR_INIT;
    table.manual = true;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
    ck_assert(!partitions_dirty(&table)); /* nothing is acknowledged */
    partition_acknowledge(&table, 0, 12, 14, &error);
    ck_assert(partitions_dirty(&table));
    commits(10, "acks1:2-3");
    ck_assert(!partitions_dirty(&table));
    partition_acknowledge(&table, 0, 10, 11, &error);
    commits(11, "acks1:1-2");
    partition_acknowledge(&table, 0, 11, 12, &error);
    commits(14, NULL);
}
END_TEST

START_TEST(with_acknowledgements_there_are_no_barriers)
{
    struct error error = ERROR_INIT;
    table.manual = true;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
    partition_acknowledge(&table, 0, 10, 13, &error);
    partition_lower_barrier(&table, 0, 12); /* what has not happened is not acknowledged */
    ck_assert_int_eq(row_of(&table, 0)->commit.barrier, STATS_UNKNOWN);
    commits(13, NULL);
}
END_TEST

START_TEST(acknowledgements_whose_commit_was_refused_are_said_again)
{
    struct error error = ERROR_INIT;
    table.manual = true;
    table_begin(&table, 0, 10, 10);
    table_process(&table, 0, 20);
    partition_acknowledge(&table, 0, 12, 14, &error);
    answer(partitions_to_commit(&table), RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    ck_assert(row_of(&table, 0)->acks->changed);
    commits(10, "acks1:2-3");
}
END_TEST

START_TEST(only_the_marks_own_form_is_one)
{
    static const struct {
        const char *text;
        int count;
    } texts[] = {{"first of 1", 1},
                 {"first of 3", 3},
                 {"first of 2147483647", 2147483647},
                 {"first of 2147483648", 0},
                 {"first of ", 0},
                 {"first of 3 ", 0},
                 {"first of x", 0},
                 {"First of 3", 0},
                 {"acks1:2-3", 0},
                 {"first of 000000000003", 3},
                 {"", 0},
                 {"first of 0000000000003", 0},
                 {"first of -1", 0},
                 {"first 0f 33", 0}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ck_assert_msg(commit_first_of(texts[i].text, strlen(texts[i].text)) == texts[i].count, "'%s'",
                      texts[i].text);
    ck_assert_int_eq(commit_first_of(NULL, 0), 0);
    ck_assert_int_eq(commit_first_of("first of 34", 10), 3); /* no more than it has */
}
END_TEST

CHECK_MAIN_WITH("consumer/partition_commits: metadata", open_table, close_table,
                a_first_commit_says_how_many_partitions_there_were, the_ones_after_it_do_not,
                acknowledgements_beyond_the_offset_ride_in_the_metadata,
                with_acknowledgements_there_are_no_barriers,
                acknowledgements_whose_commit_was_refused_are_said_again, only_the_marks_own_form_is_one)

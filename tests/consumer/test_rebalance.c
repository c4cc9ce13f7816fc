/* Partitions given and taken on a mock cluster, by calling the callback as librdkafka does; one case joins a
 * group for real, which takes the mock three seconds. */
#include "tests/consumer/mock_cluster.h"
#include "tests/support/capture.h"

#include "common/clock.h"
#include "common/exit_codes.h"
#include "consumer/holds.h"
#include "consumer/offset_loss.h"
#include "consumer/rebalance.h"

static struct settings settings;
static struct consumer consumer;

static void callback(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *partitions,
                     void *opaque)
{
    rebalance_callback(rk, err, partitions, opaque);
}

static void answered(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                     void *opaque)
{
    (void)rk;
    commit_answered(&((struct consumer *)opaque)->committer, err, list);
}

static void open_consumer(void)
{
    mock_open();
    settings = (struct settings){.topic = MOCK_TOPIC, .quiet = true};
    consumer = (struct consumer){.settings = &settings};
    rd_kafka_conf_t *conf = mock_consumer_conf("rebalance");
    rd_kafka_conf_set_opaque(conf, &consumer);
    rd_kafka_conf_set_rebalance_cb(conf, callback);
    rd_kafka_conf_set_offset_commit_cb(conf, answered);
    mock_set(conf, "partition.assignment.strategy", "range");
    consumer.rk = mock_consumer(conf);
    consumer.queue = rd_kafka_queue_get_consumer(consumer.rk);
    offsets_init(&consumer.offsets, settings.topic, NULL);
    committer_init(&consumer.committer, consumer.rk, &consumer.offsets, NULL);
}

static void close_consumer(void)
{
    rd_kafka_queue_destroy(consumer.queue);
    rd_kafka_consumer_close(consumer.rk);
    rd_kafka_destroy(consumer.rk);
    offsets_release(&consumer.offsets);
    mock_close();
}

/* A list of the partitions, ended by -1. */
static rd_kafka_topic_partition_list_t *list_of(const int *partitions)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(MOCK_PARTITIONS);
    for (; *partitions != -1; partitions++)
        rd_kafka_topic_partition_list_add(list, MOCK_TOPIC, *partitions);
    return list;
}

static void call(rd_kafka_resp_err_t what, const int *partitions)
{
    rd_kafka_topic_partition_list_t *list = list_of(partitions);
    rebalance_callback(consumer.rk, what, list, &consumer);
    rd_kafka_topic_partition_list_destroy(list);
}

#define GIVE(...) call(RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, (const int[]){__VA_ARGS__, -1})
#define TAKE(...) call(RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, (const int[]){__VA_ARGS__, -1})

/* What the group has committed, as the broker says. */
static int64_t committed(int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = list_of((const int[]){partition, -1});
    ck_assert_int_eq(rd_kafka_committed(consumer.rk, list, MOCK_TIMEOUT_MS), RD_KAFKA_RESP_ERR_NO_ERROR);
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

static void commit(int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = list_of((const int[]){partition, -1});
    list->elems[0].offset = offset;
    ck_assert_int_eq(rd_kafka_commit(consumer.rk, list, 0), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
}

/* The next message, or the event that comes as one. */
static rd_kafka_message_t *next_message(void)
{
    int64_t until_us = clock_monotonic_us() + MOCK_TIMEOUT_MS * US_PER_MS;
    rd_kafka_message_t *message = NULL;
    while (message == NULL && clock_monotonic_us() < until_us)
        message = rd_kafka_consumer_poll(consumer.rk, 100);
    ck_assert_ptr_nonnull(message);
    return message;
}

static int64_t next_offset(void)
{
    rd_kafka_message_t *message = next_message();
    ck_assert_msg(message->err == RD_KAFKA_RESP_ERR_NO_ERROR, "%s", rd_kafka_message_errstr(message));
    int64_t offset = message->offset;
    rd_kafka_message_destroy(message);
    return offset;
}

static void processed_up_to(int32_t partition, int64_t end)
{
    struct partition *row = offsets_assigned(&consumer.offsets, partition);
    ck_assert_ptr_nonnull(row);
    row->batch_first = row->position;
    row->batch_end = end;
    offsets_publish_processed(&consumer.offsets, 1);
}

START_TEST(a_group_that_has_committed_nothing_begins_at_the_earliest)
{
    mock_produce(0, 5);
    GIVE(0, 1);
    ck_assert_uint_eq(consumer.offsets.assigned_count, 2);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->position, 0);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->committed, STATS_UNKNOWN);
    ck_assert(offsets_dirty(&consumer.offsets)); /* the initial offset is to be committed */
    ck_assert(consumer.assignment_changed);
    ck_assert_int_eq(next_offset(), 0);
}
END_TEST

START_TEST(or_at_the_latest_when_told_so)
{
    settings.from = FROM_LATEST;
    mock_produce(0, 5);
    GIVE(0);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->position, 5);
    mock_produce(0, 1);
    ck_assert_int_eq(next_offset(), 5);
}
END_TEST

START_TEST(it_resumes_at_the_committed_offset_whatever_from_says)
{
    settings.from = FROM_LATEST;
    mock_produce(0, 5);
    commit(0, 2);
    GIVE(0);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->position, 2);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->committed, 2);
    ck_assert(!offsets_dirty(&consumer.offsets));
    ck_assert_int_eq(next_offset(), 2);
}
END_TEST

START_TEST(what_was_processed_is_committed_before_the_partitions_go)
{
    mock_produce(0, 5);
    GIVE(0, 1, 2);
    processed_up_to(0, 3);
    TAKE(0, 1, 2);
    ck_assert_uint_eq(consumer.offsets.assigned_count, 0);
    ck_assert_int_eq(committed(0), 3);
    ck_assert_int_eq(committed(1), 0);
    rd_kafka_topic_partition_list_t *assigned;
    rd_kafka_assignment(consumer.rk, &assigned);
    ck_assert_int_eq(assigned->cnt, 0);
    rd_kafka_topic_partition_list_destroy(assigned);
    ck_assert(!consumer.committer.held); /* eager: nothing to hold back */
}
END_TEST

START_TEST(records_that_were_fetched_but_not_processed_are_not_committed)
{
    mock_produce(0, 5);
    GIVE(0);
    for (int64_t i = 0; i < 5; i++)
        ck_assert_int_eq(next_offset(), i); /* librdkafka's own position is 5 now */
    processed_up_to(0, 2);
    TAKE(0);
    ck_assert_int_eq(committed(0), 2);
}
END_TEST

START_TEST(partitions_that_come_back_begin_at_the_committed_offset)
{
    mock_produce(0, 5);
    GIVE(0);
    processed_up_to(0, 4);
    TAKE(0);
    GIVE(0);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->position, 4);
    ck_assert_int_eq(next_offset(), 4);
}
END_TEST

START_TEST(a_partition_that_comes_back_behind_is_told)
{
    mock_produce(0, 5);
    GIVE(0);
    processed_up_to(0, 4);
    TAKE(0);
    commit(0, 1); /* somebody reset the group */
    capture_begin();
    GIVE(0);
    const char *said = capture_end();
    ck_assert_msg(strstr(said, "3 records will be delivered again") != NULL, "%s", said);
    ck_assert_int_eq(next_offset(), 1);
}
END_TEST

START_TEST(an_asynchronous_commit_is_confirmed_and_only_one_is_outstanding)
{
    mock_produce(0, 5);
    GIVE(0);
    commit_async(&consumer.committer);
    ck_assert(consumer.committer.outstanding);
    processed_up_to(0, 3);
    commit_async(&consumer.committer);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->requested, 0); /* still the first one */
    int64_t until_us = clock_monotonic_us() + MOCK_TIMEOUT_MS * US_PER_MS;
    while (offsets_dirty(&consumer.offsets) || consumer.committer.outstanding) {
        ck_assert_int_lt(clock_monotonic_us(), until_us);
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer.rk, 20);
        if (message != NULL)
            rd_kafka_message_destroy(message);
        commit_async(&consumer.committer);
    }
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->committed, 3);
    ck_assert_int_eq(committed(0), 3);
}
END_TEST

START_TEST(a_fenced_commit_is_remembered_and_nothing_more_is_committed)
{
    mock_produce(0, 5);
    GIVE(0);
    processed_up_to(0, 3);
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&consumer.offsets);
    commit_answered(&consumer.committer, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, list);
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_eq(consumer.committer.fenced, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    ck_assert_int_eq(commit_due_us(&consumer.committer), INT64_MAX);
    commit_async(&consumer.committer);
    ck_assert(!consumer.committer.outstanding);
    ck_assert_int_eq(commit_sync(&consumer.committer, COMMIT_SYNC_US), -1);
    ck_assert_int_lt(committed(0), 0);
}
END_TEST

/* Reading begins at `offset`, as if it had been committed; then the topic turns out not to have it. */
static void lose(int64_t offset)
{
    mock_produce(0, 5);
    commit(0, offset);
    GIVE(0);
    rd_kafka_message_t *message = next_message();
    ck_assert_int_eq(message->err, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    offset_loss_gone(&consumer, message);
    rd_kafka_message_destroy(message);
    capture_begin();
    holds_release(&consumer);
}

START_TEST(a_commit_that_failed_is_tried_again_after_a_while)
{
    mock_produce(0, 5);
    GIVE(0);
    rd_kafka_topic_partition_list_t *list = offsets_to_commit(&consumer.offsets);
    commit_answered(&consumer.committer, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, list);
    rd_kafka_topic_partition_list_destroy(list);
    ck_assert_int_gt(commit_due_us(&consumer.committer), 0);
    ck_assert_int_le(commit_due_us(&consumer.committer), 100 * US_PER_MS);
    commit_async(&consumer.committer);
    ck_assert(!consumer.committer.outstanding); /* not yet */
    ck_assert_int_eq(commit_sync(&consumer.committer, COMMIT_SYNC_US), 0);
    ck_assert_int_eq(committed(0), 0);
    ck_assert_int_eq(commit_due_us(&consumer.committer), INT64_MAX);
}
END_TEST

START_TEST(an_offset_that_the_topic_does_not_have_stops_the_consumer)
{
    lose(99);
    const char *said = capture_end();
    ck_assert(consumer.must_stop);
    ck_assert_int_eq(consumer.exit_code, EXIT_CODE_OFFSETS_LOST);
    ck_assert_msg(strstr(said, "offset 99 is not there: the topic holds 0 to 5") != NULL, "%s", said);
    ck_assert_int_eq(offsets_assigned(&consumer.offsets, 0)->position, 99);
}
END_TEST

START_TEST(one_beyond_the_end_is_of_another_topic_which_is_read_from_its_beginning_when_told_so)
{
    settings.on_offset_loss = OFFSET_LOSS_EARLIEST;
    lose(99);
    const char *said = capture_end();
    ck_assert(!consumer.must_stop);
    ck_assert_msg(strstr(said, "it was made anew, or cut; 99 → 0, 0 records") != NULL, "%s", said);
    ck_assert_int_eq(next_offset(), 0); /* librdkafka reads again */
}
END_TEST

START_TEST(or_behind_its_end)
{
    settings.on_offset_loss = OFFSET_LOSS_LATEST;
    lose(99);
    const char *said = capture_end();
    ck_assert_msg(strstr(said, "99 → 5, 5 records of the new one are passed over") != NULL, "%s", said);
    mock_produce(0, 1);
    ck_assert_int_eq(next_offset(), 5);
}
END_TEST

START_TEST(a_report_about_an_offset_that_is_left_behind_only_reads_on)
{
    mock_produce(0, 5);
    commit(0, 3);
    GIVE(0);
    rd_kafka_message_t old = {.partition = 0, .offset = 2, .err = RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET};
    offset_loss_gone(&consumer, &old);
    holds_release(&consumer);
    ck_assert(!consumer.must_stop);
    ck_assert_int_eq(next_offset(), 3);
}
END_TEST

START_TEST(a_join_for_real_gives_partitions_and_leaving_takes_them)
{
    mock_produce(0, 5);
    rd_kafka_topic_partition_list_t *topics = list_of((const int[]){-1});
    rd_kafka_topic_partition_list_add(topics, MOCK_TOPIC, RD_KAFKA_PARTITION_UA);
    ck_assert_int_eq(rd_kafka_subscribe(consumer.rk, topics), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(topics);
    ck_assert_int_eq(next_offset(), 0);
    ck_assert(consumer.ever_assigned);
    ck_assert_uint_eq(consumer.offsets.assigned_count, MOCK_PARTITIONS);
    processed_up_to(0, 1);
    rd_kafka_unsubscribe(consumer.rk);
    int64_t until_us = clock_monotonic_us() + MOCK_TIMEOUT_MS * US_PER_MS;
    while (consumer.offsets.assigned_count > 0 && clock_monotonic_us() < until_us) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer.rk, 10);
        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
    ck_assert_uint_eq(consumer.offsets.assigned_count, 0);
    ck_assert_int_eq(committed(0), 1);
}
END_TEST

CHECK_MAIN_WITH("consumer/rebalance", open_consumer, close_consumer,
                a_group_that_has_committed_nothing_begins_at_the_earliest, or_at_the_latest_when_told_so,
                it_resumes_at_the_committed_offset_whatever_from_says,
                what_was_processed_is_committed_before_the_partitions_go,
                records_that_were_fetched_but_not_processed_are_not_committed,
                partitions_that_come_back_begin_at_the_committed_offset,
                a_partition_that_comes_back_behind_is_told,
                an_asynchronous_commit_is_confirmed_and_only_one_is_outstanding,
                a_fenced_commit_is_remembered_and_nothing_more_is_committed,
                a_commit_that_failed_is_tried_again_after_a_while,
                an_offset_that_the_topic_does_not_have_stops_the_consumer,
                one_beyond_the_end_is_of_another_topic_which_is_read_from_its_beginning_when_told_so,
                or_behind_its_end, a_report_about_an_offset_that_is_left_behind_only_reads_on,
                a_join_for_real_gives_partitions_and_leaving_takes_them)

/* Partitions given and taken, by calling the callback as librdkafka does. */
#include "tests/consumer/fake_consumer.h"
#include "tests/consumer/fake_sink.h"
#include "tests/support/capture.h"

#include "common/exit_codes.h"
#include "consumer/rebalance.h"

static void open_consumer(void)
{
    consumer_begin();
    sink_begin();
    for (int i = 0; i < FAKE_PARTITIONS; i++)
        kafka.group[i].offset = 10 * (i + 1);
}

/* Of a list of partitions that -1 ends. */
static void call(rd_kafka_resp_err_t what, const int *numbers, const char *foreign)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(4);
    for (; *numbers != -1; numbers++)
        rd_kafka_topic_partition_list_add(list, "payments", *numbers);
    if (foreign != NULL)
        rd_kafka_topic_partition_list_add(list, foreign, 0);
    capture_begin();
    rebalance_callback(FAKE_RK, what, list, &consumer);
    capture_end();
    rd_kafka_topic_partition_list_destroy(list);
}

#define GIVE(...) call(RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, (const int[]){__VA_ARGS__, -1}, NULL)
#define TAKE(...) call(RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, (const int[]){__VA_ARGS__, -1}, NULL)

/* --- given --------------------------------------------------------------------------------------------- */

START_TEST(partitions_are_given_where_the_group_has_them)
{
    consumer.low_asked_us = 5;
    consumer.outage.since_us = 1;
    GIVE(0, 2);
    SAID("committed 0 2; assign 0@10 2@30; notify assigned 2");
    ck_assert_int_eq(row(0)->position, 10);
    ck_assert_int_eq(row(2)->position, 30);
    ck_assert(!row(0)->fetch.paused && !row(0)->fetch.seek);
    ck_assert(consumer.assignment_changed && consumer.ever_assigned);
    ck_assert_int_eq(kafka.yields, 1); /* an idle loop is to tell it */
    ck_assert_int_eq(consumer.low_asked_us, 0);
    ck_assert_int_eq(consumer.outage.since_us, 0);
}
END_TEST

START_TEST(it_is_published)
{
    consumer.fetching.paused = true;
    int64_t first_us = clock_wall_us();
    GIVE(0, 2);
    ck_assert_int_eq(published_status("assigned_partitions"), 2);
    ck_assert_int_eq(published_status("joined_us"), first_us);
    ck_assert_int_eq(published_status("phase"), PHASE_PAUSED);
    ck_assert_uint_eq(counted(CONSUMER_REBALANCES), 1);
    struct stats_ring_entry last;
    ck_assert_uint_eq(published_ring(STATS_RING_REBALANCES, &last), 1);
    ck_assert_str_eq(last.text, "assigned 2 partitions");
    ck_assert_int_eq(last.number, 2);
    fake_clock_advance(1000);
    TAKE(2);
    ck_assert_uint_eq(published_ring(STATS_RING_REBALANCES, &last), 2);
    ck_assert_str_eq(last.text, "revoked 1 partition");
    GIVE(2);
    ck_assert_int_eq(published_status("joined_us"), first_us);
    consumer.fetching.paused = false;
    GIVE(2);
    ck_assert_int_eq(published_status("phase"), PHASE_POLLING);
}
END_TEST

START_TEST(one_that_is_run_by_hand_says_it_unless_it_is_quiet)
{
    GIVE(0);
    ck_assert_ptr_null(strstr(capture.text, "assigned"));
    settings.supervised = false;
    GIVE(0);
    ck_assert_str_eq(capture.text, "assigned 1 partition\n");
    settings.quiet = true;
    GIVE(0);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(what_the_array_holds_is_from_before)
{
    consumer.batch.count = 1;
    GIVE(0);
    ck_assert(row(0)->fetch.seek);
    consumer.batch.count = 0;
}
END_TEST

START_TEST(partitions_of_another_topic_are_left_alone)
{
    call(RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, (const int[]){1, -1}, "orders");
    SAID("committed 1; assign 1@20; notify assigned 1");
    ck_assert_uint_eq(consumer.partitions.assigned_count, 1);
    ck_assert_str_eq(capture.text, "warning: the group assigned partitions of topic orders, which this "
                                   "consumer does not read: ignored\n");
}
END_TEST

START_TEST(an_empty_assignment_is_one)
{
    GIVE(-1);
    SAID("assign; notify assigned 0");
    ck_assert(consumer.ever_assigned && consumer.assignment_changed);
}
END_TEST

START_TEST(one_whose_place_cannot_be_asked_for_is_ours_and_not_read)
{
    kafka.committed = RD_KAFKA_RESP_ERR__TIMED_OUT;
    GIVE(0);
    SAID("committed 0; assign 0@-2; pause 0; notify assigned 1");
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
}
END_TEST

/* The sanitizers ask these at their start; without them, they end a process that wants too much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(one_that_memory_cannot_hold_ends_it)
{
    GIVE(2147483647);
    ck_assert(consumer.end.must_stop);
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_FAILED);
    ck_assert_str_eq(capture.text, "error: no memory for partition 2147483647\n");
    ck_assert_uint_eq(consumer.partitions.assigned_count, 0);
}
END_TEST

static int64_t phase_within;

static void look_at_the_phase(void)
{
    phase_within = published_status("phase");
}

START_TEST(what_it_does_within_is_a_phase_of_its_own)
{
    GIVE(0);
    table_process(&consumer.partitions, 0, 15);
    kafka.while_waiting = look_at_the_phase;
    TAKE(0);
    ck_assert_int_eq(phase_within, PHASE_REBALANCING);
    ck_assert_int_eq(published_status("phase"), PHASE_POLLING);
}
END_TEST

/* --- taken --------------------------------------------------------------------------------------------- */

START_TEST(what_was_processed_is_committed_before_the_partitions_go)
{
    GIVE(0, 1);
    table_process(&consumer.partitions, 0, 15);
    kafka_said();
    kafka.yields = 0;
    TAKE(0, 1);
    SAID(
        "flush; commit 0@15; wait 5000 ms; queue gone; forget 0; forget 1; assign nothing; notify revoked 2");
    ck_assert_uint_eq(consumer.partitions.assigned_count, 0);
    ck_assert_int_eq(kafka.yields, 0); /* it could be the one within a close */
    ck_assert(consumer.assignment_changed);
    ck_assert_int_eq(published_status("assigned_partitions"), 0);
}
END_TEST

START_TEST(records_that_were_only_fetched_are_not_committed)
{
    GIVE(0);
    table_process(&consumer.partitions, 0, 12);
    table_fly(&consumer.partitions, 0, 20);
    kafka_said();
    TAKE(0);
    SAID("flush; commit 0@12; wait 5000 ms; queue gone; forget 0; assign nothing; notify revoked 1");
}
END_TEST

START_TEST(without_a_sink_no_outbox_is_emptied)
{
    GIVE(0);
    letters.origin_count = 2;
    kafka_said();
    TAKE(0);
    SAID("flush; forget 0; assign nothing; notify revoked 1");
}
END_TEST

START_TEST(an_assignment_that_was_lost_commits_nothing)
{
    GIVE(0);
    table_process(&consumer.partitions, 0, 15);
    kafka_said();
    kafka.lost = true;
    TAKE(0);
    SAID("forget 0; assign nothing; notify lost 1");
    struct stats_ring_entry last;
    published_ring(STATS_RING_REBALANCES, &last);
    ck_assert_str_eq(last.text, "lost 1 partition");
}
END_TEST

START_TEST(what_a_lost_assignment_leaves_uncommitted_is_told_and_is_not_forgotten)
{
    GIVE(0, 1);
    table_process(&consumer.partitions, 0, 15); /* partition 1 has done nothing */
    kafka.lost = true;
    TAKE(0, 1);
    ck_assert_str_eq(capture.text,
                     "warning: payments [0] was lost: 5 records, offsets 10 to 14, were processed here, "
                     "and no commit of them is confirmed: another member processes them again\n");
    error_ring_says(5, "[0] lost with 10 to 14 processed and not committed");
    kafka.lost = false;
    ck_assert(rebalance_commit(&consumer));
    ck_assert_int_eq(consumer.end.left, 5);
}
END_TEST

START_TEST(one_record_that_was_lost_is_told_as_any)
{
    GIVE(0);
    table_process(&consumer.partitions, 0, 11);
    kafka.lost = true;
    TAKE(0);
    ck_assert_ptr_nonnull(strstr(capture.text, "was lost: 1 records, offsets 10 to 10, were processed here"));
    ck_assert_int_eq(consumer.end.left, 1);
}
END_TEST

START_TEST(of_acknowledgements_that_were_lost_it_says_so)
{
    consumer.partitions.manual = true;
    settings.commit = COMMIT_MANUAL;
    GIVE(0);
    table_process(&consumer.partitions, 0, 15);
    partition_settle(&consumer.partitions, 0, 10, 12);
    kafka.lost = true;
    TAKE(0);
    ck_assert_ptr_nonnull(strstr(capture.text, "2 records, offsets 10 to 11, were acknowledged here"));
}
END_TEST

START_TEST(what_librdkafka_or_a_database_commits_is_not_left_behind)
{
    settings.commit = COMMIT_AUTO;
    GIVE(0);
    table_process(&consumer.partitions, 0, 15);
    TAKE(0);
    ck_assert_int_eq(consumer.end.left, 0);
    settings.commit = COMMIT_SINK;
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    GIVE(1);
    table_process(&consumer.partitions, 1, 25);
    kafka.lost = true;
    TAKE(1);
    ck_assert_int_eq(consumer.end.left, 0);
}
END_TEST

START_TEST(letters_that_are_not_acknowledged_and_commits_that_fail_are_told_and_the_partitions_go)
{
    GIVE(0);
    table_process(&consumer.partitions, 0, 15);
    letters.flush = -1;
    kafka.sync = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    TAKE(0);
    ck_assert_str_eq(capture.text, "warning: 2 dead letters are not acknowledged yet\n"
                                   "warning: the offsets could not be committed: Broker: Specified group "
                                   "generation id is not valid; what they cover will be delivered again\n");
    ck_assert_uint_eq(consumer.partitions.assigned_count, 0);
}
END_TEST

START_TEST(a_last_commit_says_whether_all_is_committed)
{
    GIVE(0);
    ck_assert(rebalance_commit(&consumer));
    table_process(&consumer.partitions, 0, 15);
    kafka.sync = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    capture_begin();
    ck_assert(!rebalance_commit(&consumer));
    kafka.sync = RD_KAFKA_RESP_ERR_NO_ERROR;
    letters.flush = -1;
    ck_assert(!rebalance_commit(&consumer));
    letters.flush = 0;
    ck_assert(rebalance_commit(&consumer));
    capture_end();
}
END_TEST

START_TEST(acknowledged_letters_leave_the_outbox_before_the_partitions_go)
{
    GIVE(0);
    consumer.sink = (struct exactly_once){.class = &fake_sink_class, .state = FAKE_SINK};
    letters.origin_count = 2;
    kafka_said();
    TAKE(0);
    SAID("flush; forwarded 2; let go 2; forget 0; assign nothing; notify revoked 1");
}
END_TEST

/* --- cooperative --------------------------------------------------------------------------------------- */

START_TEST(a_cooperative_step_reads_the_partitions_that_stay_anew)
{
    kafka.cooperative = true;
    GIVE(0);
    SAID("committed 0; incremental assign 0@10; notify assigned 1");
    GIVE(1);
    SAID("committed 1; incremental assign 1@20; notify assigned 1");
    ck_assert(row(0)->fetch.seek); /* librdkafka before 2.1 lets it jump ahead */
    ck_assert(!row(1)->fetch.seek);
    settled();
    TAKE(1);
    ck_assert(row(0)->fetch.seek);
}
END_TEST

START_TEST(an_eager_one_takes_all_anyway)
{
    GIVE(0, 1);
    GIVE(1);
    ck_assert(!row(0)->fetch.seek);
}
END_TEST

START_TEST(what_is_given_to_one_that_closes_does_not_begin)
{
    consumer.end.closing = true;
    GIVE(0);
    SAID("assign 0@-2; pause 0; notify assigned 1");
    ck_assert_int_eq(row(0)->state, STATE_PLACING);
}
END_TEST

START_TEST(what_a_slice_was_at_when_its_partition_went_is_told_as_redelivered)
{
    GIVE(0, 1);
    settled();
    table_fly(&consumer.partitions, 0, 13);
    TAKE(0, 1);
    ck_assert_ptr_nonnull(strstr(capture.text, "payments [0] was revoked while offsets 10 to 12 were being "
                                               "processed: these 3 records will be delivered again"));
    ck_assert_ptr_null(strstr(capture.text, "payments [1] was revoked"));
    error_ring_says(3, "[0] revoked while 10 to 12 were being processed");
}
END_TEST

CHECK_MAIN_WITH("consumer/rebalance", open_consumer, consumer_end,
                partitions_are_given_where_the_group_has_them, it_is_published,
                one_that_is_run_by_hand_says_it_unless_it_is_quiet, what_the_array_holds_is_from_before,
                partitions_of_another_topic_are_left_alone, an_empty_assignment_is_one,
                one_whose_place_cannot_be_asked_for_is_ours_and_not_read, one_that_memory_cannot_hold_ends_it,
                what_it_does_within_is_a_phase_of_its_own,
                what_was_processed_is_committed_before_the_partitions_go,
                records_that_were_only_fetched_are_not_committed, without_a_sink_no_outbox_is_emptied,
                an_assignment_that_was_lost_commits_nothing,
                what_a_lost_assignment_leaves_uncommitted_is_told_and_is_not_forgotten,
                one_record_that_was_lost_is_told_as_any, of_acknowledgements_that_were_lost_it_says_so,
                what_librdkafka_or_a_database_commits_is_not_left_behind,
                letters_that_are_not_acknowledged_and_commits_that_fail_are_told_and_the_partitions_go,
                a_last_commit_says_whether_all_is_committed,
                acknowledged_letters_leave_the_outbox_before_the_partitions_go,
                a_cooperative_step_reads_the_partitions_that_stay_anew, an_eager_one_takes_all_anyway,
                what_is_given_to_one_that_closes_does_not_begin,
                what_a_slice_was_at_when_its_partition_went_is_told_as_redelivered)

/* Errors that come as messages. */
#include "tests/consumer/fake_consumer.h"
#include "tests/support/capture.h"

#include "common/exit_codes.h"
#include "consumer/message_errors.h"

static rd_kafka_resp_err_t fatal;

rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *text, size_t bytes)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(text, bytes, "it is over");
    return fatal;
}

static void open_consumer(void)
{
    consumer_begin();
    settings.brokers = (struct brokers){.bootstrap = "127.0.0.1:9092"};
    consumer.trouble.control = &control;
    consumer.trouble.stats = consumer.stats;
    fatal = RD_KAFKA_RESP_ERR_NO_ERROR;
    begin(0, 10);
}

static void meet(rd_kafka_resp_err_t err, int64_t offset)
{
    rd_kafka_message_t message = {.err = err, .partition = 0, .offset = offset};
    capture_begin();
    message_error(&consumer, &message);
    capture_end();
}

static size_t ring(void)
{
    struct stats_ring_entry last;
    return published_ring(STATS_RING_ERRORS, &last);
}

START_TEST(the_end_of_a_partition_is_no_error)
{
    meet(RD_KAFKA_RESP_ERR__PARTITION_EOF, 12);
    settled();
    meet(RD_KAFKA_RESP_ERR__PARTITION_EOF, 12);
    ck_assert(partitions_moving(&consumer.partitions));
    ck_assert_int_eq(row(0)->flight.end, 12);
    ck_assert_uint_eq(counted(CONSUMER_BROKER_ERRORS), 0);
    ck_assert_uint_eq(ring(), 0);
    ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(an_offset_that_is_gone_is_settled_between_two_batches)
{
    meet(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, 10);
    ck_assert_int_eq(row(0)->state, STATE_LOSING);
    ck_assert_uint_eq(counted(CONSUMER_BROKER_ERRORS), 1);
    error_ring_says(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, "Local: No offset to automatically reset to");
}
END_TEST

START_TEST(a_fatal_error_ends_it_with_the_exit_code_of_its_cause)
{
    fatal = RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
    meet(RD_KAFKA_RESP_ERR__FATAL, 0);
    ck_assert(consumer.end.must_stop);
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_FENCED);
    ck_assert_str_eq(capture.text, "error: Kafka: FENCED_INSTANCE_ID: it is over\n");
}
END_TEST

START_TEST(one_without_a_cause_is_its_own)
{
    meet(RD_KAFKA_RESP_ERR__FATAL, 0);
    ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_KAFKA_FATAL);
    ck_assert_str_eq(capture.text, "error: Kafka: _FATAL: \n");
}
END_TEST

START_TEST(a_missing_topic_is_told_once_and_all_partitions_are_doubted)
{
    static const rd_kafka_resp_err_t missing[] = {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                                                  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
                                                  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION};
    for (size_t i = 0; i < 3; i++) {
        consumer.topic_missing_said = consumer.topic_left = false;
        meet(missing[i], 0);
        ck_assert_str_eq(capture.text,
                         "warning: topic 'payments' does not exist at 127.0.0.1:9092: create it "
                         "with 'ktopic provision'; waiting for it\n");
        ck_assert(consumer.topic_left && consumer.topic_missing_said);
        consumer.topic_left = false;
        meet(missing[i], 0);
        ck_assert_str_eq(capture.text, "");
        ck_assert(consumer.topic_left);
    }
    ck_assert(!consumer.end.must_stop);
    ck_assert_uint_eq(counted(CONSUMER_BROKER_ERRORS), 6);
    ck_assert_uint_eq(ring(), 6);
}
END_TEST

START_TEST(each_of_three_errors_says_that_a_topic_is_missing_and_no_other)
{
    ck_assert(message_error_is_missing_topic(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART));
    ck_assert(message_error_is_missing_topic(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC));
    ck_assert(message_error_is_missing_topic(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION));
    ck_assert(!message_error_is_missing_topic(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
    ck_assert(!message_error_is_missing_topic(RD_KAFKA_RESP_ERR_NO_ERROR));
}
END_TEST

START_TEST(what_is_not_allowed_ends_it_as_a_configuration_fault)
{
    static const rd_kafka_resp_err_t forbidden[] = {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                                    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED};
    for (size_t i = 0; i < 2; i++) {
        consumer.end = (struct consumer_end){0};
        meet(forbidden[i], 0);
        ck_assert_int_eq(consumer.end.exit_code, EXIT_CODE_CONFIG);
        ck_assert_ptr_nonnull(strstr(capture.text, "error: Kafka: Broker: "));
    }
}
END_TEST

START_TEST(a_batch_that_took_too_long_is_told_with_what_mends_it)
{
    meet(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, 0);
    ck_assert(consumer.pace.interval_exceeded);
    ck_assert(!consumer.end.must_stop);
    ck_assert_str_eq(
        capture.text,
        "warning: Local: Maximum application poll interval (max.poll.interval.ms) exceeded: a batch of at "
        "most 16 payments took longer in the pipeline 'validate'; the group gave this consumer's partitions "
        "to others. Use a smaller --batch-size, a faster stage, or a larger -X max.poll.interval.ms=…\n");
    settings.pipeline = "delay:9";
    meet(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, 0);
    ck_assert_ptr_nonnull(strstr(capture.text, "in the pipeline 'delay:9'; "));
}
END_TEST

START_TEST(an_error_without_a_rule_is_trouble)
{
    meet(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 0);
    ck_assert_str_eq(capture.text, "warning: Kafka: Broker: Message size too large\n");
    SAID("notify trouble 'Broker: Message size too large'");
    ck_assert_uint_eq(counted(CONSUMER_BROKER_ERRORS), 1);
    ck_assert_uint_eq(ring(), 1); /* once, though trouble enters it */
    ck_assert(!consumer.end.must_stop);
}
END_TEST

CHECK_MAIN_WITH("consumer/message_errors", open_consumer, consumer_end, the_end_of_a_partition_is_no_error,
                an_offset_that_is_gone_is_settled_between_two_batches,
                a_fatal_error_ends_it_with_the_exit_code_of_its_cause, one_without_a_cause_is_its_own,
                a_missing_topic_is_told_once_and_all_partitions_are_doubted,
                each_of_three_errors_says_that_a_topic_is_missing_and_no_other,
                what_is_not_allowed_ends_it_as_a_configuration_fault,
                a_batch_that_took_too_long_is_told_with_what_mends_it, an_error_without_a_rule_is_trouble)

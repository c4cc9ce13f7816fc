/* Topics that a program makes for itself, and one question to the Admin API. */
#include "tests/common/fake_admin.h"

static struct error error;

static void begin(void)
{
    error = (struct error)ERROR_INIT;
    broker.cluster = "a-real-cluster";
    broker.resources = 1;
}

static void end(void)
{
    ck_assert_int_eq(broker.alive, 0);
    ck_assert_int_eq(metadata.handles, 0);
}

START_TEST(a_topic_is_made_as_it_is_asked_for)
{
    ck_assert_int_eq(kafka_topic_create(RK, "payments.dlq", 3, 2, TIMEOUT_MS, &error), KAFKA_TOPIC_MADE);
    ASKED("payments.dlq 3 2; create; asked");
}
END_TEST

START_TEST(one_of_its_properties_can_be_set)
{
    ck_assert_int_eq(
        kafka_topic_create_with(RK, "payments.dlq", 3, 2, "max.message.bytes", "1048588", TIMEOUT_MS, &error),
        KAFKA_TOPIC_MADE);
    ASKED("payments.dlq 3 2; max.message.bytes; 1048588; create; asked");
}
END_TEST

START_TEST(that_somebody_was_quicker_is_no_error)
{
    broker.one = RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
    ck_assert_int_eq(kafka_topic_create(RK, "payments.dlq", 3, 2, TIMEOUT_MS, &error), KAFKA_TOPIC_THERE);
}
END_TEST

START_TEST(a_topic_that_cannot_be_made_is_named_with_the_reason)
{
    broker.one = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    ck_assert_int_eq(kafka_topic_create(RK, "payments.dlq", 3, 2, TIMEOUT_MS, &error), -1);
    ck_assert_str_eq(error.text, "cannot create topic payments.dlq: not allowed");
    ck_assert_int_eq(kafka_topic_create(RK, "payments.dlq", 0, 2, TIMEOUT_MS, &error), -1);
    ck_assert_str_eq(error.text, "cannot create topic payments.dlq: no partitions");
}
END_TEST

START_TEST(a_question_that_fails_or_is_not_answered_is_an_error)
{
    broker.whole = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(kafka_topic_create(RK, "payments.dlq", 3, 2, TIMEOUT_MS, &error), -1);
    ck_assert_str_eq(error.text, "cannot create topic payments.dlq: broker 2 did not answer");
    error = (struct error)ERROR_INIT;
    broker.silent = true;
    ck_assert_int_eq(kafka_topic_grow(RK, "payments.dlq", 3, TIMEOUT_MS, &error), -1);
    ck_assert_str_eq(error.text, "cannot grow topic payments.dlq: no answer within 3 s");
}
END_TEST

START_TEST(a_topic_grows_to_as_many_partitions_as_are_wanted)
{
    ck_assert_int_eq(kafka_topic_grow(RK, "payments.dlq", 6, TIMEOUT_MS, &error), 0);
    ASKED("payments.dlq to 6; grow; asked");
    broker.one = RD_KAFKA_RESP_ERR_INVALID_PARTITIONS;
    ck_assert_int_eq(kafka_topic_grow(RK, "payments.dlq", 6, TIMEOUT_MS, &error), -1);
    ck_assert_str_eq(error.text, "cannot grow topic payments.dlq: not allowed");
    ck_assert_int_eq(kafka_topic_grow(RK, "payments.dlq", 0, TIMEOUT_MS, &error), -1);
    ck_assert_str_eq(error.text, "cannot grow topic payments.dlq: no partitions");
}
END_TEST

static int64_t number(const char *value)
{
    broker.entries[0].name = "retention.ms";
    broker.entries[0].value = "604800000";
    broker.entries[1].name = "max.message.bytes";
    broker.entries[1].value = value;
    broker.entries[2].name = "cleanup.policy";
    broker.entries[2].value = "delete";
    broker.entry_count = 3;
    return kafka_topic_number(RK, "payments", "max.message.bytes", TIMEOUT_MS);
}

START_TEST(a_property_that_is_a_number_is_read)
{
    ck_assert_int_eq(number("1048588"), 1048588);
    ASKED("payments; describe; asked");
    ck_assert_int_eq(broker.clusters_freed, 1);
}
END_TEST

START_TEST(one_that_is_no_number_or_that_nobody_tells_is_not_known)
{
    ck_assert_int_eq(number("many"), -1);
    ck_assert_int_eq(number(NULL), -1);
    broker.resources = 0;
    ck_assert_int_eq(number("5"), -1);
    broker.resources = 1;
    broker.whole = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(number("5"), -1);
}
END_TEST

START_TEST(the_embedded_broker_is_not_asked_nor_one_that_does_not_say_who_it_is)
{
    broker.cluster = "mockClusterabc";
    broker.one = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    ck_assert_int_eq(number("5"), -1);
    ck_assert(!kafka_topic_forbidden(RK, "payments", TIMEOUT_MS));
    broker.cluster = NULL;
    ck_assert_int_eq(number("5"), -1);
    ck_assert(!kafka_topic_forbidden(RK, "payments", TIMEOUT_MS));
    ASKED("");
}
END_TEST

START_TEST(a_topic_is_forbidden_when_the_broker_says_so_of_it)
{
    ck_assert(!kafka_topic_forbidden(RK, "payments", TIMEOUT_MS));
    broker.one = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    ck_assert(kafka_topic_forbidden(RK, "payments", TIMEOUT_MS));
    broker.one = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    ck_assert(!kafka_topic_forbidden(RK, "payments", TIMEOUT_MS));
    broker.one = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    broker.silent = true;
    ck_assert(!kafka_topic_forbidden(RK, "payments", TIMEOUT_MS));
}
END_TEST

START_TEST(its_partitions_are_counted_by_asking_for_it_or_for_all)
{
    ck_assert_int_eq(kafka_topic_partitions(RK, "payments", TIMEOUT_MS), 3);
    ck_assert_int_eq(metadata.by_name, 1);
    ck_assert_int_eq(kafka_topic_partitions_listed(RK, "payments", TIMEOUT_MS), 3);
    ck_assert_int_eq(metadata.all, 1);
    ck_assert_int_eq(kafka_topic_partitions_listed(RK, "transactions", TIMEOUT_MS), 0);
    ck_assert_int_eq(metadata.freed, 3);
}
END_TEST

START_TEST(that_nobody_answers_is_not_that_it_has_none)
{
    metadata.answer = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(kafka_topic_partitions(RK, "payments", TIMEOUT_MS), -1);
    ck_assert_int_eq(kafka_topic_partitions_listed(RK, "payments", TIMEOUT_MS), -1);
    metadata.no_handle = true;
    ck_assert_int_eq(kafka_topic_partitions(RK, "payments", TIMEOUT_MS), -1);
    ck_assert_int_eq(metadata.freed, 0);
}
END_TEST

CHECK_MAIN_WITH("common/kafka_topic", begin, end, a_topic_is_made_as_it_is_asked_for,
                one_of_its_properties_can_be_set, that_somebody_was_quicker_is_no_error,
                a_topic_that_cannot_be_made_is_named_with_the_reason,
                a_question_that_fails_or_is_not_answered_is_an_error,
                a_topic_grows_to_as_many_partitions_as_are_wanted, a_property_that_is_a_number_is_read,
                one_that_is_no_number_or_that_nobody_tells_is_not_known,
                the_embedded_broker_is_not_asked_nor_one_that_does_not_say_who_it_is,
                a_topic_is_forbidden_when_the_broker_says_so_of_it,
                its_partitions_are_counted_by_asking_for_it_or_for_all,
                that_nobody_answers_is_not_that_it_has_none)

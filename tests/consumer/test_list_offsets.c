/* Questions about the ends of partitions. The broker's answers, and the pauses between questions, are stood
 * in for. */
#include "consumer/list_offsets.h"

#include <unistd.h>

#include "common/stats/definitions.h"
#include "tests/support/check_main.h"

#define NOT_LEADER RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION

static rd_kafka_resp_err_t whole[8], of_second[8]; /* the n-th answer's errors; 0: none */
static int questions, pauses;
static int64_t asked_edge;

int usleep(useconds_t microseconds)
{
    ck_assert_uint_le(microseconds, 100000);
    ck_assert_uint_gt(microseconds, 1000);
    pauses++;
    return 0;
}

/* Partition 0 has the offset 100, 1 has 101 and so on. */
rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                               int timeout_ms)
{
    (void)rk;
    ck_assert_int_eq(timeout_ms, LIST_OFFSETS_MS);
    int at = questions++;
    ck_assert_int_lt(at, 8);
    for (int i = 0; i < list->cnt; i++) {
        ck_assert_int_eq(list->elems[i].offset, asked_edge);
        list->elems[i].offset = 100 + list->elems[i].partition;
        list->elems[i].err = i == list->cnt - 1 ? of_second[at] : RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return whole[at];
}

static rd_kafka_topic_partition_list_t *list;

static void begin(void)
{
    asked_edge = RD_KAFKA_OFFSET_END;
    list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "payments", 0);
    rd_kafka_topic_partition_list_add(list, "payments", 1);
}

static void end(void)
{
    rd_kafka_topic_partition_list_destroy(list);
}

START_TEST(an_answer_needs_one_question)
{
    ck_assert_int_eq(list_offsets(NULL, list, RD_KAFKA_OFFSET_END), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(list->elems[0].offset, 100);
    ck_assert_int_eq(list->elems[1].offset, 101);
    ck_assert_int_eq(questions, 1);
    ck_assert_int_eq(pauses, 0);
}
END_TEST

START_TEST(a_leader_that_is_not_one_yet_is_asked_again_after_a_pause)
{
    asked_edge = 1772099540102;
    whole[0] = NOT_LEADER;
    of_second[1] = NOT_LEADER; /* said of a partition, it is the same */
    ck_assert_int_eq(list_offsets(NULL, list, asked_edge), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(questions, 3);
    ck_assert_int_eq(pauses, 2);
}
END_TEST

START_TEST(after_five_questions_it_is_an_error)
{
    for (size_t i = 0; i < 8; i++)
        whole[i] = NOT_LEADER;
    ck_assert_int_eq(list_offsets(NULL, list, asked_edge), NOT_LEADER);
    ck_assert_int_eq(questions, 5);
    ck_assert_int_eq(pauses, 4);
}
END_TEST

START_TEST(another_error_is_not_asked_about_again)
{
    whole[0] = RD_KAFKA_RESP_ERR__TIMED_OUT;
    ck_assert_int_eq(list_offsets(NULL, list, asked_edge), RD_KAFKA_RESP_ERR__TIMED_OUT);
    of_second[1] = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    ck_assert_int_eq(list_offsets(NULL, list, asked_edge), RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    ck_assert_int_eq(questions, 2);
}
END_TEST

CHECK_MAIN_WITH("consumer/list_offsets", begin, end, an_answer_needs_one_question,
                a_leader_that_is_not_one_yet_is_asked_again_after_a_pause,
                after_five_questions_it_is_an_error, another_error_is_not_asked_about_again)

/* Who this member is, for a transaction: on a real handle, which has never joined. */
#include "consumer/group.h"
#include "tests/consumer/mock_cluster.h"

START_TEST(a_handle_that_is_no_member_has_no_membership)
{
    struct error error = ERROR_INIT;
    mock_open();
    rd_kafka_t *rk = mock_consumer(mock_consumer_conf("group"));
    ck_assert_ptr_null(group_membership(rk, "group", &error));
    ck_assert_str_eq(error.text, "this process is not a member of group group now");
    rd_kafka_destroy(rk);
    mock_close();
}
END_TEST

START_TEST(a_member_has_one)
{
    struct error error = ERROR_INIT;
    mock_open();
    rd_kafka_t *rk = mock_consumer(mock_consumer_conf("group"));
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, MOCK_TOPIC, RD_KAFKA_PARTITION_UA);
    ck_assert_int_eq(rd_kafka_subscribe(rk, topics), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_consumer_group_metadata_t *membership = NULL;
    for (int i = 0; i < 150 && membership == NULL; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 100);
        if (message != NULL)
            rd_kafka_message_destroy(message);
        membership = group_membership(rk, "group", &error);
    }
    ck_assert_ptr_nonnull(membership);
    rd_kafka_consumer_group_metadata_destroy(membership);
    rd_kafka_topic_partition_list_destroy(topics);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    mock_close();
}
END_TEST

CHECK_MAIN("consumer/group, membership", a_handle_that_is_no_member_has_no_membership, a_member_has_one)

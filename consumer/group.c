#include "consumer/group.h"

#include <string.h>

#include "common/kafka_admin.h"
#include "consumer/faults.h"

/* librdkafka (2.0.2) ends with an assertion that fails where its own timer and the answer come together, as
 * they do in a process that was stopped for longer than it would wait: so it waits for longer than that. */
enum { REQUEST_MS = 10 * 60 * 1000 };

rd_kafka_event_t *group_describe(rd_kafka_t *rk, const char *group, int timeout_ms)
{
    struct kafka_admin request = kafka_admin_begin(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, REQUEST_MS);
    rd_kafka_DescribeConsumerGroups(rk, &group, 1, request.options, request.queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(request.queue, timeout_ms);
    kafka_admin_end(&request);
    return event;
}

const rd_kafka_ConsumerGroupDescription_t *group_described(rd_kafka_event_t *event)
{
    size_t count;
    const rd_kafka_ConsumerGroupDescription_t **groups = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    return count > 0 ? groups[0] : NULL;
}

bool group_member_owns(const rd_kafka_MemberDescription_t *member, const char *topic, int32_t partition)
{
    const rd_kafka_topic_partition_list_t *list =
        rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));
    for (int i = 0; list != NULL && i < list->cnt; i++)
        if (strcmp(list->elems[i].topic, topic) == 0 &&
            (partition == -1 || list->elems[i].partition == partition))
            return true;
    return false;
}

/* Parsed from its printed form: librdkafka 2.0.2 has no other way to look inside. */
static bool same(const rd_kafka_consumer_group_metadata_t *one,
                 const rd_kafka_consumer_group_metadata_t *other)
{
    void *bytes[2] = {NULL, NULL};
    size_t length[2] = {0, 0};
    rd_kafka_error_t *errors[] = {rd_kafka_consumer_group_metadata_write(one, &bytes[0], &length[0]),
                                  rd_kafka_consumer_group_metadata_write(other, &bytes[1], &length[1])};
    bool alike = errors[0] == NULL && errors[1] == NULL && length[0] == length[1] &&
                 memcmp(bytes[0], bytes[1], length[0]) == 0;
    for (size_t i = 0; i < 2; i++) {
        if (errors[i] != NULL)
            rd_kafka_error_destroy(errors[i]);
        rd_kafka_mem_free(NULL, bytes[i]);
    }
    return alike;
}

rd_kafka_consumer_group_metadata_t *group_membership(rd_kafka_t *rk, const char *group, struct error *error)
{
    rd_kafka_consumer_group_metadata_t *ours = rd_kafka_consumer_group_metadata(rk);
    rd_kafka_consumer_group_metadata_t *nobody = rd_kafka_consumer_group_metadata_new(group);
    if (PLANTED(forget_guards)) {
        rd_kafka_consumer_group_metadata_destroy(ours);
        return nobody;
    }
    bool member = ours != NULL && !rd_kafka_assignment_lost(rk) && !same(ours, nobody);
    rd_kafka_consumer_group_metadata_destroy(nobody);
    if (member)
        return ours;
    if (ours != NULL)
        rd_kafka_consumer_group_metadata_destroy(ours);
    error_set(error, "this process is not a member of group %s now", group);
    return NULL;
}

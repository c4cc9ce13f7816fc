/* fake_group.h: what a broker says of a group's members, and joining one. Behind fake_kafka.h. All functions
 * of common/kafka_admin.h are here, so that the linker leaves the real ones in the archive. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_GROUP_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_GROUP_H

#include "common/kafka_admin.h"
#include "tests/consumer/fake_kafka.h"
#include "tests/support/fake_clock.h"

/* A member, and what it owns. */
struct fake_member {
    const char *id, *instance, *client, *host;
    const char *topic;
    int32_t partition; /* -1: nothing */
};

static struct {
    struct fake_member members[4];
    size_t member_count;
    rd_kafka_resp_err_t described; /* of the request */
    rd_kafka_error_t *group_error; /* of the group; NULL: none */
    rd_kafka_consumer_group_state_t state;
    bool silent;     /* nobody answers */
    const char *own; /* our member id; NULL: none */
    rd_kafka_topic_partition_list_t *owned;
    int events; /* that live */
    rd_kafka_resp_err_t subscribe;
    void (*on_poll)(void); /* callbacks run within it */
    int polls;
    rd_kafka_message_t *message; /* that a poll brings */
} group;

static char fake_group_positions[3];
#define FAKE_EVENT ((rd_kafka_event_t *)(void *)&fake_group_positions[0])
#define FAKE_GROUP ((const rd_kafka_ConsumerGroupDescription_t *)(void *)&fake_group_positions[1])

static inline void group_begin(void)
{
    memset(&group, 0, sizeof group);
    group.state = RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
}

static inline void group_end(void)
{
    if (group.owned != NULL)
        rd_kafka_topic_partition_list_destroy(group.owned);
    if (group.group_error != NULL)
        rd_kafka_error_destroy(group.group_error);
    ck_assert_int_eq(group.events, 0);
}

static inline void group_has(const struct fake_member *member)
{
    group.members[group.member_count++] = *member;
}

/* --- asking -------------------------------------------------------------------------------------------- */

struct kafka_admin kafka_admin_begin(rd_kafka_t *rk, rd_kafka_admin_op_t operation, int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_eq(operation, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    return (struct kafka_admin){.queue = FAKE_QUEUE, .timeout_ms = timeout_ms};
}

rd_kafka_event_t *kafka_admin_answer(const struct kafka_admin *request, struct error *why)
{
    (void)request;
    error_set(why, "not asked here");
    return NULL;
}

void kafka_admin_end(struct kafka_admin *request)
{
    ck_assert_ptr_eq(request->queue, FAKE_QUEUE);
    kafka_note_call("asked");
}

rd_kafka_event_t *kafka_admin_finish(struct kafka_admin *request, struct error *why)
{
    return kafka_admin_answer(request, why);
}

void rd_kafka_DescribeConsumerGroups(rd_kafka_t *rk, const char **groups, size_t count,
                                     const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)options;
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_uint_eq(count, 1);
    ck_assert_ptr_eq(queue, FAKE_QUEUE);
    kafka_note_call("who is in");
    kafka_note(" %s", groups[0]);
}

rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *queue, int timeout_ms)
{
    ck_assert_ptr_eq(queue, FAKE_QUEUE);
    ck_assert_int_gt(timeout_ms, 0);
    group.events += !group.silent;
    return group.silent ? NULL : FAKE_EVENT;
}

rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, FAKE_EVENT);
    return group.described;
}

const char *rd_kafka_event_error_string(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, FAKE_EVENT);
    return "it rains";
}

void rd_kafka_event_destroy(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, FAKE_EVENT);
    group.events--;
}

const rd_kafka_DescribeConsumerGroups_result_t *
rd_kafka_event_DescribeConsumerGroups_result(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, FAKE_EVENT);
    return (const rd_kafka_DescribeConsumerGroups_result_t *)(void *)&fake_group_positions[2];
}

const rd_kafka_ConsumerGroupDescription_t **
rd_kafka_DescribeConsumerGroups_result_groups(const rd_kafka_DescribeConsumerGroups_result_t *result,
                                              size_t *count)
{
    static const rd_kafka_ConsumerGroupDescription_t *groups[1];
    (void)result;
    groups[0] = FAKE_GROUP;
    *count = 1;
    return groups;
}

/* --- members ------------------------------------------------------------------------------------------- */

const rd_kafka_error_t *rd_kafka_ConsumerGroupDescription_error(const rd_kafka_ConsumerGroupDescription_t *of)
{
    ck_assert_ptr_eq(of, FAKE_GROUP);
    return group.group_error;
}

rd_kafka_consumer_group_state_t
rd_kafka_ConsumerGroupDescription_state(const rd_kafka_ConsumerGroupDescription_t *of)
{
    ck_assert_ptr_eq(of, FAKE_GROUP);
    return group.state;
}

size_t rd_kafka_ConsumerGroupDescription_member_count(const rd_kafka_ConsumerGroupDescription_t *of)
{
    ck_assert_ptr_eq(of, FAKE_GROUP);
    return group.member_count;
}

const rd_kafka_MemberDescription_t *
rd_kafka_ConsumerGroupDescription_member(const rd_kafka_ConsumerGroupDescription_t *of, size_t index)
{
    ck_assert_ptr_eq(of, FAKE_GROUP);
    return (const rd_kafka_MemberDescription_t *)(const void *)&group.members[index];
}

static inline const struct fake_member *fake_member_of(const void *member)
{
    return member;
}

const char *rd_kafka_MemberDescription_consumer_id(const rd_kafka_MemberDescription_t *member)
{
    return fake_member_of(member)->id;
}

const char *rd_kafka_MemberDescription_group_instance_id(const rd_kafka_MemberDescription_t *member)
{
    return fake_member_of(member)->instance;
}

const char *rd_kafka_MemberDescription_client_id(const rd_kafka_MemberDescription_t *member)
{
    return fake_member_of(member)->client;
}

const char *rd_kafka_MemberDescription_host(const rd_kafka_MemberDescription_t *member)
{
    return fake_member_of(member)->host;
}

const rd_kafka_MemberAssignment_t *
rd_kafka_MemberDescription_assignment(const rd_kafka_MemberDescription_t *member)
{
    return (const rd_kafka_MemberAssignment_t *)(const void *)member;
}

/* Good until the next call. */
const rd_kafka_topic_partition_list_t *
rd_kafka_MemberAssignment_partitions(const rd_kafka_MemberAssignment_t *assignment)
{
    const struct fake_member *member = fake_member_of(assignment);
    if (group.owned != NULL)
        rd_kafka_topic_partition_list_destroy(group.owned);
    group.owned = NULL;
    if (member->partition == -1)
        return NULL;
    group.owned = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(group.owned, member->topic, member->partition);
    return group.owned;
}

char *rd_kafka_memberid(const rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return group.own != NULL ? strdup(group.own) : NULL;
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *memory)
{
    (void)rk;
    free(memory);
}

/* --- joining ------------------------------------------------------------------------------------------- */

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *topics)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("subscribe", topics, false);
    return group.subscribe;
}

rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_gt(timeout_ms, 0);
    group.polls++;
    fake_clock_advance(timeout_ms * US_PER_MS);
    if (group.on_poll != NULL)
        group.on_poll();
    rd_kafka_message_t *message = group.message;
    group.message = NULL;
    return message;
}

#endif

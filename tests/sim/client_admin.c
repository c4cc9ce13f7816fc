/* Admin requests: making a topic, describing a group, describing configurations. */
#include "tests/sim/client.h"

#include "tests/sim/sim.h"

struct rd_kafka_AdminOptions_s {
    int unused;
};

struct rd_kafka_NewTopic_s {
    int topic, partitions;
};

struct rd_kafka_MemberAssignment_s {
    rd_kafka_topic_partition_list_t *list;
};

struct rd_kafka_MemberDescription_s {
    char id[32];
    char instance[INSTANCE_BYTES];
    struct rd_kafka_MemberAssignment_s assignment;
};

struct rd_kafka_ConsumerGroupDescription_s {
    struct rd_kafka_MemberDescription_s members[MEMBERS_MAX];
    size_t count;
};

struct rd_kafka_op_s {
    rd_kafka_resp_err_t err;
    struct rd_kafka_ConsumerGroupDescription_s group;
    const rd_kafka_ConsumerGroupDescription_t *groups[1];
};

/* --- questions ----------------------------------------------------------------------------------------- */

static void answered(void *context, int64_t queue, int64_t b)
{
    struct op *op = op_new(OP_EVENT);
    (void)b;
    op->event = context;
    queue_put((rd_kafka_queue_t *)(uintptr_t)queue, op);
}

static rd_kafka_event_t *ask(rd_kafka_t *rk, rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = calloc(1, sizeof *event);
    int64_t cut_off_us = client_cut_off_until(rk);
    if (faults_strike(&sim.faults.queries))
        event->err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    world_at((cut_off_us > 0 ? cut_off_us : sim_now()) + client_latency_us(), answered, event,
             (int64_t)(uintptr_t)queue, 0);
    return event;
}

void rd_kafka_CreateTopics(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics, size_t count,
                           const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)options;
    world_call("rd_kafka_CreateTopics");
    for (size_t i = 0; i < count; i++)
        if (topics[i]->topic >= 0 && !sim.cluster.topics[topics[i]->topic].exists)
            topic_make(topics[i]->topic,
                       topics[i]->partitions < PARTITIONS_MAX ? topics[i]->partitions : PARTITIONS_MAX);
    ask(rk, queue);
}

void rd_kafka_DescribeConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **configs, size_t count,
                              const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)configs;
    (void)count;
    (void)options;
    world_call("rd_kafka_DescribeConfigs");
    ask(rk, queue)->err = RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

void rd_kafka_DescribeConsumerGroups(rd_kafka_t *rk, const char **groups, size_t count,
                                     const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)groups;
    (void)count;
    (void)options;
    world_call("rd_kafka_DescribeConsumerGroups");
    rd_kafka_event_t *event = ask(rk, queue);
    for (int i = 0; i < MEMBERS_MAX; i++) {
        const struct member *member = &sim.cluster.group.members[i];
        struct rd_kafka_MemberDescription_s *told = &event->group.members[event->group.count];
        if (!member->used)
            continue;
        snprintf(told->id, sizeof told->id, "member-%lld", (long long)member->id);
        snprintf(told->instance, sizeof told->instance, "%s", member->instance);
        told->assignment.list = list_of_set(&member->assigned);
        event->group.count++;
    }
    event->groups[0] = &event->group;
}

/* --- answers ------------------------------------------------------------------------------------------- */

rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *queue, int timeout_ms)
{
    world_call("rd_kafka_queue_poll");
    struct op *op = queue_wait(queue, sim_now() + timeout_ms * MS);
    if (op == NULL)
        return NULL;
    rd_kafka_event_t *event = op->event;
    op_free(op);
    return event;
}

void rd_kafka_event_destroy(rd_kafka_event_t *event)
{
    free(event);
}

rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *event)
{
    return event->err;
}

const char *rd_kafka_event_error_string(rd_kafka_event_t *event)
{
    return rd_kafka_err2str(event->err);
}

const rd_kafka_CreateTopics_result_t *rd_kafka_event_CreateTopics_result(rd_kafka_event_t *event)
{
    return (const rd_kafka_CreateTopics_result_t *)event;
}

const rd_kafka_topic_result_t **rd_kafka_CreateTopics_result_topics(const rd_kafka_CreateTopics_result_t *r,
                                                                    size_t *count)
{
    (void)r;
    *count = 0;
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_topic_result_error(const rd_kafka_topic_result_t *result)
{
    (void)result;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

const char *rd_kafka_topic_result_error_string(const rd_kafka_topic_result_t *result)
{
    (void)result;
    return "";
}

const rd_kafka_DescribeConfigs_result_t *rd_kafka_event_DescribeConfigs_result(rd_kafka_event_t *event)
{
    return (const rd_kafka_DescribeConfigs_result_t *)event;
}

const rd_kafka_ConfigEntry_t **rd_kafka_ConfigResource_configs(const rd_kafka_ConfigResource_t *config,
                                                               size_t *count)
{
    (void)config;
    *count = 0;
    return NULL;
}

rd_kafka_ConfigResource_t *rd_kafka_ConfigResource_new(rd_kafka_ResourceType_t type, const char *name)
{
    (void)type;
    (void)name;
    return calloc(1, sizeof(int));
}

void rd_kafka_ConfigResource_destroy(rd_kafka_ConfigResource_t *config)
{
    free(config);
}

const char *rd_kafka_ConfigEntry_name(const rd_kafka_ConfigEntry_t *entry)
{
    (void)entry;
    return "";
}

const char *rd_kafka_ConfigEntry_value(const rd_kafka_ConfigEntry_t *entry)
{
    (void)entry;
    return "";
}

const rd_kafka_ConfigResource_t **
rd_kafka_DescribeConfigs_result_resources(const rd_kafka_DescribeConfigs_result_t *result, size_t *count)
{
    (void)result;
    *count = 0;
    return NULL;
}

const rd_kafka_DescribeConsumerGroups_result_t *
rd_kafka_event_DescribeConsumerGroups_result(rd_kafka_event_t *event)
{
    return (const rd_kafka_DescribeConsumerGroups_result_t *)event;
}

const rd_kafka_ConsumerGroupDescription_t **
rd_kafka_DescribeConsumerGroups_result_groups(const rd_kafka_DescribeConsumerGroups_result_t *result,
                                              size_t *count)
{
    rd_kafka_event_t *event = (rd_kafka_event_t *)(uintptr_t)result;
    *count = 1;
    return event->groups;
}

const rd_kafka_error_t *
rd_kafka_ConsumerGroupDescription_error(const rd_kafka_ConsumerGroupDescription_t *group)
{
    (void)group;
    return NULL;
}

rd_kafka_consumer_group_state_t
rd_kafka_ConsumerGroupDescription_state(const rd_kafka_ConsumerGroupDescription_t *group)
{
    (void)group;
    return sim.cluster.group.state == GROUP_STABLE ? RD_KAFKA_CONSUMER_GROUP_STATE_STABLE
                                                   : RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE;
}

size_t rd_kafka_ConsumerGroupDescription_member_count(const rd_kafka_ConsumerGroupDescription_t *group)
{
    return group->count;
}

const rd_kafka_MemberDescription_t *
rd_kafka_ConsumerGroupDescription_member(const rd_kafka_ConsumerGroupDescription_t *group, size_t index)
{
    return &group->members[index];
}

const char *rd_kafka_MemberDescription_client_id(const rd_kafka_MemberDescription_t *member)
{
    return member->id;
}

const char *rd_kafka_MemberDescription_consumer_id(const rd_kafka_MemberDescription_t *member)
{
    return member->id;
}

const char *rd_kafka_MemberDescription_group_instance_id(const rd_kafka_MemberDescription_t *member)
{
    return member->instance[0] != '\0' ? member->instance : NULL;
}

const char *rd_kafka_MemberDescription_host(const rd_kafka_MemberDescription_t *member)
{
    (void)member;
    return "/127.0.0.1";
}

const rd_kafka_MemberAssignment_t *
rd_kafka_MemberDescription_assignment(const rd_kafka_MemberDescription_t *member)
{
    return &member->assignment;
}

const rd_kafka_topic_partition_list_t *
rd_kafka_MemberAssignment_partitions(const rd_kafka_MemberAssignment_t *assignment)
{
    return assignment->list;
}

/* --- options ------------------------------------------------------------------------------------------- */

rd_kafka_AdminOptions_t *rd_kafka_AdminOptions_new(rd_kafka_t *rk, rd_kafka_admin_op_t operation)
{
    (void)rk;
    (void)operation;
    return calloc(1, sizeof(rd_kafka_AdminOptions_t));
}

void rd_kafka_AdminOptions_destroy(rd_kafka_AdminOptions_t *options)
{
    free(options);
}

rd_kafka_resp_err_t rd_kafka_AdminOptions_set_request_timeout(rd_kafka_AdminOptions_t *options,
                                                              int timeout_ms, char *why, size_t bytes)
{
    (void)options;
    (void)timeout_ms;
    (void)why;
    (void)bytes;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_NewTopic_t *rd_kafka_NewTopic_new(const char *topic, int partitions, int replication, char *why,
                                           size_t bytes)
{
    rd_kafka_NewTopic_t *wanted = calloc(1, sizeof *wanted);
    (void)replication;
    (void)why;
    (void)bytes;
    wanted->topic = cluster_topic(topic);
    wanted->partitions = partitions;
    return wanted;
}

void rd_kafka_NewTopic_destroy(rd_kafka_NewTopic_t *topic)
{
    free(topic);
}

rd_kafka_resp_err_t rd_kafka_NewTopic_set_config(rd_kafka_NewTopic_t *topic, const char *name,
                                                 const char *value)
{
    (void)topic;
    (void)name;
    (void)value;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* --- never asked here, and linked all the same -----------------------------------------------------------
 */

rd_kafka_resp_err_t rd_kafka_ConfigResource_error(const rd_kafka_ConfigResource_t *resource)
{
    (void)resource;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_NewPartitions_t *rd_kafka_NewPartitions_new(const char *topic, size_t partitions, char *why,
                                                     size_t bytes)
{
    (void)topic;
    (void)partitions;
    snprintf(why, bytes, "not here");
    return NULL;
}

void rd_kafka_NewPartitions_destroy(rd_kafka_NewPartitions_t *wanted)
{
    (void)wanted;
}

void rd_kafka_CreatePartitions(rd_kafka_t *rk, rd_kafka_NewPartitions_t **wanted, size_t count,
                               const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)rk;
    (void)wanted;
    (void)count;
    (void)options;
    (void)queue;
}

const rd_kafka_CreatePartitions_result_t *rd_kafka_event_CreatePartitions_result(rd_kafka_event_t *event)
{
    (void)event;
    return NULL;
}

const rd_kafka_topic_result_t **
rd_kafka_CreatePartitions_result_topics(const rd_kafka_CreatePartitions_result_t *result, size_t *count)
{
    (void)result;
    *count = 0;
    return NULL;
}

#include "tools/ktopic/group_admin.h"

#include "common/kafka_admin.h"
#include "common/log.h"
#include "common/record/text.h"
#include "common/utf8.h"

/* Requests under way at a time: the offsets are asked group by group, and 40 of them together take
 * 30 ms. */
#define PIPELINE_MAX 64

#define TEXT_BYTES 4096

json_t *group_admin_text(const char *text, size_t length)
{
    char escaped[4 * TEXT_BYTES];
    size_t used = 0;
    if (text == NULL)
        return json_null();
    if (utf8_valid(text, length))
        return json_stringn(text, length);
    escaped[0] = '\0';
    text_escape(escaped, sizeof escaped, &used, text, length);
    return json_string(escaped);
}

static json_t *text_json_of(const char *text)
{
    return group_admin_text(text, text == NULL ? 0 : strlen(text));
}

/* --- which there are ----------------------------------------------------------------------------------- */

static void warn_of_brokers(const rd_kafka_ListConsumerGroups_result_t *result)
{
    size_t count;
    const rd_kafka_error_t **errors = rd_kafka_ListConsumerGroups_result_errors(result, &count);
    for (size_t i = 0; i < count; i++)
        log_warning("a broker does not list its groups: %s", rd_kafka_error_string(errors[i]));
}

int group_admin_list(const struct kafka_cluster *cluster, json_t *groups, struct error *error)
{
    struct kafka_admin request =
        kafka_admin_begin(cluster->rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, KAFKA_ADMIN_MS);
    rd_kafka_ListConsumerGroups(cluster->rk, request.options, request.queue);
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    if (event == NULL)
        return error_context(error, "cannot list the groups");
    const rd_kafka_ListConsumerGroups_result_t *result = rd_kafka_event_ListConsumerGroups_result(event);
    size_t count;
    const rd_kafka_ConsumerGroupListing_t **found = rd_kafka_ListConsumerGroups_result_valid(result, &count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(
            groups,
            json_pack("{s:s, s:s}", "group", rd_kafka_ConsumerGroupListing_group_id(found[i]), "state",
                      rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupListing_state(found[i]))));
    warn_of_brokers(result);
    rd_kafka_event_destroy(event);
    return 0;
}

static json_t *find(json_t *groups, const char *name)
{
    size_t index;
    json_t *group;
    json_array_foreach(groups, index, group) if (strcmp(json_string_value(json_object_get(group, "group")),
                                                        name) == 0) return group;
    return NULL;
}

/* --- members ------------------------------------------------------------------------------------------- */

static json_t *assignment_json(const rd_kafka_MemberDescription_t *member)
{
    json_t *list = json_array();
    const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment(member);
    const rd_kafka_topic_partition_list_t *partitions =
        assignment == NULL ? NULL : rd_kafka_MemberAssignment_partitions(assignment);
    for (int i = 0; partitions != NULL && i < partitions->cnt; i++)
        json_array_append_new(list, json_pack("{s:s, s:i}", "topic", partitions->elems[i].topic, "partition",
                                              (int)partitions->elems[i].partition));
    return list;
}

static json_t *member_json(const rd_kafka_MemberDescription_t *member)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "member",
                     text_json_of(rd_kafka_MemberDescription_consumer_id(member)), "client",
                     text_json_of(rd_kafka_MemberDescription_client_id(member)), "host",
                     text_json_of(rd_kafka_MemberDescription_host(member)), "instance",
                     text_json_of(rd_kafka_MemberDescription_group_instance_id(member)), "assignment",
                     assignment_json(member));
}

/* A live group of the newer protocol (KIP-848) is described as Dead by the requests that librdkafka 2.0.2
 * knows: then what the listing said is nearer to the truth. */
static void describe_group(json_t *group, const rd_kafka_ConsumerGroupDescription_t *description)
{
    rd_kafka_consumer_group_state_t state = rd_kafka_ConsumerGroupDescription_state(description);
    if (state != RD_KAFKA_CONSUMER_GROUP_STATE_DEAD || json_object_get(group, "state") == NULL)
        json_object_set_new(group, "state", json_string(rd_kafka_consumer_group_state_name(state)));
    const rd_kafka_Node_t *coordinator = rd_kafka_ConsumerGroupDescription_coordinator(description);
    json_object_set_new(group, "assignor",
                        text_json_of(rd_kafka_ConsumerGroupDescription_partition_assignor(description)));
    json_object_set_new(group, "coordinator",
                        coordinator == NULL ? json_null() : json_integer(rd_kafka_Node_id(coordinator)));
    json_t *members = json_array();
    size_t count = rd_kafka_ConsumerGroupDescription_member_count(description);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(members, member_json(rd_kafka_ConsumerGroupDescription_member(description, i)));
    json_object_set_new(group, "members", members);
}

static void take_descriptions(json_t *groups, const rd_kafka_DescribeConsumerGroups_result_t *result)
{
    size_t count;
    const rd_kafka_ConsumerGroupDescription_t **found =
        rd_kafka_DescribeConsumerGroups_result_groups(result, &count);
    for (size_t i = 0; i < count; i++) {
        const char *name = rd_kafka_ConsumerGroupDescription_group_id(found[i]);
        const rd_kafka_error_t *problem = rd_kafka_ConsumerGroupDescription_error(found[i]);
        json_t *group = find(groups, name);
        if (problem != NULL)
            log_warning("group %s cannot be described: %s", name, rd_kafka_error_string(problem));
        else if (group != NULL)
            describe_group(group, found[i]);
    }
}

int group_admin_describe(const struct kafka_cluster *cluster, json_t *groups, struct error *error)
{
    size_t count = json_array_size(groups);
    if (count == 0)
        return 0;
    const char **names = calloc(count, sizeof *names);
    if (names == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++)
        names[i] = json_string_value(json_object_get(json_array_get(groups, i), "group"));
    struct kafka_admin request =
        kafka_admin_begin(cluster->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, KAFKA_ADMIN_MS);
    rd_kafka_DescribeConsumerGroups(cluster->rk, names, count, request.options, request.queue);
    rd_kafka_event_t *event = kafka_admin_finish(&request, error);
    free(names);
    if (event == NULL)
        return error_context(error, "cannot describe the groups");
    take_descriptions(groups, rd_kafka_event_DescribeConsumerGroups_result(event));
    rd_kafka_event_destroy(event);
    return 0;
}

/* --- offsets ------------------------------------------------------------------------------------------- */

static void ask_offsets(const struct kafka_cluster *cluster, const struct kafka_admin *request,
                        const char *name)
{
    rd_kafka_ListConsumerGroupOffsets_t *wanted = rd_kafka_ListConsumerGroupOffsets_new(name, NULL);
    rd_kafka_ListConsumerGroupOffsets(cluster->rk, &wanted, 1, request->options, request->queue);
    rd_kafka_ListConsumerGroupOffsets_destroy(wanted);
}

static void take_offsets(json_t *groups, const rd_kafka_group_result_t *result)
{
    json_t *group = find(groups, rd_kafka_group_result_name(result));
    const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(result);
    json_t *partitions = json_object_get(group, "partitions");
    for (int i = 0; partitions != NULL && list != NULL && i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];
        if (p->err != RD_KAFKA_RESP_ERR_NO_ERROR || p->offset < 0)
            continue;
        bool told = p->metadata != NULL && p->metadata_size > 0;
        json_array_append_new(partitions,
                              json_pack("{s:s, s:i, s:I, s:o}", "topic", p->topic, "partition",
                                        (int)p->partition, "committed", (json_int_t)p->offset, "metadata",
                                        group_admin_text(told ? p->metadata : NULL, p->metadata_size)));
    }
}

static void take_offsets_answer(json_t *groups, const struct kafka_admin *request)
{
    struct error problem = ERROR_INIT;
    rd_kafka_event_t *event = kafka_admin_answer(request, &problem);
    if (event == NULL) {
        log_warning("cannot ask for a group's offsets: %s", problem.text);
        return;
    }
    size_t count;
    const rd_kafka_group_result_t **results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_error_t *refused = rd_kafka_group_result_error(results[i]);
        if (refused != NULL)
            log_warning("the offsets of group %s cannot be read: %s", rd_kafka_group_result_name(results[i]),
                        rd_kafka_error_string(refused));
        else
            take_offsets(groups, results[i]);
    }
    rd_kafka_event_destroy(event);
}

void group_admin_offsets(const struct kafka_cluster *cluster, json_t *groups)
{
    struct kafka_admin request =
        kafka_admin_begin(cluster->rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, KAFKA_ADMIN_MS);
    size_t count = json_array_size(groups);
    size_t answered = 0;
    for (size_t asked = 0; asked < count; asked++) {
        json_t *group = json_array_get(groups, asked);
        json_object_set_new(group, "partitions", json_array());
        ask_offsets(cluster, &request, json_string_value(json_object_get(group, "group")));
        for (; asked - answered >= PIPELINE_MAX; answered++)
            take_offsets_answer(groups, &request);
    }
    for (; answered < count; answered++)
        take_offsets_answer(groups, &request);
    kafka_admin_end(&request);
}

/* fake_admin.h: librdkafka's Admin API, as far as topics go: it notes what is asked, and answers what the
 * test wrote down. For a test's one source file. */
#ifndef KSUPERVISE_TESTS_COMMON_FAKE_ADMIN_H
#define KSUPERVISE_TESTS_COMMON_FAKE_ADMIN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/kafka_admin.h"
#include "common/kafka_topic.h"
#include "tests/support/check_main.h"

enum { TIMEOUT_MS = 2999, ENTRIES = 4 };

static char places[6];
#define PLACE(type, n) ((type *)(void *)&places[n])
#define RK             PLACE(rd_kafka_t, 0)
#define QUEUE          PLACE(rd_kafka_queue_t, 1)
#define OPTIONS        PLACE(rd_kafka_AdminOptions_t, 2)
#define EVENT          PLACE(rd_kafka_event_t, 3)

static struct {
    char asked[256];
    bool has_timeout;
    int alive; /* queues, options and events that nobody has given back */
    /* the answer */
    bool silent;
    rd_kafka_resp_err_t whole;
    rd_kafka_resp_err_t one; /* of the topic, or of the resource */
    size_t resources;
    struct {
        const char *name, *value;
    } entries[ENTRIES];
    size_t entry_count;
    const char *cluster; /* NULL: nobody says */
    int clusters_freed;
} broker;

static inline void note(const char *text)
{
    size_t used = strlen(broker.asked);
    snprintf(broker.asked + used, sizeof broker.asked - used, "%s%s", used > 0 ? "; " : "", text);
}

#define ASKED(text) ck_assert_str_eq(broker.asked, text)

/* --- the question -------------------------------------------------------------------------------------- */

rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, RK);
    broker.alive++;
    return QUEUE;
}

void rd_kafka_queue_destroy(rd_kafka_queue_t *queue)
{
    ck_assert_ptr_eq(queue, QUEUE);
    broker.alive--;
}

rd_kafka_AdminOptions_t *rd_kafka_AdminOptions_new(rd_kafka_t *rk, rd_kafka_admin_op_t operation)
{
    ck_assert_ptr_eq(rk, RK);
    note(operation == RD_KAFKA_ADMIN_OP_CREATETOPICS       ? "create"
         : operation == RD_KAFKA_ADMIN_OP_CREATEPARTITIONS ? "grow"
                                                           : "describe");
    broker.alive++;
    return OPTIONS;
}

rd_kafka_resp_err_t rd_kafka_AdminOptions_set_request_timeout(rd_kafka_AdminOptions_t *options,
                                                              int timeout_ms, char *why, size_t bytes)
{
    (void)why, (void)bytes;
    ck_assert_ptr_eq(options, OPTIONS);
    ck_assert_int_eq(timeout_ms, TIMEOUT_MS);
    broker.has_timeout = true;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_AdminOptions_destroy(rd_kafka_AdminOptions_t *options)
{
    ck_assert_ptr_eq(options, OPTIONS);
    broker.alive--;
}

rd_kafka_event_t *rd_kafka_queue_poll(rd_kafka_queue_t *queue, int timeout_ms)
{
    ck_assert_ptr_eq(queue, QUEUE);
    ck_assert_int_eq(timeout_ms, TIMEOUT_MS + 1000);
    broker.alive += !broker.silent;
    return broker.silent ? NULL : EVENT;
}

rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, EVENT);
    return broker.whole;
}

const char *rd_kafka_event_error_string(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, EVENT);
    return "broker 2 did not answer";
}

void rd_kafka_event_destroy(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, EVENT);
    broker.alive--;
}

/* --- topics -------------------------------------------------------------------------------------------- */

rd_kafka_NewTopic_t *rd_kafka_NewTopic_new(const char *topic, int partitions, int replication_factor,
                                           char *why, size_t bytes)
{
    char text[128];
    if (partitions == 0) {
        snprintf(why, bytes, "no partitions");
        return NULL;
    }
    snprintf(text, sizeof text, "%s %d %d", topic, partitions, replication_factor);
    note(text);
    broker.alive++;
    return PLACE(rd_kafka_NewTopic_t, 4);
}

rd_kafka_resp_err_t rd_kafka_NewTopic_set_config(rd_kafka_NewTopic_t *topic, const char *name,
                                                 const char *value)
{
    (void)topic;
    note(name);
    note(value);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_NewTopic_destroy(rd_kafka_NewTopic_t *topic)
{
    (void)topic;
    broker.alive--;
}

static inline void is_asked(rd_kafka_t *rk, size_t count, const rd_kafka_AdminOptions_t *options,
                            rd_kafka_queue_t *queue)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_uint_eq(count, 1);
    ck_assert_ptr_eq(options, OPTIONS);
    ck_assert_ptr_eq(queue, QUEUE);
    ck_assert(broker.has_timeout);
    note("asked");
}

void rd_kafka_CreateTopics(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics, size_t count,
                           const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)topics;
    is_asked(rk, count, options, queue);
}

const rd_kafka_CreateTopics_result_t *rd_kafka_event_CreateTopics_result(rd_kafka_event_t *event)
{
    return (const void *)event;
}

static const rd_kafka_topic_result_t *results[1];

const rd_kafka_topic_result_t **
rd_kafka_CreateTopics_result_topics(const rd_kafka_CreateTopics_result_t *result, size_t *count)
{
    (void)result;
    *count = 1;
    return results;
}

rd_kafka_resp_err_t rd_kafka_topic_result_error(const rd_kafka_topic_result_t *result)
{
    (void)result;
    return broker.one;
}

const char *rd_kafka_topic_result_error_string(const rd_kafka_topic_result_t *result)
{
    (void)result;
    return "not allowed";
}

rd_kafka_NewPartitions_t *rd_kafka_NewPartitions_new(const char *topic, size_t partitions, char *why,
                                                     size_t bytes)
{
    char text[128];
    if (partitions == 0) {
        snprintf(why, bytes, "no partitions");
        return NULL;
    }
    snprintf(text, sizeof text, "%s to %zu", topic, partitions);
    note(text);
    broker.alive++;
    return PLACE(rd_kafka_NewPartitions_t, 4);
}

void rd_kafka_NewPartitions_destroy(rd_kafka_NewPartitions_t *partitions)
{
    (void)partitions;
    broker.alive--;
}

void rd_kafka_CreatePartitions(rd_kafka_t *rk, rd_kafka_NewPartitions_t **partitions, size_t count,
                               const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)partitions;
    is_asked(rk, count, options, queue);
}

const rd_kafka_CreatePartitions_result_t *rd_kafka_event_CreatePartitions_result(rd_kafka_event_t *event)
{
    return (const void *)event;
}

const rd_kafka_topic_result_t **
rd_kafka_CreatePartitions_result_topics(const rd_kafka_CreatePartitions_result_t *result, size_t *count)
{
    (void)result;
    *count = 1;
    return results;
}

/* --- properties ---------------------------------------------------------------------------------------- */

rd_kafka_ConfigResource_t *rd_kafka_ConfigResource_new(rd_kafka_ResourceType_t type, const char *name)
{
    ck_assert_int_eq(type, RD_KAFKA_RESOURCE_TOPIC);
    note(name);
    broker.alive++;
    return PLACE(rd_kafka_ConfigResource_t, 4);
}

void rd_kafka_ConfigResource_destroy(rd_kafka_ConfigResource_t *resource)
{
    (void)resource;
    broker.alive--;
}

void rd_kafka_DescribeConfigs(rd_kafka_t *rk, rd_kafka_ConfigResource_t **resources, size_t count,
                              const rd_kafka_AdminOptions_t *options, rd_kafka_queue_t *queue)
{
    (void)resources;
    is_asked(rk, count, options, queue);
}

const rd_kafka_DescribeConfigs_result_t *rd_kafka_event_DescribeConfigs_result(rd_kafka_event_t *event)
{
    return (const void *)event;
}

const rd_kafka_ConfigResource_t **
rd_kafka_DescribeConfigs_result_resources(const rd_kafka_DescribeConfigs_result_t *result, size_t *count)
{
    static const rd_kafka_ConfigResource_t *resources[2];
    (void)result;
    *count = broker.resources;
    return resources;
}

const rd_kafka_ConfigEntry_t **rd_kafka_ConfigResource_configs(const rd_kafka_ConfigResource_t *resource,
                                                               size_t *count)
{
    static const rd_kafka_ConfigEntry_t *entries[ENTRIES];
    (void)resource;
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = (const void *)&broker.entries[i];
    *count = broker.entry_count;
    return entries;
}

static inline size_t index_of(const rd_kafka_ConfigEntry_t *entry)
{
    for (size_t i = 0; i < ENTRIES; i++)
        if ((const void *)entry == (const void *)&broker.entries[i])
            return i;
    ck_abort_msg("no entry of the answer");
    return 0;
}

const char *rd_kafka_ConfigEntry_name(const rd_kafka_ConfigEntry_t *entry)
{
    return broker.entries[index_of(entry)].name;
}

const char *rd_kafka_ConfigEntry_value(const rd_kafka_ConfigEntry_t *entry)
{
    return broker.entries[index_of(entry)].value;
}

rd_kafka_resp_err_t rd_kafka_ConfigResource_error(const rd_kafka_ConfigResource_t *resource)
{
    (void)resource;
    return broker.one;
}

char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_int_eq(timeout_ms, TIMEOUT_MS);
    return broker.cluster != NULL ? strdup(broker.cluster) : NULL;
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *memory)
{
    ck_assert_ptr_eq(rk, RK);
    broker.clusters_freed++;
    free(memory);
}

/* --- metadata ------------------------------------------------------------------------------------------ */

static struct {
    rd_kafka_resp_err_t answer;
    int all, by_name, freed, handles;
    bool no_handle;
} metadata;

rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *topic, rd_kafka_topic_conf_t *conf)
{
    (void)conf;
    ck_assert_ptr_eq(rk, RK);
    ck_assert_str_eq(topic, "payments");
    metadata.handles += !metadata.no_handle;
    return metadata.no_handle ? NULL : PLACE(rd_kafka_topic_t, 5);
}

void rd_kafka_topic_destroy(rd_kafka_topic_t *topic)
{
    ck_assert_ptr_eq(topic, PLACE(rd_kafka_topic_t, 5));
    metadata.handles--;
}

static struct rd_kafka_metadata_topic topics[2];
static struct rd_kafka_metadata list = {.topic_cnt = 2, .topics = topics};

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all, rd_kafka_topic_t *only,
                                      const struct rd_kafka_metadata **answer, int timeout_ms)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_int_eq(timeout_ms, TIMEOUT_MS);
    ck_assert_int_eq(all, only == NULL);
    metadata.all += all;
    metadata.by_name += !all;
    topics[0] = (struct rd_kafka_metadata_topic){.topic = (char *)(uintptr_t) "orders", .partition_cnt = 7};
    topics[1] = (struct rd_kafka_metadata_topic){.topic = (char *)(uintptr_t) "payments", .partition_cnt = 3};
    *answer = &list;
    return metadata.answer;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *answer)
{
    ck_assert_ptr_eq(answer, &list);
    metadata.freed++;
}

#endif

/* What an audit asks of a Kafka before it reads: how far a topic goes, what a group has committed. What the
 * cluster answers is written down here, and what was asked for is given back. */
#include "tools/kaudit/cluster.h"

#include "common/exit_codes.h"
#include "common/kafka_admin.h"
#include "tests/support/check_main.h"

enum { P = 3, COMMITTED_NONE = -1001 }; /* librdkafka's RD_KAFKA_OFFSET_INVALID */

static struct error error;
static struct cluster cluster;
static struct kafka_watermarks *extents;

#define RK     ((rd_kafka_t *)(void *)&cluster)
#define EVENT  ((rd_kafka_event_t *)(void *)&broker.alive)
#define RESULT ((const rd_kafka_group_result_t *)(void *)&broker.results[0])

static struct {
    int alive;                     /* what was made and not given back */
    bool cannot_open, knows_no_id; /* at the opening */
    bool no_metadata, no_watermarks;
    const char *property, *client; /* of the opening: our last one */
    bool silent;                   /* nobody answers what a group has committed */
    size_t groups;                 /* how many are answered about */
    bool no_list;
    const char *refused;
    rd_kafka_topic_partition_list_t *asked, *answer;
    int results[1];
} broker;

/* --- the cluster --------------------------------------------------------------------------------------- */

int kafka_cluster_open(struct kafka_cluster *opened, rd_kafka_type_t type, const char *client_id,
                       const struct option_list *properties, const struct kafka_property *settings,
                       struct error *why)
{
    (void)properties;
    ck_assert_int_eq(type, RD_KAFKA_CONSUMER);
    broker.client = client_id;
    for (; settings->name != NULL; settings++)
        if (strcmp(settings->name, "enable.partition.eof") == 0)
            broker.property = settings->value;
    if (broker.cannot_open)
        return error_set(why, "nobody answers");
    opened->rk = RK;
    broker.alive++;
    return 0;
}

void kafka_cluster_close(struct kafka_cluster *opened)
{
    broker.alive -= opened->rk != NULL;
    opened->rk = NULL;
}

char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_int_gt(timeout_ms, 0);
    broker.alive += !broker.knows_no_id;
    return broker.knows_no_id ? NULL : strdup("the cluster");
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *memory)
{
    ck_assert_ptr_eq(rk, RK); /* it is still open */
    broker.alive--;
    free(memory);
}

/* The order of the metadata is nobody's promise. */
static struct rd_kafka_metadata_partition partitions[P] = {{.id = 2}, {.id = 0}, {.id = 1}};
static struct rd_kafka_metadata_topic topics[] = {{.partition_cnt = P, .partitions = partitions}};
static const struct rd_kafka_metadata all_topics = {.topic_cnt = 1, .topics = topics};

int kafka_cluster_metadata(const struct kafka_cluster *asked, const struct rd_kafka_metadata **metadata,
                           struct error *why)
{
    ck_assert_ptr_eq(asked, &cluster.kafka);
    if (broker.no_metadata)
        return error_set(why, "nobody knows the topics");
    broker.alive++;
    *metadata = &all_topics;
    return 0;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata)
{
    ck_assert_ptr_eq(metadata, &all_topics);
    broker.alive--;
}

const struct rd_kafka_metadata_topic *kafka_metadata_topic(const struct rd_kafka_metadata *metadata,
                                                           const char *name)
{
    ck_assert_ptr_eq(metadata, &all_topics);
    return strcmp(name, "payments") == 0 ? &topics[0] : NULL;
}

int kafka_cluster_watermarks(const struct kafka_cluster *asked, const struct rd_kafka_metadata_topic *topic,
                             struct kafka_watermarks *watermarks, struct error *why)
{
    ck_assert_ptr_eq(asked, &cluster.kafka);
    for (int i = 0; i < topic->partition_cnt; i++)
        watermarks[i] = (struct kafka_watermarks){topic->partitions[i].id, topic->partitions[i].id + 10};
    return broker.no_watermarks ? error_set(why, "a leader is away") : 0;
}

/* --- what a group has committed ------------------------------------------------------------------------ */

static void forget_question(void)
{
    if (broker.asked != NULL)
        rd_kafka_topic_partition_list_destroy(broker.asked);
    broker.asked = NULL;
}

struct kafka_admin kafka_admin_begin(rd_kafka_t *rk, rd_kafka_admin_op_t operation, int timeout_ms)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_int_eq(operation, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    return (struct kafka_admin){.timeout_ms = timeout_ms};
}

rd_kafka_event_t *kafka_admin_finish(struct kafka_admin *request, struct error *why)
{
    (void)request;
    ck_assert_ptr_nonnull(broker.asked);
    if (broker.silent) {
        error_set(why, "no answer within 11 s");
        return NULL;
    }
    broker.alive++;
    return EVENT;
}

rd_kafka_ListConsumerGroupOffsets_t *
rd_kafka_ListConsumerGroupOffsets_new(const char *group, const rd_kafka_topic_partition_list_t *list)
{
    ck_assert_str_eq(group, "g");
    broker.alive++;
    return (void *)rd_kafka_topic_partition_list_copy(list);
}

void rd_kafka_ListConsumerGroupOffsets_destroy(rd_kafka_ListConsumerGroupOffsets_t *wanted)
{
    broker.alive--;
    rd_kafka_topic_partition_list_destroy((void *)wanted);
}

void rd_kafka_ListConsumerGroupOffsets(rd_kafka_t *rk, rd_kafka_ListConsumerGroupOffsets_t **wanted,
                                       size_t count, const rd_kafka_AdminOptions_t *options,
                                       rd_kafka_queue_t *queue)
{
    (void)options, (void)queue;
    ck_assert_ptr_eq(rk, RK);
    ck_assert_uint_eq(count, 1);
    forget_question();
    broker.asked = rd_kafka_topic_partition_list_copy((void *)wanted[0]);
}

const rd_kafka_ListConsumerGroupOffsets_result_t *
rd_kafka_event_ListConsumerGroupOffsets_result(rd_kafka_event_t *event)
{
    return (const void *)event;
}

const rd_kafka_group_result_t **
rd_kafka_ListConsumerGroupOffsets_result_groups(const rd_kafka_ListConsumerGroupOffsets_result_t *result,
                                                size_t *count)
{
    static const rd_kafka_group_result_t *groups[1];
    ck_assert_ptr_eq(result, (const void *)EVENT);
    groups[0] = RESULT;
    *count = broker.groups;
    return groups;
}

const rd_kafka_error_t *rd_kafka_group_result_error(const rd_kafka_group_result_t *result)
{
    ck_assert_ptr_eq(result, RESULT);
    return (const void *)broker.refused;
}

const char *rd_kafka_error_string(const rd_kafka_error_t *refused)
{
    return (const void *)refused;
}

const char *rd_kafka_group_result_name(const rd_kafka_group_result_t *result)
{
    ck_assert_ptr_eq(result, RESULT);
    return "g";
}

const rd_kafka_topic_partition_list_t *rd_kafka_group_result_partitions(const rd_kafka_group_result_t *result)
{
    ck_assert_ptr_eq(result, RESULT);
    return broker.no_list ? NULL : broker.answer;
}

void rd_kafka_event_destroy(rd_kafka_event_t *event)
{
    ck_assert_ptr_eq(event, EVENT);
    broker.alive--;
}

/* --- the stage ----------------------------------------------------------------------------------------- */

static int open_cluster(const char *property)
{
    static const struct kafka_source source = {.bootstrap = "h:1"};
    const char *words[] = {property};
    struct option_list properties = {.items = (char **)(uintptr_t)words, .count = property != NULL};
    error = (struct error)ERROR_INIT;
    return cluster_open(&cluster, &source, &properties, &error);
}

static void answers(int32_t partition, int64_t offset, rd_kafka_resp_err_t err)
{
    rd_kafka_topic_partition_t *added =
        rd_kafka_topic_partition_list_add(broker.answer, "payments", partition);
    added->offset = offset;
    added->err = err;
}

static void set_up(void)
{
    unsetenv("KAFKA_CONFIG");
    ck_assert_int_eq(chdir("/"), 0); /* no .env there */
    broker.answer = rd_kafka_topic_partition_list_new(P);
    broker.groups = 1;
    ck_assert_msg(open_cluster(NULL) == 0, "%s", error.text);
}

static void tear_down(void)
{
    cluster_close(&cluster);
    ck_assert_int_eq(broker.alive, 0);
    rd_kafka_topic_partition_list_destroy(broker.answer);
    forget_question();
    free(extents);
}

/* --- opening ------------------------------------------------------------------------------------------- */

START_TEST(a_connection_knows_its_cluster_and_joins_no_group)
{
    ck_assert_str_eq(cluster.id, "the cluster");
    ck_assert_str_eq(cluster.kafka.brokers.bootstrap, "h:1");
    ck_assert_str_eq(broker.client, "kaudit");
    ck_assert_str_eq(broker.property, "true");
    cluster_close(&cluster);
    ck_assert_ptr_null(cluster.id);
    ck_assert_int_eq(open_cluster("group.id=g"), -1);
    ck_assert_int_eq(error.exit_code, EXIT_CODE_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "an audit joins no group"));
    cluster_close(&cluster); /* which was not opened */
}
END_TEST

START_TEST(a_cluster_that_does_not_tell_its_id_is_audited_without)
{
    cluster_close(&cluster);
    broker.knows_no_id = true;
    ck_assert_int_eq(open_cluster(NULL), 0);
    ck_assert_ptr_null(cluster.id);
}
END_TEST

START_TEST(who_does_not_answer_or_is_not_named_is_an_error)
{
    static const struct kafka_source nowhere = {.config = "/no/such/file"};
    struct option_list none = {.count = 0};
    cluster_close(&cluster);
    broker.cannot_open = true;
    ck_assert_int_eq(open_cluster(NULL), -1);
    ck_assert_str_eq(error.text, "nobody answers");
    error = (struct error)ERROR_INIT;
    ck_assert_int_eq(cluster_open(&cluster, &nowhere, &none, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "/no/such/file"));
}
END_TEST

/* --- how far a topic goes ------------------------------------------------------------------------------ */

START_TEST(the_extents_of_a_topic_are_by_partition)
{
    ck_assert_int_eq(cluster_extents(&cluster, "payments", &extents, &error), P);
    for (int i = 0; i < P; i++) {
        ck_assert_int_eq(extents[i].low, i);
        ck_assert_int_eq(extents[i].high, i + 10);
    }
}
END_TEST

START_TEST(a_topic_that_is_not_there_has_no_partitions)
{
    ck_assert_int_eq(cluster_extents(&cluster, "orders", &extents, &error), 0);
    ck_assert_ptr_null(extents);
}
END_TEST

START_TEST(extents_that_cannot_be_asked_are_an_error_and_none)
{
    broker.no_watermarks = true;
    ck_assert_int_eq(cluster_extents(&cluster, "payments", &extents, &error), -1);
    ck_assert_str_eq(error.text, "a leader is away");
    ck_assert_ptr_null(extents);
    error = (struct error)ERROR_INIT;
    broker.no_metadata = true;
    ck_assert_int_eq(cluster_extents(&cluster, "payments", &extents, &error), -1);
    ck_assert_str_eq(error.text, "nobody knows the topics");
}
END_TEST

/* --- what a group has committed ------------------------------------------------------------------------ */

static int64_t committed[P];

static int ask(void)
{
    error = (struct error)ERROR_INIT;
    for (int i = 0; i < P; i++)
        committed[i] = 77;
    return cluster_committed(&cluster, "g", "payments", P, committed, &error);
}

START_TEST(what_is_committed_is_asked_of_every_partition_and_none_is_less_than_nothing)
{
    answers(2, 0, RD_KAFKA_RESP_ERR_NO_ERROR);
    answers(0, 41, RD_KAFKA_RESP_ERR_NO_ERROR);
    answers(1, COMMITTED_NONE, RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_msg(ask() == 0, "%s", error.text);
    ck_assert_int_eq(broker.asked->cnt, P);
    for (int i = 0; i < P; i++) {
        ck_assert_str_eq(broker.asked->elems[i].topic, "payments");
        ck_assert_int_eq(broker.asked->elems[i].partition, i);
    }
    ck_assert_int_eq(committed[0], 41);
    ck_assert_int_eq(committed[1], -1);
    ck_assert_int_eq(committed[2], 0);
}
END_TEST

START_TEST(a_group_of_which_nothing_is_known_has_committed_nothing)
{
    broker.no_list = true;
    ck_assert_int_eq(ask(), 0);
    ck_assert_int_eq(committed[0], -1);
    ck_assert_int_eq(committed[P - 1], -1);
    broker.groups = 0;
    ck_assert_int_eq(ask(), 0);
    ck_assert_int_eq(committed[P - 1], -1);
}
END_TEST

START_TEST(an_offset_that_cannot_be_asked_is_an_error_not_nothing)
{
    answers(0, 41, RD_KAFKA_RESP_ERR_NO_ERROR);
    answers(2, COMMITTED_NONE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    ck_assert_int_eq(ask(), -1);
    ck_assert_str_eq(error.text, "the committed offset of payments, partition 2, cannot be read: Broker: "
                                 "Topic authorization failed");
    broker.refused = "not allowed";
    ck_assert_int_eq(ask(), -1);
    ck_assert_str_eq(error.text, "the offsets of group g cannot be read: not allowed");
    broker.silent = true;
    ck_assert_int_eq(ask(), -1);
    ck_assert_str_eq(error.text, "the offsets of group g cannot be read: no answer within 11 s");
}
END_TEST

CHECK_MAIN_WITH("tools/kaudit/cluster", set_up, tear_down, a_connection_knows_its_cluster_and_joins_no_group,
                a_cluster_that_does_not_tell_its_id_is_audited_without,
                who_does_not_answer_or_is_not_named_is_an_error, the_extents_of_a_topic_are_by_partition,
                a_topic_that_is_not_there_has_no_partitions,
                extents_that_cannot_be_asked_are_an_error_and_none,
                what_is_committed_is_asked_of_every_partition_and_none_is_less_than_nothing,
                a_group_of_which_nothing_is_known_has_committed_nothing,
                an_offset_that_cannot_be_asked_is_an_error_not_nothing)

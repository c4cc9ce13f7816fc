/* Partitions that were added while a static member was away. The broker is stood in for. */
#include "consumer/added.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "common/kafka_topic.h"
#include "consumer/group.h"
#include "tests/support/check_main.h"

/* The broker: a topic, and a group with two members. What is asked is counted by the thread. */
static struct {
    const char *cluster;
    int topic_partitions;
    rd_kafka_resp_err_t answer;
    rd_kafka_consumer_group_state_t state;
    const rd_kafka_error_t *error;
    int32_t first_has, second_has;
    bool silent;
} broker;
static atomic_int topic_questions, questions, answered;
static atomic_bool topic_waits; /* its answer comes when the thread is waited for */
static char places[5];

#define RK    ((rd_kafka_t *)(void *)&places[0])
#define EVENT ((rd_kafka_event_t *)(void *)&places[1])
#define GROUP ((rd_kafka_ConsumerGroupDescription_t *)(void *)&places[2])

static void begin(void)
{
    memset(&broker, 0, sizeof broker);
    broker.cluster = "MkU3OEVBNTcwNTJENDM2Qk";
    broker.topic_partitions = 4;
    broker.state = RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
    broker.first_has = 0;
    broker.second_has = 1;
    atomic_store(&topic_questions, 0);
    atomic_store(&questions, 0);
    atomic_store(&answered, 0);
    atomic_store(&topic_waits, false);
}

/* Whoever waits for the thread has told it to end. */
int pthread_join(pthread_t thread, void **value)
{
    int (*real)(pthread_t, void **);
    *(void **)&real = dlsym(RTLD_NEXT, "pthread_join");
    atomic_store(&topic_waits, false);
    return real(thread, value);
}

char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms)
{
    (void)timeout_ms;
    return rk == RK && broker.cluster != NULL ? strdup(broker.cluster) : NULL;
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *memory)
{
    (void)rk;
    free(memory);
}

int kafka_topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    (void)timeout_ms;
    atomic_fetch_add(&topic_questions, 1);
    while (atomic_load(&topic_waits))
        sched_yield();
    return rk == RK && strcmp(topic, "payments") == 0 ? broker.topic_partitions : -1;
}

rd_kafka_event_t *group_describe(rd_kafka_t *rk, const char *group, int timeout_ms)
{
    (void)timeout_ms;
    atomic_fetch_add(&questions, 1);
    return rk == RK && strcmp(group, "auditors") == 0 && !broker.silent ? EVENT : NULL;
}

rd_kafka_resp_err_t rd_kafka_event_error(rd_kafka_event_t *event)
{
    return event == EVENT ? broker.answer : RD_KAFKA_RESP_ERR__FAIL;
}

void rd_kafka_event_destroy(rd_kafka_event_t *event)
{
    (void)event;
    atomic_fetch_add(&answered, 1);
}

const rd_kafka_ConsumerGroupDescription_t *group_described(rd_kafka_event_t *event)
{
    return event == EVENT ? GROUP : NULL;
}

const rd_kafka_error_t *rd_kafka_ConsumerGroupDescription_error(const rd_kafka_ConsumerGroupDescription_t *of)
{
    (void)of;
    return broker.error;
}

rd_kafka_consumer_group_state_t
rd_kafka_ConsumerGroupDescription_state(const rd_kafka_ConsumerGroupDescription_t *of)
{
    (void)of;
    return broker.state;
}

size_t rd_kafka_ConsumerGroupDescription_member_count(const rd_kafka_ConsumerGroupDescription_t *of)
{
    (void)of;
    return 2;
}

const rd_kafka_MemberDescription_t *
rd_kafka_ConsumerGroupDescription_member(const rd_kafka_ConsumerGroupDescription_t *of, size_t index)
{
    (void)of;
    ck_assert_uint_lt(index, 2);
    return (const rd_kafka_MemberDescription_t *)(void *)&places[3 + index];
}

bool group_member_owns(const rd_kafka_MemberDescription_t *member, const char *topic, int32_t partition)
{
    bool first = (const char *)member == &places[3];
    return strcmp(topic, "payments") == 0 && partition == (first ? broker.first_has : broker.second_has);
}

/* What it has found, when so many answers have come. */
static int found_after(int answers)
{
    struct added *added = added_look(RK, "payments", "auditors");
    while (atomic_load(&answered) < answers)
        sched_yield();
    int found = added_found(added);
    ck_assert_int_eq(added_found(added), 0); /* said once */
    added_close(added);
    return found;
}

START_TEST(a_last_partition_that_is_nobodys_is_found)
{
    ck_assert_int_eq(found_after(1), 4);
}
END_TEST

START_TEST(one_that_any_member_has_is_not)
{
    broker.second_has = 3;
    ck_assert_int_eq(found_after(1), 0);
}
END_TEST

START_TEST(in_a_group_that_is_not_stable_the_leader_is_assigning)
{
    broker.state = RD_KAFKA_CONSUMER_GROUP_STATE_PREPARING_REBALANCE;
    ck_assert_int_eq(found_after(1), 0);
}
END_TEST

START_TEST(an_error_of_the_group_is_no_answer)
{
    broker.error = (const rd_kafka_error_t *)(void *)&broker;
    ck_assert_int_eq(found_after(5), 0);
}
END_TEST

START_TEST(an_error_is_no_answer_and_it_is_asked_again_a_few_times)
{
    broker.answer = RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
    ck_assert_int_eq(found_after(5), 0);
    ck_assert_int_eq(atomic_load(&questions), 5);
}
END_TEST

START_TEST(a_topic_that_is_not_answered_for_is_asked_about_again_and_the_group_is_not)
{
    broker.topic_partitions = -1;
    struct added *added = added_look(RK, "payments", "auditors");
    while (atomic_load(&topic_questions) < 5 && atomic_load(&questions) == 0)
        sched_yield();
    ck_assert_int_eq(atomic_load(&questions), 0);
    ck_assert_int_eq(added_found(added), 0);
    added_close(added);
    ck_assert_int_eq(atomic_load(&topic_questions), 5);
}
END_TEST

/* It is closed during the first question. */
static void close_within(int topic_partitions)
{
    broker.topic_partitions = topic_partitions;
    atomic_store(&topic_waits, true);
    struct added *added = added_look(RK, "payments", "auditors");
    while (atomic_load(&topic_questions) == 0)
        sched_yield();
    added_close(added);
}

START_TEST(who_is_closed_asks_no_further)
{
    close_within(4);
    ck_assert_int_eq(atomic_load(&questions), 0);
    begin();
    close_within(-1);
    ck_assert_int_eq(atomic_load(&topic_questions), 1);
}
END_TEST

START_TEST(the_embedded_broker_is_not_asked)
{
    broker.cluster = "mockCluster1234";
    added_close(added_look(RK, "payments", "auditors"));
    ck_assert_int_eq(atomic_load(&questions), 0);
}
END_TEST

START_TEST(nobody_who_looks_finds_nothing)
{
    ck_assert_int_eq(added_found(NULL), 0);
    added_close(NULL);
}
END_TEST

CHECK_MAIN_WITH("consumer/added", begin, NULL, a_last_partition_that_is_nobodys_is_found,
                one_that_any_member_has_is_not, in_a_group_that_is_not_stable_the_leader_is_assigning,
                an_error_of_the_group_is_no_answer, an_error_is_no_answer_and_it_is_asked_again_a_few_times,
                a_topic_that_is_not_answered_for_is_asked_about_again_and_the_group_is_not,
                who_is_closed_asks_no_further, the_embedded_broker_is_not_asked,
                nobody_who_looks_finds_nothing)

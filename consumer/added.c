#include "consumer/added.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/kafka.h"
#include "common/kafka_topic.h"
#include "consumer/group.h"

/* Each question may wait behind a fetch, for half a second; the second is two requests. */
enum { TRIES = 5, ANSWER_MS = 3000 };

struct added {
    rd_kafka_t *rk;
    const char *topic, *group;
    pthread_t thread;
    atomic_bool closing;
    atomic_int found;
};

/* In a group that is not stable a leader is about to assign, or has not been answered yet: by what the topic
 * is now, or it joins again by itself. */
static bool is_nobodys(const rd_kafka_ConsumerGroupDescription_t *group, const char *topic, int32_t partition)
{
    if (rd_kafka_ConsumerGroupDescription_state(group) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
        return false;
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); i++)
        if (group_member_owns(rd_kafka_ConsumerGroupDescription_member(group, i), topic, partition))
            return false;
    return true;
}

/* -1: no answer; later, perhaps. */
static int ask_group(struct added *added, int partitions)
{
    rd_kafka_event_t *event = group_describe(added->rk, added->group, ANSWER_MS);
    const rd_kafka_ConsumerGroupDescription_t *group =
        event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR ? group_described(event)
                                                                                   : NULL;
    bool answered = group != NULL && rd_kafka_ConsumerGroupDescription_error(group) == NULL;
    if (answered && is_nobodys(group, added->topic, partitions - 1))
        atomic_store(&added->found, partitions);
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return answered ? 0 : -1;
}

/* The embedded broker is not asked: group.h. */
static int ask(struct added *added)
{
    char *cluster = rd_kafka_clusterid(added->rk, ANSWER_MS);
    if (cluster == NULL)
        return -1;
    bool mock = kafka_is_mock(cluster);
    rd_kafka_mem_free(added->rk, cluster);
    int partitions = mock ? 0 : kafka_topic_partitions(added->rk, added->topic, ANSWER_MS);
    return partitions > 0 && !atomic_load(&added->closing) ? ask_group(added, partitions) : partitions;
}

static void *added_thread(void *argument)
{
    struct added *added = argument;
    for (int i = 0; i < TRIES && !atomic_load(&added->closing) && ask(added) == -1; i++)
        continue;
    return NULL;
}

struct added *added_look(rd_kafka_t *rk, const char *topic, const char *group)
{
    struct added *added = calloc(1, sizeof *added);
    if (added == NULL)
        return NULL;
    added->rk = rk;
    added->topic = topic;
    added->group = group;
    if (pthread_create(&added->thread, NULL, added_thread, added) == 0)
        return added;
    free(added);
    return NULL;
}

void added_close(struct added *added)
{
    if (added == NULL)
        return;
    atomic_store(&added->closing, true);
    pthread_join(added->thread, NULL);
    free(added);
}

int added_found(struct added *added)
{
    return added != NULL ? atomic_exchange(&added->found, 0) : 0;
}

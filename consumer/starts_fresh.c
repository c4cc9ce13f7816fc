/* Where a partition begins of which neither the group nor the sink knows anything. */
#include "consumer/starts_private.h"

#include "common/kafka_topic.h"
#include "common/log.h"
#include "consumer/exactly_once.h"

/* Whether the group has come so far in other partitions that this one must be new, or its offset lost. One
 * whose offsets are all first commits (COMMIT_FIRST_MARK) of a time when there were more partitions than this
 * number is beginning right now. */
static bool is_new_to(const rd_kafka_topic_partition_list_t *group, int32_t partition)
{
    for (int i = 0; i < group->cnt; i++) {
        const rd_kafka_topic_partition_t *one = &group->elems[i];
        if (one->offset < 0)
            continue;
        int mark = commit_first_of(one->metadata, one->metadata_size);
        if (mark == 0 || partition >= mark)
            return true;
    }
    return false;
}

static rd_kafka_topic_partition_list_t *ask_whole_group(struct starts *starts)
{
    struct consumer *consumer = starts->consumer;
    int count = kafka_topic_partitions(consumer->rk, consumer->partitions.topic, QUERY_MS);
    if (count <= 0) {
        error_set(&starts->error, "the broker does not say how many partitions the topic has");
        return NULL;
    }
    /* One that was added meanwhile is new, and not beginning right now. */
    starts->topic_partitions = consumer->topic_partitions > 0 && consumer->topic_partitions < count
                                   ? consumer->topic_partitions
                                   : count;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_topic_partition_list_add_range(list, consumer->partitions.topic, 0, count - 1);
    rd_kafka_resp_err_t err = rd_kafka_committed(consumer->rk, list, QUERY_MS);
    for (int i = 0; i < list->cnt && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
        err = list->elems[i].err;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return list;
    error_set(&starts->error, "the group's offsets: %s", rd_kafka_err2str(err));
    rd_kafka_topic_partition_list_destroy(list);
    return NULL;
}

/* Only --from latest can pass something over. */
static void choose_edges(struct starts *starts)
{
    rd_kafka_topic_partition_list_t *group = NULL;
    bool latest = starts->consumer->settings->from == FROM_LATEST;
    if (latest && (group = ask_whole_group(starts)) == NULL) {
        for (size_t i = 0; i < starts->count; i++)
            if (starts->list[i].fresh)
                start_fail(&starts->list[i]);
        return;
    }
    for (size_t i = 0; i < starts->count; i++) {
        struct start *start = &starts->list[i];
        bool new_one = latest && start->fresh && is_new_to(group, start->partition);
        start->edge = latest && !new_one ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
        if (new_one)
            log_line("%s [%" PRId32 "] is new to the group: it begins at its first record, not at the latest",
                     starts->consumer->partitions.topic, start->partition);
    }
    if (group != NULL)
        rd_kafka_topic_partition_list_destroy(group);
}

static struct start *find(struct starts *starts, int32_t partition)
{
    for (size_t i = 0; i < starts->count; i++)
        if (starts->list[i].partition == partition)
            return &starts->list[i];
    return NULL;
}

static void ask_edge(struct starts *starts, int64_t edge)
{
    struct consumer *consumer = starts->consumer;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < starts->count; i++)
        if (starts->list[i].fresh && starts->list[i].edge == edge)
            rd_kafka_topic_partition_list_add(list, consumer->partitions.topic, starts->list[i].partition);
    rd_kafka_resp_err_t err =
        list->cnt > 0 ? list_offsets(consumer->rk, list, edge) : RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int i = 0; i < list->cnt; i++) {
        struct start *start = find(starts, list->elems[i].partition);
        start->place.offset = list->elems[i].offset;
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR && start->place.offset >= 0)
            continue;
        error_set(&starts->error, "the broker does not say where the topic begins: %s",
                  rd_kafka_err2str(err));
        start_fail(start);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* A group that begins at the latest has begun when its offsets are committed, not before: a successor that
 * found none would begin at its own latest, and pass over what was read, or not, in between. */
static void commit_latest(struct starts *starts)
{
    struct consumer *consumer = starts->consumer;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)starts->count);
    for (size_t i = 0; i < starts->count; i++)
        if (starts->list[i].fresh && starts->list[i].edge == RD_KAFKA_OFFSET_END)
            commit_add_first(list, consumer->partitions.topic, starts->list[i].partition,
                             starts->list[i].place.offset, starts->topic_partitions);
    bool done = list->cnt == 0 || commit_first(&consumer->committer, list, &starts->error) == 0;
    for (int i = 0; i < list->cnt; i++) {
        struct start *start = find(starts, list->elems[i].partition);
        start->place.committed = list->elems[i].offset;
        if (!done)
            start_fail(start);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

void starts_begin_fresh(struct starts *starts)
{
    bool any = false;
    for (size_t i = 0; i < starts->count; i++) {
        struct start *start = &starts->list[i];
        start->fresh = !start->failed && !start->deleted && start->place.offset == STATS_UNKNOWN;
        any |= start->fresh;
    }
    if (!any)
        return;
    choose_edges(starts);
    ask_edge(starts, RD_KAFKA_OFFSET_BEGINNING);
    ask_edge(starts, RD_KAFKA_OFFSET_END);
    if (!exactly_once_is(starts->consumer))
        commit_latest(starts);
}

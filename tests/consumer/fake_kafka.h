/* fake_kafka.h: librdkafka's functions that take a consumer's handle, answered here: each is noted as text,
 * and answers as `kafka` says. These definitions come before the library's, so this file stands in the test's
 * one source file, and no real client may run beside it. What takes no handle (lists, errors, headers) is the
 * library's.
 *
 *   kafka.group[1] = (struct fake_commit){.offset = 15};
 *   fetching_settle(&fetching);
 *   SAID("seek 0@10; resume 0");
 */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_KAFKA_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdbool.h>

#include "common/banned.h"
#include "tests/support/check_main.h"

enum { FAKE_PARTITIONS = 16, FAKE_TOPIC_PARTITIONS = 3 };

enum { FAKE_LOOK_MS = 1000 }; /* commit.h */

/* What the group has of a partition, as a list's element says it. */
struct fake_commit {
    int64_t offset; /* RD_KAFKA_OFFSET_INVALID: nothing */
    rd_kafka_resp_err_t err;
    const char *metadata;
};

static struct {
    char said[8192], copy[8192];
    /* fetching */
    bool cooperative;
    rd_kafka_resp_err_t assign, step, seek; /* what they answer */
    rd_kafka_resp_err_t seek_one[FAKE_PARTITIONS];
    /* commits */
    rd_kafka_resp_err_t commit;            /* to asking */
    rd_kafka_topic_partition_list_t *list; /* the last one, a copy */
    void (*answer)(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list,
                   void *opaque);
    void *opaque;
    rd_kafka_queue_t *commit_queue;
    bool sync_answered; /* within the time */
    rd_kafka_resp_err_t sync, sync_one;
    void (*while_waiting)(void);
    /* questions */
    struct fake_commit group[FAKE_PARTITIONS];
    rd_kafka_resp_err_t committed;
    int looks; /* for an offset that must still be there, before a commit: not noted */
    int64_t low[FAKE_PARTITIONS], high[FAKE_PARTITIONS], at_time[FAKE_PARTITIONS];
    rd_kafka_resp_err_t list_offsets, list_offsets_one[FAKE_PARTITIONS];
    int list_offsets_refused; /* so many more times: a new topic has no leader yet */
    int topic_partitions;
    rd_kafka_resp_err_t metadata;
    /* groups */
    bool lost;
    int yields;
} kafka;

static char fake_positions[2];
#define FAKE_RK    ((rd_kafka_t *)(void *)&fake_positions[0])
#define FAKE_QUEUE ((rd_kafka_queue_t *)(void *)&fake_positions[1])

/* An empty topic of three partitions, of which the group has nothing. */
static inline void kafka_begin(void)
{
    memset(&kafka, 0, sizeof kafka);
    for (int i = 0; i < FAKE_PARTITIONS; i++)
        kafka.group[i].offset = RD_KAFKA_OFFSET_INVALID;
    kafka.topic_partitions = FAKE_TOPIC_PARTITIONS;
    kafka.sync_answered = true;
}

static inline void kafka_forget_list(void)
{
    if (kafka.list != NULL)
        rd_kafka_topic_partition_list_destroy(kafka.list);
    kafka.list = NULL;
}

/* --- what was said ------------------------------------------------------------------------------------- */

static inline void kafka_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void kafka_note(const char *format, ...)
{
    size_t used = strlen(kafka.said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(kafka.said + used, sizeof kafka.said - used, format, arguments);
    va_end(arguments);
}

static inline void kafka_note_call(const char *call)
{
    kafka_note("%s%s", kafka.said[0] != '\0' ? "; " : "", call);
}

/* Partitions, and offsets where they count. */
static inline void kafka_note_list(const char *call, const rd_kafka_topic_partition_list_t *list,
                                   bool offsets)
{
    kafka_note_call(call);
    if (list == NULL)
        kafka_note(" nothing");
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        ck_assert_str_eq(list->elems[i].topic, "payments");
        kafka_note(" %d", (int)list->elems[i].partition);
        if (offsets)
            kafka_note("@%lld", (long long)list->elems[i].offset);
        if (list->elems[i].metadata_size > 0 && offsets)
            kafka_note("(%.*s)", (int)list->elems[i].metadata_size, (const char *)list->elems[i].metadata);
    }
}

/* Since the last time. */
static inline const char *kafka_said(void)
{
    memcpy(kafka.copy, kafka.said, sizeof kafka.said);
    kafka.said[0] = '\0';
    return kafka.copy;
}

#define SAID(text) ck_assert_str_eq(kafka_said(), text)

static inline rd_kafka_error_t *kafka_error(rd_kafka_resp_err_t err)
{
    return err != RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_error_new(err, "it rains") : NULL;
}

/* --- fetching ------------------------------------------------------------------------------------------ */

const char *rd_kafka_rebalance_protocol(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return kafka.cooperative ? "COOPERATIVE" : "EAGER";
}

rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("assign", list, true);
    return kafka.assign;
}

rd_kafka_error_t *rd_kafka_incremental_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("incremental assign", list, true);
    return kafka_error(kafka.step);
}

rd_kafka_error_t *rd_kafka_incremental_unassign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("incremental unassign", list, false);
    return kafka_error(kafka.step);
}

rd_kafka_resp_err_t rd_kafka_pause_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("pause", list, false);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* As librdkafka: the list has this call's errors afterwards. */
rd_kafka_resp_err_t rd_kafka_resume_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("resume", list, false);
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_error_t *rd_kafka_seek_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                           int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_eq(timeout_ms, 5000); /* 0 would not wait for the answers */
    kafka_note_list("seek", list, true);
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = kafka.seek_one[list->elems[i].partition];
    return kafka_error(kafka.seek);
}

/* --- commits ------------------------------------------------------------------------------------------- */

rd_kafka_resp_err_t rd_kafka_commit_queue(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list,
                                          rd_kafka_queue_t *queue,
                                          void (*answer)(rd_kafka_t *rk, rd_kafka_resp_err_t err,
                                                         rd_kafka_topic_partition_list_t *list, void *opaque),
                                          void *opaque)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    kafka_note_list("commit", list, true);
    kafka_forget_list();
    kafka.list = rd_kafka_topic_partition_list_copy(list);
    kafka.answer = answer;
    kafka.opaque = opaque;
    kafka.commit_queue = queue;
    return kafka.commit;
}

/* The broker answers the last commit; each partition with `one`. */
static inline void kafka_answer(rd_kafka_resp_err_t err, rd_kafka_resp_err_t one)
{
    rd_kafka_topic_partition_list_t *list = kafka.list;
    ck_assert_ptr_nonnull(list);
    kafka.list = NULL; /* an answer may ask for the next commit */
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = one;
    kafka.answer(FAKE_RK, err, list, kafka.opaque);
    rd_kafka_topic_partition_list_destroy(list);
}

rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return FAKE_QUEUE;
}

void rd_kafka_queue_destroy(rd_kafka_queue_t *queue)
{
    ck_assert_ptr_eq(queue, FAKE_QUEUE);
    kafka_note_call("queue gone");
}

int rd_kafka_queue_poll_callback(rd_kafka_queue_t *queue, int timeout_ms)
{
    ck_assert_ptr_eq(queue, FAKE_QUEUE);
    ck_assert_ptr_eq(queue, kafka.commit_queue);
    kafka_note_call("wait");
    kafka_note(" %d ms", timeout_ms);
    if (kafka.while_waiting != NULL)
        kafka.while_waiting();
    if (kafka.sync_answered)
        kafka_answer(kafka.sync, kafka.sync_one);
    return kafka.sync_answered;
}

void rd_kafka_queue_yield(rd_kafka_queue_t *queue)
{
    (void)queue;
    kafka.yields++;
}

/* --- questions ----------------------------------------------------------------------------------------- */

rd_kafka_resp_err_t rd_kafka_committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_gt(timeout_ms, 0);
    if (timeout_ms == FAKE_LOOK_MS)
        kafka.looks++;
    else
        kafka_note_list("committed", list, false);
    for (int i = 0; i < list->cnt && kafka.committed == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        rd_kafka_topic_partition_t *one = &list->elems[i];
        const struct fake_commit *commit = &kafka.group[one->partition];
        one->offset = commit->offset;
        one->err = commit->err;
        one->metadata = commit->metadata != NULL ? strdup(commit->metadata) : NULL;
        one->metadata_size = commit->metadata != NULL ? strlen(commit->metadata) : 0;
    }
    return kafka.committed;
}

static inline int64_t kafka_edge(int32_t partition, int64_t edge)
{
    if (edge == RD_KAFKA_OFFSET_BEGINNING)
        return kafka.low[partition];
    return edge == RD_KAFKA_OFFSET_END ? kafka.high[partition] : kafka.at_time[partition];
}

rd_kafka_resp_err_t rd_kafka_offsets_for_times(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list,
                                               int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_eq(timeout_ms, 5000);
    kafka_note_list("edge", list, true);
    bool refused = kafka.list_offsets_refused > 0;
    kafka.list_offsets_refused -= refused;
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *one = &list->elems[i];
        one->err =
            refused ? RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION : kafka.list_offsets_one[one->partition];
        one->offset = kafka_edge(one->partition, one->offset);
    }
    return kafka.list_offsets;
}

int usleep(useconds_t microseconds);
int usleep(useconds_t microseconds)
{
    kafka_note_call("sleep");
    kafka_note(" %u us", microseconds);
    return 0;
}

/* --- the topic ----------------------------------------------------------------------------------------- */

rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *topic, rd_kafka_topic_conf_t *conf)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_ptr_null(conf);
    return (rd_kafka_topic_t *)(uintptr_t)topic;
}

void rd_kafka_topic_destroy(rd_kafka_topic_t *topic)
{
    (void)topic;
}

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all_topics, rd_kafka_topic_t *only,
                                      const struct rd_kafka_metadata **metadata, int timeout_ms)
{
    static struct rd_kafka_metadata_topic topic;
    static struct rd_kafka_metadata answer;
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_eq(all_topics, 0);
    ck_assert_int_gt(timeout_ms, 0);
    topic = (struct rd_kafka_metadata_topic){.topic = (char *)only, .partition_cnt = kafka.topic_partitions};
    answer = (struct rd_kafka_metadata){.topic_cnt = 1, .topics = &topic};
    *metadata = &answer;
    kafka_note_call("partitions?");
    return kafka.metadata;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata)
{
    (void)metadata;
}

int rd_kafka_assignment_lost(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    return kafka.lost;
}

#endif

/* fake_queues.h: what librdkafka hands out of a topic's partitions, as a test has written it down. It stands
 * in for the calls by which topic.c reads, and counts what has not been given back. Only a test's one source
 * file may include it, together with fake_clock.h: waiting for a record takes as long as it is waited for.
 */
#ifndef KSUPERVISE_TESTS_TOOLS_KAUDIT_FAKE_QUEUES_H
#define KSUPERVISE_TESTS_TOOLS_KAUDIT_FAKE_QUEUES_H

#include <librdkafka/rdkafka.h>

#include "common/clock.h"
#include "common/record/schema.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_clock.h"

enum { FAKE_PARTITIONS = 4, FAKE_MESSAGES = 64, FAKE_NOWHERE = -1 };

struct fake_message {
    rd_kafka_message_t message; /* first: what is handed out */
    int64_t timestamp_ms;
    rd_kafka_timestamp_type_t stamped_by;
    rd_kafka_headers_t *headers;
    int waits_ms; /* it comes when it has been waited for so long */
    bool out;     /* handed out, and not given back */
};

struct fake_partition {
    struct fake_message messages[FAKE_MESSAGES];
    size_t count, at;
    int64_t begun_at; /* the offset; FAKE_NOWHERE: nobody reads it */
};

static struct {
    struct fake_partition partitions[FAKE_PARTITIONS];
    int partition_of[FAKE_PARTITIONS]; /* by queue */
    int queues;
    int queues_open, topics_open, reading, messages_out;
    int cannot_start; /* a partition; FAKE_NOWHERE: all can be read */
    bool no_topic;
    ssize_t batch_fails; /* what a batch returns instead of what is there; 0: that */
} fake;

#define FAKE_RK    ((rd_kafka_t *)(void *)&fake)
#define FAKE_TOPIC ((rd_kafka_topic_t *)(void *)&fake.topics_open)

static inline void fake_reset(void)
{
    fake.cannot_start = FAKE_NOWHERE;
    for (int i = 0; i < FAKE_PARTITIONS; i++)
        fake.partitions[i].begun_at = FAKE_NOWHERE;
}

/* --- what there is ------------------------------------------------------------------------------------- */

static inline struct fake_message *fake_add(int32_t partition, int64_t offset, int64_t timestamp_ms)
{
    struct fake_partition *to = &fake.partitions[partition];
    ck_assert_uint_lt(to->count, FAKE_MESSAGES);
    struct fake_message *added = &to->messages[to->count++];
    *added = (struct fake_message){.message = {.partition = partition, .offset = offset},
                                   .timestamp_ms = timestamp_ms,
                                   .stamped_by = RD_KAFKA_TIMESTAMP_CREATE_TIME};
    return added;
}

/* librdkafka's word that there is nothing more for now, or an error. */
static inline struct fake_message *fake_add_error(int32_t partition, int64_t offset, rd_kafka_resp_err_t err)
{
    struct fake_message *added = fake_add(partition, offset, 0);
    added->message.err = err;
    return added;
}

static inline void fake_set_header(struct fake_message *message, const char *name, const char *value)
{
    if (message->headers == NULL)
        message->headers = rd_kafka_headers_new(2);
    rd_kafka_header_add(message->headers, name, -1, value, -1);
}

static inline void fake_release(void)
{
    for (int i = 0; i < FAKE_PARTITIONS; i++)
        for (size_t j = 0; j < fake.partitions[i].count; j++)
            if (fake.partitions[i].messages[j].headers != NULL)
                rd_kafka_headers_destroy(fake.partitions[i].messages[j].headers);
}

/* --- the topic and its queues -------------------------------------------------------------------------- */

rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *topic, rd_kafka_topic_conf_t *conf)
{
    char reset[16];
    size_t bytes = sizeof reset;
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_str_eq(topic, "payments");
    ck_assert_int_eq(rd_kafka_topic_conf_get(conf, "auto.offset.reset", reset, &bytes), RD_KAFKA_CONF_OK);
    ck_assert_str_eq(reset, "error"); /* what is gone is told, not skipped */
    rd_kafka_topic_conf_destroy(conf);
    fake.topics_open += !fake.no_topic;
    return fake.no_topic ? NULL : FAKE_TOPIC;
}

void rd_kafka_topic_destroy(rd_kafka_topic_t *topic)
{
    ck_assert_ptr_eq(topic, FAKE_TOPIC);
    fake.topics_open--;
}

rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_RK);
    ck_assert_int_lt(fake.queues, FAKE_PARTITIONS);
    fake.queues_open++;
    fake.partition_of[fake.queues] = FAKE_NOWHERE;
    return (rd_kafka_queue_t *)(void *)&fake.partition_of[fake.queues++];
}

void rd_kafka_queue_destroy(rd_kafka_queue_t *queue)
{
    ck_assert_ptr_nonnull(queue);
    fake.queues_open--;
}

int rd_kafka_consume_start_queue(rd_kafka_topic_t *topic, int32_t partition, int64_t offset,
                                 rd_kafka_queue_t *queue)
{
    ck_assert_ptr_eq(topic, FAKE_TOPIC);
    if (partition == fake.cannot_start)
        return -1;
    *(int *)(void *)queue = partition;
    fake.partitions[partition].begun_at = offset;
    fake.reading++;
    return 0;
}

int rd_kafka_consume_stop(rd_kafka_topic_t *topic, int32_t partition)
{
    ck_assert_ptr_eq(topic, FAKE_TOPIC);
    ck_assert_int_ne(fake.partitions[partition].begun_at, FAKE_NOWHERE);
    fake.partitions[partition].begun_at = FAKE_NOWHERE;
    fake.reading--;
    return 0;
}

/* --- messages ------------------------------------------------------------------------------------------ */

static inline struct fake_partition *fake_of(rd_kafka_queue_t *queue)
{
    int partition = *(int *)(void *)queue;
    ck_assert_int_ne(partition, FAKE_NOWHERE);
    return &fake.partitions[partition];
}

static inline rd_kafka_message_t *fake_hand_out(struct fake_partition *from)
{
    struct fake_message *next = &from->messages[from->at++];
    next->out = true;
    fake.messages_out++;
    return &next->message;
}

rd_kafka_message_t *rd_kafka_consume_queue(rd_kafka_queue_t *queue, int timeout_ms)
{
    struct fake_partition *from = fake_of(queue);
    ck_assert_int_gt(timeout_ms, 0);
    if (from->at < from->count && from->messages[from->at].waits_ms <= timeout_ms)
        return fake_hand_out(from);
    fake_clock_advance(timeout_ms * US_PER_MS);
    if (from->at < from->count)
        from->messages[from->at].waits_ms -= timeout_ms;
    return NULL;
}

ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t *queue, int timeout_ms, rd_kafka_message_t **messages,
                                     size_t size)
{
    struct fake_partition *from = fake_of(queue);
    ssize_t count = 0;
    ck_assert_int_eq(timeout_ms, 0);
    if (fake.batch_fails != 0)
        return fake.batch_fails;
    while (from->at < from->count && from->messages[from->at].waits_ms == 0 && (size_t)count < size)
        messages[count++] = fake_hand_out(from);
    return count;
}

static inline struct fake_message *fake_message_of(const rd_kafka_message_t *message)
{
    struct fake_message *found = (struct fake_message *)(uintptr_t)message;
    ck_assert_msg(found->out, "it is not handed out, or was given back");
    return found;
}

void rd_kafka_message_destroy(rd_kafka_message_t *message)
{
    fake_message_of(message)->out = false;
    fake.messages_out--;
}

int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *message, rd_kafka_timestamp_type_t *type)
{
    *type = fake_message_of(message)->stamped_by;
    return fake_message_of(message)->timestamp_ms;
}

rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *message, rd_kafka_headers_t **headers)
{
    *headers = fake_message_of(message)->headers;
    return *headers != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

#endif

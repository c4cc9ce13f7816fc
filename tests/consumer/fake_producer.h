/* fake_producer.h: the producer of dead letters behind letter_producer.h and kafka_send.h: what is sent waits
 * here until the test answers it. All functions of both are here, so that the linker leaves the real ones in
 * the archive. */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_PRODUCER_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_PRODUCER_H

#include "common/kafka_send.h"
#include "consumer/letter_producer.h"
#include "tests/consumer/fake_kafka.h"
#include "tests/consumer/fake_messages.h"

enum { SENT_MAX = 16384 };

/* On its way: as librdkafka would report it. */
struct sent {
    bool under_way;
    rd_kafka_message_t message; /* key and payload are copies */
    rd_kafka_headers_t *headers;
};

static struct {
    int opens_fail;   /* so many */
    bool purges_late; /* their reports come with a later purge */
    int opened, destroyed;
    void *opaque;
    void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
    rd_kafka_resp_err_t send; /* what sending answers */
    int queue_full;           /* so many times before that */
    rd_kafka_resp_err_t fatal;
    struct sent sent[SENT_MAX];
    size_t count;
    void (*on_answer)(rd_kafka_t *rk, void *opaque); /* the event callback */
    void *answer_opaque;
    void (*on_flush)(void);
    int polls, flushes, queues;
} producer;

static char fake_producer_place;
#define FAKE_PRODUCER ((rd_kafka_t *)(void *)&fake_producer_place)

static inline void producer_begin(void)
{
    memset(&producer, 0, sizeof producer);
}

int letter_topic(const struct settings *of, char topic[LETTER_TOPIC_MAX + 1], struct error *why)
{
    if (of->dead_letters != NULL && strcmp(of->dead_letters, "bad") == 0)
        return error_set(why, "a name that cannot be one");
    snprintf(topic, LETTER_TOPIC_MAX + 1, "%s", of->dead_letters != NULL ? of->dead_letters : "payments.dlq");
    return 0;
}

rd_kafka_t *letter_producer_open(const struct settings *of, const char *topic, void *opaque,
                                 void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message,
                                                     void *opaque),
                                 struct error *why)
{
    (void)of;
    ck_assert_str_eq(topic, "payments.dlq");
    if (producer.opens_fail > 0) {
        producer.opens_fail--;
        error_set(why, "no producer");
        return NULL;
    }
    producer.opened++;
    producer.opaque = opaque;
    producer.on_delivery = on_delivery;
    return FAKE_PRODUCER;
}

static inline void *producer_copy(const void *bytes, size_t length)
{
    char *copy = bytes != NULL ? malloc(length + 1) : NULL;
    if (copy != NULL)
        memcpy(copy, bytes, length);
    return copy;
}

rd_kafka_resp_err_t kafka_send(rd_kafka_t *rk, const struct kafka_message *message)
{
    ck_assert_ptr_eq(rk, FAKE_PRODUCER);
    ck_assert_str_eq(message->topic, "payments.dlq");
    ck_assert_int_eq(message->partition, RD_KAFKA_PARTITION_UA);
    ck_assert_int_le(message->timestamp_ms, 0); /* now */
    if (producer.queue_full > 0) {
        producer.queue_full--;
        return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    }
    if (producer.send != RD_KAFKA_RESP_ERR_NO_ERROR)
        return producer.send;
    ck_assert_uint_lt(producer.count, SENT_MAX);
    struct sent *sent = &producer.sent[producer.count++];
    *sent = (struct sent){.under_way = true, .headers = message->headers};
    sent->message = (rd_kafka_message_t){.key = producer_copy(message->key, message->key_length),
                                         .key_len = message->key_length,
                                         .payload = producer_copy(message->value, message->value_length),
                                         .len = message->value_length,
                                         ._private = message->opaque};
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* A report's headers may be taken from it. */
rd_kafka_resp_err_t rd_kafka_message_detach_headers(rd_kafka_message_t *message, rd_kafka_headers_t **headers)
{
    struct sent *sent = (struct sent *)(void *)((char *)message - offsetof(struct sent, message));
    *headers = sent->headers;
    sent->headers = NULL;
    return *headers != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

/* The report of the n-th that was sent, from 0. */
static inline void producer_report(size_t n, rd_kafka_resp_err_t err)
{
    struct sent *sent = &producer.sent[n];
    ck_assert(n < producer.count && sent->under_way);
    sent->under_way = false;
    sent->message.err = err;
    producer.on_delivery(FAKE_PRODUCER, &sent->message, producer.opaque);
    free(sent->message.key);
    free(sent->message.payload);
    if (sent->headers != NULL)
        rd_kafka_headers_destroy(sent->headers);
}

static inline size_t producer_under_way(void)
{
    size_t count = 0;
    for (size_t i = 0; i < producer.count; i++)
        count += producer.sent[i].under_way;
    return count;
}

int rd_kafka_poll(rd_kafka_t *rk, int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_PRODUCER);
    ck_assert(timeout_ms == 0 || timeout_ms == 50);
    producer.polls++;
    return 0;
}

rd_kafka_resp_err_t rd_kafka_flush(rd_kafka_t *rk, int timeout_ms)
{
    ck_assert_ptr_eq(rk, FAKE_PRODUCER);
    ck_assert_int_eq(timeout_ms, 50);
    producer.flushes++;
    if (producer.on_flush != NULL)
        producer.on_flush();
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Their reports come with it, or do not yet. */
rd_kafka_resp_err_t rd_kafka_purge(rd_kafka_t *rk, int flags)
{
    ck_assert_ptr_eq(rk, FAKE_PRODUCER);
    ck_assert_int_eq(flags, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    for (size_t i = 0; i < producer.count && !producer.purges_late; i++)
        if (producer.sent[i].under_way)
            producer_report(i, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
    producer.purges_late = false;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_destroy(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_PRODUCER);
    ck_assert_ptr_null((void *)(uintptr_t)producer.on_answer); /* nobody is woken from here on */
    producer.destroyed++;
}

rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *text, size_t bytes)
{
    ck_assert_ptr_eq(rk, FAKE_PRODUCER);
    if (producer.fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
        snprintf(text, bytes, "out of order");
    return producer.fatal;
}

rd_kafka_queue_t *rd_kafka_queue_get_main(rd_kafka_t *rk)
{
    ck_assert_ptr_eq(rk, FAKE_PRODUCER);
    producer.queues++;
    return FAKE_QUEUE;
}

void rd_kafka_queue_cb_event_enable(rd_kafka_queue_t *of, void (*event)(rd_kafka_t *rk, void *opaque),
                                    void *opaque)
{
    ck_assert_ptr_eq(of, FAKE_QUEUE);
    producer.on_answer = event;
    producer.answer_opaque = opaque;
}

#endif

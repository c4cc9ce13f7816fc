/* fake_transactions.h: librdkafka's transactional producer, as far as kafka_producer.c calls it: each call
 * is noted, and one of them fails as the test says. What an error means is in its code. */
#ifndef KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_TRANSACTIONS_H
#define KSUPERVISE_TESTS_CONSUMER_SINKS_FAKE_TRANSACTIONS_H

#include "common/kafka_topic.h"
#include "consumer/destroy.h"
#include "consumer/topic_like.h"
#include "tests/support/check_main.h"

static struct {
    char calls[1024];
    const char *fails; /* the call that fails; "": none */
    rd_kafka_resp_err_t err;
    int64_t most;   /* max.message.bytes of the topic */
    int partitions; /* of the topic */
    int poison;     /* the n-th message, from 1, is refused by the topic; 0: none */
    int sent;       /* messages of this transaction */
    int flushes;    /* that failed */
    void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);
    void *opaque;
    char headers[128]; /* of the last message: where it is from */
    int32_t partition; /* that was asked for it */
    int64_t timestamp_ms;
    char batch_size[32], id[64];
    int64_t offsets; /* the sum of those in the transaction */
} kafka;

static char kafka_places[2];
#define FAKE_HANDLE ((rd_kafka_t *)(void *)&kafka_places[0])
#define FAKE_TOPIC  ((rd_kafka_topic_t *)(void *)&kafka_places[1])
#define FAKE_MEMBER ((const rd_kafka_consumer_group_metadata_t *)(void *)&kafka)

static void kafka_note(const char *call)
{
    size_t used = strlen(kafka.calls);
    snprintf(kafka.calls + used, sizeof kafka.calls - used, "%s%s", used > 0 ? " " : "", call);
}

static rd_kafka_error_t *kafka_answer(const char *call)
{
    kafka_note(call);
    return strcmp(kafka.fails, call) == 0 ? rd_kafka_error_new(kafka.err, "it rains") : NULL;
}

int rd_kafka_error_is_retriable(const rd_kafka_error_t *error)
{
    return rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

int rd_kafka_error_txn_requires_abort(const rd_kafka_error_t *error)
{
    return rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
}

/* --- the handle ----------------------------------------------------------------------------------------- */

void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf,
                                 void (*on_delivery)(rd_kafka_t *rk, const rd_kafka_message_t *message,
                                                     void *opaque))
{
    (void)conf;
    kafka.on_delivery = on_delivery;
}

void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *opaque)
{
    (void)conf;
    kafka.opaque = opaque;
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t bytes)
{
    size_t size = sizeof kafka.batch_size;
    size_t id = sizeof kafka.id;
    ck_assert_int_eq(type, RD_KAFKA_PRODUCER);
    kafka_note("open");
    if (strcmp(kafka.fails, "open") == 0) {
        snprintf(why, bytes, "it rains");
        return NULL;
    }
    rd_kafka_conf_get(conf, "batch.size", kafka.batch_size, &size);
    rd_kafka_conf_get(conf, "transactional.id", kafka.id, &id);
    rd_kafka_conf_destroy(conf);
    return FAKE_HANDLE;
}

rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *topic, rd_kafka_topic_conf_t *conf)
{
    (void)rk;
    (void)conf;
    ck_assert_str_eq(topic, "clean");
    return FAKE_TOPIC;
}

void rd_kafka_topic_destroy(rd_kafka_topic_t *rkt)
{
    ck_assert_ptr_eq(rkt, FAKE_TOPIC);
}

rd_kafka_resp_err_t rd_kafka_purge(rd_kafka_t *rk, int flags)
{
    (void)rk;
    (void)flags;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool destroy_handle(rd_kafka_t *rk, int64_t timeout_us)
{
    ck_assert_ptr_eq(rk, FAKE_HANDLE);
    ck_assert_int_gt(timeout_us, 0);
    kafka_note("close");
    return true;
}

int rd_kafka_poll(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk;
    (void)timeout_ms;
    return 0;
}

/* --- topics --------------------------------------------------------------------------------------------- */

void topic_like(rd_kafka_t *producer, const char *topic, const char *source, const char *what)
{
    (void)producer;
    (void)what;
    ck_assert_str_eq(source, "payments");
    kafka_note(topic);
}

int kafka_topic_partitions(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
    (void)rk;
    (void)topic;
    (void)timeout_ms;
    return kafka.partitions;
}

int64_t kafka_topic_number(rd_kafka_t *rk, const char *topic, const char *property, int timeout_ms)
{
    (void)rk;
    (void)topic;
    (void)property;
    (void)timeout_ms;
    return kafka.most;
}

/* --- a transaction -------------------------------------------------------------------------------------- */

rd_kafka_error_t *rd_kafka_init_transactions(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk;
    (void)timeout_ms;
    return kafka_answer("init");
}

rd_kafka_error_t *rd_kafka_begin_transaction(rd_kafka_t *rk)
{
    (void)rk;
    kafka.sent = 0;
    return kafka_answer("begin");
}

rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *rk, const rd_kafka_vu_t *parts, size_t count)
{
    (void)rk;
    ck_assert_uint_eq(count, 7);
    const void *from = NULL;
    size_t length = 0;
    rd_kafka_error_t *error = kafka_answer(parts[0].vtype == RD_KAFKA_VTYPE_RKT ? "record" : parts[0].u.cstr);
    if (error != NULL)
        return error;
    kafka.sent++;
    kafka.partition = parts[1].u.i32;
    kafka.timestamp_ms = parts[5].u.i64;
    if (rd_kafka_header_get_last(parts[6].u.headers, "ksupervise.source", &from, &length) == 0)
        snprintf(kafka.headers, sizeof kafka.headers, "%.*s", (int)length, (const char *)from);
    rd_kafka_headers_destroy(parts[6].u.headers);
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_flush(rd_kafka_t *rk, int timeout_ms)
{
    const rd_kafka_message_t refused = {.err = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE};
    bool fails = strcmp(kafka.fails, "flush") == 0;
    (void)timeout_ms;
    if (!fails || kafka.flushes++ == 0) /* one wait, in steps */
        kafka_note("flush");
    if (kafka.poison > 0 && kafka.sent >= kafka.poison)
        kafka.on_delivery(rk, &refused, kafka.opaque);
    return fails ? kafka.err : RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_error_t *rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk,
                                                       const rd_kafka_topic_partition_list_t *offsets,
                                                       const rd_kafka_consumer_group_metadata_t *membership,
                                                       int timeout_ms)
{
    (void)rk;
    (void)timeout_ms;
    ck_assert_ptr_eq(membership, FAKE_MEMBER);
    kafka.offsets = 0;
    for (int i = 0; i < offsets->cnt; i++) {
        ck_assert_str_eq(offsets->elems[i].topic, "payments");
        kafka.offsets += offsets->elems[i].offset;
    }
    return kafka_answer("offsets");
}

rd_kafka_error_t *rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk;
    (void)timeout_ms;
    return kafka_answer("commit");
}

rd_kafka_error_t *rd_kafka_abort_transaction(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk;
    (void)timeout_ms;
    return kafka_answer("abort");
}

#endif

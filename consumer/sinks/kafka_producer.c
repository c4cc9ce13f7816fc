#include "consumer/sinks/kafka_producer.h"

#include <inttypes.h>
#include <uuid/uuid.h>

#include "common/clock.h"
#include "common/kafka.h"
#include "common/kafka_topic.h"
#include "common/log.h"
#include "common/provenance.h"
#include "consumer/destroy.h"
#include "consumer/faults.h"
#include "consumer/topic_like.h"

enum { RECOVER_MS = 5000, OFFSETS_MS = 5000, FLUSH_MS = 10000, COMMIT_MS = 10000 };
enum { ABORT_MS = 5000, ANSWER_MS = 5000, STEP_MS = 500 };
enum { FULL_MS = 20, BATCH_BYTES = 1000000, BATCH_ROOM_BYTES = 1024 };
#define DESTROY_US (2 * US_PER_SECOND)

#define WITHOUT_CONST(pointer) ((void *)(uintptr_t)(pointer)) /* librdkafka copies, and does not write */

/* --- the handle --------------------------------------------------------------------------------------- */

/* For a worker the same in each generation; for a process without a supervisor an id of its own. */
static void set_id(struct kafka_producer *producer)
{
    const struct settings *settings = producer->settings;
    uuid_t unique;
    char text[UUID_STR_LEN];
    uuid_generate(unique);
    uuid_unparse_lower(unique, text);
    snprintf(producer->id, sizeof producer->id, "%s.%s", settings->group_name,
             settings->instance_id != NULL ? settings->instance_id : text);
}

void kafka_producer_init(struct kafka_producer *producer, const struct pipeline *pipeline, const char *topic)
{
    *producer = (struct kafka_producer){
        .pipeline = pipeline, .settings = pipeline->settings, .batch_bytes = BATCH_BYTES};
    snprintf(producer->topic, sizeof producer->topic, "%s", topic);
    set_id(producer);
}

/* The caller's. */
static rd_kafka_conf_t *configure(const struct kafka_producer *producer, struct error *error)
{
    const struct option_list *given = &producer->settings->properties;
    char batch_bytes[24];
    snprintf(batch_bytes, sizeof batch_bytes, "%" PRId64, producer->batch_bytes);
    const struct kafka_property ours[] = {{"transactional.id", producer->id},
                                          {"message.max.bytes", "1000000000"},
                                          {"delivery.report.only.error", "true"},
                                          {NULL, NULL}};
    const struct kafka_property defaults[] = {{"transaction.timeout.ms", "15000"},
                                              {"batch.size", batch_bytes},
                                              {"retry.backoff.ms", "10"},
                                              {"queue.buffering.max.messages", "10000000"},
                                              {"queue.buffering.max.kbytes", "2097151"},
                                              {NULL, NULL}};
    rd_kafka_conf_t *conf =
        kafka_conf(producer->settings->brokers.bootstrap, producer->settings->client, given, error);
    if (conf == NULL || (kafka_conf_set_all(conf, ours, NULL, error) == 0 &&
                         kafka_conf_set_all(conf, defaults, given, error) == 0))
        return conf;
    rd_kafka_conf_destroy(conf);
    return NULL;
}

int kafka_producer_check(const struct kafka_producer *producer, struct error *error)
{
    rd_kafka_conf_t *conf = configure(producer, error);
    return conf == NULL ? -1 : kafka_check(RD_KAFKA_PRODUCER, conf, error);
}

/* Only failures are reported. Those behind the first follow from it. */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_producer *producer = opaque;
    (void)rk;
    bool refused = message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
                   message->err == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP ||
                   message->err == RD_KAFKA_RESP_ERR_INVALID_RECORD;
    if (refused && producer->refused_err == RD_KAFKA_RESP_ERR_NO_ERROR)
        producer->refused_err = message->err;
}

static void on_error(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    (void)rk;
    (void)opaque;
    log_verbose("librdkafka, producer: %s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)err), reason);
}

static int open_handle(struct kafka_producer *producer, struct error *error)
{
    rd_kafka_conf_t *conf = configure(producer, error);
    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    producer->rk = kafka_new(RD_KAFKA_PRODUCER, conf, error);
    if (producer->rk == NULL)
        return -1;
    producer->rkt = rd_kafka_topic_new(producer->rk, producer->topic, NULL);
    return producer->rkt != NULL
               ? 0
               : error_set(error, "topic %s: %s", producer->topic, rd_kafka_err2str(rd_kafka_last_error()));
}

/* What is in its queue goes nowhere. */
static void close_handle_of(struct kafka_producer *producer)
{
    if (producer->rkt != NULL)
        rd_kafka_topic_destroy(producer->rkt);
    if (producer->rk != NULL) {
        rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        destroy_handle(producer->rk, DESTROY_US);
    }
    producer->rk = NULL;
    producer->rkt = NULL;
    producer->recovered = false;
}

void kafka_producer_release(struct kafka_producer *producer)
{
    close_handle_of(producer);
}

/* True when there is no error. It is destroyed. */
static bool done(struct kafka_producer *producer, const char *what, rd_kafka_error_t *why,
                 struct error *error)
{
    stats_tick(producer->pipeline->stats);
    if (why == NULL)
        return true;
    error_set(error, "topic %s: %s: %s", producer->topic, what, rd_kafka_error_string(why));
    rd_kafka_error_destroy(why);
    return false;
}

/* --- recovery ----------------------------------------------------------------------------------------- */

/* A request that is larger than the topic allows would be refused with all its records. */
static int fit_batches(struct kafka_producer *producer, struct error *error)
{
    int64_t most = kafka_topic_number(producer->rk, producer->topic, "max.message.bytes", ANSWER_MS);
    if (most <= 0 || most >= producer->batch_bytes + BATCH_ROOM_BYTES)
        return 0;
    producer->batch_bytes = most > 2 * BATCH_ROOM_BYTES ? most - BATCH_ROOM_BYTES : most / 2 + 1;
    close_handle_of(producer);
    return kafka_producer_recover(producer, error);
}

static int look_at_topic(struct kafka_producer *producer, struct error *error)
{
    topic_like(producer->rk, producer->topic, producer->settings->topic, "the pipeline's output");
    producer->partitions = kafka_topic_partitions(producer->rk, producer->topic, ANSWER_MS);
    if (producer->partitions == 0)
        return error_set(error, "there is no topic '%s', and it could not be created", producer->topic);
    if (producer->partitions < 0)
        return error_set(error, "cannot tell how many partitions topic %s has", producer->topic);
    producer->looked = true;
    return fit_batches(producer, error);
}

/* What is tried again goes on where it was; what can never succeed with this handle needs another. */
static int end_former(struct kafka_producer *producer, struct error *error)
{
    rd_kafka_error_t *why = rd_kafka_init_transactions(producer->rk, RECOVER_MS);
    bool again = why == NULL || rd_kafka_error_is_retriable(why);
    producer->recovered = done(producer, "an earlier transaction could not be ended", why, error);
    if (!again)
        close_handle_of(producer);
    return producer->recovered ? 0 : -1;
}

int kafka_producer_recover(struct kafka_producer *producer, struct error *error)
{
    if (producer->rk == NULL && open_handle(producer, error) == -1) {
        close_handle_of(producer);
        return -1;
    }
    if (!producer->recovered && end_former(producer, error) == -1)
        return -1;
    return producer->looked ? 0 : look_at_topic(producer, error);
}

/* --- messages ----------------------------------------------------------------------------------------- */

struct outgoing {
    rd_kafka_vu_t topic; /* by its handle or its name */
    int32_t partition;
    const rd_kafka_message_t *message;
    int64_t timestamp_ms;        /* 0: now */
    rd_kafka_headers_t *headers; /* taken over */
};

static rd_kafka_resp_err_t produce_once(struct kafka_producer *producer, const struct outgoing *outgoing)
{
    const rd_kafka_message_t *message = outgoing->message;
    const rd_kafka_vu_t parts[] = {
        outgoing->topic,
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = outgoing->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {message->key, message->key_len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {message->payload, message->len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = outgoing->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = outgoing->headers},
    };
    rd_kafka_error_t *why = rd_kafka_produceva(producer->rk, parts, sizeof parts / sizeof parts[0]);
    rd_kafka_resp_err_t err = why == NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(why);
    if (why != NULL)
        rd_kafka_error_destroy(why);
    return err;
}

static int produce(struct kafka_producer *producer, const struct outgoing *outgoing, struct error *error)
{
    int64_t until_us = clock_monotonic_us() + FLUSH_MS * US_PER_MS;
    rd_kafka_resp_err_t err;
    while ((err = produce_once(producer, outgoing)) == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
           clock_monotonic_us() < until_us) {
        stats_tick(producer->pipeline->stats);
        rd_kafka_poll(producer->rk, FULL_MS);
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    rd_kafka_headers_destroy(outgoing->headers);
    return error_set(error, "topic %s: a record cannot be sent: %s", producer->topic, rd_kafka_err2str(err));
}

/* All of them are with the brokers, or have failed. */
static int await_records(struct kafka_producer *producer, struct error *error)
{
    rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int waited = 0; waited < FLUSH_MS && err == RD_KAFKA_RESP_ERR__TIMED_OUT; waited += STEP_MS) {
        stats_tick(producer->pipeline->stats);
        err = rd_kafka_flush(producer->rk, STEP_MS);
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return error_set(error, "topic %s: the records: %s", producer->topic, rd_kafka_err2str(err));
}

/* The record's own, and where it was taken from; an older word of that is another hop's. */
static rd_kafka_headers_t *headers_of(const struct kafka_producer *producer,
                                      const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *original;
    char from[PROVENANCE_BYTES];
    bool any = rd_kafka_message_headers(message, &original) == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_headers_t *headers = any ? rd_kafka_headers_copy(original) : rd_kafka_headers_new(1);
    size_t length = provenance_format(from, producer->settings->topic, message->partition, message->offset);
    if (any)
        rd_kafka_header_remove(headers, PROVENANCE_HEADER);
    rd_kafka_header_add(headers, PROVENANCE_HEADER, sizeof PROVENANCE_HEADER - 1, from, (ssize_t)length);
    return headers;
}

/* By the key; without one where it stood, so that the order stays. */
static int32_t partition_of(const struct kafka_producer *producer, const rd_kafka_message_t *message)
{
    return message->key == NULL && message->partition < producer->partitions ? message->partition
                                                                             : RD_KAFKA_PARTITION_UA;
}

static int write_item(struct kafka_producer *producer, const rd_kafka_message_t *message, struct error *error)
{
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, NULL);
    const struct outgoing outgoing = {
        .topic = {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = producer->rkt},
        .partition = partition_of(producer, message),
        .message = message,
        .timestamp_ms = timestamp_ms > 0 ? timestamp_ms : 0,
        .headers = headers_of(producer, message),
    };
    return produce(producer, &outgoing, error);
}

static void note_refusal(struct kafka_producer *producer, const rd_kafka_message_t *message)
{
    if (producer->refusal_count == KAFKA_REFUSALS_MAX)
        producer->refusal_count = 0;
    producer->refusals[producer->refusal_count++] =
        (struct kafka_refusal){message->partition, message->offset, producer->refused_err};
}

/* Each is waited for, so that the first that is refused is known. */
static int write_one_by_one(struct kafka_producer *producer, const struct sink_batch *batch,
                            struct error *error)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        const rd_kafka_message_t *message = batch->items[i].message;
        if (write_item(producer, message, error) == -1 || await_records(producer, error) == -1)
            return -1;
        if (producer->refused_err == RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        note_refusal(producer, message);
        return error_set(error, "topic %s refuses [%" PRId32 "] offset %" PRId64 ": %s", producer->topic,
                         message->partition, message->offset, rd_kafka_err2str(producer->refused_err));
    }
    return 0;
}

static int write_items(struct kafka_producer *producer, const struct sink_batch *batch, struct error *error)
{
    if (producer->one_by_one)
        return write_one_by_one(producer, batch, error);
    for (size_t i = 0; i < batch->item_count; i++)
        if (write_item(producer, batch->items[i].message, error) == -1)
            return -1;
    return 0;
}

const char *kafka_producer_refuses(const struct kafka_producer *producer, const rd_kafka_message_t *message)
{
    for (size_t i = 0; i < producer->refusal_count; i++) {
        const struct kafka_refusal *refusal = &producer->refusals[i];
        if (refusal->partition == message->partition && refusal->offset == message->offset)
            return rd_kafka_err2str(refusal->err);
    }
    return NULL;
}

static int write_letters(struct kafka_producer *producer, const struct sink_batch *batch, struct error *error)
{
    if (batch->death_count > 0 && !producer->letters_there) {
        topic_like(producer->rk, batch->letters, producer->settings->topic, "dead letters");
        producer->letters_there = true;
    }
    for (size_t i = 0; i < batch->death_count; i++) {
        const struct outgoing outgoing = {
            .topic = {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = batch->letters},
            .partition = RD_KAFKA_PARTITION_UA,
            .message = batch->deaths[i].message,
            .headers = rd_kafka_headers_copy(batch->deaths[i].headers),
        };
        if (produce(producer, &outgoing, error) == -1)
            return error_context(error, "dead letters");
    }
    return 0;
}

/* --- a transaction ------------------------------------------------------------------------------------ */

static int send_offsets(struct kafka_producer *producer, const struct sink_batch *batch, struct error *error)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)batch->range_count);
    for (size_t i = 0; i < batch->range_count; i++)
        rd_kafka_topic_partition_list_add(list, producer->settings->topic, batch->ranges[i].partition)
            ->offset = batch->ranges[i].next.next_offset;
    rd_kafka_error_t *why =
        rd_kafka_send_offsets_to_transaction(producer->rk, list, batch->membership, OFFSETS_MS);
    rd_kafka_topic_partition_list_destroy(list);
    return done(producer, "the offsets", why, error) ? 0 : -1;
}

static int flush(struct kafka_producer *producer, struct error *error)
{
    if (await_records(producer, error) == -1)
        return -1;
    if (producer->refused_err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    producer->one_by_one = true;
    return error_set(error, "topic %s refuses a record: %s", producer->topic,
                     rd_kafka_err2str(producer->refused_err));
}

/* Nothing of it is written. What cannot be aborted now ends with the next epoch. */
static void abandon(struct kafka_producer *producer)
{
    struct error error = ERROR_INIT;
    if (done(producer, "abort", rd_kafka_abort_transaction(producer->rk, ABORT_MS), &error))
        return;
    log_verbose("%s; reopening the producer", error.text);
    close_handle_of(producer);
}

static enum sink_result commit(struct kafka_producer *producer, struct error *error)
{
    rd_kafka_error_t *why = rd_kafka_commit_transaction(producer->rk, COMMIT_MS);
    if (why == NULL)
        return SINK_DONE;
    bool abortable = rd_kafka_error_txn_requires_abort(why) != 0;
    done(producer, "the commit", why, error);
    if (abortable)
        abandon(producer);
    else
        close_handle_of(producer);
    return SINK_UNKNOWN;
}

/* The planted bug two_transactions. */
static int commit_offsets_first(struct kafka_producer *producer, const struct sink_batch *batch,
                                struct error *error)
{
    return send_offsets(producer, batch, error) == 0 &&
                   done(producer, "the commit", rd_kafka_commit_transaction(producer->rk, COMMIT_MS),
                        error) &&
                   done(producer, "a transaction", rd_kafka_begin_transaction(producer->rk), error)
               ? 0
               : -1;
}

/* The records first, until they are with the brokers: right after a transaction the coordinator refuses
 * both them and the offsets for some milliseconds (CONCURRENT_TRANSACTIONS), and librdkafka 2.0.2 tries
 * records again after 20 ms, but offsets after retry.backoff.ms. */
static int fill(struct kafka_producer *producer, const struct sink_batch *batch, struct error *error)
{
    FAULT_POINT(transaction_open);
    if (PLANTED(two_transactions) && commit_offsets_first(producer, batch, error) == -1)
        return -1;
    if (write_items(producer, batch, error) == -1)
        return -1;
    FAULT_POINT(rows_written);
    if (write_letters(producer, batch, error) == -1)
        return -1;
    FAULT_POINT(outbox_written);
    if (flush(producer, error) == -1 || send_offsets(producer, batch, error) == -1)
        return -1;
    FAULT_POINT(offsets_set);
    return 0;
}

enum sink_result kafka_producer_write(struct kafka_producer *producer, const struct sink_batch *batch,
                                      struct error *error)
{
    if (kafka_producer_recover(producer, error) == -1)
        return SINK_AGAIN;
    producer->refused_err = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (!done(producer, "a transaction", rd_kafka_begin_transaction(producer->rk), error)) {
        close_handle_of(producer);
        return SINK_AGAIN;
    }
    if (fill(producer, batch, error) == -1) {
        abandon(producer);
        return SINK_AGAIN;
    }
    enum sink_result result = commit(producer, error);
    if (result == SINK_DONE && producer->one_by_one && batch->item_count > 0) {
        producer->one_by_one = false;
        producer->refusal_count = 0;
    }
    return result;
}

/* fake_messages.h: messages that no broker delivered. A record's payload is encoded here; what librdkafka is
 * asked about a message (headers, timestamp, destruction) is answered here too: these definitions come before
 * the library's. So this file stands in the test's one source file, and no client may run beside it.
 */
#ifndef KSUPERVISE_TESTS_CONSUMER_FAKE_MESSAGES_H
#define KSUPERVISE_TESTS_CONSUMER_FAKE_MESSAGES_H

#include <librdkafka/rdkafka.h>

#include "common/record/text.h"
#include "tests/support/check_main.h"

struct fake {
    rd_kafka_message_t message; /* first: a message is its fake */
    rd_kafka_headers_t *headers;
    int64_t timestamp_ms;
    char payload[512];
};

static int fakes_alive;
static int headers_asked; /* how often: librdkafka would parse them each time */

rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *message, rd_kafka_headers_t **headers)
{
    headers_asked++;
    *headers = ((const struct fake *)message)->headers;
    return *headers != NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}

int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *message, rd_kafka_timestamp_type_t *type)
{
    if (type != NULL)
        *type = RD_KAFKA_TIMESTAMP_CREATE_TIME;
    return ((const struct fake *)message)->timestamp_ms;
}

void rd_kafka_message_destroy(rd_kafka_message_t *message)
{
    struct fake *fake = (struct fake *)message;
    if (fake->headers != NULL)
        rd_kafka_headers_destroy(fake->headers);
    free(fake);
    fakes_alive--;
}

/* A message with these bytes; destroyed like any other. */
static inline struct fake *fake_bytes(int32_t partition, int64_t offset, const void *bytes, size_t length)
{
    struct fake *fake = calloc(1, sizeof *fake);
    ck_assert_ptr_nonnull(fake);
    ck_assert_uint_le(length, sizeof fake->payload);
    if (length > 0)
        memcpy(fake->payload, bytes, length);
    fake->message = (rd_kafka_message_t){
        .partition = partition, .offset = offset, .payload = fake->payload, .len = length};
    fake->timestamp_ms = 1772099540102;
    fakes_alive++;
    return fake;
}

/* An event that comes as a message: an error, or the end of a partition. */
static inline struct fake *fake_error(int32_t partition, rd_kafka_resp_err_t err)
{
    struct fake *fake = fake_bytes(partition, 0, NULL, 0);
    fake->message.err = err;
    return fake;
}

static inline struct fake *with_header(struct fake *fake, const char *name, const char *value)
{
    if (fake->headers == NULL)
        fake->headers = rd_kafka_headers_new(1);
    rd_kafka_header_add(fake->headers, name, -1, value, -1);
    return fake;
}

/* Sets fields from texts, `label, text, label, text, …, NULL`, and completes the record. */
static inline void fill_record(struct record *record, struct record_storage *storage,
                               const struct schema *schema, const char *const *fields)
{
    struct error error = ERROR_INIT;
    *record = (struct record){.schema = schema};
    storage->used = 0;
    for (; fields[0] != NULL; fields += 2)
        ck_assert_msg(record_set_text(record, fields[0], fields[1], storage, &error) == 0, "%s", error.text);
    ck_assert_msg(record_complete(record, storage, INT64_C(1772099540102594), &error) == 0, "%s", error.text);
}

static inline struct fake *fake_record(int32_t partition, int64_t offset, const struct schema *schema,
                                       const char *const *fields)
{
    static struct record_storage storage;
    struct record record;
    char bytes[512];
    fill_record(&record, &storage, schema, fields);
    return fake_bytes(partition, offset, bytes, record_encode(&record, bytes, sizeof bytes));
}

static inline struct fake *fake_payment(int32_t partition, int64_t offset)
{
    static const char *const fields[] = {"user",   "marek",  "currency",    "PLN", "amount",
                                         "249.99", "method", "credit_card", NULL};
    return fake_record(partition, offset, schema_by_workload("payments"), fields);
}

#endif

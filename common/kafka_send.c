#include "common/kafka_send.h"

#define WITHOUT_CONST(pointer) ((void *)(uintptr_t)(pointer)) /* librdkafka copies, and does not write */

rd_kafka_resp_err_t kafka_send(rd_kafka_t *rk, const struct kafka_message *message)
{
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = message->topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {WITHOUT_CONST(message->key), message->key_length}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {WITHOUT_CONST(message->value), message->value_length}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->timestamp_ms > 0 ? message->timestamp_ms : 0},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = message->opaque},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = message->headers},
    };
    rd_kafka_error_t *error = rd_kafka_produceva(rk, parts, sizeof parts / sizeof parts[0]);
    if (error == NULL)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_resp_err_t err = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    return err;
}

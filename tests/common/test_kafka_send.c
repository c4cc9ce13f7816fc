/* One message as librdkafka is given it, which is stood in for. */
#include "common/kafka_send.h"

#include <string.h>

#include "common/banned.h"
#include "tests/support/check_main.h"

static char no_rk, no_headers;
#define RK      ((rd_kafka_t *)(void *)&no_rk)
#define HEADERS ((rd_kafka_headers_t *)(void *)&no_headers)

static rd_kafka_resp_err_t answer;
static rd_kafka_vu_t sent[16];
static size_t parts;

rd_kafka_error_t *rd_kafka_produceva(rd_kafka_t *rk, const rd_kafka_vu_t *vus, size_t count)
{
    ck_assert_ptr_eq(rk, RK);
    ck_assert_uint_le(count, 16);
    memcpy(sent, vus, count * sizeof *vus);
    parts = count;
    return answer == RD_KAFKA_RESP_ERR_NO_ERROR ? NULL : rd_kafka_error_new(answer, "refused");
}

static const rd_kafka_vu_t *part(rd_kafka_vtype_t type)
{
    for (size_t i = 0; i < parts; i++)
        if (sent[i].vtype == type)
            return &sent[i];
    ck_abort_msg("there is no part %d", (int)type);
    return NULL;
}

static const struct kafka_message letter = {.topic = "payments.dlq",
                                            .partition = 4,
                                            .key = "key",
                                            .value = "value",
                                            .key_length = 3,
                                            .value_length = 5,
                                            .timestamp_ms = 1772099540102,
                                            .headers = HEADERS,
                                            .opaque = &answer};

START_TEST(every_part_of_it_is_handed_over_and_copied)
{
    ck_assert_int_eq(kafka_send(RK, &letter), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_str_eq(part(RD_KAFKA_VTYPE_TOPIC)->u.cstr, "payments.dlq");
    ck_assert_int_eq(part(RD_KAFKA_VTYPE_PARTITION)->u.i32, 4);
    ck_assert_int_eq(part(RD_KAFKA_VTYPE_MSGFLAGS)->u.i, RD_KAFKA_MSG_F_COPY);
    ck_assert_ptr_eq(part(RD_KAFKA_VTYPE_KEY)->u.mem.ptr, letter.key);
    ck_assert_uint_eq(part(RD_KAFKA_VTYPE_KEY)->u.mem.size, 3);
    ck_assert_ptr_eq(part(RD_KAFKA_VTYPE_VALUE)->u.mem.ptr, letter.value);
    ck_assert_uint_eq(part(RD_KAFKA_VTYPE_VALUE)->u.mem.size, 5);
    ck_assert_int_eq(part(RD_KAFKA_VTYPE_TIMESTAMP)->u.i64, 1772099540102);
    ck_assert_ptr_eq(part(RD_KAFKA_VTYPE_OPAQUE)->u.ptr, &answer);
    ck_assert_ptr_eq(part(RD_KAFKA_VTYPE_HEADERS)->u.headers, HEADERS);
}
END_TEST

START_TEST(a_time_that_is_not_known_is_now)
{
    struct kafka_message message = letter;
    static const int64_t unknown[] = {-1, 0};
    for (size_t i = 0; i < 2; i++) {
        message.timestamp_ms = unknown[i];
        kafka_send(RK, &message);
        ck_assert_int_eq(part(RD_KAFKA_VTYPE_TIMESTAMP)->u.i64, 0);
    }
    message.timestamp_ms = 1;
    kafka_send(RK, &message);
    ck_assert_int_eq(part(RD_KAFKA_VTYPE_TIMESTAMP)->u.i64, 1);
}
END_TEST

START_TEST(a_refusal_is_returned)
{
    answer = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    ck_assert_int_eq(kafka_send(RK, &letter), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
}
END_TEST

CHECK_MAIN("common/kafka_send", every_part_of_it_is_handed_over_and_copied, a_time_that_is_not_known_is_now,
           a_refusal_is_returned)

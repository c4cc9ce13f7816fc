#include "tests/support/check_main.h"

#include "common/rpc/message.h"

struct bytes {
    uint8_t data[512];
    size_t length;
};

#define BYTES(...) ((struct bytes){{__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__})})

/* The three kinds, byte by byte, as the specification draws them. */
static struct bytes request(void)
{
    return BYTES(0x94, 0x00, 0xcd, 0x01, 0x2c, 0xa5, 'd', 'r', 'a', 'i', 'n', 0x92, 0xc3, 0xa1, 'x');
}

static struct bytes response(void)
{
    return BYTES(0x94, 0x01, 0x07, 0xc0, 0x81, 0xa1, 'a', 0x91, 0x05);
}

static struct bytes notification(void)
{
    return BYTES(0x93, 0x02, 0xa5, 'r', 'e', 'a', 'd', 'y', 0x91, 0x03);
}

/* A copy that ends where the message ends, so that a sanitizer sees a byte too far. */
static int parse(struct rpc_message *message, const uint8_t *data, size_t length)
{
    uint8_t *exact = malloc(length);
    if (length > 0)
        memcpy(exact, data, length);
    int result = rpc_parse(message, exact, length);
    free(exact);
    return result;
}

START_TEST(a_request_is_read_as_the_specification_says)
{
    struct bytes bytes = request();
    struct rpc_message message;
    bool leave = false;
    struct mp_view text;
    ck_assert_int_eq(rpc_parse(&message, bytes.data, bytes.length), 0);
    ck_assert_int_eq(message.kind, RPC_REQUEST);
    ck_assert_uint_eq(message.id, 300);
    ck_assert(rpc_method_is(&message, "drain"));
    ck_assert(!rpc_method_is(&message, "drai"));
    ck_assert(!rpc_method_is(&message, "drains"));
    ck_assert_uint_eq(message.param_count, 2);
    ck_assert(mp_read_bool(&message.params, &leave) && leave);
    ck_assert(mp_read_str(&message.params, &text) && text.length == 1);
}
END_TEST

START_TEST(a_response_is_read_as_the_specification_says)
{
    struct bytes bytes = response();
    struct rpc_message message;
    uint32_t pairs;
    ck_assert_int_eq(rpc_parse(&message, bytes.data, bytes.length), 0);
    ck_assert_int_eq(message.kind, RPC_RESPONSE);
    ck_assert_uint_eq(message.id, 7);
    ck_assert_uint_eq(message.param_count, 2);
    ck_assert(mp_read_nil(&message.params));
    ck_assert(mp_read_map(&message.params, &pairs));
    ck_assert_uint_eq(pairs, 1);
}
END_TEST

START_TEST(a_notification_is_read_as_the_specification_says)
{
    struct bytes bytes = notification();
    struct rpc_message message;
    int64_t count;
    ck_assert_int_eq(rpc_parse(&message, bytes.data, bytes.length), 0);
    ck_assert_int_eq(message.kind, RPC_NOTIFICATION);
    ck_assert(rpc_method_is(&message, "ready"));
    ck_assert_uint_eq(message.param_count, 1);
    ck_assert(mp_read_int(&message.params, &count));
    ck_assert_int_eq(count, 3);
}
END_TEST

START_TEST(notifications_are_packed_byte_by_byte_as_specified)
{
    uint8_t packed[64];
    size_t length = rpc_pack_notification(packed, sizeof packed, "ready", "i", INT64_C(3));
    struct bytes expected = notification();
    ck_assert_uint_eq(length, expected.length);
    ck_assert_mem_eq(packed, expected.data, length);

    length = rpc_pack_notification(packed, sizeof packed, "m", "sbbnii", "é", 1, 0, INT64_MIN, INT64_C(300));
    static const uint8_t all[] = {0x93, 0x02, 0xa1, 'm', 0x96, 0xa2, 0xc3, 0xa9, 0xc3, 0xc2, 0xc0, 0xd3,
                                  0x80, 0,    0,    0,   0,    0,    0,    0,    0xcd, 0x01, 0x2c};
    ck_assert_uint_eq(length, sizeof all);
    ck_assert_mem_eq(packed, all, sizeof all);

    length = rpc_pack_notification(packed, sizeof packed, "m", "");
    ck_assert_uint_eq(length, 5);
    ck_assert_uint_eq(packed[4], 0x90);
}
END_TEST

START_TEST(what_does_not_fit_is_not_packed_at_all)
{
    uint8_t packed[32];
    size_t whole = rpc_pack_notification(packed, sizeof packed, "address", "s", "localhost:9092");
    ck_assert_uint_gt(whole, 0);
    for (size_t room = 0; room < whole; room++)
        ck_assert_uint_eq(rpc_pack_notification(packed, room, "address", "s", "localhost:9092"), 0);
    ck_assert_uint_eq(rpc_pack_notification(packed, whole, "address", "s", "localhost:9092"), whole);
}
END_TEST

START_TEST(what_is_packed_is_parsed)
{
    char text[4000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    uint8_t packed[RPC_MESSAGE_BYTES];
    size_t length = rpc_pack_notification(packed, sizeof packed, "say", "sib", text, INT64_MIN, 1);
    struct rpc_message message;
    struct mp_view view;
    int64_t integer;
    bool flag;
    ck_assert_int_eq(rpc_parse(&message, packed, length), 0);
    ck_assert(mp_read_str(&message.params, &view));
    ck_assert_uint_eq(view.length, sizeof text - 1);
    ck_assert(mp_read_int(&message.params, &integer) && integer == INT64_MIN);
    ck_assert(mp_read_bool(&message.params, &flag) && flag);
}
END_TEST

START_TEST(every_truncation_of_every_kind_is_refused)
{
    struct bytes kinds[] = {request(), response(), notification()};
    for (size_t kind = 0; kind < 3; kind++)
        for (size_t length = 0; length < kinds[kind].length; length++) {
            struct rpc_message message;
            ck_assert_msg(parse(&message, kinds[kind].data, length) == -1, "kind %zu of %zu bytes", kind,
                          length);
        }
}
END_TEST

START_TEST(a_byte_after_the_end_is_refused)
{
    struct bytes kinds[] = {request(), response(), notification()};
    for (size_t kind = 0; kind < 3; kind++) {
        struct rpc_message message;
        kinds[kind].data[kinds[kind].length++] = 0xc0;
        ck_assert_int_eq(parse(&message, kinds[kind].data, kinds[kind].length), -1);
    }
}
END_TEST

/* Whatever a changed byte makes of it: what is accepted must be readable to its end. */
static void walk(struct rpc_message *message, const uint8_t *end)
{
    for (uint32_t i = 0; i < message->param_count; i++)
        ck_assert(mp_skip(&message->params, MP_DEPTH_MAX));
    ck_assert(message->params.at <= end);
    if (message->kind != RPC_RESPONSE)
        ck_assert((const uint8_t *)message->method.data + message->method.length <= end);
}

START_TEST(every_changed_byte_is_refused_or_leaves_a_readable_message)
{
    struct bytes kinds[] = {request(), response(), notification()};
    for (size_t kind = 0; kind < 3; kind++)
        for (size_t at = 0; at < kinds[kind].length; at++)
            for (int value = 0; value < 256; value++) {
                size_t length = kinds[kind].length;
                uint8_t *exact = malloc(length);
                memcpy(exact, kinds[kind].data, length);
                exact[at] = (uint8_t)value;
                struct rpc_message message;
                if (rpc_parse(&message, exact, length) == 0)
                    walk(&message, exact + length);
                free(exact);
            }
}
END_TEST

START_TEST(refuses_what_is_none_of_the_three_kinds)
{
    static const struct bytes bad[] = {
        {{0xc0}, 1},                                                       /* nil */
        {{0x90}, 1},                                                       /* [] */
        {{0x91, 0x02}, 2},                                                 /* too few elements */
        {{0x94, 0x02, 0xa1, 'm', 0x90, 0xc0}, 6},                          /* a notification of four */
        {{0x93, 0x00, 0x01, 0xa1, 'm'}, 5},                                /* a request of three */
        {{0x93, 0x03, 0xa1, 'm', 0x90}, 5},                                /* kind 3 */
        {{0x93, 0xff, 0xa1, 'm', 0x90}, 5},                                /* kind -1 */
        {{0x93, 0xa1, '2', 0xa1, 'm', 0x90}, 6},                           /* kind "2" */
        {{0x93, 0x02, 0x05, 0x90}, 4},                                     /* method 5 */
        {{0x93, 0x02, 0xa1, 'm', 0x80}, 5},                                /* parameters that are a map */
        {{0x93, 0x02, 0xa1, 'm', 0xc0}, 5},                                /* or nil */
        {{0x94, 0x00, 0xff, 0xa1, 'm', 0x90}, 6},                          /* id -1 */
        {{0x94, 0x00, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0, 0xa1, 'm', 0x90}, 14}, /* id 2^32 */
        {{0x83, 0x02, 0xa1, 'm', 0x90, 0xc0, 0xc0}, 7},                    /* a map */
        {{0x93, 0x02, 0xa1, 'm', 0x91, 0xc1}, 6},                   /* 0xc1, which MessagePack never uses */
        {{0x93, 0x02, 0xa1, 'm', 0xdd, 0xff, 0xff, 0xff, 0xff}, 9}, /* 4 Gi parameters */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct rpc_message message;
        ck_assert_msg(parse(&message, bad[i].data, bad[i].length) == -1, "accepted number %zu", i);
    }
}
END_TEST

START_TEST(the_largest_id_is_taken)
{
    static const uint8_t bytes[] = {0x94, 0x00, 0xce, 0xff, 0xff, 0xff, 0xff, 0xa1, 'm', 0x90};
    struct rpc_message message;
    ck_assert_int_eq(rpc_parse(&message, bytes, sizeof bytes), 0);
    ck_assert_uint_eq(message.id, UINT32_MAX);
}
END_TEST

/* One parameter: arrays nested so deep, with nil in the innermost. */
static int parse_nested(size_t depth)
{
    uint8_t bytes[64] = {0x93, 0x02, 0xa1, 'm', 0x91};
    memset(bytes + 5, 0x91, depth);
    bytes[5 + depth] = 0xc0;
    struct rpc_message message;
    return rpc_parse(&message, bytes, 6 + depth);
}

START_TEST(parameters_nest_to_the_bound_and_no_deeper)
{
    ck_assert_int_eq(parse_nested(0), 0);
    ck_assert_int_eq(parse_nested(MP_DEPTH_MAX), 0);
    ck_assert_int_eq(parse_nested(MP_DEPTH_MAX + 1), -1);
    ck_assert_int_eq(parse_nested(50), -1);
}
END_TEST

START_TEST(a_message_beyond_the_size_is_refused_unread)
{
    static uint8_t bytes[RPC_MESSAGE_BYTES + 1];
    uint8_t head[] = {0x93, 0x02, 0xa1, 'm', 0x91, 0xc5, 0, 0};
    memcpy(bytes, head, sizeof head);
    size_t body = RPC_MESSAGE_BYTES - sizeof head;
    bytes[6] = (uint8_t)(body >> 8);
    bytes[7] = (uint8_t)body;
    struct rpc_message message;
    ck_assert_int_eq(rpc_parse(&message, bytes, RPC_MESSAGE_BYTES), 0);
    bytes[6] = (uint8_t)((body + 1) >> 8);
    bytes[7] = (uint8_t)(body + 1);
    ck_assert_int_eq(rpc_parse(&message, bytes, RPC_MESSAGE_BYTES + 1), -1);
}
END_TEST

CHECK_MAIN("common/rpc/message", a_request_is_read_as_the_specification_says,
           a_response_is_read_as_the_specification_says, a_notification_is_read_as_the_specification_says,
           notifications_are_packed_byte_by_byte_as_specified, what_does_not_fit_is_not_packed_at_all,
           what_is_packed_is_parsed, every_truncation_of_every_kind_is_refused,
           a_byte_after_the_end_is_refused, every_changed_byte_is_refused_or_leaves_a_readable_message,
           refuses_what_is_none_of_the_three_kinds, the_largest_id_is_taken,
           parameters_nest_to_the_bound_and_no_deeper, a_message_beyond_the_size_is_refused_unread)

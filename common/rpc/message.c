#include "common/rpc/message.h"

#include <msgpack.h>
#include <stdarg.h>

#include "common/rpc/pack.h"

/* --- parsing ------------------------------------------------------------------------------------------- */

static bool parse_id(struct mp_reader *reader, uint32_t *id)
{
    int64_t value;
    if (!mp_read_int(reader, &value) || value < 0 || value > UINT32_MAX)
        return false;
    *id = (uint32_t)value;
    return true;
}

/* The parameters are walked once here, so that a handler can read them without meeting the end of the
 * message. */
static bool parse_params(struct mp_reader *reader, struct rpc_message *message)
{
    if (!mp_read_array(reader, &message->param_count))
        return false;
    message->params = *reader;
    for (uint32_t i = 0; i < message->param_count; i++)
        if (!mp_skip(reader, MP_DEPTH_MAX))
            return false;
    return true;
}

static bool parse_request(struct mp_reader *reader, struct rpc_message *message)
{
    return parse_id(reader, &message->id) && mp_read_str(reader, &message->method) &&
           parse_params(reader, message);
}

static bool parse_response(struct mp_reader *reader, struct rpc_message *message)
{
    if (!parse_id(reader, &message->id))
        return false;
    message->params = *reader;
    message->param_count = 2;
    return mp_skip(reader, MP_DEPTH_MAX) && mp_skip(reader, MP_DEPTH_MAX);
}

static bool parse_notification(struct mp_reader *reader, struct rpc_message *message)
{
    return mp_read_str(reader, &message->method) && parse_params(reader, message);
}

struct kind_rule {
    uint32_t elements;
    bool (*parse)(struct mp_reader *, struct rpc_message *);
};

static const struct kind_rule kind_rules[] = {
    [RPC_REQUEST] = {4, parse_request},
    [RPC_RESPONSE] = {4, parse_response},
    [RPC_NOTIFICATION] = {3, parse_notification},
};

int rpc_parse(struct rpc_message *message, const void *bytes, size_t length)
{
    *message = (struct rpc_message){0};
    if (length > RPC_MESSAGE_BYTES)
        return -1;
    struct mp_reader reader;
    mp_init(&reader, bytes, length);
    uint32_t elements;
    int64_t kind;
    if (!mp_read_array(&reader, &elements) || !mp_read_int(&reader, &kind) || kind < RPC_REQUEST ||
        kind > RPC_NOTIFICATION)
        return -1;
    message->kind = (enum rpc_kind)kind;
    const struct kind_rule *rule = &kind_rules[kind];
    if (elements != rule->elements || !rule->parse(&reader, message) || !mp_at_end(&reader))
        return -1;
    return 0;
}

bool rpc_method_is(const struct rpc_message *message, const char *method)
{
    return message->method.length == strlen(method) &&
           memcmp(message->method.data, method, message->method.length) == 0;
}

/* --- packing ------------------------------------------------------------------------------------------- */

struct fixed_buffer {
    char *bytes;
    size_t used, capacity;
};

static int fixed_write(void *context, const char *bytes, size_t length)
{
    struct fixed_buffer *buffer = context;
    if (length > buffer->capacity - buffer->used)
        return -1;
    memcpy(buffer->bytes + buffer->used, bytes, length);
    buffer->used += length;
    return 0;
}

static int pack_parameter(msgpack_packer *packer, char letter, va_list arguments)
{
    switch (letter) {
    case 's':
        return rpc_pack_text(packer, va_arg(arguments, const char *));
    case 'i':
        return msgpack_pack_int64(packer, va_arg(arguments, int64_t));
    case 'b':
        return va_arg(arguments, int) ? msgpack_pack_true(packer) : msgpack_pack_false(packer);
    default:
        return msgpack_pack_nil(packer);
    }
}

size_t rpc_pack_notification(void *buffer, size_t bytes, const char *method, const char *format, ...)
{
    struct fixed_buffer out = {buffer, 0, bytes};
    msgpack_packer packer;
    msgpack_packer_init(&packer, &out, fixed_write);
    int failed = msgpack_pack_array(&packer, 3) || msgpack_pack_int(&packer, RPC_NOTIFICATION) ||
                 rpc_pack_text(&packer, method) || msgpack_pack_array(&packer, strlen(format));
    va_list arguments;
    va_start(arguments, format);
    for (const char *letter = format; *letter != '\0' && !failed; letter++)
        failed = pack_parameter(&packer, *letter, arguments);
    va_end(arguments);
    return failed ? 0 : out.used;
}

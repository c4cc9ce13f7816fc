#include "common/rpc/verb_call.h"

#include "common/rpc/pack.h"

void verb_call_pack(msgpack_sbuffer *buffer, const struct verb_call *call)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    msgpack_pack_array(&packer, 4);
    msgpack_pack_int(&packer, RPC_REQUEST);
    msgpack_pack_int(&packer, 1);
    rpc_pack_text(&packer, call->verb);
    msgpack_pack_array(&packer, call->by != NULL ? 5 : 4);
    rpc_pack_text(&packer, call->target);
    rpc_pack_text(&packer, call->argument);
    msgpack_pack_int64(&packer, call->timeout_ms);
    call->wait ? msgpack_pack_true(&packer) : msgpack_pack_false(&packer);
    if (call->by != NULL)
        rpc_pack_text(&packer, call->by);
}

enum verb_answer_state verb_answer_look(const void *bytes, size_t length)
{
    struct mp_reader reader;
    mp_init(&reader, bytes, length);
    enum mp_fault fault = mp_step(&reader, MP_DEPTH_MAX);
    if (fault == MP_OK && mp_at_end(&reader))
        return VERB_ANSWER_WHOLE;
    return fault == MP_TRUNCATED && length < VERB_ANSWER_BYTES_MAX ? VERB_ANSWER_PART : VERB_ANSWER_BAD;
}

/* [1, msgid, error, result] */
int verb_answer_take(const void *bytes, size_t length, struct mp_reader *result, struct error *error)
{
    struct mp_reader reader;
    uint32_t elements;
    int64_t number;
    struct mp_view reason;
    mp_init(&reader, bytes, length);
    if (!mp_read_array(&reader, &elements) || elements != 4 || !mp_read_int(&reader, &number) ||
        number != RPC_RESPONSE || !mp_read_int(&reader, &number))
        return error_set(error, "the supervisor's answer is not a valid response");
    if (mp_read_str(&reader, &reason))
        return error_set(error, "%.*s", (int)reason.length, reason.data);
    if (!mp_read_nil(&reader))
        return error_set(error, "the supervisor's answer is not a valid response");
    *result = reader;
    return 0;
}

/* [1, msgid, error, true] */
bool verb_answer_is_late(const void *bytes, size_t length)
{
    struct mp_reader reader;
    uint32_t elements;
    int64_t number;
    struct mp_view reason;
    bool late = false;
    mp_init(&reader, bytes, length);
    return mp_read_array(&reader, &elements) && elements == 4 && mp_read_int(&reader, &number) &&
           mp_read_int(&reader, &number) && mp_read_str(&reader, &reason) && mp_read_bool(&reader, &late) &&
           late;
}

#include "supervisor/control/answer.h"

#include "common/rpc/message.h"
#include "common/rpc/pack.h"
#include "supervisor/control/request.h"
#include "supervisor/control/verb_status.h"

static void pack_head(msgpack_packer *packer, uint32_t id)
{
    msgpack_pack_array(packer, 4);
    msgpack_pack_int(packer, RPC_RESPONSE);
    msgpack_pack_uint32(packer, id);
}

void answer_pack_error(msgpack_sbuffer *buffer, uint32_t id, const char *text, bool late)
{
    msgpack_packer packer;
    msgpack_sbuffer_init(buffer);
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    pack_head(&packer, id);
    rpc_pack_text(&packer, text);
    late ? msgpack_pack_true(&packer) : msgpack_pack_nil(&packer);
}

void answer_pack_result(msgpack_sbuffer *buffer, uint32_t id, struct request *request)
{
    const struct verb *verb = request->verb;
    msgpack_packer packer;
    msgpack_sbuffer_init(buffer);
    msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
    pack_head(&packer, id);
    msgpack_pack_nil(&packer);
    msgpack_pack_map(&packer, verb->result != NULL ? 2 : 1);
    rpc_pack_text(&packer, "lines");
    verb_lines(request, &packer);
    if (verb->result != NULL) {
        rpc_pack_text(&packer, verb->result_name);
        verb->result(request, &packer);
    }
}

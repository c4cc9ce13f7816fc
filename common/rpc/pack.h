/* pack.h: what msgpack-c lacks a call for. */
#ifndef KSUPERVISE_COMMON_RPC_PACK_H
#define KSUPERVISE_COMMON_RPC_PACK_H

#include "common/banned.h"

#include <msgpack.h>

/* Text that ends with a NUL. Returns what the packer's buffer returns: 0, or −1 when there is no room. */
static inline int rpc_pack_text(msgpack_packer *packer, const char *text)
{
    return msgpack_pack_str_with_body(packer, text, strlen(text));
}

#endif

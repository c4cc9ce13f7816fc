/* message.h: MessagePack-RPC messages (https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md), one
 * per datagram or frame:
 *
 *   request       [0, msgid, method, params]
 *   response      [1, msgid, error, result]
 *   notification  [2, method, params]
 *
 * Packing is msgpack-c into a buffer of the caller's; parsing is our bounded walk: what comes in may be
 * anything. Pure functions; any thread.
 */
#ifndef KSUPERVISE_COMMON_RPC_MESSAGE_H
#define KSUPERVISE_COMMON_RPC_MESSAGE_H

#include "common/msgpack/reader.h"

#define RPC_MESSAGE_BYTES 8192 /* no message of ours is longer; a longer one is refused */
/* The argument of a verb, and what a worker is asked, with its NUL: with room for what surrounds it. */
#define RPC_TEXT_BYTES 4096

enum rpc_kind { RPC_REQUEST = 0, RPC_RESPONSE = 1, RPC_NOTIFICATION = 2 };

struct rpc_message {
    enum rpc_kind kind;
    uint32_t id;             /* requests and responses */
    struct mp_view method;   /* requests and notifications */
    struct mp_reader params; /* requests and notifications: at the first parameter; responses: at `error` */
    uint32_t param_count;    /* parameters that follow; 2 for a response */
};

/* 0, or -1 when the bytes are not a message: anything malformed, nested deeper than MP_DEPTH_MAX, or with
 * bytes after its end. The views point into `bytes`. */
int rpc_parse(struct rpc_message *message, const void *bytes, size_t length);

bool rpc_method_is(const struct rpc_message *message, const char *method);

/* Packs a notification. `format` has a letter a parameter: s const char *, i int64_t, b int (bool), n nothing
 * (nil). Returns its length, 0 when it does not fit. */
size_t rpc_pack_notification(void *buffer, size_t bytes, const char *method, const char *format, ...);

#endif

/* to_json.h: MessagePack as a JSON value, for what programs print. What JSON has no word for (bytes,
 * extensions, floating point, which nothing of ours sends) is null. Pure; any thread. */
#ifndef KSUPERVISE_COMMON_MSGPACK_TO_JSON_H
#define KSUPERVISE_COMMON_MSGPACK_TO_JSON_H

#include "common/msgpack/reader.h"

#include <jansson.h>

/* Of the value at the reader, which it leaves behind. The bytes must have been stepped over once (mp_step):
 * so their nesting is at most MP_DEPTH_MAX, which bounds the recursion. A new reference; null where memory is
 * out. */
json_t *mp_to_json(struct mp_reader *reader);

#endif

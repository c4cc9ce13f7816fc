/* reader.h: a bounded cursor over MessagePack bytes (https://github.com/msgpack/msgpack/blob/master/spec.md).
 *
 * It only walks: nothing is allocated, strings come out as views into the payload, and no length in the input is believed
 * before it is checked against the bytes that are there. Every program that reads bytes from somebody else reads them
 * through this: records, the workers' configuration, RPC.
 *
 * A call that fails leaves the cursor where the offending byte is and returns false; `mp_offset` tells where that is.
 * Pure functions of their arguments: any thread, any signal context.
 */
#ifndef KSUPERVISE_COMMON_MSGPACK_READER_H
#define KSUPERVISE_COMMON_MSGPACK_READER_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mp_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
};

struct mp_view {
    const char *data; /* not NUL-terminated */
    uint32_t length;
};

enum mp_type { MP_NIL, MP_BOOL, MP_UINT, MP_INT, MP_FLOAT, MP_STR, MP_BIN, MP_ARRAY, MP_MAP, MP_EXT, MP_NEVER, MP_END };

void mp_init(struct mp_reader *reader, const void *bytes, size_t length);
size_t mp_offset(const struct mp_reader *reader);
bool mp_at_end(const struct mp_reader *reader);

/* The type of the next value by its first byte; MP_NEVER for 0xc1, MP_END when there is none. Consumes nothing. */
enum mp_type mp_peek(const struct mp_reader *reader);
const char *mp_type_name(enum mp_type type); /* "map", "string", … for error texts */

bool mp_read_nil(struct mp_reader *reader);
bool mp_read_bool(struct mp_reader *reader, bool *value);
bool mp_read_int(struct mp_reader *reader, int64_t *value); /* any integer that fits in int64_t */
bool mp_read_str(struct mp_reader *reader, struct mp_view *value);
bool mp_read_bin(struct mp_reader *reader, struct mp_view *value);
bool mp_read_array(struct mp_reader *reader, uint32_t *count); /* count is checked: each element takes a byte or more */
bool mp_read_map(struct mp_reader *reader, uint32_t *count);   /* count of pairs, checked likewise */

/* Steps over one value of any type, nested at most `depth_max` deep, without recursion on the input's depth beyond it. */
#define MP_DEPTH_MAX 16
bool mp_skip(struct mp_reader *reader, unsigned depth_max);

#endif

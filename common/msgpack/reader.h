/* reader.h: a bounded cursor over MessagePack bytes (https://github.com/msgpack/msgpack/blob/master/spec.md).
 *
 * It only walks: nothing is allocated, strings come out as views into the payload, and no length in the input
 * is believed before it is checked against the bytes that are there. Every program that reads bytes from
 * somebody else reads them through this: records, the workers' configuration, RPC.
 *
 * A call that fails leaves the cursor where the offending byte is and returns false; `mp_offset` tells where
 * that is. For the calls that read one value it is the first byte of that value; `mp_step` tells afterwards
 * why it could not be read. Pure functions of their arguments: any thread, any signal context.
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

enum mp_type {
    MP_NIL,
    MP_BOOL,
    MP_UINT,
    MP_INT,
    MP_FLOAT,
    MP_STR,
    MP_BIN,
    MP_ARRAY,
    MP_MAP,
    MP_EXT,
    MP_NEVER,
    MP_END
};

static inline void mp_init(struct mp_reader *reader, const void *bytes, size_t length);
static inline size_t mp_offset(const struct mp_reader *reader);
static inline bool mp_at_end(const struct mp_reader *reader);

/* The type of the next value by its first byte; MP_NEVER for 0xc1, MP_END when there is none. Consumes
 * nothing. */
enum mp_type mp_peek(const struct mp_reader *reader);
const char *mp_type_name(enum mp_type type); /* "a map", "a string", "nothing" … for error texts */

bool mp_read_nil(struct mp_reader *reader);
bool mp_read_bool(struct mp_reader *reader, bool *value);
static inline bool mp_read_int(struct mp_reader *reader,
                               int64_t *value); /* any integer that fits in int64_t */
static inline bool mp_read_str(struct mp_reader *reader, struct mp_view *value);
static inline bool mp_read_bin(struct mp_reader *reader, struct mp_view *value);
bool mp_read_array(struct mp_reader *reader,
                   uint32_t *count); /* count is checked: each element takes a byte or more */
static inline bool mp_read_map(struct mp_reader *reader,
                               uint32_t *count); /* count of pairs, checked likewise */

/* Steps over one value of any type, containers nested at most `depth_max` deep (0: none; MP_DEPTH_MAX is the
 * most). Never recurses, and takes time in proportion to the bytes stepped over. On failure the cursor is at
 * the innermost value that is at fault. */
#define MP_DEPTH_MAX 16
enum mp_fault { MP_OK, MP_TRUNCATED, MP_TOO_DEEP, MP_INVALID /* 0xc1 */ };
enum mp_fault mp_step(struct mp_reader *reader, unsigned depth_max);
bool mp_skip(struct mp_reader *reader, unsigned depth_max); /* mp_step(…) == MP_OK */

/* --- inline: the record decoder spends its nanoseconds here -------------------------------------------- */

static inline void mp_init(struct mp_reader *reader, const void *bytes, size_t length)
{
    reader->start = bytes;
    reader->at = reader->start;
    reader->end = length == 0 ? reader->start : reader->start + length;
}

static inline size_t mp_offset(const struct mp_reader *reader)
{
    return (size_t)(reader->at - reader->start);
}

static inline bool mp_at_end(const struct mp_reader *reader)
{
    return reader->at == reader->end;
}

static inline size_t mp_left(const struct mp_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* The rarer encodings of each, out of line; not for callers. They get a copy, so that a reader that is a
 * local variable of the caller's can live in registers: a cursor kept in memory costs a store and a load for
 * each value. */
bool mp_read_view_long(struct mp_reader *reader, enum mp_type type, struct mp_view *value);
bool mp_read_map_long(struct mp_reader *reader, uint32_t *count);

static inline bool mp_read_view_rare(struct mp_reader *reader, enum mp_type type, struct mp_view *value)
{
    struct mp_reader copy = *reader;
    struct mp_view view = {NULL, 0};
    if (!mp_read_view_long(&copy, type, &view))
        return false;
    *reader = copy;
    *value = view;
    return true;
}

static inline uint16_t mp_load16(const uint8_t *at)
{
    uint16_t big_endian;
    memcpy(&big_endian, at, sizeof big_endian);
    return __builtin_bswap16(big_endian);
}

static inline uint32_t mp_load32(const uint8_t *at)
{
    uint32_t big_endian;
    memcpy(&big_endian, at, sizeof big_endian);
    return __builtin_bswap32(big_endian);
}

static inline uint64_t mp_load64(const uint8_t *at)
{
    uint64_t big_endian;
    memcpy(&big_endian, at, sizeof big_endian);
    return __builtin_bswap64(big_endian);
}

static inline bool mp_read_int(struct mp_reader *reader, int64_t *value)
{
    if (mp_at_end(reader))
        return false;
    const uint8_t *at = reader->at;
    uint8_t first = at[0];
    if (first < 0x80 || first >= 0xe0) {
        *value = (int8_t)first;
        reader->at = at + 1;
        return true;
    }
    if (first < 0xcc || first > 0xd3)
        return false;
    size_t bytes = (size_t)1 << (first & 3); /* cc to cf: uint 8 to 64; d0 to d3: int 8 to 64 */
    if (mp_left(reader) - 1 < bytes)
        return false;
    /* Big-endian, in the top `bytes` of eight: a shift brings them down, and extends the sign where there is
     * one. A switch over the eight formats would be a jump that an amount's size, different each time, makes
     * hard to predict. */
    uint64_t top;
    if (mp_left(reader) > 8) {
        top = mp_load64(at + 1);
    } else {
        uint8_t padded[8] = {0};
        memcpy(padded, at + 1, bytes);
        top = mp_load64(padded);
    }
    unsigned shift = 64 - 8 * (unsigned)bytes;
    int64_t read = first >= 0xd0 ? (int64_t)top >> shift : (int64_t)(top >> shift);
    if (first == 0xcf && read < 0) /* beyond INT64_MAX */
        return false;
    *value = read;
    reader->at = at + 1 + bytes;
    return true;
}

static inline bool mp_read_str(struct mp_reader *reader, struct mp_view *value)
{
    size_t left = mp_left(reader);
    if (left == 0 || (reader->at[0] & 0xe0) != 0xa0)
        return mp_read_view_rare(reader, MP_STR, value);
    uint32_t length = reader->at[0] & 0x1f;
    if (left - 1 < length)
        return false;
    value->data = (const char *)reader->at + 1;
    value->length = length;
    reader->at += 1 + length;
    return true;
}

static inline bool mp_read_bin(struct mp_reader *reader, struct mp_view *value)
{
    size_t left = mp_left(reader);
    if (left < 2 || reader->at[0] != 0xc4)
        return mp_read_view_rare(reader, MP_BIN, value);
    uint32_t length = reader->at[1];
    if (left - 2 < length)
        return false;
    value->data = (const char *)reader->at + 2;
    value->length = length;
    reader->at += 2 + length;
    return true;
}

static inline bool mp_read_map(struct mp_reader *reader, uint32_t *count)
{
    size_t left = mp_left(reader);
    if (left == 0 || (reader->at[0] & 0xf0) != 0x80)
        return mp_read_map_long(reader, count);
    uint32_t pairs = reader->at[0] & 0x0f;
    if (left - 1 < 2 * (size_t)pairs)
        return false;
    *count = pairs;
    reader->at++;
    return true;
}

#endif

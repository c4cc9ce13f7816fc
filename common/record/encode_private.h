/* encode_private.h: the sink that a record is packed into, and what nearly all values are packed with. Two
 * files use it, each once: so the compiler inlines all of it in both, and the sink lives in registers. Inside
 * common/record only. */
#ifndef KSUPERVISE_COMMON_RECORD_ENCODE_PRIVATE_H
#define KSUPERVISE_COMMON_RECORD_ENCODE_PRIVATE_H

#include "common/record/record.h"

#include <msgpack/pack.h> /* first: the template below is the one that it is made of */

/* What msgpack-c's packer writes to: the caller's buffer, or nothing more once it is full. */
struct sink {
    uint8_t *at;
    uint8_t *end;
    bool full;
};

/* memcpy, without its call where most texts are: up to 16 bytes, by two moves that may overlap. */
static inline void copy(uint8_t *to, const uint8_t *from, size_t length)
{
    if (length > 16 || length < 4) {
        if (length > 16)
            memcpy(to, from, length);
        for (size_t i = 0; length < 4 && i < length; i++)
            to[i] = from[i];
    } else if (length >= 8) {
        memcpy(to, from, 8);
        memcpy(to + length - 8, from + length - 8, 8);
    } else {
        memcpy(to, from, 4);
        memcpy(to + length - 4, from + length - 4, 4);
    }
}

static inline int sink_append(struct sink *sink, const void *bytes, size_t length)
{
    if (length > (size_t)(sink->end - sink->at)) {
        sink->full = true;
        return -1;
    }
    if (__builtin_constant_p(length))
        memcpy(sink->at, bytes, length);
    else
        copy(sink->at, bytes, length);
    sink->at += length;
    return 0;
}

/* msgpack-c's packer, made again from its own template for this sink: through msgpack_packer each append is a
 * call through a pointer, which keeps the sink in memory and doubles the time. */
#define msgpack_pack_inline_func(name)                  static inline int wire_pack##name
#define msgpack_pack_user                               struct sink *
#define msgpack_pack_append_buffer(sink, bytes, length) return sink_append(sink, bytes, length)
#include <msgpack/pack_template.h>

/* The key as the schema holds it, ready for the wire. Storing all 16 bytes costs less than storing the ones
 * that count: the next value overwrites the rest. */
static inline void put_key(struct sink *sink, const struct schema_slot *key)
{
    if (key->bytes > FIELD_KEY_BYTES || (size_t)(sink->end - sink->at) < FIELD_KEY_BYTES) {
        sink_append(sink, key->rest - FIELD_KEY_BYTES, key->bytes);
        return;
    }
    memcpy(sink->at, key->first, FIELD_KEY_BYTES);
    sink->at += key->bytes;
}

/* encode_map.c: what is rare. The sink is a copy, and so is what comes back: its address, given away, would
 * keep it in memory. */
struct sink encode_rare(struct sink sink, const struct field *field, const struct value *value);
struct sink encode_map(struct sink sink, const struct record *record, const struct schema_slot *first,
                       const struct schema_slot *last);
/* any_msgpack.c: JSON, kept whole, as MessagePack. */
struct sink encode_json(struct sink sink, const struct value *value);
size_t encode_count(const struct record *record, const struct schema_slot *first,
                    const struct schema_slot *last);

static inline void put_value(struct sink *sink, const struct schema *schema, const struct schema_slot *slot,
                             const struct value *value)
{
    switch (slot->form) {
    case FORM_TEXT:
        wire_pack_str(sink, value->text.length);
        wire_pack_str_body(sink, value->text.data, value->text.length);
        break;
    case FORM_UUID:
        wire_pack_bin(sink, sizeof value->uuid);
        wire_pack_bin_body(sink, value->uuid, sizeof value->uuid);
        break;
    case FORM_INTEGER:
    case FORM_EXPONENT:
        wire_pack_int64(sink, value->integer);
        break;
    default:
        *sink = encode_rare(*sink, &schema->fields[slot->field], value);
        break;
    }
}

#endif

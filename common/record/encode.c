#include "common/record/record.h"

#include "common/record/text.h"

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

/* The key as the schema table holds it, ready for the wire. Storing all 16 bytes costs less than storing the
 * ones that count: the next value overwrites the rest. */
static inline void put_key(struct sink *sink, const struct field_key *key)
{
    if ((size_t)(sink->end - sink->at) < FIELD_KEY_BYTES) {
        sink_append(sink, key, key->bytes);
        return;
    }
    memcpy(sink->at, key, FIELD_KEY_BYTES);
    sink->at += key->bytes;
}

static inline void put_value(struct sink *sink, const struct field *field, const struct value *value)
{
    switch (field->type) {
    case FIELD_STRING:
    case FIELD_CURRENCY:
    case FIELD_ENUM:
        wire_pack_str(sink, value->text.length);
        wire_pack_str_body(sink, value->text.data, value->text.length);
        break;
    case FIELD_UUID:
        wire_pack_bin(sink, value->text.length);
        wire_pack_bin_body(sink, value->text.data, value->text.length);
        break;
    case FIELD_INTEGER:
    case FIELD_MONEY:
    case FIELD_EXPONENT:
    case FIELD_TIME:
        wire_pack_int64(sink, value->integer);
        break;
    }
}

/* Nearly always all of them, and the processor's instruction to count bits is not in every x86-64. */
static inline size_t count_present(const struct record *record)
{
    size_t all = record->schema->field_count;
    return record->present == (UINT32_C(1) << all) - 1 ? all : (size_t)__builtin_popcount(record->present);
}

size_t record_encode(const struct record *record, void *buffer, size_t bytes)
{
    const struct schema *schema = record->schema;
    struct sink sink = {.at = buffer, .end = (uint8_t *)buffer + bytes};
    wire_pack_map(&sink, count_present(record));
    const struct field *field = schema->fields;
    uint32_t present = record->present;
    for (const struct value *value = record->values; present != 0; field++, value++, present >>= 1) {
        if ((present & 1) == 0)
            continue;
        put_key(&sink, &field->key);
        put_value(&sink, field, value);
    }
    return sink.full ? 0 : (size_t)(sink.at - (uint8_t *)buffer);
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t record_key(const struct record *record, char buffer[RECORD_KEY_BYTES])
{
    size_t index = record->schema->key_field;
    if (!record_has(record, (int)index))
        return 0;
    const struct value *value = &record->values[index];
    if (record->schema->fields[index].type == FIELD_INTEGER)
        return integer_format(value->integer, buffer);
    size_t length = min_size(value->text.length, RECORD_KEY_BYTES);
    memcpy(buffer, value->text.data, length);
    return length;
}

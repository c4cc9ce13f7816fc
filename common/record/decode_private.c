#include "common/record/decode_private.h"

const struct field *record_fill_in(struct record *record)
{
    for (size_t i = 0; i < record->schema->field_count; i++) {
        const struct field *field = &record->schema->fields[i];
        if (record_has(record, (int)i) || field->optional)
            continue;
        if (!field->defaulted)
            return field;
        record->values[i] = field->default_value;
        record->present |= UINT64_C(1) << i;
    }
    return NULL;
}

/* {, and then a name or the end; blanks may come before each. */
static bool looks_like_json(const uint8_t *payload, size_t length)
{
    struct js_reader reader;
    js_init(&reader, payload, length);
    if (!js_next_is(&reader, '{'))
        return false;
    reader.at++;
    return js_next_is(&reader, '"') || js_next_is(&reader, '}');
}

/* Confluent's serializers put a zero byte and four bytes of schema id in front; a registry counts ids from 1.
 */
static bool looks_like_confluent(const uint8_t *payload, size_t length)
{
    return length > 5 && payload[0] == 0 && mp_load32(payload + 1) != 0;
}

static bool looks_like_msgpack(const uint8_t *payload, size_t length)
{
    return length > 0 && ((payload[0] & 0xf0) == 0x80 || payload[0] == 0xde || payload[0] == 0xdf);
}

enum foreign foreign_kind(const uint8_t *payload, size_t length)
{
    if (looks_like_json(payload, length))
        return FOREIGN_JSON;
    if (looks_like_msgpack(payload, length))
        return FOREIGN_MSGPACK;
    return looks_like_confluent(payload, length) ? FOREIGN_CONFLUENT : FOREIGN_NOT;
}

#include "common/record/encode_private.h"

#include <uuid/uuid.h>

#include "common/record/text.h"

/* A record without maps has a field for each slot, nearly always all of them. */
static inline void put_fields(struct sink *sink, const struct record *record)
{
    const struct schema *schema = record->schema;
    const struct schema_slot *slots = schema->slots;
    uint64_t present = record->present;
    wire_pack_map(sink, present == schema->all ? schema->field_count
                                               : encode_count(record, slots, slots + schema->slot_count));
    const struct schema_slot *slot = slots;
    for (const struct value *value = record->values; present != 0; slot++, value++, present >>= 1) {
        if ((present & 1) == 0)
            continue;
        put_key(sink, slot);
        put_value(sink, schema, slot, value);
    }
}

static size_t encode_raw(const struct mp_view *value, void *buffer, size_t bytes)
{
    if (value->length > bytes)
        return 0;
    memcpy(buffer, value->data, value->length);
    return value->length;
}

size_t record_encode(const struct record *record, void *buffer, size_t bytes)
{
    const struct schema *schema = record->schema;
    struct sink sink = {.at = buffer, .end = (uint8_t *)buffer + bytes};
    if (schema->raw)
        return encode_raw(&record->values[0].text, buffer, bytes);
    if (schema->slot_count == schema->field_count)
        put_fields(&sink, record);
    else
        sink = encode_map(sink, record, schema->slots, schema->slots + schema->slot_count);
    return sink.full ? 0 : (size_t)(sink.at - (uint8_t *)buffer);
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t record_key(const struct record *record, char buffer[RECORD_KEY_BYTES])
{
    size_t index = record->schema->key_field;
    if (!schema_has_key(record->schema) || !record_has(record, (int)index))
        return 0;
    const struct value *value = &record->values[index];
    if (record->schema->fields[index].type == FIELD_INTEGER)
        return integer_format(value->integer, buffer);
    if (record->schema->fields[index].type == FIELD_UUID) {
        uuid_t uuid;
        memcpy(uuid, value->uuid, sizeof uuid);
        uuid_unparse_lower(uuid, buffer);
        return 36;
    }
    size_t length = min_size(value->text.length, RECORD_KEY_BYTES);
    memcpy(buffer, value->text.data, length);
    return length;
}

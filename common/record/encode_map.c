/* What few records have: maps inside, and values in other forms than the usual. */
#include "common/record/encode_private.h"

#include "common/record/forms.h"

struct sink encode_rare(struct sink sink, const struct field *field, const struct value *value)
{
    uint8_t bytes[FORM_BYTES_MAX];
    if (field->form == FORM_ANY && value->any.json) {
        sink = encode_json(sink, value);
    } else if (field->form == FORM_ANY) {
        sink_append(&sink, value->text.data, value->text.length);
    } else if (field->form == FORM_BYTES) {
        wire_pack_bin(&sink, value->text.length);
        wire_pack_bin_body(&sink, value->text.data, value->text.length);
    } else {
        sink_append(&sink, bytes, form_write(field, value, bytes));
    }
    return sink;
}

/* A map without a field in it is left out. */
size_t encode_count(const struct record *record, const struct schema_slot *first,
                    const struct schema_slot *last)
{
    size_t pairs = 0;
    for (const struct schema_slot *slot = first; slot < last; slot = record->schema->slots + slot->end)
        pairs += (record->present & slot->inside) != 0;
    return pairs;
}

/* Recurses as deep as the schema is. */
struct sink encode_map(struct sink sink, const struct record *record, const struct schema_slot *first,
                       const struct schema_slot *last)
{
    const struct schema_slot *slots = record->schema->slots;
    wire_pack_map(&sink, encode_count(record, first, last));
    for (const struct schema_slot *slot = first; slot < last; slot = slots + slot->end) {
        if ((record->present & slot->inside) == 0)
            continue;
        put_key(&sink, slot);
        if (slot->form == FORM_MAP)
            sink = encode_map(sink, record, slot + 1, slots + slot->end);
        else
            put_value(&sink, record->schema, slot, &record->values[slot->field]);
    }
    return sink;
}

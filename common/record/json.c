#include "common/record/out.h"
#include "common/record/text.h"
#include "common/utf8.h"

static const char *short_escape(uint32_t code_point)
{
    static const char *const escapes[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                          ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
    return code_point < sizeof escapes / sizeof escapes[0] ? escapes[code_point] : NULL;
}

void out_character(struct out *out, const char *bytes, size_t length, uint32_t code_point)
{
    const char *escape = short_escape(code_point);
    if (escape != NULL) {
        out_text(out, escape);
    } else if (out_is_hostile(code_point)) {
        char text[7];
        snprintf(text, sizeof text, "\\u%04x",
                 (unsigned)(code_point & 0xffff)); /* all of them are in the first plane */
        out_text(out, text);
    } else {
        out_bytes(out, bytes, length);
    }
}

void out_string(struct out *out, const char *text, size_t length)
{
    out_text(out, "\"");
    for (size_t at = 0; at < length && !out->cut;) {
        uint32_t code_point = 0;
        size_t bytes = utf8_decode(text + at, length - at, &code_point);
        if (bytes == 0)
            out_text(out, "\\ufffd");
        else
            out_character(out, text + at, bytes, code_point);
        at += bytes == 0 ? 1 : bytes;
    }
    out_text(out, "\"");
}

static void put_value(struct out *out, const struct record *record, size_t index)
{
    const struct field *field = &record->schema->fields[index];
    if (record->schema->raw || field_is_text(field)) {
        out_string(out, record->values[index].text.data, record->values[index].text.length);
        return;
    }
    bool quoted = field->type == FIELD_UUID || field->type == FIELD_TIME || field->type == FIELD_BYTES;
    out_text(out, quoted ? "\"" : "");
    out_value(out, record, index, false);
    out_text(out, quoted ? "\"" : "");
}

static bool is_shown(const struct record *record, const struct schema_slot *slot)
{
    bool exponent = slot->form == FORM_EXPONENT; /* the amount's digits say it */
    return !exponent && (record->present & slot->inside) != 0;
}

/* Recurses as deep as the schema is. */
static void put_object(struct out *out, const struct record *record, size_t from, size_t end)
{
    const struct schema *schema = record->schema;
    const char *separator = "{";
    for (size_t i = from; i < end; i = schema->slots[i].end) {
        const struct schema_slot *slot = &schema->slots[i];
        if (!is_shown(record, slot))
            continue;
        out_text(out, separator);
        out_bytes(out, schema->slot_names[i].json, schema->slot_names[i].json_length);
        if (slot->form == FORM_MAP)
            put_object(out, record, i + 1, slot->end);
        else
            put_value(out, record, slot->field);
        separator = ",";
    }
    out_text(out, separator[0] == '{' ? "{}" : "}");
}

int record_json(const struct record *record, char *buffer, size_t bytes)
{
    struct out out;
    out_init(&out, buffer, bytes);
    put_object(&out, record, 0, record->schema->slot_count);
    return out.cut ? -1 : 0;
}

void text_json(char *buffer, size_t bytes, size_t *used, const char *text, size_t length)
{
    struct out out;
    out_init(&out, buffer + *used, bytes - *used);
    out_string(&out, text, length);
    if (out.cut)
        out.buffer[0] = '\0';
    else
        *used += out.used;
}

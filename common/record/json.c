#include "common/record/out.h"
#include "common/record/text.h"
#include "common/utf8.h"

static const char *short_escape(uint32_t code_point)
{
    static const char *const escapes[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                          ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};
    return code_point < sizeof escapes / sizeof escapes[0] ? escapes[code_point] : NULL;
}

static void put_character(struct out *out, const char *bytes, size_t length, uint32_t code_point)
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

static void put_string(struct out *out, const char *text, size_t length)
{
    out_text(out, "\"");
    for (size_t at = 0; at < length && !out->cut;) {
        uint32_t code_point = 0;
        size_t bytes = utf8_decode(text + at, length - at, &code_point);
        if (bytes == 0)
            out_text(out, "\\ufffd");
        else
            put_character(out, text + at, bytes, code_point);
        at += bytes == 0 ? 1 : bytes;
    }
    out_text(out, "\"");
}

static void put_value(struct out *out, const struct record *record, size_t index)
{
    const struct field *field = &record->schema->fields[index];
    if (field_is_text(field)) {
        put_string(out, record->values[index].text.data, record->values[index].text.length);
        return;
    }
    const char *quote = field->type == FIELD_UUID || field->type == FIELD_TIME ? "\"" : "";
    out_text(out, quote);
    out_value(out, record, index, false);
    out_text(out, quote);
}

int record_json(const struct record *record, char *buffer, size_t bytes)
{
    struct out out;
    out_init(&out, buffer, bytes);
    const char *separator = "{\"";
    for (size_t i = 0; i < record->schema->field_count; i++) {
        const struct field *field = &record->schema->fields[i];
        if (!record_has(record, (int)i) || field->type == FIELD_EXPONENT)
            continue;
        out_text(&out, separator);
        out_text(&out, field->label);
        out_text(&out, "\":");
        put_value(&out, record, i);
        separator = ",\"";
    }
    out_text(&out, out.used == 0 ? "{}" : "}");
    return out.cut ? -1 : 0;
}

void text_json(char *buffer, size_t bytes, size_t *used, const char *text, size_t length)
{
    struct out out;
    out_init(&out, buffer + *used, bytes - *used);
    put_string(&out, text, length);
    if (out.cut)
        out.buffer[0] = '\0';
    else
        *used += out.used;
}

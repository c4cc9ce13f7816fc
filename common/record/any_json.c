/* What a field of type `any` holds, as JSON. */
#include "common/record/forms.h"
#include "common/record/out.h"
#include "common/record/text.h"
#include "common/utf8.h"

static void put(struct out *out, struct mp_reader *reader, unsigned depth);

static void put_number(struct out *out, struct mp_reader *reader)
{
    static const struct field number = {.form = FORM_NUMBER};
    struct value value;
    int64_t integer;
    struct mp_reader before = *reader;
    if (mp_read_int(reader, &integer)) {
        out_integer(out, integer);
    } else if (mp_peek(reader) == MP_FLOAT && form_read(reader, &number, &value)) {
        out_number(out, value.number);
    } else { /* not finite, or beyond int64 */
        *reader = before;
        mp_skip(reader, 0);
        out_text(out, "null");
    }
}

static void put_array(struct out *out, struct mp_reader *reader, unsigned depth)
{
    uint32_t count = 0;
    mp_read_array(reader, &count);
    out_text(out, "[");
    for (uint32_t i = 0; i < count && !out->cut; i++) {
        out_text(out, i > 0 ? "," : "");
        put(out, reader, depth - 1);
    }
    out_text(out, "]");
}

/* A name is a string in JSON, whatever it is here. */
static void put_name(struct out *out, struct mp_reader *reader, unsigned depth)
{
    bool quoted = mp_peek(reader) == MP_STR || mp_peek(reader) == MP_BIN;
    out_text(out, quoted ? "" : "\"");
    if (mp_peek(reader) == MP_MAP || mp_peek(reader) == MP_ARRAY)
        mp_skip(reader, depth);
    else
        put(out, reader, 0);
    out_text(out, quoted ? ":" : "\":");
}

static void put_map(struct out *out, struct mp_reader *reader, unsigned depth)
{
    uint32_t count = 0;
    mp_read_map(reader, &count);
    out_text(out, "{");
    for (uint32_t i = 0; i < count && !out->cut; i++) {
        out_text(out, i > 0 ? "," : "");
        put_name(out, reader, depth - 1);
        put(out, reader, depth - 1);
    }
    out_text(out, "}");
}

static void put_text(struct out *out, struct mp_reader *reader, enum mp_type type)
{
    struct mp_view view = {"", 0};
    if (type == MP_STR && mp_read_str(reader, &view)) {
        out_string(out, view.data, view.length);
    } else if (mp_read_bin(reader, &view)) {
        out_text(out, "\"");
        out_hex(out, view.data, view.length);
        out_text(out, "\"");
    }
}

static void put_word(struct out *out, struct mp_reader *reader)
{
    bool is_true = false;
    if (mp_read_bool(reader, &is_true)) {
        out_text(out, is_true ? "true" : "false");
        return;
    }
    mp_skip(reader, 0);
    out_text(out, "null");
}

/* `depth` is as much as the value was seen to nest; it bounds the recursion. */
static void put(struct out *out, struct mp_reader *reader, unsigned depth)
{
    enum mp_type type = mp_peek(reader);
    if (out->cut)
        return;
    if (type == MP_MAP && depth > 0)
        put_map(out, reader, depth);
    else if (type == MP_ARRAY && depth > 0)
        put_array(out, reader, depth);
    else if (type == MP_STR || type == MP_BIN)
        put_text(out, reader, type);
    else if (type == MP_INT || type == MP_UINT || type == MP_FLOAT)
        put_number(out, reader);
    else
        put_word(out, reader);
}

/* JSON that was stepped over once: without blanks, and with what changes a terminal escaped. */
static void put_json(struct out *out, const char *text, size_t length)
{
    bool quoted = false;
    for (size_t at = 0, bytes = 0; at < length && !out->cut; at += bytes) {
        uint32_t code_point = 0;
        bytes = utf8_decode(text + at, length - at, &code_point);
        bool escape = quoted && code_point == '\\';
        quoted ^= code_point == '"';
        bytes = escape ? 2 : bytes == 0 ? 1 : bytes;
        if (code_point >= 0x7f)
            out_character(out, text + at, bytes, code_point);
        else if (quoted || code_point > ' ')
            out_bytes(out, text + at, bytes);
    }
}

void out_any(struct out *out, const struct value *value)
{
    struct mp_reader reader;
    if (value->any.json) {
        put_json(out, value->any.data, value->any.length);
        return;
    }
    mp_init(&reader, value->any.data, value->any.length);
    put(out, &reader, MP_DEPTH_MAX);
}

/* A float of 9 bytes can take 24 characters, a character of text 6. */
size_t value_json_bytes(const struct value *value)
{
    return 8 * (size_t)value->text.length + 64;
}

size_t value_json(const struct value *value, char *buffer, size_t bytes)
{
    struct out out;
    out_init(&out, buffer, bytes);
    out_any(&out, value);
    return out.used;
}

#include "common/record/out.h"

#include <uuid/uuid.h>

#include "common/clock.h"
#include "common/record/text.h"
#include "common/utf8.h"

void out_init(struct out *out, char *buffer, size_t bytes)
{
    *out = (struct out){.buffer = buffer, .bytes = bytes, .cut = bytes == 0};
    if (bytes > 0)
        buffer[0] = '\0';
}

void out_bytes(struct out *out, const char *bytes, size_t length)
{
    if (out->cut || length >= out->bytes - out->used) {
        out->cut = true;
        return;
    }
    memcpy(out->buffer + out->used, bytes, length);
    out->used += length;
    out->buffer[out->used] = '\0';
}

void out_text(struct out *out, const char *text)
{
    if (text != NULL)
        out_bytes(out, text, strlen(text));
}

void out_spaces(struct out *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out_bytes(out, " ", 1);
}

bool out_is_hostile(uint32_t code_point)
{
    static const struct {
        uint32_t low, high;
    } hostile[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},
                   {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
        if (code_point >= hostile[i].low && code_point <= hostile[i].high)
            return true;
    return false;
}

static void out_escapes(struct out *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char text[5];
        snprintf(text, sizeof text, "\\x%02x", (unsigned char)bytes[i]);
        out_bytes(out, text, 4);
    }
}

void out_escaped(struct out *out, const char *text, size_t length)
{
    size_t at = 0;
    while (at < length && !out->cut) {
        uint32_t code_point = 0;
        size_t bytes = utf8_decode(text + at, length - at, &code_point);
        if (bytes > 0 && !out_is_hostile(code_point))
            out_bytes(out, text + at, bytes);
        else
            out_escapes(out, text + at, bytes > 0 ? bytes : 1);
        at += bytes > 0 ? bytes : 1;
    }
}

void text_escape(char *buffer, size_t bytes, size_t *used, const char *text, size_t length)
{
    struct out out = {.buffer = buffer, .bytes = bytes, .used = *used, .cut = *used >= bytes};
    out_escaped(&out, text, length);
    *used = out.used;
}

size_t integer_format(int64_t value, char buffer[INTEGER_TEXT_BYTES])
{
    char digits[20];
    size_t count = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    size_t length = 0;
    if (value < 0)
        buffer[length++] = '-';
    while (count > 0)
        buffer[length++] = digits[--count];
    return length;
}

void out_integer(struct out *out, int64_t value)
{
    char text[INTEGER_TEXT_BYTES];
    out_bytes(out, text, integer_format(value, text));
}

static void out_money(struct out *out, int digits, int64_t minor, bool sign)
{
    char text[MONEY_TEXT_BYTES];
    out_bytes(out, text, money_format(minor, digits, sign, text));
}

static void out_uuid(struct out *out, const struct value *value)
{
    uuid_t uuid;
    char text[37];
    memcpy(uuid, value->uuid, sizeof uuid);
    uuid_unparse_lower(uuid, text);
    out_bytes(out, text, 36);
}

/* The fewest digits that are read as the same number again. */
void out_number(struct out *out, double number)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    out_text(out, text);
}

void out_hex(struct out *out, const char *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length && !out->cut; i++) {
        const char text[2] = {digits[(unsigned char)bytes[i] >> 4], digits[(unsigned char)bytes[i] & 0xf]};
        out_bytes(out, text, sizeof text);
    }
}

static void out_time(struct out *out, int64_t wall_us)
{
    char text[CLOCK_ISO8601_BYTES];
    out_text(out, clock_format_iso8601(text, wall_us));
}

void out_value(struct out *out, const struct record *record, size_t index, bool sign)
{
    const struct value *value = &record->values[index];
    const struct field *field = &record->schema->fields[index];
    switch (field->type) {
    case FIELD_UUID:
        out_uuid(out, value);
        break;
    case FIELD_MONEY:
        out_money(out, record_digits(record, field), value->integer, sign);
        break;
    case FIELD_TIME:
        out_time(out, value->integer);
        break;
    case FIELD_INTEGER:
    case FIELD_EXPONENT:
        out_integer(out, value->integer);
        break;
    case FIELD_BOOLEAN:
        out_text(out, value->integer != 0 ? "true" : "false");
        break;
    case FIELD_NUMBER:
        out_number(out, value->number);
        break;
    case FIELD_BYTES:
        out_hex(out, value->text.data, value->text.length);
        break;
    case FIELD_ANY:
        out_any(out, value);
        break;
    case FIELD_STRING:
    case FIELD_CURRENCY:
    case FIELD_ENUM:
        break;
    }
}

void out_shown(struct out *out, const struct record *record, size_t index, bool sign)
{
    const struct mp_view *text = &record->values[index].text;
    if (record->schema->raw || field_is_text(&record->schema->fields[index]))
        out_escaped(out, text->data, text->length);
    else
        out_value(out, record, index, sign);
}

void record_field_text(const struct record *record, size_t index, char *buffer, size_t bytes)
{
    struct out out;
    out_init(&out, buffer, bytes);
    if (record_has(record, (int)index))
        out_shown(&out, record, index, false);
}

#include "common/record/forms.h"

#include <assert.h>
#include <math.h>
#include <uuid/uuid.h>

#include "common/clock.h"
#include "common/record/text.h"

#define TYPE(type) (1U << (type))
#define INTEGERS   (TYPE(MP_INT) | TYPE(MP_UINT))

static const struct {
    unsigned types; /* bits of enum mp_type */
    const char *wanted;
} forms[] = {
    [FORM_TEXT] = {TYPE(MP_STR), "a string"},
    [FORM_INTEGER] = {INTEGERS, "an integer"},
    [FORM_UUID] = {TYPE(MP_BIN), "binary"},
    [FORM_EXPONENT] = {INTEGERS, "an integer"},
    [FORM_UUID_TEXT] = {TYPE(MP_STR), "a string"},
    [FORM_DECIMAL] = {TYPE(MP_STR), "a string"},
    [FORM_TIME_UNIT] = {INTEGERS, "an integer"},
    [FORM_TIMESTAMP] = {TYPE(MP_EXT), "a timestamp"},
    [FORM_TIME_TEXT] = {TYPE(MP_STR), "a string"},
    [FORM_BOOLEAN] = {TYPE(MP_BOOL), "a boolean"},
    [FORM_NUMBER] = {INTEGERS | TYPE(MP_FLOAT), "a number"},
    [FORM_BYTES] = {TYPE(MP_BIN), "binary"},
    [FORM_ANY] = {UINT32_MAX, "a value"},
    [FORM_MAP] = {TYPE(MP_MAP), "a map"},
};

bool form_takes(enum field_form form, enum mp_type type)
{
    return (forms[form].types & TYPE(type)) != 0;
}

const char *form_wants(enum field_form form)
{
    return forms[form].wanted;
}

/* --- in ------------------------------------------------------------------------------------------------ */

bool form_uuid(const struct mp_view *text, struct value *value)
{
    static const uint8_t parts[] = {4, 2, 2, 2, 6}; /* bytes */
    const char *at = text->data;
    uint8_t *to = value->uuid;
    if (text->length != 36)
        return false;
    for (size_t i = 0; i < sizeof parts; i++) {
        if ((i > 0 && *at++ != '-') || !hex_parse(at, 2 * (size_t)parts[i], (char *)to))
            return false;
        at += 2 * parts[i];
        to += parts[i];
    }
    return true;
}

static bool read_uuid_text(struct mp_reader *reader, struct value *value)
{
    struct mp_view text;
    return mp_read_str(reader, &text) && form_uuid(&text, value);
}

static bool read_decimal(struct mp_reader *reader, int digits, struct value *value)
{
    struct mp_view text;
    return mp_read_str(reader, &text) && money_parse(text.data, text.length, digits, &value->integer) == 0;
}

bool form_unit(int64_t count, int64_t unit_us, struct value *value)
{
    if (unit_us > 0)
        return !__builtin_mul_overflow(count, unit_us, &value->integer);
    value->integer = count / -unit_us - (count % -unit_us < 0);
    return true;
}

static bool read_unit(struct mp_reader *reader, int64_t unit_us, struct value *value)
{
    int64_t count;
    return mp_read_int(reader, &count) && form_unit(count, unit_us, value);
}

static bool read_time_text(struct mp_reader *reader, struct value *value)
{
    struct mp_view text;
    return mp_read_str(reader, &text) && clock_parse_iso8601(text.data, text.length, &value->integer) == 0;
}

/* The extension type -1 in its three sizes: seconds in 32 bits; nanoseconds in 30 and seconds in 34;
 * nanoseconds in 32 and seconds in 64. */
static bool read_timestamp(struct mp_reader *reader, struct value *value)
{
    static const struct {
        uint8_t head[3];
        size_t head_bytes, bytes;
    } sizes[] = {{{0xd6, 0xff}, 2, 4}, {{0xd7, 0xff}, 2, 8}, {{0xc7, 12, 0xff}, 3, 12}};
    const uint8_t *at = reader->at;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t head = sizes[i].head_bytes;
        if (mp_left(reader) < head + sizes[i].bytes || memcmp(at, sizes[i].head, head) != 0)
            continue;
        uint64_t both = sizes[i].bytes == 8 ? mp_load64(at + head) : 0;
        uint64_t ns = sizes[i].bytes == 12 ? mp_load32(at + head) : both >> 34;
        int64_t seconds = sizes[i].bytes == 4   ? (int64_t)mp_load32(at + head)
                          : sizes[i].bytes == 8 ? (int64_t)(both & ((UINT64_C(1) << 34) - 1))
                                                : (int64_t)mp_load64(at + head + 4);
        reader->at += head + sizes[i].bytes;
        return ns < 1000000000 && !__builtin_mul_overflow(seconds, US_PER_SECOND, &value->integer) &&
               !__builtin_add_overflow(value->integer, (int64_t)(ns / 1000), &value->integer);
    }
    return false;
}

static bool read_float(struct mp_reader *reader, struct value *value)
{
    size_t bytes = reader->at[0] == 0xca ? 4 : 8;
    if (mp_left(reader) < 1 + bytes)
        return false;
    if (bytes == 4) {
        uint32_t bits = mp_load32(reader->at + 1);
        float number;
        memcpy(&number, &bits, sizeof number);
        value->number = (double)number;
    } else {
        uint64_t bits = mp_load64(reader->at + 1);
        memcpy(&value->number, &bits, sizeof value->number);
    }
    reader->at += 1 + bytes;
    return isfinite(value->number);
}

static bool read_number(struct mp_reader *reader, struct value *value)
{
    int64_t integer;
    if (mp_peek(reader) == MP_FLOAT)
        return read_float(reader, value);
    if (!mp_read_int(reader, &integer))
        return false;
    value->number = (double)integer;
    return true;
}

static bool read_boolean(struct mp_reader *reader, struct value *value)
{
    bool is_true;
    if (!mp_read_bool(reader, &is_true))
        return false;
    value->integer = is_true;
    return true;
}

bool form_read(struct mp_reader *reader, const struct field *field, struct value *value)
{
    switch (field->form) {
    case FORM_UUID_TEXT:
        return read_uuid_text(reader, value);
    case FORM_DECIMAL:
        return read_decimal(reader, field->digits, value);
    case FORM_TIME_UNIT:
        return read_unit(reader, field->unit_us, value);
    case FORM_TIMESTAMP:
        return read_timestamp(reader, value);
    case FORM_TIME_TEXT:
        return read_time_text(reader, value);
    case FORM_BOOLEAN:
        return read_boolean(reader, value);
    case FORM_NUMBER:
        return read_number(reader, value);
    case FORM_BYTES:
        return mp_read_bin(reader, &value->text);
    case FORM_TEXT:
    case FORM_INTEGER:
    case FORM_UUID:
    case FORM_EXPONENT:
    case FORM_ANY:
    case FORM_MAP:
        break;
    }
    return false;
}

bool form_read_any(struct mp_reader *reader, unsigned depth, struct value *value)
{
    const uint8_t *begin = reader->at;
    if (!mp_skip(reader, depth))
        return false;
    value_set_any(value, (const char *)begin, (size_t)(reader->at - begin), false);
    return true;
}

/* --- out ----------------------------------------------------------------------------------------------- */

static size_t put_big(uint8_t *bytes, uint8_t head, uint64_t value, size_t width)
{
    bytes[0] = head;
    for (size_t i = 0; i < width; i++)
        bytes[1 + i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    return 1 + width;
}

/* In its shortest format, as msgpack-c packs it. */
static size_t put_integer(uint8_t *bytes, int64_t value)
{
    static const struct {
        int64_t least, most;
        uint8_t head, width;
    } formats[] = {{0, 0xff, 0xcc, 1},      {0, 0xffff, 0xcd, 2},   {0, 0xffffffff, 0xce, 4},
                   {0, INT64_MAX, 0xcf, 8}, {INT8_MIN, 0, 0xd0, 1}, {INT16_MIN, 0, 0xd1, 2},
                   {INT32_MIN, 0, 0xd2, 4}, {INT64_MIN, 0, 0xd3, 8}};
    size_t i = 0;
    if (value >= -32 && value < 128)
        return put_big(bytes, (uint8_t)value, 0, 0);
    while (value < formats[i].least || value > formats[i].most)
        i++;
    return put_big(bytes, formats[i].head, (uint64_t)value, formats[i].width);
}

/* A text of at most 36 bytes, which stands behind two bytes of room. */
static size_t put_text(uint8_t *bytes, size_t length)
{
    if (length >= 32) {
        bytes[0] = 0xd9;
        bytes[1] = (uint8_t)length;
        return length + 2;
    }
    memmove(bytes + 1, bytes + 2, length);
    bytes[0] = (uint8_t)(0xa0 | length);
    return length + 1;
}

static size_t put_uuid_text(uint8_t *bytes, const struct value *value)
{
    uuid_t uuid;
    char text[37];
    memcpy(uuid, value->uuid, sizeof uuid);
    uuid_unparse_lower(uuid, text);
    memcpy(bytes + 2, text, 36);
    return put_text(bytes, 36);
}

static size_t put_decimal(uint8_t *bytes, int digits, const struct value *value)
{
    char text[MONEY_TEXT_BYTES];
    size_t length = money_format(value->integer, digits, false, text);
    memcpy(bytes + 2, text, length);
    return put_text(bytes, length);
}

static size_t put_time_text(uint8_t *bytes, const struct value *value)
{
    char text[CLOCK_ISO8601_BYTES];
    size_t length = strlen(clock_format_iso8601(text, value->integer));
    memcpy(bytes + 2, text, length);
    return put_text(bytes, length);
}

static int64_t floor_by(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

static size_t put_unit(uint8_t *bytes, int64_t unit_us, const struct value *value)
{
    int64_t count = 0;
    if (unit_us > 0)
        return put_integer(bytes, floor_by(value->integer, unit_us));
    if (__builtin_mul_overflow(value->integer, -unit_us, &count)) /* beyond the year 2262 */
        count = value->integer < 0 ? INT64_MIN : INT64_MAX;
    return put_integer(bytes, count);
}

/* In the size that fits, as the specification asks. */
static size_t put_timestamp(uint8_t *bytes, const struct value *value)
{
    int64_t seconds = floor_by(value->integer, US_PER_SECOND);
    uint64_t ns = (uint64_t)(value->integer - seconds * US_PER_SECOND) * 1000;
    if (seconds >= 0 && seconds <= UINT32_MAX && ns == 0) {
        bytes[0] = 0xd6;
        return 1 + put_big(bytes + 1, 0xff, (uint64_t)seconds, 4);
    }
    if (seconds >= 0 && seconds < INT64_C(1) << 34) {
        bytes[0] = 0xd7;
        return 1 + put_big(bytes + 1, 0xff, ns << 34 | (uint64_t)seconds, 8);
    }
    bytes[0] = 0xc7;
    bytes[1] = 12;
    put_big(bytes + 2, 0xff, ns, 4);
    uint8_t big[9];
    put_big(big, 0, (uint64_t)seconds, 8);
    memcpy(bytes + 7, big + 1, 8);
    return 15;
}

static size_t put_number(uint8_t *bytes, const struct value *value)
{
    uint64_t bits;
    memcpy(&bits, &value->number, sizeof bits);
    return put_big(bytes, 0xcb, bits, 8);
}

size_t form_write(const struct field *field, const struct value *value, uint8_t bytes[FORM_BYTES_MAX])
{
    switch (field->form) {
    case FORM_UUID_TEXT:
        return put_uuid_text(bytes, value);
    case FORM_DECIMAL:
        return put_decimal(bytes, field->digits, value);
    case FORM_TIME_UNIT:
        return put_unit(bytes, field->unit_us, value);
    case FORM_TIMESTAMP:
        return put_timestamp(bytes, value);
    case FORM_TIME_TEXT:
        return put_time_text(bytes, value);
    case FORM_BOOLEAN:
        return put_big(bytes, value->integer != 0 ? 0xc3 : 0xc2, 0, 0);
    case FORM_NUMBER:
        return put_number(bytes, value);
    case FORM_TEXT:
    case FORM_INTEGER:
    case FORM_UUID:
    case FORM_EXPONENT:
    case FORM_BYTES:
    case FORM_ANY:
    case FORM_MAP:
        break;
    }
    assert(false); /* encode.c has those */
    return 0;
}

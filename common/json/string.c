/* Strings that are not plain ASCII: those with escapes, which have to be written anew, and those beyond
 * ASCII, whose UTF-8 has to be checked. */
#include "common/json/reader.h"
#include "common/utf8.h"

static bool fail_at(struct js_reader *reader, const uint8_t *at, enum js_fault fault)
{
    reader->at = at;
    return js_fail(reader, fault);
}

static bool is_utf8(struct js_reader *reader, const uint8_t *begin, const uint8_t *end)
{
    size_t length = (size_t)(end - begin);
    size_t valid = utf8_valid_length((const char *)begin, length);
    return valid == length || fail_at(reader, begin + valid, JS_BAD_UTF8);
}

/* The plain characters at the cursor; leaves it at what ends them. */
static bool take_plain(struct js_reader *reader, struct mp_view *plain)
{
    uint64_t high;
    const uint8_t *begin = reader->at;
    const uint8_t *stop = js_plain_end(begin, reader->end, &high);
    if (high != 0 && !is_utf8(reader, begin, stop))
        return false;
    *plain = (struct mp_view){(const char *)begin, (uint32_t)(stop - begin)};
    reader->at = stop;
    if (stop == reader->end)
        return js_fail(reader, JS_TRUNCATED);
    return *stop >= ' ' || js_fail(reader, JS_CONTROL_CHARACTER);
}

/* Bytes NULL: only counted. */
static bool put(struct js_reader *reader, struct js_scratch *scratch, const char *bytes, size_t length)
{
    if (length > scratch->size - scratch->used)
        return js_fail(reader, JS_NO_ROOM);
    if (scratch->bytes != NULL && length > 0)
        memcpy(scratch->bytes + scratch->used, bytes, length);
    scratch->used += length;
    return true;
}

/* 0 to 15; 16 for no hexadecimal digit. */
static unsigned hex_value(uint8_t byte)
{
    if (js_is_digit(byte))
        return byte - '0';
    uint8_t letter = (uint8_t)((byte | 0x20) - 'a');
    return letter < 6 ? letter + 10U : 16;
}

/* The four digits at the cursor. */
static bool take_hex(struct js_reader *reader, uint32_t *unit)
{
    *unit = 0;
    for (unsigned i = 0; i < 4; i++, reader->at++) {
        if (js_left(reader) == 0)
            return js_fail(reader, JS_TRUNCATED);
        unsigned digit = hex_value(*reader->at);
        if (digit == 16)
            return js_fail(reader, JS_BAD_ESCAPE);
        *unit = *unit << 4 | digit;
    }
    return true;
}

static bool is_low_surrogate(uint32_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/* The second half, \uDC00 to \uDFFF, behind a first one. */
static bool take_low_surrogate(struct js_reader *reader, uint32_t *unit)
{
    static const char begin[] = "\\u";
    for (const char *c = begin; *c != '\0'; c++, reader->at++) {
        if (js_left(reader) == 0)
            return js_fail(reader, JS_TRUNCATED);
        if (*reader->at != (uint8_t)*c)
            return js_fail(reader, JS_LONE_SURROGATE);
    }
    return take_hex(reader, unit) && (is_low_surrogate(*unit) || js_fail(reader, JS_LONE_SURROGATE));
}

/* The character whose escape begins at `escape`; the cursor is behind \u. */
static bool take_code_point(struct js_reader *reader, const uint8_t *escape, uint32_t *point)
{
    uint32_t low;
    if (!take_hex(reader, point))
        return false;
    if ((*point & 0xf800) != 0xd800)
        return true;
    if (is_low_surrogate(*point))
        return fail_at(reader, escape, JS_LONE_SURROGATE);
    if (!take_low_surrogate(reader, &low))
        return reader->fault == JS_LONE_SURROGATE ? fail_at(reader, escape, JS_LONE_SURROGATE) : false;
    *point = 0x10000 + ((*point & 0x3ff) << 10) + (low & 0x3ff);
    return true;
}

static char short_escape(uint8_t letter)
{
    static const char meanings[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                       ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    return meanings[letter];
}

/* One escape, the cursor at its backslash. */
static bool take_escape(struct js_reader *reader, struct js_scratch *scratch)
{
    const uint8_t *escape = reader->at;
    uint32_t point;
    char bytes[UTF8_BYTES_MAX];
    if (js_left(reader) < 2)
        return fail_at(reader, reader->end, JS_TRUNCATED);
    uint8_t letter = escape[1];
    bytes[0] = short_escape(letter);
    if (bytes[0] == '\0' && letter != 'u')
        return js_fail(reader, JS_BAD_ESCAPE);
    reader->at += 2;
    if (letter != 'u')
        return put(reader, scratch, bytes, 1);
    return take_code_point(reader, escape, &point) && put(reader, scratch, bytes, utf8_encode(point, bytes));
}

/* What is left of a string, `plain` already taken, the cursor at the backslash behind it. */
static bool unescape(struct js_reader *reader, struct js_scratch *scratch, struct mp_view plain)
{
    while (put(reader, scratch, plain.data, plain.length)) {
        if (*reader->at == '"')
            return true;
        if (!take_escape(reader, scratch) || !take_plain(reader, &plain))
            return false;
    }
    return false;
}

static bool read_escaped(struct js_reader *reader, struct js_scratch *scratch, struct mp_view plain,
                         struct mp_view *value)
{
    const uint8_t *quote = (const uint8_t *)plain.data - 1;
    if (scratch == NULL)
        return fail_at(reader, quote, JS_NO_ROOM);
    size_t before = scratch->used;
    if (!unescape(reader, scratch, plain)) {
        scratch->used = before;
        return reader->fault == JS_NO_ROOM ? fail_at(reader, quote, JS_NO_ROOM) : false;
    }
    *value = (struct mp_view){scratch->bytes == NULL ? NULL : scratch->bytes + before,
                              (uint32_t)(scratch->used - before)};
    reader->at++;
    return true;
}

bool js_read_str_rare(struct js_reader *reader, struct js_scratch *scratch, struct mp_view *value)
{
    struct mp_view plain;
    if (!js_next_is(reader, '"'))
        return js_refuse(reader, JS_STRING);
    reader->at++;
    if (!take_plain(reader, &plain))
        return false;
    if (*reader->at == '\\')
        return read_escaped(reader, scratch, plain, value);
    *value = plain;
    reader->at++;
    return true;
}

/* reader.h: a bounded cursor over JSON text (RFC 8259), twin of common/msgpack/reader.h.
 *
 * It only walks: nothing is allocated, no byte beyond `end` is read, strings without escapes and numbers come
 * out as views into the text. A string with escapes is written into a scratch buffer of the caller's. What it
 * takes is JSON and nothing else: no byte order mark, no comments, no trailing commas, no leading zeros, no
 * control characters and no bad UTF-8 in strings, no half surrogate pairs. The escape \u0000 is a NUL byte in
 * the view. Names that come twice are the caller's business.
 *
 * The cursor stands behind the last token. Each call steps over blanks first. A call that fails returns
 * false, sets `fault`, and leaves the cursor at the byte at fault (js_offset): for a value of another type,
 * or one that does not fit, its first byte; for a malformed one the byte where it stops being JSON. After a
 * failure only js_offset and `fault` mean something, unless a copy of the reader from before is put back.
 *
 *     js_init(&reader, text, length);
 *     for (js_enter(&reader, JS_OBJECT, &more); more; js_more(&reader, JS_OBJECT, &more))
 *         … js_read_key, then one value …            (each result checked)
 *     js_end(&reader);
 *
 * Pure functions of their arguments: any thread, any signal context (but js_read_double, which may call
 * strtod).
 */
#ifndef KSUPERVISE_COMMON_JSON_READER_H
#define KSUPERVISE_COMMON_JSON_READER_H

#include "common/msgpack/reader.h"

enum js_fault {
    JS_OK = 0,
    JS_TRUNCATED,
    JS_NOT_A_VALUE, /* a byte that begins no value */
    JS_BYTE_ORDER_MARK,
    JS_WRONG_TYPE,
    JS_BAD_LITERAL, /* nearly true, false or null */
    JS_LEADING_ZERO,
    JS_NO_DIGIT,     /* -, 1. or 1e without a digit behind */
    JS_NOT_WHOLE,    /* a fraction or an exponent where an integer is read; 1.0 and 1e3 too */
    JS_OUT_OF_RANGE, /* an integer, or a double, that does not fit */
    JS_CONTROL_CHARACTER,
    JS_BAD_ESCAPE,
    JS_LONE_SURROGATE,
    JS_BAD_UTF8,
    JS_NO_ROOM, /* a string with escapes, and the scratch buffer is full */
    JS_EXPECTED_NAME,
    JS_EXPECTED_COLON,
    JS_EXPECTED_COMMA, /* or the end of the container */
    JS_TRAILING_COMMA,
    JS_TOO_DEEP,
    JS_TRAILING_TEXT
};
#define JS_FAULTS (JS_TRAILING_TEXT + 1)

struct js_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    enum js_fault fault; /* of the first call that failed */
};

/* Where strings with escapes are written, one behind the other. Views into it are valid as long as it is.
 * Unescaping never makes a string longer, so that as many bytes as the text has do for all its strings. */
struct js_scratch {
    char *bytes;
    size_t size;
    size_t used; /* 0 at first, and again when the views are no longer needed */
};

enum js_type { JS_NULL, JS_BOOL, JS_NUMBER, JS_STRING, JS_ARRAY, JS_OBJECT, JS_NEVER, JS_END };

/* `length` is at most UINT32_MAX: views cannot count further. */
static inline void js_init(struct js_reader *reader, const void *text, size_t length);
static inline size_t js_offset(const struct js_reader *reader);

/* The type of the next value by its first byte; JS_NEVER for a byte that begins none, JS_END at the end.
 * Consumes blanks only. */
static inline enum js_type js_peek(struct js_reader *reader);
const char *js_type_name(enum js_type type);    /* "an object", "a string", "nothing" … for error texts */
const char *js_fault_text(enum js_fault fault); /* "a number with a leading zero" … */

bool js_read_null(struct js_reader *reader);
bool js_read_bool(struct js_reader *reader, bool *value);
static inline bool js_read_int(struct js_reader *reader, int64_t *value);
bool js_read_uint(struct js_reader *reader, uint64_t *value);
/* The number as it stands in the text, "-249.99" or "1e-3": what must be exact is converted from it. */
bool js_read_number(struct js_reader *reader, struct mp_view *text);
/* The nearest double, ties to even, of any number of digits. Beyond the largest one it is JS_OUT_OF_RANGE;
 * what is too small is 0. In any locale. */
bool js_read_double(struct js_reader *reader, double *value);
/* `scratch` NULL: a string with escapes is JS_NO_ROOM. */
static inline bool js_read_str(struct js_reader *reader, struct js_scratch *scratch, struct mp_view *value);

/* Into a container: JS_OBJECT or JS_ARRAY. `*more`: there is a first member or element, else its end has been
 * read. js_more is called behind each member or element and tells whether another follows, likewise. When
 * they fail, `*more` is false. Whether containers nest too deep is for the caller to watch. */
static inline bool js_enter(struct js_reader *reader, enum js_type container, bool *more);
static inline bool js_more(struct js_reader *reader, enum js_type container, bool *more);
/* A member's name and its colon. */
static inline bool js_read_key(struct js_reader *reader, struct js_scratch *scratch, struct mp_view *name);
/* The same for the name that is expected: `quoted` is the name as JSON writes it, with its quotes, `bytes` in
 * all. False without a fault, the cursor unmoved but for blanks, when it is not that name in that writing:
 * js_read_key then. */
static inline bool js_take_key(struct js_reader *reader, const char *quoted, size_t bytes);

/* Steps over one value of any type and checks all of it, containers nested at most `depth_max` deep (0: none;
 * JS_DEPTH_MAX is the most). Never recurses, and takes time in proportion to the bytes stepped over. */
#define JS_DEPTH_MAX MP_DEPTH_MAX
bool js_step(struct js_reader *reader, unsigned depth_max);
/* The same; `text` is the value as it stands there, without blanks around it. */
bool js_read_any(struct js_reader *reader, unsigned depth_max, struct mp_view *text);
/* Only blanks are left. */
static inline bool js_end(struct js_reader *reader);

/* --- inline: the record decoder spends its nanoseconds here -------------------------------------------- */

#define JS_LIKELY(x)   __builtin_expect(!!(x), 1)
#define JS_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define JS_EVERY(byte) (UINT64_C(0x0101010101010101) * (byte))
#define JS_HIGH_BITS   JS_EVERY(0x80)

/* Out of line; not for callers. They get a copy, as in common/msgpack/reader.h. */
const uint8_t *js_blanks_end(const uint8_t *at, const uint8_t *end);
bool js_read_int_rare(struct js_reader *reader, int64_t *value);
bool js_read_str_rare(struct js_reader *reader, struct js_scratch *scratch, struct mp_view *value);
/* Not a value of the type wanted: why not? Always false. */
bool js_refuse(struct js_reader *reader, enum js_type wanted);
bool js_refuse_name(struct js_reader *reader);

static inline void js_init(struct js_reader *reader, const void *text, size_t length)
{
    reader->start = text;
    reader->at = reader->start;
    reader->end = length == 0 ? reader->start : reader->start + length;
    reader->fault = JS_OK;
}

static inline size_t js_offset(const struct js_reader *reader)
{
    return (size_t)(reader->at - reader->start);
}

static inline size_t js_left(const struct js_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static inline bool js_fail(struct js_reader *reader, enum js_fault fault)
{
    reader->fault = fault;
    return false;
}

/* A table of bits in a word: blank, tab, line feed, carriage return. */
static inline bool js_is_blank(uint8_t byte)
{
    return byte <= ' ' && (UINT64_C(0x100002600) >> byte & 1) != 0;
}

/* None and one are what programs write between tokens. */
static inline void js_skip_blanks(struct js_reader *reader)
{
    if (js_left(reader) == 0 || JS_LIKELY(!js_is_blank(*reader->at)))
        return;
    reader->at++;
    if (js_left(reader) > 0 && JS_UNLIKELY(js_is_blank(*reader->at)))
        reader->at = js_blanks_end(reader->at, reader->end);
}

/* True when the next byte behind blanks is that one. Consumes blanks only. */
static inline bool js_next_is(struct js_reader *reader, char byte)
{
    js_skip_blanks(reader);
    return js_left(reader) > 0 && *reader->at == (uint8_t)byte;
}

static inline enum js_type js_peek(struct js_reader *reader)
{
    static const uint8_t types[256] = {
        ['n'] = JS_NULL + 1,   ['t'] = JS_BOOL + 1,   ['f'] = JS_BOOL + 1,   ['"'] = JS_STRING + 1,
        ['['] = JS_ARRAY + 1,  ['{'] = JS_OBJECT + 1, ['-'] = JS_NUMBER + 1, ['0'] = JS_NUMBER + 1,
        ['1'] = JS_NUMBER + 1, ['2'] = JS_NUMBER + 1, ['3'] = JS_NUMBER + 1, ['4'] = JS_NUMBER + 1,
        ['5'] = JS_NUMBER + 1, ['6'] = JS_NUMBER + 1, ['7'] = JS_NUMBER + 1, ['8'] = JS_NUMBER + 1,
        ['9'] = JS_NUMBER + 1};
    js_skip_blanks(reader);
    if (js_left(reader) == 0)
        return JS_END;
    uint8_t type = types[*reader->at];
    return type == 0 ? JS_NEVER : (enum js_type)(type - 1);
}

static inline uint64_t js_load64(const uint8_t *at)
{
    uint64_t little_endian;
    memcpy(&little_endian, at, sizeof little_endian);
    return little_endian;
}

/* The highest bit of each byte that is a quote, a backslash or below a blank: what ends a run of plain
 * characters. Above the lowest of them there may be bits that mean nothing, as a subtraction borrows from the
 * next byte. */
static inline uint64_t js_stops(uint64_t eight)
{
    uint64_t quotes = eight ^ JS_EVERY('"');
    uint64_t backslashes = eight ^ JS_EVERY('\\');
    return (((quotes - JS_EVERY(1)) & ~quotes) | ((backslashes - JS_EVERY(1)) & ~backslashes) |
            ((eight - JS_EVERY(' ')) & ~eight)) &
           JS_HIGH_BITS;
}

static inline bool js_is_stop(uint8_t byte)
{
    return byte == '"' || byte == '\\' || byte < ' ';
}

/* Where the run of plain characters at `at` ends. `*high` is not 0 when one of them is beyond ASCII. */
static inline const uint8_t *js_plain_end(const uint8_t *at, const uint8_t *end, uint64_t *high)
{
    uint64_t seen = 0;
    for (; end - at >= 8; at += 8) {
        uint64_t eight = js_load64(at);
        uint64_t stops = js_stops(eight);
        if (stops != 0) {
            *high = (seen | (eight & (stops ^ (stops - 1)))) &
                    JS_HIGH_BITS; /* up to the lowest, which is ASCII */
            return at + __builtin_ctzll(stops) / 8;
        }
        seen |= eight;
    }
    for (; at < end && !js_is_stop(*at); at++)
        seen |= *at;
    *high = seen & JS_HIGH_BITS;
    return at;
}

static inline bool js_read_str(struct js_reader *reader, struct js_scratch *scratch, struct mp_view *value)
{
    if (JS_LIKELY(js_next_is(reader, '"'))) {
        const uint8_t *begin = reader->at + 1;
        uint64_t high;
        const uint8_t *stop = js_plain_end(begin, reader->end, &high);
        if (JS_LIKELY(stop < reader->end && *stop == '"' && high == 0)) {
            *value = (struct mp_view){(const char *)begin, (uint32_t)(stop - begin)};
            reader->at = stop + 1;
            return true;
        }
    }
    struct js_reader copy = *reader;
    struct mp_view view = {NULL, 0};
    bool done = js_read_str_rare(&copy, scratch, &view);
    *reader = copy;
    *value = view;
    return done;
}

static inline bool js_is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') < 10;
}

static inline bool js_read_int(struct js_reader *reader, int64_t *value)
{
    js_skip_blanks(reader);
    const uint8_t *at = reader->at;
    const uint8_t *end = reader->end;
    bool negative = at < end && *at == '-';
    const uint8_t *first = at + negative;
    uint64_t number = 0;
    for (at = first; at < end && js_is_digit(*at); at++)
        number = number * 10 + (*at - '0');
    size_t digits = (size_t)(at - first);
    bool goes_on = at < end && (*at == '.' || (*at | 0x20) == 'e');
    /* 18 digits fit always; more may do. */
    if (JS_LIKELY(digits - 1 < 18 && !goes_on && (*first != '0' || digits == 1))) {
        *value = negative ? -(int64_t)number : (int64_t)number;
        reader->at = at;
        return true;
    }
    struct js_reader copy = *reader;
    int64_t rare = 0;
    bool done = js_read_int_rare(&copy, &rare);
    *reader = copy;
    *value = rare;
    return done;
}

/* The same `bytes`, 2 or more, by loads that overlap. */
static inline bool js_same(const uint8_t *text, const char *quoted, size_t bytes)
{
    if (bytes < 8)
        return memcmp(text, quoted, bytes) == 0;
    const uint8_t *wanted = (const uint8_t *)quoted;
    uint64_t different = js_load64(text + bytes - 8) ^ js_load64(wanted + bytes - 8);
    for (size_t i = 0; i + 8 < bytes; i += 8)
        different |= js_load64(text + i) ^ js_load64(wanted + i);
    return different == 0;
}

static inline bool js_take_key(struct js_reader *reader, const char *quoted, size_t bytes)
{
    js_skip_blanks(reader);
    if (js_left(reader) < bytes || !js_same(reader->at, quoted, bytes))
        return false;
    struct js_reader behind = *reader;
    behind.at += bytes;
    if (!js_next_is(&behind, ':'))
        return false;
    reader->at = behind.at + 1;
    return true;
}

static inline bool js_read_key(struct js_reader *reader, struct js_scratch *scratch, struct mp_view *name)
{
    if (JS_UNLIKELY(!js_next_is(reader, '"')))
        return js_refuse_name(reader);
    if (!js_read_str(reader, scratch, name))
        return false;
    if (JS_UNLIKELY(!js_next_is(reader, ':')))
        return js_fail(reader, js_left(reader) == 0 ? JS_TRUNCATED : JS_EXPECTED_COLON);
    reader->at++;
    return true;
}

static inline bool js_at_close(struct js_reader *reader, enum js_type container)
{
    return js_next_is(reader, container == JS_OBJECT ? '}' : ']');
}

static inline bool js_enter(struct js_reader *reader, enum js_type container, bool *more)
{
    *more = false;
    if (JS_UNLIKELY(!js_next_is(reader, container == JS_OBJECT ? '{' : '[')))
        return js_refuse(reader, container);
    reader->at++;
    *more = !js_at_close(reader, container);
    reader->at += !*more;
    return true;
}

static inline bool js_more(struct js_reader *reader, enum js_type container, bool *more)
{
    *more = js_next_is(reader, ',');
    if (!*more && JS_UNLIKELY(!js_at_close(reader, container)))
        return js_fail(reader, js_left(reader) == 0 ? JS_TRUNCATED : JS_EXPECTED_COMMA);
    reader->at++;
    return true;
}

static inline bool js_end(struct js_reader *reader)
{
    js_skip_blanks(reader);
    return js_left(reader) == 0 || js_fail(reader, JS_TRAILING_TEXT);
}

#endif

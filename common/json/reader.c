#include "common/json/reader.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte of a load is its lowest");

const char *js_type_name(enum js_type type)
{
    static const char *const names[] = {"null",     "a boolean", "a number",      "a string",
                                        "an array", "an object", "no JSON value", "nothing"};
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "?";
}

const char *js_fault_text(enum js_fault fault)
{
    static const char *const texts[JS_FAULTS] = {
        [JS_OK] = "no fault",
        [JS_TRUNCATED] = "the text ends too early",
        [JS_NOT_A_VALUE] = "expected a value",
        [JS_BYTE_ORDER_MARK] = "a byte order mark, which JSON does not have",
        [JS_WRONG_TYPE] = "another type than expected",
        [JS_BAD_LITERAL] = "expected true, false or null",
        [JS_LEADING_ZERO] = "a number with a leading zero",
        [JS_NO_DIGIT] = "expected a digit",
        [JS_NOT_WHOLE] = "a number with a fraction or an exponent where an integer is expected",
        [JS_OUT_OF_RANGE] = "a number that does not fit",
        [JS_CONTROL_CHARACTER] = "a control character in a string, which must be escaped",
        [JS_BAD_ESCAPE] = "an escape that JSON does not have",
        [JS_LONE_SURROGATE] = "half of a surrogate pair",
        [JS_BAD_UTF8] = "bytes that are not UTF-8",
        [JS_NO_ROOM] = "a string with escapes that is too long",
        [JS_EXPECTED_NAME] = "expected a name in quotes",
        [JS_EXPECTED_COLON] = "expected a colon",
        [JS_EXPECTED_COMMA] = "expected a comma or the end of the container",
        [JS_TRAILING_COMMA] = "a comma behind the last member or element",
        [JS_TOO_DEEP] = "containers nested too deep",
        [JS_TRAILING_TEXT] = "text behind the value",
    };
    return (size_t)fault < JS_FAULTS ? texts[fault] : "?";
}

const uint8_t *js_blanks_end(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8 && js_load64(at) == JS_EVERY(' ')) /* an indentation */
        at += 8;
    while (at < end && js_is_blank(*at))
        at++;
    return at;
}

/* --- what is wrong ------------------------------------------------------------------------------------ */

static bool behind_comma(const struct js_reader *reader)
{
    const uint8_t *at = reader->at;
    while (at > reader->start && js_is_blank(at[-1]))
        at--;
    return at > reader->start && at[-1] == ',';
}

static bool at_byte_order_mark(const struct js_reader *reader)
{
    return reader->at == reader->start && js_left(reader) >= 3 && memcmp(reader->at, "\xef\xbb\xbf", 3) == 0;
}

static enum js_fault no_value(const struct js_reader *reader)
{
    if (at_byte_order_mark(reader))
        return JS_BYTE_ORDER_MARK;
    bool closes = *reader->at == ']' || *reader->at == '}';
    return closes && behind_comma(reader) ? JS_TRAILING_COMMA : JS_NOT_A_VALUE;
}

bool js_refuse(struct js_reader *reader, enum js_type wanted)
{
    enum js_type found = js_peek(reader);
    if (found == JS_END)
        return js_fail(reader, JS_TRUNCATED);
    if (found == JS_NEVER)
        return js_fail(reader, no_value(reader));
    return js_fail(reader, found == wanted ? JS_BAD_LITERAL : JS_WRONG_TYPE);
}

bool js_refuse_name(struct js_reader *reader)
{
    if (js_left(reader) == 0)
        return js_fail(reader, JS_TRUNCATED);
    bool trailing = *reader->at == '}' && behind_comma(reader);
    return js_fail(reader, trailing ? JS_TRAILING_COMMA : JS_EXPECTED_NAME);
}

/* --- literals ----------------------------------------------------------------------------------------- */

/* The word, or as much of it as there is. */
static bool take_word(struct js_reader *reader, const char *word)
{
    for (const char *c = word; *c != '\0'; c++, reader->at++) {
        if (js_left(reader) == 0)
            return js_fail(reader, JS_TRUNCATED);
        if (*reader->at != (uint8_t)*c)
            return js_fail(reader, JS_BAD_LITERAL);
    }
    return true;
}

bool js_read_null(struct js_reader *reader)
{
    return js_next_is(reader, 'n') ? take_word(reader, "null") : js_refuse(reader, JS_NULL);
}

bool js_read_bool(struct js_reader *reader, bool *value)
{
    *value = js_next_is(reader, 't');
    if (*value)
        return take_word(reader, "true");
    return js_next_is(reader, 'f') ? take_word(reader, "false") : js_refuse(reader, JS_BOOL);
}

/* --- a whole value ------------------------------------------------------------------------------------ */

struct walk {
    struct js_reader reader;
    unsigned depth;
    unsigned depth_max;
    enum js_type open[JS_DEPTH_MAX]; /* the containers around the cursor, the outermost first */
};

static bool step_scalar(struct js_reader *reader, enum js_type type)
{
    struct js_scratch nowhere = {NULL, SIZE_MAX, 0};
    struct mp_view view;
    bool truth;
    switch (type) {
    case JS_NULL:
        return js_read_null(reader);
    case JS_BOOL:
        return js_read_bool(reader, &truth);
    case JS_NUMBER:
        return js_read_number(reader, &view);
    default:
        return js_read_str(reader, &nowhere, &view);
    }
}

static bool step_key(struct js_reader *reader)
{
    struct js_scratch nowhere = {NULL, SIZE_MAX, 0};
    struct mp_view name;
    return js_read_key(reader, &nowhere, &name);
}

/* To the first value in the container, or behind its end. */
static bool step_in(struct walk *walk, enum js_type container)
{
    bool more;
    if (walk->depth == walk->depth_max)
        return js_fail(&walk->reader, JS_TOO_DEEP);
    if (!js_enter(&walk->reader, container, &more))
        return false;
    if (more)
        walk->open[walk->depth++] = container;
    return !more || container == JS_ARRAY || step_key(&walk->reader);
}

/* Behind a value: to the next value in the containers that are open, closing those that end. */
static bool step_on(struct walk *walk)
{
    bool more = false;
    while (walk->depth > 0 && !more) {
        enum js_type container = walk->open[walk->depth - 1];
        if (!js_more(&walk->reader, container, &more))
            return false;
        if (more && container == JS_OBJECT)
            return step_key(&walk->reader);
        walk->depth -= !more;
    }
    return true;
}

static bool step(struct walk *walk)
{
    do {
        unsigned depth = walk->depth;
        enum js_type type = js_peek(&walk->reader);
        bool container = type == JS_ARRAY || type == JS_OBJECT;
        if (!(container ? step_in(walk, type) : step_scalar(&walk->reader, type)))
            return false;
        if (walk->depth == depth && !step_on(walk))
            return false;
    } while (walk->depth > 0);
    return true;
}

bool js_step(struct js_reader *reader, unsigned depth_max)
{
    struct walk walk = {.reader = *reader, .depth_max = depth_max < JS_DEPTH_MAX ? depth_max : JS_DEPTH_MAX};
    bool done = step(&walk);
    *reader = walk.reader;
    return done;
}

bool js_read_any(struct js_reader *reader, unsigned depth_max, struct mp_view *text)
{
    js_skip_blanks(reader);
    const uint8_t *begin = reader->at;
    bool done = js_step(reader, depth_max);
    *text = (struct mp_view){(const char *)begin, (uint32_t)(reader->at - begin)};
    return done;
}

/* Arbitrary bytes as JSON text: what the reader accepts, jansson accepts, and the values are the same; what
 * it refuses, jansson refuses. Where they differ on purpose:
 *
 *   - nesting: JS_DEPTH_MAX here, 2048 there;
 *   - numbers beyond int64 or double are well-formed here, and refused when their value is asked for; jansson
 *     refuses the text. So does it below the smallest double, in some versions.
 *   - a NUL byte right behind a number or a word is a fault here; jansson 2.14 loses it.
 *
 * jansson is told to accept an escaped NUL and a value of any type. */
#include <jansson.h>
#include <math.h>

#include "common/json/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static char scratch_bytes[1 << 16];

struct comparison {
    struct js_reader reader;
    struct js_scratch scratch;
};

static void compare(struct comparison *comparison, const json_t *wanted);

static void compare_text(const struct mp_view *text, const char *wanted, size_t length)
{
    demand(text->length == length && (length == 0 || memcmp(text->data, wanted, length) == 0));
}

static void compare_integer(struct comparison *comparison, const json_t *wanted)
{
    struct js_reader before = comparison->reader;
    int64_t value = 0;
    uint64_t magnitude = 0;
    double nearest = 0;
    demand(js_read_int(&comparison->reader, &value) && value == json_integer_value(wanted));
    struct js_reader again = before;
    demand(js_read_uint(&again, &magnitude) == (value >= 0) && (value < 0 || magnitude == (uint64_t)value));
    demand(js_read_double(&before, &nearest) && nearest == (double)value);
    demand(before.at == comparison->reader.at);
}

static void compare_real(struct comparison *comparison, const json_t *wanted)
{
    struct js_reader before = comparison->reader;
    int64_t integer;
    double value = 0;
    demand(js_read_double(&comparison->reader, &value) && value == json_real_value(wanted));
    demand(signbit(value) == signbit(json_real_value(wanted)));
    demand(!js_read_int(&before, &integer) && before.fault == JS_NOT_WHOLE);
}

/* jansson keeps the last of members with the same name: only distinct names can be compared. */
static void compare_object(struct comparison *comparison, const json_t *wanted)
{
    bool more;
    size_t members = 0;
    for (bool ok = js_enter(&comparison->reader, JS_OBJECT, &more); more; members++) {
        struct mp_view name;
        demand(ok && js_read_key(&comparison->reader, &comparison->scratch, &name));
        const json_t *member = json_object_getn(wanted, name.data, name.length);
        demand(member != NULL);
        compare(comparison, member);
        ok = js_more(&comparison->reader, JS_OBJECT, &more);
        demand(ok);
    }
    demand(members == json_object_size(wanted));
}

static void compare_array(struct comparison *comparison, const json_t *wanted)
{
    bool more;
    size_t count = 0;
    for (bool ok = js_enter(&comparison->reader, JS_ARRAY, &more); more; count++) {
        const json_t *element = json_array_get(wanted, count);
        demand(ok && element != NULL);
        compare(comparison, element);
        ok = js_more(&comparison->reader, JS_ARRAY, &more);
        demand(ok);
    }
    demand(count == json_array_size(wanted));
}

static void compare_string(struct comparison *comparison, const json_t *wanted)
{
    struct mp_view text;
    demand(js_read_str(&comparison->reader, &comparison->scratch, &text));
    compare_text(&text, json_string_value(wanted), json_string_length(wanted));
}

static void compare_boolean(struct comparison *comparison, const json_t *wanted)
{
    bool truth;
    demand(js_read_bool(&comparison->reader, &truth) && truth == json_is_true(wanted));
}

static void compare_null(struct comparison *comparison, const json_t *wanted)
{
    demand(json_is_null(wanted) && js_read_null(&comparison->reader));
}

static void compare(struct comparison *comparison, const json_t *wanted)
{
    static void (*const of_type[])(struct comparison *, const json_t *) = {
        [JSON_OBJECT] = compare_object,   [JSON_ARRAY] = compare_array, [JSON_STRING] = compare_string,
        [JSON_INTEGER] = compare_integer, [JSON_REAL] = compare_real,   [JSON_TRUE] = compare_boolean,
        [JSON_FALSE] = compare_boolean,   [JSON_NULL] = compare_null};
    of_type[json_typeof(wanted)](comparison, wanted);
}

static bool out_of_range(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow;
}

static void check_refused(const struct js_reader *reader, const json_t *jansson, size_t size)
{
    demand(reader->fault != JS_OK && js_offset(reader) <= size);
    demand(js_fault_text(reader->fault) != NULL);
    bool at_nul = js_left(reader) > 0 && *reader->at == '\0';
    demand(jansson == NULL || reader->fault == JS_TOO_DEEP || at_nul);
}

static json_t *parse(const uint8_t *data, size_t size, size_t flags, json_error_t *error)
{
    return json_loadb((const char *)data, size, flags | JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct comparison comparison = {.scratch = {scratch_bytes, sizeof scratch_bytes, 0}};
    json_error_t error;
    struct mp_view text;
    if (size > sizeof scratch_bytes)
        return 0;
    json_t *jansson = parse(data, size, 0, &error);
    js_init(&comparison.reader, data, size);
    if (!js_read_any(&comparison.reader, JS_DEPTH_MAX, &text) || !js_end(&comparison.reader)) {
        check_refused(&comparison.reader, jansson, size);
    } else if (jansson == NULL) {
        demand(out_of_range(&error));
    } else {
        json_decref(jansson);
        jansson = parse(data, size, JSON_REJECT_DUPLICATES, &error);
        js_init(&comparison.reader, data, size);
        if (jansson != NULL)
            compare(&comparison, jansson);
        demand(jansson == NULL || js_end(&comparison.reader));
    }
    json_decref(jansson);
    return 0;
}

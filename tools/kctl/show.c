#include "tools/kctl/show.h"

#include <jansson.h>

#include "common/record/text.h"

/* --- lines --------------------------------------------------------------------------------------------- */

static bool is(struct mp_view name, const char *wanted)
{
    return name.length == strlen(wanted) && memcmp(name.data, wanted, name.length) == 0;
}

/* A record of `peek` may be long. */
static bool print_line(struct mp_view line, FILE *stream)
{
    size_t bytes = 4 * (size_t)line.length + 1;
    size_t used = 0;
    char *text = malloc(bytes);
    if (text == NULL)
        return false;
    text[0] = '\0';
    text_escape(text, bytes, &used, line.data, line.length);
    fprintf(stream, "%s\n", text);
    free(text);
    return true;
}

static bool print_lines(struct mp_reader *reader, FILE *stream)
{
    uint32_t count;
    if (!mp_read_array(reader, &count))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        struct mp_view line;
        if (!mp_read_str(reader, &line) || !print_line(line, stream))
            return false;
    }
    return true;
}

/* Moves to the value of the member of that name. */
static bool find(struct mp_reader *result, const char *wanted)
{
    uint32_t pairs;
    if (!mp_read_map(result, &pairs))
        return false;
    for (uint32_t i = 0; i < pairs; i++) {
        struct mp_view name;
        if (!mp_read_str(result, &name))
            return false;
        if (is(name, wanted))
            return true;
        if (!mp_skip(result, MP_DEPTH_MAX))
            return false;
    }
    return false;
}

bool show_lines(struct mp_reader result, FILE *stream)
{
    return find(&result, "lines") && print_lines(&result, stream);
}

bool show_number(struct mp_reader result, const char *name, int64_t *number)
{
    return find(&result, name) && mp_read_int(&result, number);
}

/* --- JSON ---------------------------------------------------------------------------------------------- */

/* The reader has been stepped over once, so its nesting is at most MP_DEPTH_MAX: that bounds the recursion.
 */
static json_t *convert(struct mp_reader *reader);

static json_t *convert_array(struct mp_reader *reader)
{
    uint32_t count;
    if (!mp_read_array(reader, &count))
        return NULL;
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(array, convert(reader));
    return array;
}

static json_t *convert_map(struct mp_reader *reader)
{
    uint32_t count;
    if (!mp_read_map(reader, &count))
        return NULL;
    json_t *object = json_object();
    for (uint32_t i = 0; i < count; i++) {
        struct mp_view name;
        char key[256];
        if (!mp_read_str(reader, &name))
            break;
        snprintf(key, sizeof key, "%.*s", (int)(name.length < sizeof key ? name.length : sizeof key - 1),
                 name.data);
        json_object_set_new(object, key, convert(reader));
    }
    return object;
}

static json_t *convert_text(struct mp_reader *reader)
{
    struct mp_view text;
    return mp_read_str(reader, &text) ? json_stringn(text.data, text.length) : NULL;
}

static json_t *convert_number(struct mp_reader *reader)
{
    int64_t number;
    return mp_read_int(reader, &number) ? json_integer(number) : NULL;
}

static json_t *convert_bool(struct mp_reader *reader)
{
    bool value;
    return mp_read_bool(reader, &value) ? json_boolean(value) : NULL;
}

static json_t *convert_other(struct mp_reader *reader)
{
    mp_skip(reader, MP_DEPTH_MAX);
    return json_null();
}

static json_t *convert(struct mp_reader *reader)
{
    static json_t *(*const converters[])(struct mp_reader *) = {
        [MP_NIL] = convert_other,  [MP_BOOL] = convert_bool,   [MP_UINT] = convert_number,
        [MP_INT] = convert_number, [MP_FLOAT] = convert_other, [MP_STR] = convert_text,
        [MP_BIN] = convert_other,  [MP_ARRAY] = convert_array, [MP_MAP] = convert_map,
        [MP_EXT] = convert_other,  [MP_NEVER] = convert_other, [MP_END] = convert_other,
    };
    json_t *value = converters[mp_peek(reader)](reader);
    return value != NULL ? value : json_null();
}

bool show_json(struct mp_reader result, FILE *stream)
{
    json_t *value = convert(&result);
    bool ok = json_is_object(value) && json_dumpf(value, stream, JSON_INDENT(2)) == 0;
    if (ok)
        fputc('\n', stream);
    json_decref(value);
    return ok;
}

#include "tools/kctl/show.h"

#include "common/msgpack/to_json.h"
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

bool show_json(struct mp_reader result, FILE *stream)
{
    json_t *value = mp_to_json(&result);
    bool ok = json_is_object(value) && json_dumpf(value, stream, JSON_INDENT(2)) == 0;
    if (ok)
        fputc('\n', stream);
    json_decref(value);
    return ok;
}

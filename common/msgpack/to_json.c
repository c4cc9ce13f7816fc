#include "common/msgpack/to_json.h"

static json_t *convert_array(struct mp_reader *reader)
{
    uint32_t count;
    if (!mp_read_array(reader, &count))
        return NULL;
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(array, mp_to_json(reader));
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
        json_object_set_new(object, key, mp_to_json(reader));
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

json_t *mp_to_json(struct mp_reader *reader)
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

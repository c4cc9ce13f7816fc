#include "common/record/json_number.h"

#include "common/json/reader.h"

/* A name with escapes is read into nowhere: then it has no text. */
static bool take_member(struct js_reader *reader, struct mp_view *name, struct mp_view *value)
{
    struct js_scratch nowhere = {NULL, SIZE_MAX, 0};
    return js_read_key(reader, &nowhere, name) && js_read_any(reader, JS_DEPTH_MAX, value);
}

bool json_member_text(const char *object, size_t length, const char *name, struct mp_view *text)
{
    struct js_reader reader;
    struct mp_view key = {NULL, 0};
    bool more;
    js_init(&reader, object, length);
    for (js_enter(&reader, JS_OBJECT, &more); more; js_more(&reader, JS_OBJECT, &more)) {
        if (!take_member(&reader, &key, text))
            return false;
        if (key.data != NULL && key.length == strlen(name) && memcmp(key.data, name, key.length) == 0)
            return true;
    }
    return false;
}

static bool is_number(const struct mp_view *text)
{
    return text->length > 0 && (text->data[0] == '-' || (text->data[0] >= '0' && text->data[0] <= '9'));
}

bool json_number_text(const char *object, size_t length, const char *name, struct mp_view *number)
{
    return json_member_text(object, length, name, number) && is_number(number);
}

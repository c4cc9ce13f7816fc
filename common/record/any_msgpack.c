/* What a field of type `any` holds, when it is JSON, as MessagePack. It was stepped over once, so that no
 * reader fails here. */
#include "common/record/encode_private.h"

static void pack(struct sink *sink, struct js_reader *reader);

/* Without a place for it, a string with escapes is counted. */
static const struct js_scratch counting = {NULL, SIZE_MAX, 0};

static void pack_string(struct sink *sink, struct js_reader *reader)
{
    struct js_scratch scratch = counting;
    struct js_reader before = *reader;
    struct mp_view text = {NULL, 0};
    js_read_str(reader, &scratch, &text);
    wire_pack_str(sink, text.length);
    if (text.data != NULL) {
        wire_pack_str_body(sink, text.data, text.length);
    } else if (text.length > (size_t)(sink->end - sink->at)) {
        sink->full = true;
    } else {
        scratch = (struct js_scratch){(char *)sink->at, text.length, 0};
        js_read_str(&before, &scratch, &text);
        sink->at += text.length;
    }
}

/* An integer where it is one that fits; else the nearest double; nil when that would be infinite. */
static void pack_number(struct sink *sink, struct js_reader *reader)
{
    int64_t integer;
    uint64_t magnitude;
    double number;
    struct js_reader before = *reader;
    struct mp_view text;
    js_read_number(reader, &text);
    struct js_reader again = before;
    if (js_read_int(&before, &integer))
        wire_pack_int64(sink, integer);
    else if (before = again, js_read_uint(&before, &magnitude))
        wire_pack_uint64(sink, magnitude);
    else if (js_read_double(&again, &number))
        wire_pack_double(sink, number);
    else
        wire_pack_nil(sink);
}

static void take_name(struct js_reader *reader)
{
    struct js_scratch scratch = counting;
    struct mp_view name;
    js_read_key(reader, &scratch, &name);
}

static size_t count_values(struct js_reader reader, enum js_type container)
{
    size_t count = 0;
    bool more;
    for (js_enter(&reader, container, &more); more; js_more(&reader, container, &more), count++) {
        if (container == JS_OBJECT)
            take_name(&reader);
        js_step(&reader, JS_DEPTH_MAX);
    }
    return count;
}

static void pack_name(struct sink *sink, struct js_reader *reader)
{
    struct js_reader before = *reader;
    pack_string(sink, &before);
    take_name(reader);
}

/* It recurses as deep as values may nest, which JS_DEPTH_MAX bounds. */
static void pack_container(struct sink *sink, struct js_reader *reader, enum js_type container)
{
    size_t count = count_values(*reader, container);
    bool more;
    if (container == JS_OBJECT)
        wire_pack_map(sink, count);
    else
        wire_pack_array(sink, count);
    for (js_enter(reader, container, &more); more && !sink->full; js_more(reader, container, &more)) {
        if (container == JS_OBJECT)
            pack_name(sink, reader);
        pack(sink, reader);
    }
}

static void pack_boolean(struct sink *sink, struct js_reader *reader)
{
    bool is_true = false;
    js_read_bool(reader, &is_true);
    if (is_true)
        wire_pack_true(sink);
    else
        wire_pack_false(sink);
}

static void pack(struct sink *sink, struct js_reader *reader)
{
    enum js_type type = js_peek(reader);
    if (type == JS_OBJECT || type == JS_ARRAY) {
        pack_container(sink, reader, type);
    } else if (type == JS_STRING) {
        pack_string(sink, reader);
    } else if (type == JS_NUMBER) {
        pack_number(sink, reader);
    } else if (type == JS_BOOL) {
        pack_boolean(sink, reader);
    } else {
        js_read_null(reader);
        wire_pack_nil(sink);
    }
}

struct sink encode_json(struct sink sink, const struct value *value)
{
    struct js_reader reader;
    js_init(&reader, value->any.data, value->any.length);
    pack(&sink, &reader);
    return sink;
}

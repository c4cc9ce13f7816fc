#include "common/record/out.h"
#include "common/record/text.h"

/* The field that is shown `place`-th, or -1. */
static int field_at(const struct schema *schema, unsigned place)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].shown.place == place)
            return (int)i;
    return -1;
}

/* "$", or "PLN ": what stands before a signed amount. */
static void put_symbol(struct out *out, const struct record *record)
{
    int index = schema_type_index(record->schema, FIELD_CURRENCY);
    if (!record_has(record, index))
        return;
    const struct mp_view *code = &record->values[index].text;
    if (code->length == 3 && memcmp(code->data, "USD", 3) == 0) {
        out_text(out, "$");
        return;
    }
    out_escaped(out, code->data, code->length);
    out_text(out, " ");
}

static void put_value(struct out *out, const struct record *record, size_t index)
{
    const struct field *field = &record->schema->fields[index];
    const struct value *value = &record->values[index];
    bool sign = field->shown.style == STYLE_SIGNED;
    if (sign)
        put_symbol(out, record);
    if (field_is_text(field))
        out_escaped(out, value->text.data, value->text.length);
    else
        out_value(out, record, index, sign);
}

/* Only values with a width are set apart and padded; what has a width is ASCII and short. */
#define WIDE_BYTES 64

static void put_wide_value(struct out *out, const struct record *record, size_t index, int width)
{
    char text[WIDE_BYTES];
    struct out value;
    out_init(&value, text, sizeof text);
    put_value(&value, record, index);
    size_t columns = (size_t)(width < 0 ? -width : width);
    size_t padding = columns > value.used ? columns - value.used : 0;
    out_spaces(out, width > 0 ? padding : 0);
    out_bytes(out, text, value.used);
    out_spaces(out, width < 0 ? padding : 0);
}

void record_line(const struct record *record, uint64_t number, char *buffer, size_t bytes)
{
    const struct schema *schema = record->schema;
    struct out out;
    out_init(&out, buffer, bytes);
    if (schema->line_numbered) {
        char text[32];
        snprintf(text, sizeof text, "[%4llu] ", (unsigned long long)number);
        out_text(&out, text);
    }
    out_text(&out, schema->line_start);
    int index = 0;
    for (unsigned place = 1; (index = field_at(schema, place)) >= 0; place++) {
        const struct field_shown *shown = &schema->fields[index].shown;
        if (!record_has(record, index))
            continue;
        out_text(&out, shown->before);
        if (shown->width != 0)
            put_wide_value(&out, record, (size_t)index, shown->width);
        else
            put_value(&out, record, (size_t)index);
        out_text(&out, shown->after);
    }
}

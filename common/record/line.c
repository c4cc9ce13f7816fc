#include "common/record/out.h"
#include "common/record/text.h"

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

static void put_value(struct out *out, const struct record *record, const struct line_piece *piece)
{
    if (piece->sign)
        put_symbol(out, record);
    out_shown(out, record, (size_t)piece->field, piece->sign);
}

/* Only values with a width are set apart and padded; what has a width is mostly ASCII and short. */
#define WIDE_BYTES 256

static void put_padded(struct out *out, const char *text, size_t length, int width)
{
    size_t columns = (size_t)(width < 0 ? -width : width);
    size_t shown = 0;
    for (size_t i = 0; i < length; i++)
        shown += ((unsigned char)text[i] & 0xc0) != 0x80;
    size_t padding = columns > shown ? columns - shown : 0;
    out_spaces(out, width > 0 ? padding : 0);
    out_bytes(out, text, length);
    out_spaces(out, width < 0 ? padding : 0);
}

static void put_wide_value(struct out *out, const struct record *record, const struct line_piece *piece)
{
    char text[WIDE_BYTES];
    struct out value;
    out_init(&value, text, sizeof text);
    put_value(&value, record, piece);
    put_padded(out, text, value.used, piece->width);
}

static void put_number(struct out *out, uint64_t number, int width)
{
    char text[INTEGER_TEXT_BYTES];
    put_padded(out, text, integer_format((int64_t)number, text), width);
}

/* False when the piece's field is absent. */
static bool put_piece(struct out *out, const struct record *record, const struct line_piece *piece,
                      uint64_t number)
{
    if (piece->field >= 0 && !record_has(record, piece->field))
        return false;
    out_text(out, piece->before);
    if (piece->field == LINE_NUMBER)
        put_number(out, number, piece->width);
    else if (piece->field >= 0 && piece->width != 0)
        put_wide_value(out, record, piece);
    else if (piece->field >= 0)
        put_value(out, record, piece);
    return true;
}

void record_line(const struct record *record, uint64_t number, char *buffer, size_t bytes)
{
    const struct schema *schema = record->schema;
    struct out out;
    out_init(&out, buffer, bytes);
    bool shown = true;
    for (size_t i = 0; i < schema->line_count; i++) {
        const struct line_piece *piece = &schema->line[i];
        if (piece->field == LINE_NOTHING && !shown)
            continue;
        shown = put_piece(&out, record, piece, number);
        if (!shown && i == 0) /* what the line begins with is always there */
            out_text(&out, piece->before);
    }
}

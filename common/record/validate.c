#include "common/record/record.h"

#include "common/utf8.h"

static inline bool in_range(const struct field *field, int64_t value)
{
    return value >= field->minimum && value <= field->maximum;
}

static inline bool is_choice(const struct field *field, const struct mp_view *text)
{
    /* The length nearly always decides, and is cheaper than a call. */
    for (const struct choice *choice = field->choices; choice->text != NULL; choice++)
        if (choice->length == text->length && memcmp(choice->text, text->data, choice->length) == 0)
            return true;
    return false;
}

static inline bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline enum record_fault check_text(const struct field *field, const struct mp_view *text)
{
    if (!in_range(field, text->length))
        return RECORD_OUT_OF_RANGE;
    return utf8_valid(text->data, text->length) ? RECORD_OK : RECORD_BAD_UTF8;
}

static inline __attribute__((always_inline)) enum record_fault check(const struct field *field,
                                                                     const struct value *value)
{
    bool good = true;
    switch (field->type) {
    case FIELD_STRING:
        return check_text(field, &value->text);
    case FIELD_UUID:
    case FIELD_ANY:
        break;
    case FIELD_BYTES:
        good = in_range(field, value->text.length);
        break;
    case FIELD_NUMBER:
        good = value->number >= field->low && value->number <= field->high;
        break;
    case FIELD_CURRENCY:
        good = value->text.length == 3 && is_capital(value->text.data[0]) &&
               is_capital(value->text.data[1]) && is_capital(value->text.data[2]);
        break;
    case FIELD_ENUM:
        good = is_choice(field, &value->text);
        break;
    case FIELD_INTEGER:
    case FIELD_MONEY:
    case FIELD_EXPONENT:
    case FIELD_TIME:
    case FIELD_BOOLEAN:
        good = in_range(field, value->integer);
        break;
    }
    return good ? RECORD_OK : RECORD_OUT_OF_RANGE;
}

enum record_fault value_check(const struct field *field, const struct value *value)
{
    return check(field, value);
}

int record_validate(const struct record *record, struct record_problem *problem)
{
    const struct schema *schema = record->schema;
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        enum record_fault fault = RECORD_OK;
        if (record_has(record, (int)i))
            fault = check(field, &record->values[i]);
        else if (!field->optional)
            fault = RECORD_MISSING_FIELD;
        if (fault != RECORD_OK) {
            *problem = (struct record_problem){.fault = fault, .field = field, .found = MP_END};
            return -1;
        }
    }
    return 0;
}

#include <jansson.h>

#include "common/clock.h"
#include "common/record/json_number.h"
#include "common/record/out.h"
#include "common/record/text.h"

struct source {
    const char *line;
    size_t length;
};

static const char *kind_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

/* The number as it stands in the line, so that 249.99 never becomes a double. */
static int set_number(struct record *record, const struct field *field, const struct source *source,
                      struct record_storage *storage, struct error *error)
{
    struct mp_view number;
    char text[MONEY_TEXT_BYTES + 32];
    if (!json_number_text(source->line, source->length, field->label, &number))
        return error_set(error, "field %s: write its name without escapes", field->label);
    if (number.length >= sizeof text)
        return error_set(error, "field %s: a number of %u characters is too long", field->label,
                         (unsigned)number.length);
    memcpy(text, number.data, number.length);
    text[number.length] = '\0';
    return record_set_text(record, field->label, text, storage, error);
}

static int set_member(struct record *record, const char *label, const json_t *value,
                      const struct source *source, struct record_storage *storage, struct error *error)
{
    int index = schema_label_index(record->schema, label, strlen(label));
    if (index < 0)
        return record_set_text(record, label, "", storage,
                               error); /* which says what is wrong with the name */
    const struct field *field = &record->schema->fields[index];
    bool numeric = field->type == FIELD_INTEGER || field->type == FIELD_EXPONENT;
    bool money = field->type == FIELD_MONEY;
    if (json_is_null(value) && field->optional)
        return 0;
    if (json_is_integer(value) ? numeric || money : json_is_real(value) && money)
        return set_number(record, field, source, storage, error);
    if (json_is_string(value) && !numeric)
        return record_set_text(record, label, json_string_value(value), storage, error);
    return error_set(error, "field %s: expected %s, found %s", label,
                     numeric ? "a whole number"
                     : money ? "a number or a string"
                             : "a string",
                     kind_name(value));
}

/* In two rounds: the amount can only be read when the currency is known, and JSON has no order. */
static int set_members(struct record *record, json_t *object, const struct source *source,
                       struct record_storage *storage, struct error *error)
{
    for (int round = 0; round < 2; round++) {
        const char *label;
        json_t *value;
        json_object_foreach(object, label, value)
        {
            if (schema_label_scales_money(record->schema, label) == (round == 0) &&
                set_member(record, label, value, source, storage, error) != 0)
                return -1;
        }
    }
    return 0;
}

int record_from_json(const struct schema *schema, const char *line, size_t length,
                     struct record_storage *storage, struct record *record, struct error *error)
{
    storage->used = 0;
    *record = (struct record){.schema = schema};
    json_error_t problem;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    if (object == NULL) {
        char shown[160] = "";
        size_t used = 0;
        text_escape(shown, sizeof shown, &used, problem.text, strlen(problem.text));
        return error_set(error, "not JSON: %s (column %d)", shown, problem.column);
    }
    int result = -1;
    const struct source source = {line, length};
    if (!json_is_object(object))
        error_set(error, "expected a JSON object, found %s", kind_name(object));
    else if (set_members(record, object, &source, storage, error) == 0)
        result = record_complete(record, storage, clock_wall_us(), error);
    json_decref(object);
    return result;
}

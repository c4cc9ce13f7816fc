#include <uuid/uuid.h>

#include "common/clock.h"
#include "common/names.h"
#include "common/record/out.h"
#include "common/record/text.h"

/* A copy of the text in the storage, NUL-terminated, or NULL when it is full. */
static char *keep(struct record_storage *storage, const char *text, size_t length)
{
    if (length >= sizeof storage->bytes - storage->used)
        return NULL;
    char *copy = storage->bytes + storage->used;
    memcpy(copy, text, length);
    copy[length] = '\0';
    storage->used += length + 1;
    return copy;
}

/* --- money needs to know its exponent ------------------------------------------------------------------ */

#define EXPONENT_USUAL 2

static int exponent_of_code(const char *code, size_t length)
{
    int exponent = length == 3 ? currency_exponent(code) : -1;
    return exponent < 0 ? EXPONENT_USUAL : exponent;
}

/* From the exponent, the currency, or the currency that the schema takes when none is given; -1 when there is
 * none of them. */
static int record_exponent(const struct record *record)
{
    int exponent = schema_type_index(record->schema, FIELD_EXPONENT);
    if (record_has(record, exponent))
        return (int)record->values[exponent].integer;
    int currency = schema_type_index(record->schema, FIELD_CURRENCY);
    if (currency < 0)
        return -1;
    const struct value *code = &record->values[currency];
    if (record_has(record, currency))
        return exponent_of_code(code->text.data, code->text.length);
    const char *fallback = record->schema->fields[currency].fallback;
    return fallback == NULL ? -1 : exponent_of_code(fallback, strlen(fallback));
}

/* --- one field from text ------------------------------------------------------------------------------- */

static int set_value(struct record *record, size_t index, const char *text, struct record_storage *storage,
                     struct error *error)
{
    const struct field *field = &record->schema->fields[index];
    size_t length = strlen(text);
    char *copy = keep(storage, text, length);
    if (copy == NULL)
        return error_set(error, "%zu bytes are too many: all texts of a record together may have %zu", length,
                         sizeof storage->bytes);
    int digits = field->type == FIELD_MONEY && field->digits < 0 ? record_exponent(record) : field->digits;
    return value_from_text(field, digits, copy, length, &record->values[index], error);
}

static int unknown_field(const struct schema *schema, const char *label, struct error *error)
{
    const char *labels[RECORD_FIELDS_MAX];
    for (size_t i = 0; i < schema->field_count; i++)
        labels[i] = schema->fields[i].label;
    const char *near = name_suggest(label, labels, schema->field_count);
    char shown[64] = "";
    size_t used = 0;
    text_escape(shown, sizeof shown, &used, label, strlen(label));
    if (near != NULL)
        return error_set(error, "field '%s': a %s has no such field; did you mean %s?", shown, schema->name,
                         near);
    return error_set(error, "field '%s': %s have no such field", shown, schema->workload);
}

int record_set_text(struct record *record, const char *label, const char *text,
                    struct record_storage *storage, struct error *error)
{
    const struct schema *schema = record->schema;
    int index = schema_label_index(schema, label, strlen(label));
    if (index < 0)
        return unknown_field(schema, label, error);
    if (schema_label_scales_money(schema, label) &&
        record_has(record, schema_type_index(schema, FIELD_MONEY)))
        return error_set(error, "field %s: it must be given before the amount, whose meaning it changes",
                         label);
    if (set_value(record, (size_t)index, text, storage, error) != 0)
        return error_context(error, "field %s", label);
    record->present |= UINT64_C(1) << index;
    return 0;
}

/* --- what may be left out ------------------------------------------------------------------------------ */

static void make_uuid(struct value *value)
{
    uuid_t raw;
    uuid_generate_random(raw);
    memcpy(value->uuid, raw, sizeof value->uuid);
}

/* TXN- and a number that nobody else will have made: ten digits from libuuid's random bytes. */
static int make_serial(struct record *record, size_t index, struct record_storage *storage,
                       struct error *error)
{
    uuid_t raw;
    uuid_generate_random(raw);
    uint64_t number;
    memcpy(&number, raw, sizeof number);
    char text[64];
    snprintf(text, sizeof text, "%.40s%llu", record->schema->fields[index].made.serial,
             (unsigned long long)(number % UINT64_C(9000000000) + UINT64_C(1000000000)));
    return set_value(record, index, text, storage, error);
}

/* 1 made, 0 cannot be made, -1 error. */
static int make(struct record *record, size_t index, struct record_storage *storage, int64_t wall_us,
                struct error *error)
{
    const struct field *field = &record->schema->fields[index];
    int result = 0;
    if (field->fallback != NULL)
        result = set_value(record, index, field->fallback, storage, error);
    else if (field->type == FIELD_UUID)
        make_uuid(&record->values[index]);
    else if (field->type == FIELD_TIME)
        record->values[index].integer = wall_us;
    else if (field->made.serial != NULL)
        result = make_serial(record, index, storage, error);
    else
        return 0;
    if (result != 0)
        return error_context(error, "field %s", field->label);
    record->present |= UINT64_C(1) << index;
    return 1;
}

/* Last, for it follows from the currency. */
static void make_exponent(struct record *record)
{
    int index = schema_type_index(record->schema, FIELD_EXPONENT);
    if (index < 0 || record_has(record, index))
        return;
    int exponent = record_exponent(record);
    record->values[index].integer = exponent < 0 ? EXPONENT_USUAL : exponent;
    record->present |= UINT64_C(1) << index;
}

/* Validation speaks of the wire; a person wrote a decimal. */
static int refuse(const struct record *record, const struct record_problem *problem, struct error *error)
{
    const struct field *field = problem->field;
    if (field->type != FIELD_MONEY || problem->fault != RECORD_OUT_OF_RANGE) {
        char text[256];
        record_problem_text(problem, text, sizeof text);
        return error_set(error, "%s", text);
    }
    char least[MONEY_TEXT_BYTES];
    char most[MONEY_TEXT_BYTES];
    money_format(field->minimum, record_digits(record, field), false, least);
    money_format(field->maximum, record_digits(record, field), false, most);
    return error_set(error, "field %s: expected %s to %s", field->label, least, most);
}

int record_complete(struct record *record, struct record_storage *storage, int64_t wall_us,
                    struct error *error)
{
    const struct schema *schema = record->schema;
    char missing[ERROR_TEXT_BYTES];
    struct out out;
    out_init(&out, missing, sizeof missing);
    for (size_t i = 0; i < schema->field_count; i++) {
        if (record_has(record, (int)i) || schema->fields[i].optional ||
            schema->fields[i].type == FIELD_EXPONENT)
            continue;
        int made = make(record, i, storage, wall_us, error);
        if (made < 0)
            return -1;
        if (made == 0) {
            out_text(&out, out.used == 0 ? "" : ", ");
            out_text(&out, schema->fields[i].label);
        }
    }
    if (out.used > 0)
        return error_set(error, "fields missing: %s", missing);
    make_exponent(record);
    struct record_problem problem;
    if (record_validate(record, &problem) != 0)
        return refuse(record, &problem, error);
    return 0;
}

/* --- words --------------------------------------------------------------------------------------------- */

static int set_word(struct record *record, char *word, bool scales, struct record_storage *storage,
                    struct error *error)
{
    char *value = strchr(word, '=');
    if (value == NULL)
        return error_set(error, "'%.40s' is not field=value", word);
    *value++ = '\0';
    int index = schema_label_index(record->schema, word, strlen(word));
    int result = 0;
    if (schema_label_scales_money(record->schema, word) == scales)
        result = record_has(record, index) ? error_set(error, "field %s: given twice", word)
                                           : record_set_text(record, word, value, storage, error);
    value[-1] = '=';
    return result;
}

/* In two rounds, as JSON: the amount can only be read when the currency is known. */
static int set_words(struct record *record, char *text, bool scales, struct record_storage *storage,
                     struct error *error)
{
    for (char *word = text; word != NULL;) {
        char *end = strchr(word, '\n');
        if (end != NULL)
            *end = '\0';
        int result = word[0] == '\0' ? 0 : set_word(record, word, scales, storage, error);
        if (end != NULL)
            *end++ = '\n';
        if (result != 0)
            return -1;
        word = end;
    }
    return 0;
}

int record_from_words(const struct schema *schema, const char *text, struct record_storage *storage,
                      struct record *record, struct error *error)
{
    storage->used = 0;
    *record = (struct record){.schema = schema};
    char *copy = strdup(text);
    if (copy == NULL)
        return error_set(error, "out of memory");
    int result = set_words(record, copy, true, storage, error) == 0 &&
                         set_words(record, copy, false, storage, error) == 0
                     ? record_complete(record, storage, clock_wall_us(), error)
                     : -1;
    free(copy);
    return result;
}

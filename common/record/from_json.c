#include <jansson.h>
#include <msgpack.h>

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

/* --- whatever it is ------------------------------------------------------------------------------------ */

static void pack(msgpack_packer *packer, const json_t *value);

static void pack_object(msgpack_packer *packer, const json_t *object)
{
    const char *name;
    json_t *value;
    msgpack_pack_map(packer, json_object_size(object));
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        msgpack_pack_str_with_body(packer, name, strlen(name));
        pack(packer, value);
    }
}

static void pack_array(msgpack_packer *packer, const json_t *array)
{
    msgpack_pack_array(packer, json_array_size(array));
    for (size_t i = 0; i < json_array_size(array); i++)
        pack(packer, json_array_get(array, i));
}

/* jansson has bounded the nesting. */
static void pack(msgpack_packer *packer, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        pack_object(packer, value);
        break;
    case JSON_ARRAY:
        pack_array(packer, value);
        break;
    case JSON_STRING:
        msgpack_pack_str_with_body(packer, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        msgpack_pack_int64(packer, json_integer_value(value));
        break;
    case JSON_REAL:
        msgpack_pack_double(packer, json_real_value(value));
        break;
    case JSON_TRUE:
        msgpack_pack_true(packer);
        break;
    case JSON_FALSE:
        msgpack_pack_false(packer);
        break;
    case JSON_NULL:
        msgpack_pack_nil(packer);
        break;
    }
}

/* Kept in the storage, as deep as the wire allows. */
static int set_any(struct record *record, size_t index, const json_t *value, struct record_storage *storage,
                   struct error *error)
{
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    struct mp_reader reader;
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    pack(&packer, value);
    char *copy = storage->bytes + storage->used;
    bool fits = buffer.size <= sizeof storage->bytes - storage->used;
    mp_init(&reader, buffer.data, buffer.size);
    bool whole = mp_skip(&reader, MP_DEPTH_MAX - 1);
    if (fits && whole) {
        memcpy(copy, buffer.data, buffer.size);
        storage->used += buffer.size;
        value_set_any(&record->values[index], copy, buffer.size, false);
        record->present |= UINT64_C(1) << index;
    }
    msgpack_sbuffer_destroy(&buffer);
    return fits && whole ? 0
                         : error_set(error, "field %s: %s", record->schema->fields[index].label,
                                     fits ? "nested too deep" : "too large");
}

/* --- members ------------------------------------------------------------------------------------------- */

/* The number as it stands in the line, so that 249.99 never becomes a double. `name` is that in its object.
 */
static int set_number(struct record *record, const struct field *field, const char *name,
                      const struct source *source, struct record_storage *storage, struct error *error)
{
    struct mp_view number;
    char text[MONEY_TEXT_BYTES + 32];
    if (!json_number_text(source->line, source->length, name, &number))
        return error_set(error, "field %s: write its name without escapes", field->label);
    if (number.length >= sizeof text)
        return error_set(error, "field %s: a number of %u characters is too long", field->label,
                         (unsigned)number.length);
    memcpy(text, number.data, number.length);
    text[number.length] = '\0';
    return record_set_text(record, field->label, text, storage, error);
}

/* What JSON values a type is written as. */
static const struct {
    bool integer, real, string, boolean;
    const char *wanted;
} written[FIELD_TYPES] = {
    [FIELD_STRING] = {.string = true, .wanted = "a string"},
    [FIELD_UUID] = {.string = true, .wanted = "a string"},
    [FIELD_INTEGER] = {.integer = true, .wanted = "a whole number"},
    [FIELD_MONEY] = {.integer = true, .real = true, .string = true, .wanted = "a number or a string"},
    [FIELD_CURRENCY] = {.string = true, .wanted = "a string"},
    [FIELD_EXPONENT] = {.integer = true, .wanted = "a whole number"},
    [FIELD_ENUM] = {.string = true, .wanted = "a string"},
    [FIELD_TIME] = {.string = true, .wanted = "a string"},
    [FIELD_BOOLEAN] = {.boolean = true, .wanted = "true or false"},
    [FIELD_NUMBER] = {.integer = true, .real = true, .wanted = "a number"},
    [FIELD_BYTES] = {.string = true, .wanted = "a string"},
};

static int set_field(struct record *record, const struct schema_slot *slot, const char *name,
                     const json_t *value, const struct source *source, struct record_storage *storage,
                     struct error *error)
{
    const struct field *field = &record->schema->fields[slot->field];
    if (json_is_null(value) && field->optional)
        return 0;
    if (field->type == FIELD_ANY)
        return set_any(record, slot->field, value, storage, error);
    if ((json_is_integer(value) && written[field->type].integer) ||
        (json_is_real(value) && written[field->type].real))
        return set_number(record, field, name, source, storage, error);
    if (json_is_string(value) && written[field->type].string)
        return record_set_text(record, field->label, json_string_value(value), storage, error);
    if (json_is_boolean(value) && written[field->type].boolean)
        return record_set_text(record, field->label, json_is_true(value) ? "true" : "false", storage, error);
    return error_set(error, "field %s: expected %s, found %s", field->label, written[field->type].wanted,
                     kind_name(value));
}

/* The slots of one object of the line: the record, or a map in it. */
struct level {
    size_t first, end;
    const char *path; /* of the map, for errors: "to." */
    struct source source;
    bool scales; /* this round is for what amounts depend on */
};

static int set_members(struct record *record, const json_t *object, const struct level *level,
                       struct record_storage *storage, struct error *error);

static int set_map(struct record *record, size_t slot, const char *path, const json_t *value,
                   const struct level *around, struct record_storage *storage, struct error *error)
{
    char inside[SCHEMA_PATH_MAX + 2];
    struct mp_view text;
    const struct schema *schema = record->schema;
    if (json_is_null(value) && (schema->wanted & schema->slots[slot].inside) == 0)
        return 0;
    if (!json_is_object(value))
        return error_set(error, "field %s: expected an object, found %s", path, kind_name(value));
    if (!json_member_text(around->source.line, around->source.length, schema->slot_names[slot].text, &text))
        return error_set(error, "field %s: write its name without escapes", path);
    snprintf(inside, sizeof inside, "%s.", path);
    const struct level level = {
        slot + 1, schema->slots[slot].end, inside, {text.data, text.length}, around->scales};
    return set_members(record, value, &level, storage, error);
}

static size_t find_slot(const struct schema *schema, const struct level *level, const char *name)
{
    size_t slot = level->first;
    while (slot < level->end && strcmp(schema->slot_names[slot].text, name) != 0)
        slot = schema->slots[slot].end;
    return slot;
}

static int set_member(struct record *record, const char *name, const json_t *value, const struct level *level,
                      struct record_storage *storage, struct error *error)
{
    const struct schema *schema = record->schema;
    size_t slot = find_slot(schema, level, name);
    char path[SCHEMA_PATH_MAX + 1];
    snprintf(path, sizeof path, "%s%s", level->path, name);
    if (slot >= level->end) /* which says what is wrong with the name */
        return level->scales ? 0 : record_set_text(record, path, "", storage, error);
    if (schema->slots[slot].form == FORM_MAP)
        return set_map(record, slot, path, value, level, storage, error);
    if (schema_label_scales_money(schema, schema->fields[schema->slots[slot].field].label) != level->scales)
        return 0;
    return set_field(record, &schema->slots[slot], name, value, &level->source, storage, error);
}

static int set_members(struct record *record, const json_t *object, const struct level *level,
                       struct record_storage *storage, struct error *error)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (set_member(record, name, value, level, storage, error) != 0)
            return -1;
    }
    return 0;
}

/* In two rounds: the amount can only be read when the currency is known, and JSON has no order. */
static int set_record(struct record *record, const json_t *object, const struct source *source,
                      struct record_storage *storage, struct error *error)
{
    struct level level = {0, record->schema->slot_count, "", *source, true};
    if (set_members(record, object, &level, storage, error) == -1)
        return -1;
    level.scales = false;
    return set_members(record, object, &level, storage, error);
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
    else if (set_record(record, object, &source, storage, error) == 0)
        result = record_complete(record, storage, clock_wall_us(), error);
    json_decref(object);
    return result;
}

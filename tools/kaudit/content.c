#include "tools/kaudit/content.h"

#include <jansson.h>

#include "common/record/text.h"
#include "tools/kaudit/key_order.h"

void content_set(struct content *content, size_t field, const char *text, size_t length)
{
    uint64_t hash = text == NULL ? 0 : key_order_hash(0, text, length);
    content->known |= UINT64_C(1) << field;
    content->hash[field] = text == NULL ? 0 : (uint32_t)(hash ^ hash >> 32) | 1;
}

/* 8-4-4-4-12, as both databases tell it. */
static size_t uuid_text(const struct value *value, char text[40])
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0;
    for (size_t i = 0; i < sizeof value->uuid && used < 36; i++) {
        unsigned byte = value->uuid[i];
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[used++] = '-';
        text[used++] = digits[byte >> 4];
        text[used++] = digits[byte & 15];
    }
    return used;
}

static void set_column(struct content *content, size_t at, const struct field *field,
                       const struct value *value)
{
    char text[40];
    if (field_is_text(field))
        content_set(content, at, value->text.length == 0 ? "" : value->text.data, value->text.length);
    else if (field->type == FIELD_UUID)
        content_set(content, at, text, uuid_text(value, text));
    else
        content_set(content, at, text, integer_format(value->integer, text));
}

/* Databases have their own ways with these: they are not compared. */
static bool is_told_otherwise(const struct field *field)
{
    return field->type == FIELD_NUMBER || field->type == FIELD_BOOLEAN || field->type == FIELD_BYTES ||
           field->type == FIELD_ANY;
}

static void of_columns(struct content *content, const struct record *record)
{
    for (size_t i = 0; i < record->schema->field_count; i++)
        if (is_told_otherwise(&record->schema->fields[i]))
            continue;
        else if (record_has(record, (int)i))
            set_column(content, i, &record->schema->fields[i], &record->values[i]);
        else
            content_set(content, i, NULL, 0);
}

/* `to.city` is in the object `to`. */
static const json_t *member_at(const json_t *object, const char *label)
{
    char name[SCHEMA_PATH_MAX + 1];
    const json_t *value = json_object_get(object, label);
    for (const char *dot = label; value == NULL && (dot = strchr(dot, '.')) != NULL; dot++) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - label), label);
        const json_t *inside = json_object_get(object, name);
        value = inside == NULL ? NULL : member_at(inside, dot + 1);
    }
    return value;
}

/* An amount with its fraction is a double on both sides, made of the same digits. */
void content_of_json(struct content *content, const struct schema *schema, const struct json_t *object)
{
    for (size_t i = 0; i < schema->field_count; i++) {
        if (schema->fields[i].type == FIELD_EXPONENT) /* the amount's digits say it */
            continue;
        const json_t *value = member_at(object, schema->fields[i].label);
        char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
        content_set(content, i, text, text != NULL ? strlen(text) : 0);
        free(text);
    }
}

static bool of_json(struct content *content, const struct record *record)
{
    static char line[RECORD_JSON_MAX]; /* one thread */
    json_t *object =
        record_json(record, line, sizeof line) == 0 ? json_loads(line, JSON_ALLOW_NUL, NULL) : NULL;
    if (object != NULL)
        content_of_json(content, record->schema, object);
    json_decref(object);
    return object != NULL;
}

bool content_of_payload(struct content *content, enum content_form form, const struct schema *schema,
                        const void *payload, size_t length)
{
    struct record record;
    struct record_problem problem;
    *content = (struct content){0};
    if (payload == NULL || record_decode(schema, payload, length, &record, &problem) == -1)
        return false;
    if (form == CONTENT_JSON)
        return of_json(content, &record);
    of_columns(content, &record);
    return true;
}

uint64_t content_difference(const struct content *one, const struct content *other)
{
    uint64_t both = one->known & other->known, differ = 0;
    for (size_t i = 0; i < RECORD_FIELDS_MAX; i++)
        if ((both >> i & 1) != 0 && one->hash[i] != other->hash[i])
            differ |= UINT64_C(1) << i;
    return differ;
}

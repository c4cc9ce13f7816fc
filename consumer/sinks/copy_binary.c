#include "consumer/sinks/copy_binary.h"

#include <endian.h>

#include "common/clock.h"
#include "common/record/text.h"
#include "common/utf8.h"

static const unsigned char signature[] = {'P',  'G',  'C', 'O', 'P', 'Y', '\n', 0xff,
                                          '\r', '\n', 0,   0,   0,   0,   0, /* flags */
                                          0,    0,    0,   0 /* length of the header's extension */};
enum { OWN_FIELDS = 3, NO_VALUE = -1, NO_MORE_ROWS = -1 };

_Static_assert((size_t)2 + (OWN_FIELDS + RECORD_FIELDS_MAX) * (size_t)(4 + 17) + sizeof signature + 2 < 4096,
               "room for a row without its texts");

int copy_binary_init(struct copy_binary *copy, struct error *error)
{
    *copy = (struct copy_binary){.data = malloc(COPY_BINARY_BYTES)};
    return copy->data != NULL ? 0 : error_set(error, "out of memory");
}

void copy_binary_release(struct copy_binary *copy)
{
    free(copy->data);
    *copy = (struct copy_binary){0};
}

static void put(struct copy_binary *copy, const void *bytes, size_t count)
{
    memcpy(copy->data + copy->used, bytes, count);
    copy->used += count;
}

static void put_16(struct copy_binary *copy, int value)
{
    uint16_t big = htobe16((uint16_t)value);
    put(copy, &big, sizeof big);
}

static void put_length(struct copy_binary *copy, int32_t length)
{
    uint32_t big = htobe32((uint32_t)length);
    put(copy, &big, sizeof big);
}

static void put_integer(struct copy_binary *copy, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    put_length(copy, sizeof big);
    put(copy, &big, sizeof big);
}

static void put_view(struct copy_binary *copy, const struct mp_view *view)
{
    put_length(copy, (int32_t)view->length);
    put(copy, view->data, view->length);
}

static void put_number(struct copy_binary *copy, double number)
{
    int64_t bits;
    memcpy(&bits, &number, sizeof bits);
    put_integer(copy, bits);
}

static void put_boolean(struct copy_binary *copy, bool is_true)
{
    put_length(copy, 1);
    put(copy, is_true ? "\1" : "\0", 1);
}

/* jsonb's binary form: a version, and the text. That it fits was seen before (copy_binary_refuses). */
static void put_json(struct copy_binary *copy, const struct value *value)
{
    char *at = (char *)copy->data + copy->used;
    size_t length = value_json(value, at + 5, RECORD_BYTES_MAX + 1);
    put_length(copy, (int32_t)length + 1);
    put(copy, "\1", 1);
    copy->used += length;
}

static void put_value(struct copy_binary *copy, const struct field *field, const struct value *value)
{
    switch (field->type) {
    case FIELD_STRING:
    case FIELD_CURRENCY:
    case FIELD_ENUM:
    case FIELD_BYTES:
        put_view(copy, &value->text);
        break;
    case FIELD_UUID:
        put_length(copy, sizeof value->uuid);
        put(copy, value->uuid, sizeof value->uuid);
        break;
    case FIELD_INTEGER:
    case FIELD_MONEY:
    case FIELD_EXPONENT:
    case FIELD_TIME:
        put_integer(copy, value->integer);
        break;
    case FIELD_BOOLEAN:
        put_boolean(copy, value->integer != 0);
        break;
    case FIELD_NUMBER:
        put_number(copy, value->number);
        break;
    case FIELD_ANY:
        put_json(copy, value);
        break;
    }
}

void copy_binary_begin(struct copy_binary *copy)
{
    copy->used = 0;
    put(copy, signature, sizeof signature);
}

void copy_binary_row(struct copy_binary *copy, const struct item *item)
{
    const struct record *record = item->record;
    const struct schema *schema = record->schema;
    put_16(copy, OWN_FIELDS + (int)schema->field_count);
    put_integer(copy, item->message->partition);
    put_integer(copy, item->message->offset);
    put_integer(copy, rd_kafka_message_timestamp(item->message, NULL) * US_PER_MS);
    for (size_t i = 0; i < schema->field_count; i++)
        if (record_has(record, (int)i))
            put_value(copy, &schema->fields[i], &record->values[i]);
        else
            put_length(copy, NO_VALUE);
}

void copy_binary_end(struct copy_binary *copy)
{
    put_16(copy, NO_MORE_ROWS);
}

static const char *refuses_text(const struct mp_view *text)
{
    if (text->length > 0 && memchr(text->data, '\0', text->length) != NULL)
        return "a text with a NUL, which PostgreSQL cannot hold";
    return utf8_valid(text->data, text->length) ? NULL
                                                : "a text that is not UTF-8, which PostgreSQL cannot hold";
}

/* Where a backslash begins an escape, the character behind it is no backslash of another. */
static bool has_escaped_nul(const char *json)
{
    while ((json = strchr(json, '\\')) != NULL) {
        if (strncmp(json, "\\u0000", 6) == 0)
            return true;
        json += 2;
    }
    return false;
}

/* Rendered to see how long it is, behind what is in the buffer. */
static const char *refuses_any(struct copy_binary *copy, const struct value *value, size_t *json_bytes)
{
    char *json = (char *)copy->data + copy->used;
    size_t room = COPY_BINARY_BYTES - copy->used;
    *json_bytes += value_json(value, json, room < 2 * RECORD_BYTES_MAX ? room : 2 * RECORD_BYTES_MAX);
    if (*json_bytes > RECORD_BYTES_MAX)
        return "its JSON is longer than 1 MiB";
    return has_escaped_nul(json) ? "a text with a NUL, which PostgreSQL cannot hold" : NULL;
}

const char *copy_binary_refuses(struct copy_binary *copy, const struct record *record)
{
    const char *why = NULL;
    size_t json_bytes = 0;
    for (size_t i = 0; i < record->schema->field_count && why == NULL; i++) {
        const struct field *field = &record->schema->fields[i];
        if (!record_has(record, (int)i))
            continue;
        if (field_is_text(field))
            why = refuses_text(&record->values[i].text);
        else if (field->type == FIELD_ANY)
            why = refuses_any(copy, &record->values[i], &json_bytes);
    }
    return why;
}

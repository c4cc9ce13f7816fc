#include "consumer/sinks/copy_binary.h"

#include <endian.h>

#include "common/clock.h"
#include "common/utf8.h"

static const unsigned char signature[] = {'P',  'G',  'C', 'O', 'P', 'Y', '\n', 0xff,
                                          '\r', '\n', 0,   0,   0,   0,   0, /* flags */
                                          0,    0,    0,   0 /* length of the header's extension */};
enum { OWN_FIELDS = 3, NO_VALUE = -1, NO_MORE_ROWS = -1 };

_Static_assert((size_t)2 + (OWN_FIELDS + RECORD_FIELDS_MAX) * (size_t)(4 + 16) + sizeof signature + 2 < 4096,
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

static bool is_bytes(const struct field *field)
{
    return field_is_text(field) || field->type == FIELD_UUID;
}

void copy_binary_begin(struct copy_binary *copy)
{
    copy->used = 0;
    put(copy, signature, sizeof signature);
}

void copy_binary_row(struct copy_binary *copy, const struct item *item)
{
    const struct record *record = &item->record;
    const struct schema *schema = record->schema;
    put_16(copy, OWN_FIELDS + (int)schema->field_count);
    put_integer(copy, item->message->partition);
    put_integer(copy, item->message->offset);
    put_integer(copy, rd_kafka_message_timestamp(item->message, NULL) * US_PER_MS);
    for (size_t i = 0; i < schema->field_count; i++) {
        const struct value *value = &record->values[i];
        if (!record_has(record, (int)i)) {
            put_length(copy, NO_VALUE);
        } else if (is_bytes(&schema->fields[i])) {
            put_length(copy, (int32_t)value->text.length);
            put(copy, value->text.data, value->text.length);
        } else {
            put_integer(copy, value->integer);
        }
    }
}

void copy_binary_end(struct copy_binary *copy)
{
    put_16(copy, NO_MORE_ROWS);
}

const char *copy_binary_refuses(const struct record *record)
{
    for (size_t i = 0; i < record->schema->field_count; i++) {
        const struct mp_view *text = &record->values[i].text;
        if (!record_has(record, (int)i) || !field_is_text(&record->schema->fields[i]))
            continue;
        if (text->length > 0 && memchr(text->data, '\0', text->length) != NULL)
            return "a text with a NUL, which PostgreSQL cannot hold";
        if (!utf8_valid(text->data, text->length))
            return "a text that is not UTF-8, which PostgreSQL cannot hold";
    }
    return NULL;
}

#include "consumer/pipeline/item_msgpack.h"

#include <msgpack.h>

#include "common/utf8.h"

/* The longest beginning, and the record's own head, which gives way to it. */
enum { START_BYTES = 48 };

struct start {
    char bytes[START_BYTES];
    size_t used;
};

static int append(void *context, const char *bytes, size_t length)
{
    struct start *start = context;
    memcpy(start->bytes + start->used, bytes, length);
    start->used += length;
    return 0;
}

static void pack_start(struct start *start, const rd_kafka_message_t *message, uint32_t fields)
{
    msgpack_packer packer;
    start->used = 0;
    msgpack_packer_init(&packer, start, append);
    msgpack_pack_map(&packer, fields + 2);
    msgpack_pack_str_with_body(&packer, "partition", 9);
    msgpack_pack_int32(&packer, message->partition);
    msgpack_pack_str_with_body(&packer, "offset", 6);
    msgpack_pack_int64(&packer, message->offset);
}

/* Readers of MessagePack may take a string that is not UTF-8 for the end of everything. */
static bool is_utf8(const struct record *record)
{
    for (size_t i = 0; i < record->schema->field_count; i++)
        if (record_has(record, (int)i) && field_is_text(&record->schema->fields[i]) &&
            !utf8_valid(record->values[i].text.data, record->values[i].text.length))
            return false;
    return true;
}

size_t item_msgpack(const struct item *item, char *buffer, size_t bytes, const char **why)
{
    struct start start;
    struct mp_reader head;
    uint32_t fields = 0;
    if (!is_utf8(item->record)) {
        *why = "a text that is not UTF-8, which a string of MessagePack has to be";
        return 0;
    }
    size_t length =
        bytes <= START_BYTES ? 0 : record_encode(item->record, buffer + START_BYTES, bytes - START_BYTES);
    mp_init(&head, buffer + START_BYTES, length);
    if (!mp_read_map(&head, &fields)) {
        *why = "its MessagePack is longer than 1 MiB";
        return 0;
    }
    pack_start(&start, item->message, fields);
    length -= mp_offset(&head);
    memcpy(buffer, start.bytes, start.used);
    memmove(buffer + start.used, buffer + START_BYTES + mp_offset(&head), length);
    return start.used + length;
}

#include "consumer/pipeline/item_json.h"

#include <inttypes.h>

_Static_assert(RECORD_JSON_MAX == 448 * 1024, "said in ITEM_JSON_WHY");

size_t item_json(const struct item *item, char *buffer, size_t bytes)
{
    char start[64];
    int used = snprintf(start, sizeof start, ITEM_JSON_START "%" PRId32 ",\"offset\":%" PRId64,
                        item->message->partition, item->message->offset);
    size_t length = (size_t)used;
    if (bytes < length + 2 || record_json(item->record, buffer + length, bytes - length - 1) != 0)
        return 0;
    memcpy(buffer, start, length);
    /* The record's object begins where ours goes on: its brace becomes the comma; an object without members
     * has only its end. */
    if (buffer[length + 1] == '}')
        memmove(buffer + length, buffer + length + 1, 2);
    else
        buffer[length] = ',';
    length += strlen(buffer + length);
    buffer[length++] = '\n';
    return length;
}

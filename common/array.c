#include "common/array.h"

#include <stdint.h>

void *array_room(void *items, size_t count, size_t *capacity, size_t first, size_t item_bytes)
{
    if (count < *capacity)
        return items;
    size_t more = *capacity == 0 ? first : 2 * *capacity;
    void *grown = more <= SIZE_MAX / item_bytes ? realloc(items, more * item_bytes) : NULL;
    if (grown != NULL)
        *capacity = more;
    return grown;
}

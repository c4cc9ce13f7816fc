#include "tools/kaudit/producers.h"

struct producer *producers_find(struct producers *producers, const char *name, size_t length)
{
    for (size_t i = 0; i < producers->count; i++)
        if (producers->items[i].length == length && memcmp(producers->items[i].name, name, length) == 0)
            return &producers->items[i];
    if (producers->count == PRODUCERS_MAX)
        return NULL;
    struct producer *producer = &producers->items[producers->count];
    producer->name = malloc(length + 1);
    if (producer->name == NULL)
        return NULL;
    memcpy(producer->name, name, length);
    producer->name[length] = '\0';
    producer->length = length;
    producers->count++;
    return producer;
}

void producers_release(struct producers *producers)
{
    for (size_t i = 0; i < producers->count; i++) {
        free(producers->items[i].name);
        sequence_release(&producers->items[i].sequence);
    }
    producers->count = 0;
}

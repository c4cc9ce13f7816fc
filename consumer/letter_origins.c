#include "consumer/letter_origins.h"

int letter_origins_open(struct letter_origins *origins, size_t capacity, struct error *error)
{
    origins->list = calloc(capacity, sizeof *origins->list);
    origins->capacity = origins->list != NULL ? capacity : 0;
    return origins->list != NULL ? 0 : error_set(error, "out of memory");
}

void letter_origins_release(struct letter_origins *origins)
{
    free(origins->list);
    *origins = (struct letter_origins){0};
}

bool letter_origins_add(struct letter_origins *origins, struct letter_origin origin)
{
    if (origins->count == origins->capacity)
        return false;
    origins->list[origins->count++] = origin;
    return true;
}

bool letter_origins_have(const struct letter_origins *origins, int32_t partition)
{
    for (size_t i = 0; i < origins->count; i++)
        if (origins->list[i].partition == partition)
            return true;
    return false;
}

void letter_origins_let_go(struct letter_origins *origins, size_t count)
{
    origins->count -= count;
    memmove(origins->list, origins->list + count, origins->count * sizeof *origins->list);
}

void letter_origins_forget(struct letter_origins *origins, int32_t partition)
{
    size_t kept = 0;
    for (size_t i = 0; i < origins->count; i++)
        if (origins->list[i].partition != partition)
            origins->list[kept++] = origins->list[i];
    origins->count = kept;
}

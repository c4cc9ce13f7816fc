#include "tools/ktopic/dlq/id_set.h"

#include "common/hash.h"
enum { CAPACITY_FIRST = 1024 };

static uint64_t hash_of(const void *bytes, size_t length)
{
    uint64_t hash = hash_64(HASH_64_START, bytes, length);
    return hash == 0 ? 1 : hash;
}

static uint64_t *slot_of(uint64_t *hashes, size_t capacity, uint64_t hash)
{
    size_t at = (size_t)(hash ^ hash >> 32) & (capacity - 1);
    while (hashes[at] != 0 && hashes[at] != hash)
        at = (at + 1) & (capacity - 1);
    return &hashes[at];
}

static int grow(struct id_set *set, struct error *error)
{
    size_t capacity = set->capacity == 0 ? CAPACITY_FIRST : 2 * set->capacity;
    uint64_t *hashes = calloc(capacity, sizeof *hashes);
    if (hashes == NULL)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < set->capacity; i++)
        if (set->hashes[i] != 0)
            *slot_of(hashes, capacity, set->hashes[i]) = set->hashes[i];
    free(set->hashes);
    set->hashes = hashes;
    set->capacity = capacity;
    return 0;
}

int id_set_add(struct id_set *set, const void *id, size_t length, struct error *error)
{
    if (4 * set->count >= 3 * set->capacity && grow(set, error) == -1)
        return -1;
    uint64_t hash = hash_of(id, length);
    uint64_t *found = slot_of(set->hashes, set->capacity, hash);
    if (*found == hash)
        return 0;
    *found = hash;
    set->count++;
    return 1;
}

bool id_set_has(const struct id_set *set, const void *id, size_t length)
{
    return set->count > 0 && *slot_of(set->hashes, set->capacity, hash_of(id, length)) != 0;
}

void id_set_release(struct id_set *set)
{
    free(set->hashes);
    *set = (struct id_set){0};
}

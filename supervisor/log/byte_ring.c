#include "supervisor/log/byte_ring.h"

#include <assert.h>

size_t byte_ring_room(const struct byte_ring *ring)
{
    return ring->size - ring->used;
}

void byte_ring_put(struct byte_ring *ring, const void *bytes, size_t length)
{
    assert(length <= byte_ring_room(ring));
    size_t at = (ring->head + ring->used) % ring->size;
    size_t first = ring->size - at < length ? ring->size - at : length;
    memcpy(ring->bytes + at, bytes, first);
    memcpy(ring->bytes, (const char *)bytes + first, length - first);
    ring->used += length;
}

void byte_ring_get(const struct byte_ring *ring, size_t at, void *bytes, size_t length)
{
    assert(at + length <= ring->used);
    at = (ring->head + at) % ring->size;
    size_t first = ring->size - at < length ? ring->size - at : length;
    memcpy(bytes, ring->bytes + at, first);
    memcpy((char *)bytes + first, ring->bytes, length - first);
}

void byte_ring_drop(struct byte_ring *ring, size_t length)
{
    assert(length <= ring->used);
    ring->head = (ring->head + length) % ring->size;
    ring->used -= length;
}

size_t byte_ring_piece(const struct byte_ring *ring, const char **bytes)
{
    *bytes = ring->bytes + ring->head;
    return ring->used < ring->size - ring->head ? ring->used : ring->size - ring->head;
}

/* byte_ring.h: a queue of bytes in a block of fixed size, with its arithmetic and nothing else: no lock, no
 * allocation. The block is the caller's. */
#ifndef KSUPERVISE_SUPERVISOR_LOG_BYTE_RING_H
#define KSUPERVISE_SUPERVISOR_LOG_BYTE_RING_H

#include "common/banned.h"

#include <stddef.h>

struct byte_ring {
    char *bytes;
    size_t size;
    size_t head, used; /* [head, head + used) modulo size */
};

size_t byte_ring_room(const struct byte_ring *ring);

/* Appends; there must be room. */
void byte_ring_put(struct byte_ring *ring, const void *bytes, size_t length);

/* Copies `length` bytes that begin `at` bytes behind the head; they must be there. */
void byte_ring_get(const struct byte_ring *ring, size_t at, void *bytes, size_t length);

/* Takes the first `length` bytes away. */
void byte_ring_drop(struct byte_ring *ring, size_t length);

/* The piece from the head on that lies in one: for write(2). Returns its length. */
size_t byte_ring_piece(const struct byte_ring *ring, const char **bytes);

#endif

/* array.h: a list in one block of memory that doubles when it is full.
 *
 * Any thread; no state.
 */
#ifndef KSUPERVISE_COMMON_ARRAY_H
#define KSUPERVISE_COMMON_ARRAY_H

#include "common/banned.h"

#include <stddef.h>

/* `items` with room for one more than `count`: itself, or where it has moved to, with *capacity doubled (from 0
 * to `first`). NULL when memory is out: then the list and its capacity are as they were. */
void *array_room(void *items, size_t count, size_t *capacity, size_t first, size_t item_bytes);

#endif

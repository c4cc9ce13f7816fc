/* key_order.h: are the records of a key in the order in which their producer numbered them? Remembers for
 * each producer, partition and key the last number, by a 64-bit hash: KEY_ORDER_MAX of them, which is 48 MiB
 * at most. Keys beyond that are not followed, and counted.
 */
#ifndef KSUPERVISE_TOOLS_KAUDIT_KEY_ORDER_H
#define KSUPERVISE_TOOLS_KAUDIT_KEY_ORDER_H

#include "common/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_ORDER_MAX 1000000

struct key_order_entry;

struct key_order {
    struct key_order_entry *entries;
    size_t capacity, count; /* capacity is a power of two */
    uint64_t unfollowed;    /* records */
};

/* `order` must be zeroed. */
void key_order_release(struct key_order *order);

/* A key's identity; chain the calls with what came before, 0 first. */
uint64_t key_order_hash(uint64_t before, const void *data, size_t length);

enum key_order_answer { KEY_IN_ORDER, KEY_OUT_OF_ORDER, KEY_UNFOLLOWED };
/* The records come in the partition's order. `run`: of the producer, sequence.h. */
enum key_order_answer key_order_take(struct key_order *order, uint64_t hash, uint32_t run, int64_t seq);

#endif

#include "tools/kaudit/key_order.h"

#include "common/hash.h"
enum { CAPACITY_FIRST = 1024 };

struct key_order_entry {
    uint64_t hash; /* 0: free */
    int64_t seq;
    uint32_t run;
};

uint64_t key_order_hash(uint64_t before, const void *data, size_t length)
{
    uint64_t hash = hash_64(before == 0 ? HASH_64_START : before, data, length);
    return hash == 0 ? 1 : hash;
}

void key_order_release(struct key_order *order)
{
    free(order->entries);
    order->entries = NULL;
}

/* The entry of the hash, or the free one where it belongs. */
static struct key_order_entry *slot_of(struct key_order_entry *entries, size_t capacity, uint64_t hash)
{
    size_t at = (size_t)(hash ^ hash >> 32) & (capacity - 1);
    while (entries[at].hash != 0 && entries[at].hash != hash)
        at = (at + 1) & (capacity - 1);
    return &entries[at];
}

static bool grow(struct key_order *order)
{
    size_t capacity = order->capacity == 0 ? CAPACITY_FIRST : 2 * order->capacity;
    struct key_order_entry *entries = calloc(capacity, sizeof *entries);
    if (entries == NULL)
        return false;
    for (size_t i = 0; i < order->capacity; i++)
        if (order->entries[i].hash != 0)
            *slot_of(entries, capacity, order->entries[i].hash) = order->entries[i];
    free(order->entries);
    order->entries = entries;
    order->capacity = capacity;
    return true;
}

enum key_order_answer key_order_take(struct key_order *order, uint64_t hash, uint32_t run, int64_t seq)
{
    if (4 * order->count >= 3 * order->capacity && order->count < KEY_ORDER_MAX && !grow(order)) {
        order->unfollowed++;
        return KEY_UNFOLLOWED;
    }
    struct key_order_entry *entry = slot_of(order->entries, order->capacity, hash);
    if (entry->hash == 0 && order->count == KEY_ORDER_MAX) {
        order->unfollowed++;
        return KEY_UNFOLLOWED;
    }
    bool is_new = entry->hash == 0;
    if (!is_new && (run < entry->run || (run == entry->run && seq < entry->seq)))
        return KEY_OUT_OF_ORDER;
    order->count += is_new;
    *entry = (struct key_order_entry){.hash = hash, .seq = seq, .run = run};
    return KEY_IN_ORDER;
}

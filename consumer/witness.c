#include "consumer/witness.h"

enum { LENGTH_BYTES = 8 };

static uint64_t fnv1a(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t add(uint64_t hash, const void *bytes, size_t length)
{
    unsigned char head[LENGTH_BYTES];
    uint64_t said = bytes != NULL ? length : UINT64_MAX;
    for (int i = 0; i < LENGTH_BYTES; i++)
        head[i] = (unsigned char)(said >> (8 * i));
    hash = fnv1a(hash, head, sizeof head);
    return bytes != NULL ? fnv1a(hash, bytes, length) : hash;
}

struct witness witness_of(const rd_kafka_message_t *message)
{
    uint64_t hash = add(UINT64_C(0xcbf29ce484222325), message->key, message->key_len);
    hash = add(hash, message->payload, message->len);
    struct witness witness = {.offset = message->offset,
                              .timestamp_ms = rd_kafka_message_timestamp(message, NULL)};
    memcpy(&witness.hash, &hash, sizeof hash);
    return witness;
}

bool witness_equal(const struct witness *a, const struct witness *b)
{
    return a->offset == b->offset && a->timestamp_ms == b->timestamp_ms && a->hash == b->hash;
}
